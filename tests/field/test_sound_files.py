"""Sound files that other tools write: coding, chunks, tags, channels and names that are not those of our own files.

The oracle is the other library of libsndfile and FFmpeg, or the samples that were written.
"""

import struct

import av
import numpy as np
import pytest
import soundfile

from suite.audio.read import inspect_audio, read_audio, survey_audio
from suite.errors import UserError

RATE = 16000


@pytest.fixture(scope="module")
def tone():
    time = np.arange(2 * RATE) / RATE
    return (0.4 * np.sin(2 * np.pi * (220 * time + 60 * time**2))).astype("float32")


def by_ffmpeg(path):
    """Return the samples as FFmpeg decodes them, channels averaged."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="fltp")
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).mean(axis=0)


def riff(*chunks):
    """Return a wav of `(name, content)` chunks, each padded to an even length."""
    body = b"WAVE"
    for name, content in chunks:
        body += name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pcm16(samples):
    return (samples * 32767).astype("<i2").tobytes()


FORMAT = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_24"),
        ("WAV", "PCM_U8"),
        ("WAV", "ULAW"),
        ("WAV", "ALAW"),
        ("WAV", "IMA_ADPCM"),
        ("WAV", "MS_ADPCM"),
        ("WAV", "DOUBLE"),
        ("WAVEX", "PCM_24"),
        ("AIFF", "PCM_24"),
        ("CAF", "ALAW"),
    ],
)
def test_codings_of_plain_files(tmp_path, tone, container, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone, RATE, format=container, subtype=subtype)
    samples, other = read_audio(path, RATE), by_ffmpeg(path)
    assert inspect_audio(path).frames == len(samples)
    # The two round the steps of ADPCM differently.
    np.testing.assert_allclose(
        samples[: len(other)], other[: len(samples)], atol=3e-3 if subtype == "MS_ADPCM" else 2e-4
    )
    assert np.corrcoef(samples[: len(tone)], tone)[0, 1] > 0.9995


def test_chunks_around_the_samples_do_not_count(tmp_path, tone):
    path = tmp_path / "a.wav"
    data = pcm16(tone)
    around = (b"LIST", b"INFOabc"), (b"fmt ", FORMAT), (b"junk", b"x" * 6001), (b"data", data), (b"LIST", b"INFOxyz")
    path.write_bytes(riff(*around))
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)
    path.write_bytes(riff((b"fmt ", FORMAT), (b"data", data[:-1])))  # an odd number of bytes
    assert inspect_audio(path).frames == len(read_audio(path, RATE)) == len(tone) - 1
    path.write_bytes(riff((b"fmt ", FORMAT), (b"data", b""), (b"LIST", b"INFOxyzw")))
    with pytest.raises(UserError, match="a header without samples"):
        read_audio(path, RATE)


def test_tags_and_cover_pictures_are_no_sound(tmp_path, encode_sound, tone):
    generator = np.random.default_rng(0)

    def id3(size):
        picture = b"APIC" + struct.pack(">I", size) + bytes(2) + generator.bytes(size)
        sizes = bytes(len(picture) >> shift & 127 for shift in (21, 14, 7, 0))
        return b"ID3\x03\0\0" + sizes + picture

    end = b"TAG" + b"Title".ljust(125, b"\0")
    mp3 = encode_sound(tone, RATE, "libmp3lame", "mp3")
    path = tmp_path / "a.mp3"
    path.write_bytes(mp3)
    plain = read_audio(path, RATE)
    assert len(plain) == len(tone)
    for size in (300, 60_000, 300_000):
        path.write_bytes(id3(size) + mp3 + end)
        np.testing.assert_array_equal(read_audio(path, RATE), plain)
        assert survey_audio(path)[1] == ()
    path.write_bytes(id3(300) + mp3 + end + id3(700) + mp3 + end)
    assert 4 <= survey_audio(path)[0].duration < 4.15
    soundfile.write(tmp_path / "b.flac", tone, RATE)
    path.write_bytes(id3(5000) + (tmp_path / "b.flac").read_bytes())
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)


def test_bytes_before_the_first_frame_are_noted(tmp_path, encode_sound, tone):
    mp3 = encode_sound(tone, RATE, "libmp3lame", "mp3", pipe=True)
    path = tmp_path / "a.mp3"
    for junk in (bytes(777), np.random.default_rng(1).bytes(999)):
        path.write_bytes(junk + mp3)
        info, notes = survey_audio(path)
        assert 2 <= info.duration < 2.15
        assert any("bytes before the first frame" in note for note in notes)
    path.write_bytes(bytes(6000) + mp3)
    with pytest.raises(UserError, match=r"its first 6,\d+ bytes are none"):
        read_audio(path, RATE)


def test_many_channels_and_high_rates(tmp_path, encode_sound):
    time = np.arange(2 * 48000) / 48000
    channels = np.stack([0.1 * (k + 1) * np.sin(2 * np.pi * 300 * time) for k in range(6)]).astype("float32")
    for number, name in enumerate(("alac", "flac", "pcm_s24le")):
        path = tmp_path / f"{number}.mka"
        path.write_bytes(encode_sound(channels, 48000, name, "matroska"))
        assert inspect_audio(path).channels == 6
        np.testing.assert_allclose(read_audio(path, 48000), channels.mean(axis=0), atol=1e-4)
    path = tmp_path / "a.wav"
    soundfile.write(path, np.repeat(channels.T, 2, axis=0), 96000, subtype="PCM_24")
    assert len(read_audio(path, RATE)) == 2 * RATE


@pytest.mark.parametrize("name", ["10:30.wav", "späße हिन्दी 日本.wav", "a b#c%20.wav", "-x.wav", "concat:a.wav"])
def test_any_name(tmp_path, encode_sound, tone, name):
    path = tmp_path / name
    soundfile.write(path, tone, RATE)
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)
    path.write_bytes(encode_sound(tone, RATE, "alac", "ipod"))
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)


def test_the_default_track_of_several_is_read_and_noted(tmp_path, tone):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        streams = [file.add_stream("flac", rate=RATE, layout="mono") for _ in range(2)]
        for start in range(0, len(tone), 1024):
            for factor, stream in zip((1, -0.1), streams, strict=True):
                piece = (tone[np.newaxis, start : start + 1024] * factor * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
                frame.sample_rate, frame.pts = RATE, start
                file.mux(stream.encode(frame))
        for stream in streams:
            file.mux(stream.encode(None))
    np.testing.assert_allclose(read_audio(path, RATE), tone, atol=1e-4)
    assert any("several sound tracks" in note for note in survey_audio(path)[1])


def test_what_names_other_files_is_no_sound(tmp_path, tone):
    """A playlist would make FFmpeg open what it lists."""
    soundfile.write(tmp_path / "a.wav", tone, RATE)
    lists = {
        "a.m3u8": f"#EXTM3U\n#EXTINF:2,\n{tmp_path / 'a.wav'}\n#EXT-X-ENDLIST\n",
        "b.txt": f"ffconcat version 1.0\nfile '{tmp_path / 'a.wav'}'\n",
        "c.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
    }
    for name, content in lists.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(UserError, match="bytes that begin with"):
            read_audio(tmp_path / name, RATE)


def test_a_video_without_sound_says_so(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(UserError, match="without sound"):
        read_audio(path, RATE)


@pytest.mark.parametrize("spoil", ["zeros", "noise", "left out", "a bit"])
@pytest.mark.parametrize("name", ["a.ogg", "a.opus", "a.flac"])
def test_damage_of_every_kind_is_refused(tmp_path, tone, name, spoil):
    """Where a format has checksums, one bit suffices."""
    path = tmp_path / name
    soundfile.write(path, np.tile(tone, 3), RATE, **({"format": "OGG", "subtype": "OPUS"} if name == "a.opus" else {}))
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    if spoil == "a bit":
        content[half] ^= 16
    elif spoil == "left out":
        del content[half : half + 5000]
    else:
        content[half : half + 5000] = bytes(5000) if spoil == "zeros" else np.random.default_rng(0).bytes(5000)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged|truncated"):
        read_audio(path, RATE)


def test_a_fragmented_recording_of_a_browser(tmp_path, encode_sound, tone):
    content = encode_sound(tone, RATE, "aac", "mp4", pipe=True, options={"movflags": "frag_every_frame+empty_moov"})
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert 2 <= inspect_audio(path).duration < 2.15
    path.write_bytes(content[: len(content) * 3 // 5])
    with pytest.raises(UserError, match=r"damaged|truncated"):
        read_audio(path, RATE)


def test_an_ogg_that_was_never_closed_is_noted_and_bytes_after_the_end_too(tmp_path, tone):
    path = tmp_path / "a.ogg"
    soundfile.write(path, np.tile(tone, 10), RATE)
    content = path.read_bytes()
    last = content.rindex(b"OggS")
    path.write_bytes(content[:last])
    assert any("not closed" in note for note in survey_audio(path)[1])
    path.write_bytes(content + bytes(3000))
    info, notes = survey_audio(path)
    assert info.frames == 10 * len(tone) and any("after the end" in note for note in notes)


def test_an_mp3_inside_a_wav_is_read_to_its_end(tmp_path, encode_sound, tone):
    """libsndfile says it has more samples than come."""
    path = tmp_path / "a.wav"
    path.write_bytes(encode_sound(tone, RATE, "libmp3lame", "wav"))
    assert 2 <= inspect_audio(path).duration < 2.15
    assert len(read_audio(path, RATE)) == inspect_audio(path).frames


def test_a_webm_without_any_length_is_refused_wherever_it_is_cut(tmp_path, encode_sound, tone):
    """As a browser records it, to a pipe."""
    content = encode_sound(tone, RATE, "libopus", "webm", pipe=True)
    path = tmp_path / "a.webm"
    path.write_bytes(content)
    assert 2 <= inspect_audio(path).duration < 2.15
    assert any("no announced length" in note for note in survey_audio(path)[1])
    passed = []
    for size in range(len(content) // 3, len(content), len(content) // 40):
        path.write_bytes(content[:size])
        try:
            passed.append(survey_audio(path))
        except UserError as error:
            assert "truncated" in str(error)
    assert len(passed) <= 2, "but where by chance a block ends"
    path.write_bytes(content[: len(content) // 2] + bytes(500) + content[len(content) // 2 + 500 :])
    with pytest.raises(UserError, match=r"damaged|truncated"):
        read_audio(path, RATE)
