import random
from collections import Counter
from itertools import pairwise

import pytest

from pipelines.speech.config import Settings
from pipelines.speech.transcripts import learn_symbols, make_encoder, normalise, step_count

WORDS = [
    "low",
    "lower",
    "lowest",
    "new",
    "newer",
    "newest",
    "wide",
    "wider",
    "widest",
    "low",
    "low",
    "low",
    "newest",
    "newest",
    "wide",
]
TEXTS = [" ".join(random.Random(seed).choices(WORDS, k=5)) for seed in range(50)]


@pytest.mark.parametrize(
    ("written", "letters"),
    [
        ("Don't   stop -- NOW!", "don't stop now"),
        ("the dogs’ “well-known” 42", "the dogs' well known 42"),
        ("CAFE\N{COMBINING ACUTE ACCENT}s", "cafés"),
        ("हिन्दी, ไทย", "हिन्दी ไทย"),
        (" ' -- ' ", ""),
        ("tab\tand\nline", "tab and line"),
    ],
)
def test_letters_leaves_what_is_spoken(written, letters):
    assert normalise(written) == letters
    assert normalise(letters) == letters


def test_verbatim_leaves_all_but_spaces():
    assert normalise("  Don't stop -- NOW! ", "verbatim") == "Don't stop -- NOW!"


def test_characters_come_in_order_after_the_blank():
    assert learn_symbols(["b a", "c'a"], Settings()) == ["", " ", "'", "a", "b", "c"]


def brute_force_pieces(texts, count):
    """Byte-pair encoding by counting all over again for each piece."""
    words = Counter(word for text in texts for word in text.split())
    splits, pieces = {word: list(word) for word in words}, []
    while len(pieces) < count:
        pairs = Counter()
        for word, split in splits.items():
            for one, other in pairwise(split):
                pairs[one + other] += words[word]
        if not pairs:
            break
        piece, most = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        if most < 2:
            break
        pieces.append(piece)
        for split in splits.values():
            position = 0
            while position < len(split) - 1:
                if split[position] + split[position + 1] == piece:
                    split[position : position + 2] = [piece]
                position += 1
    return pieces


@pytest.mark.parametrize("size", [16, 20, 30])
def test_pieces_are_those_of_byte_pair_encoding(size):
    settings = Settings(tokens="subword", vocabulary_size=size)
    symbols = learn_symbols(TEXTS, settings)
    characters = ["", *sorted(set("".join(TEXTS)))]
    assert symbols[: len(characters)] == characters and len(symbols) <= size
    assert symbols[len(characters) :] == brute_force_pieces(TEXTS, size - len(characters))
    assert learn_symbols(reversed(TEXTS), settings) == symbols


@pytest.mark.parametrize("tokens", ["characters", "subword"])
def test_symbols_spell_the_transcript(tokens):
    symbols = learn_symbols(TEXTS, Settings(tokens=tokens, vocabulary_size=24))
    encode = make_encoder(symbols)
    for text in [*TEXTS, "wow", "reseed nil"]:
        ids = encode(text)
        assert "".join(symbols[number] for number in ids) == "".join(c for c in text if c in symbols) and 0 not in ids
    if tokens == "subword":
        assert len(encode("newest")) == 1 and len(encode("low newest")) == 3


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("subsampling", [1, 2, 4])
def test_steps_are_those_of_the_model(causal, subsampling):
    options = {"bidirectional": False, "normalization": "global"} if causal else {}
    settings = Settings(causal=causal, subsampling=subsampling, hop_length=100, **options)
    for samples in (1, 99, 100, 101, 799, 800, 801):
        frames = len(range(0, samples, 100)) if causal else len(range(0, samples + 1, 100))
        assert step_count(samples, settings) == len(range(0, frames, subsampling))
