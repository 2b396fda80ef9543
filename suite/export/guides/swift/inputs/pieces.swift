import Foundation

private let signature = "signature" // fill
private let text = "input" // fill from input
// only: stateless
private let longest = 256 // fill
// end
// only: fixed
private let size = 256 // fill
// end
private let separator: UInt8 = 31 // ends each token of a text that brings its own
private let sentenceEnds = [".", "!", "?", "…", "。", "！", "？", "।", "؟"].map { Array($0.utf8) }

private func isSpace(_ byte: UInt8) -> Bool { byte <= 32 || byte == 127 }

/// Pieces of at most `limit` bytes: cut behind a sentence, else a space, else a character.
private func cut(_ data: ArraySlice<UInt8>, _ limit: Int) -> [ArraySlice<UInt8>] {
    let own = data.contains(separator)
    var rest = data
    var pieces: [ArraySlice<UInt8>] = []
    while rest.count > limit {
        let start = rest.startIndex
        let places = (start + 1...start + limit).reversed()
        let spaces = places.filter { own ? data[$0 - 1] == separator : isSpace(data[$0 - 1]) }
        let end = spaces.first { 2 * ($0 - start) > limit && endsSentence(rest[..<($0 - 1)], data[$0 - 1]) }
            ?? spaces.first
            ?? places.prefix(4).first { data[$0] & 0xC0 != 0x80 } ?? start + limit
        pieces.append(rest[..<end])
        rest = rest[end...]
    }
    return pieces + [rest]
}

private func endsSentence(_ before: ArraySlice<UInt8>, _ space: UInt8) -> Bool {
    space == 10 || space == 13 || sentenceEnds.contains { before.suffix($0.count).elementsEqual($0) }
}

private func piece(_ data: ArraySlice<UInt8>) -> Part {
    // only: whole
    let size = max(data.count, 1) // no axis may be empty
    // end
    let padded = Array(data) + [UInt8](repeating: 0, count: size - data.count)
    return Part(inputs: [text: Values(padded, 1, size)], start: data.startIndex, length: data.count)
}

/// `try predict(Model(), "An example.")`  // fill: predict
func predict(_ model: Model, _ content: String) throws -> Answer { // fill: predict Answer
    // only: stream
    try model.begin(signature)
    var waiting = cut(Array(content.utf8)[...], size)
    // end
    // only: stateless
    var waiting = cut(Array(content.utf8)[...], longest) // no longer than the texts that the model learned from
    // end
    // only: windows
    waiting = waiting.flatMap { cut($0, size) }
    // end
    var calls: [Part] = []
    var outputs: [[String: Values]] = []
    while !waiting.isEmpty {
        let data = waiting.removeFirst()
        let part = piece(data)
        let output = try model.run(signature, part.inputs)
        // only: windows
        if overfull(output) && data.count > 1 {
            waiting = cut(data, data.count / 2) + waiting
            continue
        }
        // end
        calls.append(part)
        outputs.append(output)
    }
    return answer(model, content, calls, outputs)
}
