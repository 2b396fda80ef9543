private let height = 96 // fill
private let width = 96 // fill

/// Bytes [rows, columns, channels] scaled to fit `height` and `width`, with black bars, as in training.
private func fit(_ picture: [UInt8], _ rows: Int, _ columns: Int) -> [UInt8] {
    if rows == height && columns == width { return picture }
    let channels = picture.count / (rows * columns)
    let scale = min(Double(height) / Double(rows), Double(width) / Double(columns))
    let inner = { (size: Int) in max(Int((Double(size) * scale).rounded(.toNearestOrEven)), 1) }
    let vertical = weights(rows, height, inner(rows)), horizontal = weights(columns, width, inner(columns))
    var fitted = [UInt8](repeating: 0, count: height * width * channels)
    for row in 0..<height {
        var line = [Double](repeating: 0, count: columns * channels)
        for (from, weight) in vertical[row] {
            for at in line.indices { line[at] += weight * Double(picture[from * line.count + at]) }
        }
        for column in 0..<width {
            for channel in 0..<channels {
                let value = horizontal[column].reduce(0) { $0 + $1.1 * line[$1.0 * channels + channel] }
                fitted[(row * width + column) * channels + channel] =
                    UInt8(min(max(value, 0), 255).rounded(.toNearestOrEven))
            }
        }
    }
    return fitted
}

/// For each of `size` places those of `count` that count and how much; the middle `inner` of them are the picture.
private func weights(_ count: Int, _ size: Int, _ inner: Int) -> [[(Int, Double)]] {
    let scale = Double(count) / Double(inner)
    return (0..<size).map { position in
        let place = position - (size - inner) / 2
        if place < 0 || place >= inner { return [] }
        let center = (Double(place) + 0.5) * scale
        let values = (0..<count).map { ($0, 1 - abs(center - (Double($0) + 0.5)) / max(scale, 1)) }.filter { $0.1 > 0 }
        let total = values.reduce(0) { $0 + $1.1 }
        return values.map { ($0.0, $0.1 / total) }
    }
}
