"""Text files that are not UTF-8, or only nearly: the advice names the encoding by which the file reads right.

The right encoding is the one that the test wrote the file in; Python's codecs say which characters that gives.
"""

import gzip
import io
import json
import re
import types

import pytest

from pipelines.sentiment.config import Settings
from suite.data.encodings import encoded_twice, guess_encodings
from suite.data.text_files import line_faults, read_lines
from suite.errors import UserError
from suite.inputs.expand import expand_inputs
from suite.inputs.text import TEXT
from suite.inputs.video import VIDEO
from tests.reading import reader

read = reader("sentiment")

ENGLISH = "text,label\n" + "".join(f"a film {number},{'pos' if number % 2 else 'neg'}\n" for number in range(10))
SENTENCES = {
    "cp1252": "It’s a café – “really” nice, and I don’t say that often…",
    "cp1251": "Отличный фильм, очень понравился, всем советую посмотреть",
    "koi8_r": "Отличный фильм, очень понравился, всем советую посмотреть",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy, říkal děda",
    "cp1253": "Η ταινία ήταν πολύ καλή και μου άρεσε η μουσική της",
    "cp1254": "Bu film çok güzeldi, şahane oyunculuk, İstanbul ışığı",
    "cp1256": "كان الفيلم رائعا جدا وأعجبني كثيرا",
    "gb18030": "这部电影非常好看，我很喜欢，推荐给大家",
    "big5": "這部電影非常好看，我很喜歡，推薦給大家",
    "cp932": "この映画はとても面白かったです。おすすめします",
    "euc_jp": "この映画はとても面白かったです。おすすめします",
    "cp949": "이 영화는 정말 재미있었다. 배우들의 연기도 좋았다",
    "mac_roman": "un film très drôle, où l’été n’en finit pas",
    "cp850": "un film très drôle, où la scène où il est à Paris",
}


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def advised(message):
    return re.findall(r"--set encoding=(\S+) reads it", message)


@pytest.mark.parametrize("encoding", SENTENCES)
def test_the_advice_names_the_encoding_that_reads_the_file(tmp_path, encoding):
    sentence = SENTENCES[encoding]
    data = ENGLISH.encode() + f'"{sentence}",pos\n'.encode(encoding)
    path = write(tmp_path / "a.csv", data)
    (problem,) = read(path, Settings()).problems
    assert problem.name == "a.csv:12" and encoding in advised(problem.message)
    first = sentence[max(0, next(n for n, c in enumerate(sentence) if ord(c) > 127) - 3) :][:8]
    assert first in problem.message  # it shows how the file would read
    assert sentence in read_lines(path, encoding)[-1]
    assert read(path, Settings()).problems == (problem,)  # the same advice each time


def test_byte_0x92_is_the_apostrophe_of_cp1252_first_of_all(tmp_path):
    path = write(tmp_path / "a.csv", ENGLISH.encode() + "It’s dull,neg\n".encode("cp1252"))
    (problem,) = read(path, Settings()).problems
    assert problem.message.startswith("byte 0x92 is not UTF-8; --set encoding=cp1252 reads it, as 'It’s dull")
    examples = read(path, Settings(encoding=advised(problem.message)[0]))
    assert examples.problems == () and examples.items[-1].input == "It’s dull"


@pytest.mark.parametrize("word", ["café", "garçon", "Übung", "niño", "smørrebrød"])
def test_latin_1_is_named_where_cp1252_is_the_same(word):
    assert guess_encodings(word.encode("latin-1"))[0] == "latin-1"
    assert word.encode("latin-1").decode("cp1252") == word


def test_too_few_bytes_are_not_guessed(tmp_path):
    for encoding in ("cp1251", "koi8_r"):
        message = line_faults([f"{'да'.encode(encoding).decode('utf-8', 'surrogateescape')}"])[1]
        assert "too little" in message and "--set encoding=NAME" in message and not advised(message)


def test_damage_in_a_file_of_utf_8_is_not_advised_to_be_read_otherwise(tmp_path):
    text = "".join(f"été numéro {number},{'pos' if number % 2 else 'neg'}\n" for number in range(10))
    path = write(tmp_path / "a.csv", b"text,label\n" + text.encode() + b"caf\xe9,pos\n")
    (problem,) = read(path, Settings()).problems
    assert problem.name == "a.csv:12" and "10 other lines of the file are: this one is damaged" in problem.message
    assert "--set" not in problem.message


MARKED = {"utf-16": "utf-16", "utf-32": "utf-32", "utf-8-sig": "utf-8"}


@pytest.mark.parametrize("encoding", MARKED)
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    path = write(tmp_path / "a.csv", ENGLISH.encode(encoding))
    other = "latin-1" if encoding == "utf-8-sig" else "utf-8"
    with pytest.raises(
        UserError, match=f"byte order mark stands at its start; --set encoding={MARKED[encoding]} reads it"
    ):
        read(path, Settings(encoding=other))
    assert len(read(path, Settings(encoding=MARKED[encoding])).items) == 10


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_named(tmp_path, encoding):
    path = write(tmp_path / "a.csv", ENGLISH.encode(encoding))
    with pytest.raises(UserError, match=f"looks like {encoding} without .*; --set encoding={encoding} reads it"):
        read(path, Settings())
    assert len(read(path, Settings(encoding=encoding)).items) == 10


TWICE = [("café", "cp1252"), ("it’s", "cp1252"), ("привет", "latin-1"), ("日本", "latin-1"), ("Á", "latin-1")]


@pytest.mark.parametrize(("text", "encoding"), TWICE)
def test_a_text_encoded_twice_is_known(text, encoding):
    assert encoded_twice(text.encode().decode(encoding)) == text
    assert encoded_twice(text) is None


def test_texts_encoded_twice_are_noted_and_read_as_they_stand(tmp_path):
    text = "a nice café".encode().decode("latin-1")
    examples = read(write(tmp_path / "a.csv", ENGLISH + f"{text},pos\n"), Settings())
    assert examples.items[-1].input == text
    assert [note for note in examples.notes if "1 text looks encoded twice, as a.csv:12" in note and "café" in note]


def test_transcripts_and_captions_encoded_twice_are_noted(tmp_path):
    import numpy as np
    import soundfile
    from PIL import Image

    from pipelines.captioning.config import Settings as CaptioningSettings
    from pipelines.speech.config import Settings as SpeechSettings

    twice = "a nice café".encode().decode("cp1252")
    noise = np.random.default_rng(0)
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", noise.uniform(-0.5, 0.5, 16000), 8000)
        Image.fromarray(noise.integers(0, 256, (32, 32, 3), np.uint8)).save(tmp_path / f"{number}.png")
    texts = ["a nice film", "so dull", twice]
    speech = "audio,text\n" + "".join(f"{number}.wav,{text}\n" for number, text in enumerate(texts))
    captions = "".join(
        json.dumps({"image": f"{number}.png", "captions": [text]}) + "\n" for number, text in enumerate(texts)
    )
    for examples in (
        reader("speech")(write(tmp_path / "clips.csv", speech), SpeechSettings(sample_rate=8000)),
        reader("captioning")(write(tmp_path / "pictures.jsonl", captions), CaptioningSettings()),
    ):
        assert len(examples.items) == 3
        assert [note for note in examples.notes if note.startswith("1 text looks encoded twice") and "café" in note]


def test_lists_that_no_setting_reads_are_to_be_saved_as_utf_8(tmp_path):
    from pipelines.speech.tune import learn_language_model
    from pipelines.video.config import Settings as VideoSettings

    folder = tmp_path / "videos"
    for name in ("Café", "Run"):
        (folder / name).mkdir(parents=True)
    write(folder / "trainlist01.txt", "Café/v_Café_g01_c01.avi 1\nRun/v_Run_g01_c01.avi 2\n".encode("cp1252"))
    write(folder / "testlist01.txt", b"Run/v_Run_g02_c01.avi\n")
    with pytest.raises(UserError, match=r"trainlist01\.txt:1: byte 0xe9 is not UTF-8; .*: save it as UTF-8$"):
        reader("video")(folder, VideoSettings(), "ucf101")
    sentences = "the garçon was nice\nthe café was not\n" * 5
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):  # by their byte order marks
        text = write(tmp_path / f"{encoding}.txt", sentences.encode(encoding))
        assert learn_language_model(text, tmp_path / f"{encoding}.arpa", 2, "word", "letters") == 10
        assert (tmp_path / f"{encoding}.arpa").read_bytes() == (tmp_path / "utf-8.arpa").read_bytes()
    text = write(tmp_path / "le.txt", sentences.encode("utf-16-le"))
    with pytest.raises(UserError, match=r"looks like utf-16-le without a byte order mark; save it as UTF-8$"):
        learn_language_model(text, tmp_path / "le.arpa", 2, "word", "letters")


# -- predict: a file is read by what it is

FRENCH = ["un été très drôle", "garçon"]


@pytest.mark.parametrize("trained_in", ["utf-8", "latin-1", "cp1251", "utf-16"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_texts_to_predict_are_read_by_what_the_file_is(tmp_path, trained_in, encoding):
    settings = Settings(encoding=trained_in)
    table = write(tmp_path / "a.csv", "\n".join(["text", *FRENCH]).encode(encoding))
    packed = write(tmp_path / "b.csv.gz", gzip.compress(table.read_bytes()))
    document = write(tmp_path / "c.txt", FRENCH[0].encode(encoding))
    inputs = list(expand_inputs(TEXT, settings, [str(table), str(packed), str(document)], False))
    assert [one.raw for one in inputs] == [*FRENCH, *FRENCH, FRENCH[0]] and not any(one.error for one in inputs)


@pytest.mark.parametrize(
    ("name", "data"), [("a.csv", "text\nIt’s dull\n"), ("a.txt", "It’s dull"), ("a.tsv", "It’s dull\n")]
)
def test_another_encoding_is_named_by_an_option_that_predict_takes(tmp_path, name, data):
    path = str(write(tmp_path / name, data.encode("cp1252")))
    (bad,) = expand_inputs(TEXT, Settings(), [path], False)
    assert "byte 0x92" in bad.error and "--encoding cp1252 reads it" in bad.error and "--set" not in bad.error
    (good,) = expand_inputs(TEXT, Settings(), [path], False, "cp1252")
    assert good.raw == "It’s dull"


REFUSED = [("a.csv", "review,id\nfine,1\n"), ("b.csv", "fine\0\n"), ("c.csv", ""), ("d.tsv.gz", "text\nfine\n")]


@pytest.mark.parametrize(("name", "data"), REFUSED)
def test_no_fault_of_an_input_advises_an_option_of_training(tmp_path, name, data):
    (bad,) = expand_inputs(TEXT, Settings(), [str(write(tmp_path / name, data))], False)
    assert name in bad.error and "--set" not in bad.error


def test_lines_of_stdin(monkeypatch):
    def lines(data, encoding=None):
        monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))
        return list(expand_inputs(TEXT, Settings(), ["-"], False, encoding))

    for encoding, option in (("utf-8", None), ("utf-8-sig", None), ("cp1252", "cp1252"), ("utf-16", "utf-16")):
        assert [one.raw for one in lines("\r\n".join(FRENCH).encode(encoding), option)] == FRENCH
    good, bad = lines("fine\nIt’s dull\n".encode("cp1252"))
    assert good.raw == "fine" and bad.error.startswith("stdin:2: byte 0x92") and "--encoding cp1252" in bad.error


def test_encodings_that_cannot_be_are_refused():
    with pytest.raises(UserError, match=r"--encoding: expected a text encoding, as utf-8. Received: 'utf-99'"):
        list(expand_inputs(TEXT, Settings(), ["x"], False, "utf-99"))
    with pytest.raises(UserError, match="--encoding: this task takes files, not texts"):
        list(expand_inputs(VIDEO, Settings(), ["x"], False, "utf-8"))
