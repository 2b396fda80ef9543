import Foundation

private let signature = "signature" // fill
private let text = "input" // fill from input
// only: fixed
private let size = 256 // fill

private func isSpace(_ byte: UInt8) -> Bool { byte <= 32 || byte == 127 }
// end

// only: whole
/// The whole text as UTF-8; an empty one as a zero byte.
private func parts(_ content: String) -> [Part] {
    let data = content.isEmpty ? [0] : Array(content.utf8)
    return [Part(inputs: [text: Values(data, 1, data.count)], start: 0, length: data.count)]
}

// end
// only: windows
/// Windows of `size` bytes, cut at spaces where possible, else between two characters; zeros behind each.
private func parts(_ content: String) -> [Part] {
    let data = Array(content.utf8)
    if data.count <= size { return [piece(data, 0, data.count)] }
    let end = (data.lastIndex { !isSpace($0) } ?? -1) + 1
    var start = data.firstIndex { !isSpace($0) } ?? 0
    var pieces: [Part] = []
    while end - start > size {
        let cut = (start + 1...start + size).last { isSpace(data[$0]) }
            ?? (max(start + size - 3, start + 1)...start + size).last { data[$0] & 0xC0 != 0x80 } ?? start + size
        pieces.append(piece(data, start, (start + 1...cut).last { !isSpace(data[$0 - 1]) }!))
        start = (cut..<end).first { !isSpace(data[$0]) }!
    }
    return pieces + [piece(data, start, max(start, end))]
}

// end
// only: stream
/// Chunks of `size` bytes that tear no word apart; zeros behind each. One longer than `size` is cut as in training.
private func parts(_ content: String) -> [Part] {
    let data = Array(content.utf8)
    var start = 0
    var pieces: [Part] = []
    while data.count - start > size {
        let whole = size < 32 ? size : size - size % 32
        let cut = (start + 1...start + size).last { isSpace(data[$0 - 1]) } ?? start + whole
        pieces.append(piece(data, start, cut))
        start = cut
    }
    return pieces + [piece(data, start, data.count)]
}

// end
// only: fixed
private func piece(_ data: [UInt8], _ start: Int, _ end: Int) -> Part {
    let padded = Array(data[start..<end]) + [UInt8](repeating: 0, count: size - (end - start))
    return Part(inputs: [text: Values(padded, 1, size)], start: start, length: end - start)
}

// end
/// `try predict(Model(), "An example.")`  // fill: predict
func predict(_ model: Model, _ content: String) throws -> Answer { // fill: predict Answer
    let calls = parts(content)
    // only: stream
    try model.begin(signature)
    // end
    return answer(model, calls, try calls.map { try model.run(signature, $0.inputs) })
}
