import Foundation

private let signature = "signature" // fill
private let frames = "input" // fill from input
private let length = "input" // fill
private let channels = 3 // fill
// only: fixed
private let size = 16 // fill
// end

// only: whole
/// All frames.
private func parts(_ clip: [[UInt8]]) -> [Part] { [piece(clip, 0, clip.count, clip.count)] }

// end
// only: windows
/// Frames in as few windows of up to `size` as there can be, of equal length.
private func parts(_ clip: [[UInt8]]) -> [Part] {
    let count = (clip.count + size - 1) / size
    let starts = (0...count).map { $0 * (clip.count / count) + min($0, clip.count % count) }
    return zip(starts, starts.dropFirst()).map { piece(clip, $0, $1, size) }
}

// end
// only: stream
/// Frames, `size` at a time.
///
/// From a camera: `model.begin` once, then `model.run` with each frame; the answer is for all frames so far.
private func parts(_ clip: [[UInt8]]) -> [Part] {
    stride(from: 0, to: clip.count, by: size).map { piece(clip, $0, min($0 + size, clip.count), size) }
}

// end
private func piece(_ clip: [[UInt8]], _ start: Int, _ end: Int, _ size: Int) -> Part {
    let padding = [UInt8](repeating: 0, count: (size - (end - start)) * height * width * channels)
    let values = Values(clip[start..<end].flatMap { $0 } + padding, 1, size, height, width, channels)
    let inputs = [frames: values, length: Values([Int32(end - start)], 1)]
    return Part(inputs: inputs, start: start, length: end - start)
}

/// `try predict(Model(), clip, 120, 160)`: pictures are bytes [rows, columns, channels] of one size, in the order of time.  // fill: predict
func predict(_ model: Model, _ clip: [[UInt8]], _ rows: Int, _ columns: Int) throws -> Answer { // fill: predict Answer
    let calls = parts(clip.map { fit($0, rows, columns) })
    // only: stream
    try model.begin(signature)
    // end
    return answer(model, calls, try calls.map { try model.run(signature, $0.inputs) })
}
