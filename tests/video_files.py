"""Video files as other programs write them, made by PyAV: any codec, times, sound, pixel aspect ratio, display matrix."""

from fractions import Fraction

import av
import numpy as np

CODECS = {".webm": "libvpx", ".mp4": "libx264", ".mkv": "libx264", ".mov": "libx264", ".avi": "mjpeg", ".wmv": "wmv2"}
SOUND_CODECS = {".webm": "libopus", ".wmv": "wmav2", ".flv": "libmp3lame"}
MILLISECOND = Fraction(1, 1000)
PIXEL_FORMATS = {"mjpeg": "yuvj420p", "png": "rgba", "qtrle": "argb", "ffv1": "bgr0", "gif": "rgb8"}


def bars(count, height=48, width=64, channels=3):
    """Frames whose bright bar moves to the right, and that grow brighter: no two alike, left and right differ."""
    frames = np.full((count, height, width, channels), 40, np.uint8)
    for index, frame in enumerate(frames):
        start = index * (width - width // 4) // max(count - 1, 1)
        frame[: height // 2, start : start + width // 4] = 220
        frame[height // 2 :, : width // 3] = 60 + index * 120 // count
    return frames


def write_video(path, frames, times=None, rate=10, codec=None, sound_seconds=None, aspect=None, **options):
    """Write frames, uint8 RGB (RGBA where the codec has alpha) `(time, height, width, channels)`, and return the path.

    Args:
        times: When each frame is shown, seconds; by default evenly at `rate`.
        sound_seconds: Length of a tone beside them.
        aspect: Pixel aspect ratio.
        options: `format` (container), `pix_fmt`, `matrix` (display matrix, nine numbers), `codec_options`, `write`
            (options of the container), and any attribute of the codec.
    """
    codec = codec or CODECS[path.suffix]
    unit = MILLISECOND if times is not None else 1 / Fraction(rate)
    times = np.arange(len(frames)) / rate if times is None else times
    container_options = {"format": options.pop("format", None), "options": options.pop("write", {})}
    with av.open(f"file:{path}", "w", **container_options) as container:
        stream = container.add_stream(codec, rate=1 / unit)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = options.pop("pix_fmt", PIXEL_FORMATS.get(codec, "yuv420p"))
        stream.codec_context.time_base = unit
        stream.codec_context.options = {"crf": "4", "b": "4M"} | options.pop("codec_options", {})
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        if (matrix := options.pop("matrix", None)) is not None:
            stream.set_display_matrix(matrix)
        for name, value in options.items():
            setattr(stream.codec_context, name, value)
        sound = None if sound_seconds is None else _sound_stream(container, path)
        for frame, time in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgba" if frame.shape[-1] == 4 else "rgb24")
            picture.pts, picture.time_base = round(time / unit), unit
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if sound is not None:
            _write_tone(container, sound, sound_seconds)
    return path


def _sound_stream(container, path):
    stream = container.add_stream(
        SOUND_CODECS.get(path.suffix, "aac"), rate=44100 if path.suffix in (".flv", ".wmv") else 48000
    )
    stream.bit_rate = 64_000
    stream.layout = "mono"
    return stream


def _write_tone(container, stream, seconds):
    rate = stream.rate
    samples = (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)
    resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.codec_context.frame_size or 960)
    tone = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    tone.rate, tone.pts = rate, 0
    for chunk in [*resampler.resample(tone), *resampler.resample(None)]:
        container.mux(stream.encode(chunk))
    container.mux(stream.encode(None))


def copy_from(source, path, seconds):
    """Copy a video from a moment on without decoding it, as `ffmpeg -ss SECONDS -i SOURCE -c copy PATH` does.

    The copy begins with the key frame before that moment; an edit list says where to begin to show it.
    """
    with av.open(f"file:{source}") as reader, av.open(f"file:{path}", "w") as writer:
        stream = reader.streams.video[0]
        copied = writer.add_stream_from_template(stream)
        offset = round(seconds / stream.time_base)
        reader.seek(offset, stream=stream)
        for packet in reader.demux(stream):
            if packet.size:
                packet.pts, packet.dts = packet.pts - offset, packet.dts - offset
                packet.stream = copied
                writer.mux(packet)
    return path


def cut(path, share):
    """Return a copy of the file that ends after this share of its bytes."""
    data = path.read_bytes()
    copy = path.with_stem(f"{path.stem}-cut")
    copy.write_bytes(data[: round(len(data) * share)])
    return copy


def decoded(path):
    """Return `(times in seconds, RGB frames)` of the first video stream as PyAV gives them, in its own sizes."""
    with av.open(f"file:{path}") as container:
        pairs = [
            (frame.time, frame.to_ndarray(format="rgb24", interpolation="BICUBIC"))
            for frame in container.decode(video=0)
        ]
    return np.array([time for time, _ in pairs]), np.stack([frame for _, frame in pairs])
