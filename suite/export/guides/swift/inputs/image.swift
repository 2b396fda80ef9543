import Foundation

private let signature = "signature" // fill
private let picture = "input" // fill from input

// only: whole
/// Bytes [rows, columns, 3], RGB, of a picture of any size: the file scales it.
private func parts(_ pixels: [UInt8], _ rows: Int, _ columns: Int) -> [Part] {
    [Part(inputs: [picture: Values(pixels, 1, rows, columns, 3)], start: 0, length: 1)]
}

// end
// only: fixed
/// Bytes [rows, columns, 3], RGB, of a picture of any size.
private func parts(_ pixels: [UInt8], _ rows: Int, _ columns: Int) -> [Part] {
    [Part(inputs: [picture: Values(fit(pixels, rows, columns), 1, height, width, 3)], start: 0, length: 1)]
}

// end
/// `try predict(Model(), pixels, 120, 160)`  // fill: predict
func predict(_ model: Model, _ pixels: [UInt8], _ rows: Int, _ columns: Int) throws -> Answer { // fill: predict Answer
    let calls = parts(pixels, rows, columns)
    return answer(model, calls, try calls.map { try model.run(signature, $0.inputs) })
}
