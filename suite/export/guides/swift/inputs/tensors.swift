import Foundation

private let signature = "signature" // fill
// only: row
private let row = "input" // fill from input
private let size = 256 // fill

/// Pieces of `size` of a row of numbers, zeros behind the last one.
private func parts(_ numbers: [Int32]) -> [Part] { // fill: Int32
    stride(from: 0, to: max(numbers.count, 1), by: size).map { start in
        let piece = Array(numbers[start..<min(start + size, numbers.count)])
        let padded = piece + [Int32](repeating: ZERO, count: size - piece.count) // fill: Int32 ZERO
        return Part(inputs: [row: Values(padded, 1, size)], start: start, length: piece.count)
    }
}

/// `try predict(Model(), numbers)`  // fill: predict
func predict(_ model: Model, _ numbers: [Int32]) throws -> Answer { // fill: predict Int32 Answer
    let calls = parts(numbers)
    // only: stream
    try model.begin(signature)
    // end
    return answer(model, calls, try calls.map { try model.run(signature, $0.inputs) })
}
// end
// only: arrays
/// One call: the arrays by name, as listed above, with the batch axis, 1, in front: `["length": Values([Int32(5)], 1)]`.
func predict(_ model: Model, _ arrays: [String: Values]) throws -> Answer { // fill: predict Answer
    // only: stream
    // The state stays from call to call: `model.begin` before each new input.
    if model.fresh { try model.begin(signature) }
    // end
    return answer(model, [Part(inputs: arrays, start: 0, length: 1)], [try model.run(signature, arrays)])
}
// end
