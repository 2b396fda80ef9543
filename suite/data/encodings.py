"""What encoding a text file may be in: by its byte order mark, or guessed where it is not UTF-8, as advice for people."""

import re
from collections.abc import Iterable, Sequence

UTF8_MARK, UTF16_MARKS, UTF32_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff"), (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
# cp1252 before cp1250: in most Western texts both give the same characters, or equally likely ones
LATIN_ENCODINGS = ("cp1252", "cp1250", "cp1254", "cp1257", "cp850", "mac_roman")
OTHER_ENCODINGS = (
    *("cp1251", "cp1253", "cp1255", "cp1256", "koi8_r", "cp874"),
    *("gb18030", "cp932", "euc_jp", "cp949", "big5"),
)
GUESSED_BYTES = 1 << 16  # of the undecodable lines, enough to tell an encoding
CHAOS_MARGIN, COHERENCE_MARGIN = 0.02, 0.06  # encodings whose scores differ by less fit equally well
FEWEST_BYTES = 12  # beyond ASCII, below which an encoding without Latin letters is not guessed
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_HIGH_CHARACTERS = re.compile("[\x80-\udc7f\udd00-\U0010ffff]")  # decoded ones: escaped bytes are U+DC80 to U+DCFF


def marked_encoding(data: bytes) -> str | None:
    """Return "utf-8", "utf-16" or "utf-32" by the byte order mark that the data begins with, else None."""
    if data.startswith(UTF8_MARK):
        return "utf-8"
    if data.startswith(UTF32_MARKS):
        return "utf-32"
    return "utf-16" if data.startswith(UTF16_MARKS) else None


def unmarked_utf16(data: bytes) -> str | None:
    """Return "utf-16-le" or "utf-16-be" for text in mostly ASCII letters without a byte order mark, else None."""
    sample = data[: GUESSED_BYTES & ~1]
    zeros = [sample[0::2].count(0), sample[1::2].count(0)]
    if len(sample) < 4 or min(zeros) > 0.05 * len(sample) or max(zeros) < 0.35 * len(sample):
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def advise(lines: Sequence[str], undecodable: Sequence[str], option: str | None) -> str:
    """Return what to do about lines that are not UTF-8, as the end of a sentence, the same for the whole file.

    Args:
        lines: All of the file, undecodable bytes as lone surrogates ("surrogateescape").
        undecodable: Those of them that hold such bytes, at least one.
        option: What a person types before the name of an encoding, as `"--set encoding="`; None where nothing takes one.
    """
    decoded = sum(1 for line in lines if not line.isascii() and _HIGH_CHARACTERS.search(line)) - sum(
        1 for line in undecodable if _HIGH_CHARACTERS.search(line)
    )
    if decoded > len(undecodable):
        return f", but {decoded:,} other lines of the file are: this one is damaged"
    data = b"\n".join(line.encode("utf-8", "surrogateescape") for line in undecodable)[:GUESSED_BYTES]
    names = guess_encodings(data)
    name_it, end = option or "", "" if option else ": save it as UTF-8"
    if not names:
        remedy = f"{option}NAME names its encoding" if option else "save it as UTF-8"
        return f", and too little of the file is beyond ASCII to tell what it is; {remedy}"
    if names == ["latin-1"]:
        return f"; {name_it}latin-1 reads it{end}"
    excerpts = _excerpts(data, names)
    return "; " + " or ".join(f"{name_it}{name} reads it, as {excerpt!r}" for name, excerpt in excerpts.items()) + end


def guess_encodings(data: bytes) -> list[str]:
    """Return the encodings that data which is not UTF-8 may be in, up to three that fit equally well; none if it is too short.

    Bytes beyond ASCII stand alone in Latin scripts and together in all other ones. Among the encodings of either kind
    `charset_normalizer` tells which gives the least disorder, then the most usual letters of a language.
    "latin-1" stands for cp1252 where no byte tells the two apart.
    """
    from charset_normalizer import from_bytes

    runs, letters = _HIGH_BYTES.findall(data), len(re.findall(rb"[A-Za-z]", data))
    high = sum(map(len, runs))
    alone = sum(len(run) == 1 for run in runs) * 2 > len(runs)
    if not alone and high < FEWEST_BYTES:
        return []
    candidates: tuple[str, ...] = LATIN_ENCODINGS if alone else OTHER_ENCODINGS
    if alone and FEWEST_BYTES < high > letters / 2:  # many accents, or the second bytes of Big5, which are ASCII
        candidates = LATIN_ENCODINGS + OTHER_ENCODINGS
    matches = from_bytes(data, cp_isolation=list(candidates), enable_fallback=False)
    scores = {name: match for match in matches for name in match.could_be_from_charset}
    chaos = min((match.chaos for match in scores.values()), default=0.0)
    likely = {name: match for name, match in scores.items() if match.chaos <= chaos + CHAOS_MARGIN}
    coherence = max((match.coherence for match in likely.values()), default=0.0)
    names: dict[str, str] = {}  # the text that an encoding gives -> the first encoding that gives it
    for name in candidates:
        if name in likely and likely[name].coherence >= coherence - COHERENCE_MARGIN:
            names.setdefault(str(likely[name]), name)
    western = "cp1252" if re.search(rb"[\x80-\x9f]", data) else "latin-1"
    if not names:
        return [western]
    count = 2 if candidates == LATIN_ENCODINGS else 3
    return [western if name == "cp1252" else name for name in names.values()][:count]


def encoded_twice(text: str) -> str | None:
    """Return the text that was encoded as UTF-8, taken for cp1252 or Latin-1 and encoded again ("cafÃ©"), else None."""
    if text.isascii():
        return None
    for name in ("cp1252", "latin-1"):
        try:
            return text.encode(name).decode("utf-8")
        except UnicodeError:
            continue
    return None


def twice_notes(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence about texts that look encoded twice, which are read as they stand.

    Args:
        texts: `(where it stands, text)`.
    """
    twice = [(place, text, meant) for place, text in texts if (meant := encoded_twice(text))]
    if not twice:
        return []
    place, text, meant = twice[0]
    start = max(0, next(index for index, character in enumerate(text) if ord(character) > 127) - 10)
    received, expected = text[start : start + 25], meant[start : start + 20]
    count = f"{len(twice):,} text{'s look' if len(twice) > 1 else ' looks'} encoded twice"
    return [f"{count}, as {place}, {received!r} where {expected!r} is meant."]


def _excerpts(data: bytes, names: Sequence[str], longest: int = 30) -> dict[str, str]:
    """Return how each of the encodings reads the place where they first differ."""
    for line in data.split(b"\n"):
        texts = {name: line.decode(name, "replace") for name in names}
        if not line.isascii() and len(set(texts.values())) == len(names):
            break
    first, *further = texts.values()
    pairs = (index for index, character in enumerate(first) if ord(character) > 127)
    place = next((index for index in pairs if all(text[index : index + 1] != first[index] for text in further)), 0)
    start = max(0, place - longest // 2)
    return {name: text[start : start + longest].strip() for name, text in texts.items()}
