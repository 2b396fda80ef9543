private let sentence = "output" // fill from output

/// The sentence; of an input in several pieces one for each, with a space between.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> String {
    outputs.map { output in
        String(decoding: output[sentence]!.array(of: UInt8.self).prefix { $0 != 0 }, as: UTF8.self)
    }.joined(separator: " ")
}
