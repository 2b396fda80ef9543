import Foundation

private let signature = "signature" // fill
private let samples = "input" // fill from input
private let length = "input" // fill
private let rate = 16000 // fill
// only: fixed
private let size = 32000 // fill
// end
// only: windows
private let step = 320 // fill
// end
// only: stream
private let tail = 0 // fill
// end

// only: whole
/// The whole recording, one channel, `rate` samples a second.
private func parts(_ recording: [Float32]) -> [Part] { // fill: Float32
    let inputs = [samples: Values(recording, 1, recording.count), length: Values([Int32(recording.count)], 1)]
    return [Part(inputs: inputs, start: 0, length: recording.count)]
}

// end
// only: windows
/// Windows of `size` samples of a recording, one channel, `rate` samples a second; a second of overlap.
private func parts(_ recording: [Float32]) -> [Part] { // fill: Float32
    let half = min(rate / 2, size / 4) / step
    let advance = (size / step - 2 * half) * step
    let count = max((recording.count - size + advance - 1) / advance, 0) + 1
    return (0..<count).map { piece(recording, $0 * advance) }
}

// end
// only: stream
/// Chunks of `size` samples of a recording, one channel, `rate` samples a second, and the silence behind it.
///
/// From a microphone: `model.begin` once, `model.run` with each `size` samples, at the end `tail` samples of silence.
private func parts(_ recording: [Float32]) -> [Part] { // fill: Float32
    let all = recording + [Float32](repeating: 0, count: tail) // fill: Float32
    return stride(from: 0, to: all.count, by: size).map { piece(all, $0) }
}

// end
// only: fixed
private func piece(_ recording: [Float32], _ start: Int) -> Part { // fill: Float32
    let window = Array(recording[start..<min(start + size, recording.count)])
    let padded = window + [Float32](repeating: 0, count: size - window.count) // fill: Float32
    let inputs = [samples: Values(padded, 1, size), length: Values([Int32(window.count)], 1)]
    return Part(inputs: inputs, start: start, length: window.count)
}

// end
/// `try predict(Model(), [Float32](repeating: 0, count: 16000))`  // fill: predict Float32
func predict(_ model: Model, _ recording: [Float32]) throws -> Answer { // fill: predict Float32 Answer
    let calls = parts(recording)
    // only: stream
    try model.begin(signature)
    // end
    return answer(model, calls, try calls.map { try model.run(signature, $0.inputs) })
}
