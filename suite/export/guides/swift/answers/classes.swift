private let probabilities = "output" // fill from output

/// The probability of each label.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> [String: Float] {
    let scores = outputs.map { $0[probabilities]!.array(of: Float32.self) }
    // only: stream
    let mean = scores.last! // the answer after the last chunk is that of the whole input
    // end
    // only: stateless
    // One answer for each piece; that of the whole input is their mean, weighted by the length of each.
    let lengths = parts.map { Float(max($0.length, 1)) }
    let mean = model.labels.indices.map { place in
        zip(scores, lengths).reduce(0) { $0 + $1.0[place] * $1.1 } / lengths.reduce(0, +)
    }
    // end
    return Dictionary(uniqueKeysWithValues: zip(model.labels, mean))
}
