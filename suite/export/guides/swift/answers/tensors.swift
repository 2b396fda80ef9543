// only: stream
/// The outputs by name; the answer after the last piece is that of the whole input.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> [String: Values] { outputs.last! }
// end
// only: stateless
/// The outputs by name, for each piece of the input.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> [[String: Values]] { outputs }
// end
