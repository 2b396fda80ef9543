private let names = ["O", "B-A"] // fill

/// A stretch of the text, `text[range]`; `score` is the probability of the least sure of its tokens.
struct Span {
    let range: Range<String.Index>
    let label: String
    let score: Float
}

/// The spans of a text, in order.
struct Tagged {
    let spans: [Span]
    // only: intents
    let intents: [String: Float] // the probability of each
    // end
}

private func numbers(_ output: [String: Values], _ name: String) -> [Int] {
    output[name]!.array(of: Int32.self).map { Int($0) }
}

// only: windows
/// Whether a piece has more tokens than the file has places for.
private func overfull(_ output: [String: Values]) -> Bool {
    numbers(output, "count")[0] > numbers(output, "tags").count
}

// end
/// The file counts bytes of UTF-8, which a string has as a view of its own.
private func answer(_ model: Model, _ content: String, _ parts: [Part], _ outputs: [[String: Values]]) -> Tagged {
    var spans: [Span] = []
    // only: lettered
    var before = "O"
    // end
    for (part, output) in zip(parts, outputs) {
        let starts = numbers(output, "starts"), ends = numbers(output, "ends"), tags = numbers(output, "tags")
        let probabilities = output["probabilities"]!.array(of: Float32.self)
        for token in 0..<numbers(output, "count")[0] {
            let start = content.utf8.index(content.utf8.startIndex, offsetBy: part.start + starts[token])
            let end = content.utf8.index(content.utf8.startIndex, offsetBy: part.start + ends[token])
            let tag = names[tags[token]]
            // only: plain
            if tag != "O" { spans.append(Span(range: start..<end, label: tag, score: probabilities[token])) }
            // end
            // only: lettered
            // B and S begin a span, behind E and S another one begins, and so it does wherever the label changes.
            let label = String(tag.dropFirst(2))
            let begins = "BS".contains(tag.first!) || label != before.dropFirst(2) || "ES".contains(before.first!)
            if tag != "O" && begins {
                spans.append(Span(range: start..<end, label: label, score: probabilities[token]))
            } else if tag != "O" {
                let last = spans.removeLast()
                let score = min(last.score, probabilities[token])
                spans.append(Span(range: last.range.lowerBound..<end, label: label, score: score))
            }
            before = tag
            // end
        }
    }
    // only: intents
    return Tagged(spans: spans, intents: intents(model, parts, outputs))
    // end
    // only: without_intents
    return Tagged(spans: spans)
    // end
}

// only: intents
private func intents(_ model: Model, _ parts: [Part], _ outputs: [[String: Values]]) -> [String: Float] {
    let scores = outputs.map { $0["intent"]!.array(of: Float32.self) }
    // only: stream
    let mean = scores.last! // the answer after the last chunk is that of the whole text
    // end
    // only: stateless
    let lengths = parts.map { Float(max($0.length, 1)) } // of pieces it is the mean, weighted by the length of each
    let mean = model.labels.indices.map { place in
        zip(scores, lengths).reduce(0) { $0 + $1.0[place] * $1.1 } / lengths.reduce(0, +)
    }
    // end
    return Dictionary(uniqueKeysWithValues: zip(model.labels, mean))
}

// end
