"""Transcripts as CTC sees them: normalised text, the symbols learned from it, and text as symbol numbers."""

import heapq
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise

from pipelines.speech.config import Settings
from suite.text.words import spoken

BLANK = ""  # symbol 0


def normalise(text: str, transcript: str = "letters", language: str | None = None) -> str:
    """Return a transcript as it is learned: one space between words, Unicode in composed form (NFC).

    Args:
        transcript: `"letters"`: lower case; letters, their marks, digits and apostrophes stay, all else parts words, as
            `suite.text.words` says. `"verbatim"`: as written.
        language: A language tag, for the case of letters.
    """
    if transcript == "verbatim":
        return " ".join(unicodedata.normalize("NFC", text).split())
    return spoken(text, language)


def learn_symbols(transcripts: Iterable[str], settings: Settings) -> list[str]:
    """Return what CTC puts out: the blank `""`, then the characters of the training transcripts in order.

    With `tokens: subword`, pieces of words follow, up to `vocabulary_size` symbols in all, by byte-pair encoding (Sennrich
    et al. 2016, on characters): the two neighbours within a word that occur together most often become a symbol, again
    and again. A space is always a symbol of its own.
    """
    counts = Counter(transcripts)
    symbols = [BLANK, *sorted(set().union(*counts))]
    if settings.tokens == "subword":
        symbols += _learn_pieces(counts, settings.vocabulary_size - len(symbols))
    return symbols


def _learn_pieces(counts: Counter[str], size: int) -> list[str]:
    words = Counter()
    for text, count in counts.items():
        for word in text.split():
            words[word] += count
    splits = [list(word) for word in sorted(words)]
    weights = [words[word] for word in sorted(words)]
    frequency, where = Counter(), defaultdict(set)
    for index, split in enumerate(splits):
        _count_pairs(split, weights[index], index, frequency, where)
    waiting = [(-count, piece) for piece, count in frequency.items()]
    heapq.heapify(waiting)
    pieces = []
    while waiting and len(pieces) < size:
        count, piece = heapq.heappop(waiting)
        if -count != frequency[piece]:
            continue  # this entry is out of date; the right one is in the heap too
        if -count < 2:
            break
        changed = Counter()
        for index in where.pop(piece):
            _count_pairs(splits[index], -weights[index], index, changed)
            splits[index] = _merge(splits[index], piece)
            _count_pairs(splits[index], weights[index], index, changed, where)
        for pair, change in changed.items():
            if change:
                frequency[pair] += change
                heapq.heappush(waiting, (-frequency[pair], pair))
        if piece not in pieces:
            pieces.append(piece)
    return pieces


def _count_pairs(
    split: list[str], weight: int, index: int, frequency: Counter[str], where: defaultdict[str, set[int]] | None = None
) -> None:
    for left_piece, right_piece in pairwise(split):
        frequency[left_piece + right_piece] += weight
        if where is not None:
            where[left_piece + right_piece].add(index)


def _merge(split: list[str], piece: str) -> list[str]:
    """Return the split with neighbours that spell `piece` joined, from the left."""
    merged, position = [], 0
    while position < len(split):
        together = "".join(split[position : position + 2])
        whole = together == piece and position + 1 < len(split)
        merged.append(together if whole else split[position])
        position += 2 if whole else 1
    return merged


def make_encoder(symbols: list[str]) -> Callable[[str], list[int]]:
    """Return a function from a normalised transcript to symbol numbers; characters without a symbol are left out.

    Words are put together from characters as the symbols were learned: of all neighbours that spell a symbol, those of
    the symbol learned first are joined first.
    """
    numbers = {symbol: number for number, symbol in enumerate(symbols) if symbol}
    if max(map(len, numbers), default=1) == 1:
        return lambda text: [numbers[character] for character in text if character in numbers]

    @lru_cache(maxsize=100_000)
    def encode_word(word: str) -> tuple[int, ...]:
        split = [character for character in word if character in numbers]
        while True:
            pairs = [
                left_piece + right_piece
                for left_piece, right_piece in pairwise(split)
                if left_piece + right_piece in numbers
            ]
            if not pairs:
                return tuple(numbers[piece] for piece in split)
            split = _merge(split, min(pairs, key=numbers.__getitem__))

    def encode(text: str) -> list[int]:
        ids = []
        for position, word in enumerate(text.split(" ")):
            ids += [numbers[" "]] * (position > 0 and " " in numbers)
            ids += encode_word(word)
        return ids

    return encode


def step_count(samples: int, settings: Settings) -> int:
    """Return how many steps the model makes of so many samples (at the model's rate), not counting a causal one's tail."""
    from suite.audio.framing import frame_count

    return -(-frame_count(samples, settings.hop_length, settings.causal) // settings.subsampling)
