private let transcript = "output" // fill from output
// only: stitch
private let logProbs = "output" // fill
private let count = "output" // fill
private let symbols = ["", "a", "b"] // fill

/// The text. Where two windows overlap, each gives half; repeats merged, blanks (symbol 0) dropped.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> String {
    if parts.count == 1 { return decoded(outputs[0]) }
    var best = [0]
    for (index, part) in parts.enumerated() {
        let rows = outputs[index][logProbs]!.array(of: Float32.self)
        var begin = 0, end = Int(outputs[index][count]!.array(of: Int32.self)[0])
        if index > 0 { begin = (parts[index - 1].start + parts[index - 1].length - part.start) / 2 / step }
        if index + 1 < parts.count { end = (parts[index + 1].start - part.start + part.length) / 2 / step }
        for row in stride(from: begin, to: end, by: 1) {
            best.append(symbols.indices.max { rows[row * symbols.count + $0] < rows[row * symbols.count + $1] }!)
        }
    }
    return zip(best, best.dropFirst()).map { $0 == $1 || $1 == 0 ? "" : symbols[$1] }.joined()
}

// end
// only: apart
/// The text, piece by piece.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> String {
    outputs.map(decoded).joined(separator: " ")
}

// end
// only: together
/// The text; that of a chunk is what the chunk adds.
private func answer(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> String {
    outputs.map(decoded).joined()
}

// end
private func decoded(_ output: [String: Values]) -> String {
    String(decoding: output[transcript]!.array(of: UInt8.self).prefix { $0 != 0 }, as: UTF8.self)
}
