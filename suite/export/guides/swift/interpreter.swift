// Podfile: pod 'TensorFlowLiteSwift'. Add FILES to the resources of the app.  // fill: FILES
// only: custom
// The app must link these custom ops: OPS  // fill: OPS
// end
import Foundation
import TensorFlowLite

private let resource = "interpreter" // fill

/// A tensor: its elements, row by row, and its shape.
struct Values {
    let data: Data
    let shape: [Int]

    init<T>(_ elements: [T], _ shape: Int...) {
        data = elements.withUnsafeBufferPointer { Data(buffer: $0) }
        self.shape = shape
    }

    init(_ tensor: Tensor) {
        data = tensor.data
        shape = tensor.shape.dimensions
    }

    func array<T>(of type: T.Type) -> [T] { data.withUnsafeBytes { Array($0.bindMemory(to: type)) } }
}

/// The inputs of one call, and which part of the whole input they are.
struct Part {
    let inputs: [String: Values]
    let start: Int
    let length: Int
}

/// The file, run by the Interpreter.
final class Model {
    private static let path = Bundle.main.path(forResource: resource, ofType: "tflite")!
    // only: kept
    private var interpreter: Interpreter
    // end
    // only: grows
    private var sizes: [String: Int] = [:]
    // end
    // only: stream
    private var state: [String: Data] = [:]
    // end

    // only: kept
    init() throws { interpreter = try Interpreter(modelPath: Model.path) }

    // end
    // only: labels
    lazy var labels: [String] = {
        let path = Bundle.main.path(forResource: "labels", ofType: "txt")!
        return try! String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }()

    // end
    // only: stream
    /// Begins a new input: zeros in all states.
    func begin(_ signature: String) throws {
        let runner = try interpreter.signatureRunner(with: signature)
        state = [:]
        for name in runner.inputs where name.hasPrefix("state_") {
            state[name] = Data(count: try runner.input(named: name).data.count)
        }
    }

    /// Whether no input has begun yet.
    var fresh: Bool { state.isEmpty }

    // end
    /// One call of a signature; all shapes have the batch axis, 1, in front.
    func run(_ signature: String, _ inputs: [String: Values]) throws -> [String: Values] {
        // only: reset
        // The file keeps its state between calls and Swift has no call that resets it: a new Interpreter for every input.
        let interpreter = try Interpreter(modelPath: Model.path)
        // end
        // only: grows
        let larger = sizes.merging(inputs.mapValues { $0.data.count }) { max($0, $1) }
        if larger != sizes { // XNNPACK may compute on stale memory once an input outgrows all before it
            interpreter = try Interpreter(modelPath: Model.path)
            sizes = larger
        }
        // end
        let runner = try interpreter.signatureRunner(with: signature)
        // only: dynamic
        for (name, values) in inputs {
            try runner.resizeInput(named: name, toShape: Tensor.Shape(values.shape))
        }
        try runner.allocateTensors()
        // end
        let fed = inputs.mapValues { $0.data }
        // only: stream
        try runner.invoke(with: fed.merging(state) { $1 })
        for name in state.keys { state[name] = try runner.output(named: name).data } // goes into the next call
        let names = runner.outputs.filter { state[$0] == nil }
        // end
        // only: stateless
        try runner.invoke(with: fed)
        let names = runner.outputs
        // end
        return Dictionary(uniqueKeysWithValues: try names.map { ($0, Values(try runner.output(named: $0))) })
    }
}
