"""When each symbol and word was said: CTC forced alignment."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from suite.decoding.greedy import frames_needed
from suite.errors import UserError

FLOOR = -1e4  # stands for the logarithm of 0: paths through it still compare


class Alignment(NamedTuple):
    """The most probable alignment of a target, arrays `(symbols,)`.

    Attributes:
        starts: int32, first frame of each symbol.
        ends: int32, the frame after its last one.
        log_probs: float64, mean log-probability of the symbol over its frames.
        log_prob: Natural log-probability of the whole path, blanks too.
    """

    starts: np.ndarray
    ends: np.ndarray
    log_probs: np.ndarray
    log_prob: float


class Word(NamedTuple):
    """A word said from `start` to `end`, in seconds, with a confidence in [0, 1]."""

    text: str
    start: float
    end: float
    confidence: float


def align(log_probs: np.ndarray, ids: np.ndarray) -> Alignment:
    """Return the most probable path that says `ids` (Viterbi over the states of Graves et al. 2006, section 4.1).

    Args:
        log_probs: float `(frames, symbols)`, natural logarithms, symbol 0 the blank; no padding frames.
        ids: Symbol ids of the target, without blanks.

    Raises:
        UserError: if the target needs more frames than there are.
    """
    log_probs = np.maximum(np.array(log_probs, np.float64), FLOOR)
    ids = np.array(ids, np.int64)
    if frames_needed(ids) > len(log_probs):
        raise UserError(
            f"A text of {len(ids)} symbols needs at least {frames_needed(ids)} frames to be aligned. "
            f"Received: {len(log_probs)} frames"
        )
    states = _viterbi(log_probs, ids)
    spoken = np.flatnonzero(states % 2)
    numbers = states[spoken] // 2
    starts = spoken[np.searchsorted(numbers, np.arange(len(ids)))]
    ends = spoken[np.searchsorted(numbers, np.arange(len(ids)), "right") - 1] + 1
    symbols = np.zeros(len(states), np.int64)
    symbols[spoken] = ids[numbers]
    path = log_probs[np.arange(len(states)), symbols]
    sums = np.bincount(numbers, path[spoken], minlength=len(ids))
    return Alignment(starts.astype(np.int32), ends.astype(np.int32), sums / (ends - starts), float(path.sum()))


def _viterbi(log_probs: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the state of each frame: 2 i for the blank before symbol i, 2 i + 1 for the symbol itself."""
    frames, states = len(log_probs), 2 * len(ids) + 1
    path = np.zeros(frames, np.int64)
    if frames == 0:
        return path
    symbols = np.zeros(states, np.int64)
    symbols[1::2] = ids
    # From one symbol straight to the next, but not to an equal one, which only a blank parts from it.
    leaps = np.zeros(states, bool)
    leaps[3::2] = ids[1:] != ids[:-1]
    came_by = np.zeros((frames, states), np.uint8)  # states advanced to get there
    score = np.full(states, -np.inf)
    score[:2] = log_probs[0, symbols[:2]]
    before = np.full(states + 2, -np.inf)  # the scores of the frame before, behind two states that cannot be
    for frame in range(1, frames):
        before[2:] = score
        for steps, allowed in ((1, True), (2, leaps)):
            better = (before[2 - steps : states + 2 - steps] > score) & allowed
            score = np.where(better, before[2 - steps : states + 2 - steps], score)
            came_by[frame, better] = steps
        score = score + log_probs[frame, symbols]
    state = states - 1
    if states > 1 and score[states - 2] > score[states - 1]:
        state = states - 2
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= int(came_by[frame, state])
    return path


def word_times(
    log_probs: np.ndarray, ids: np.ndarray, symbols: Sequence[str], frame_seconds: float, offset_seconds: float = 0.0
) -> list[Word]:
    """Return the words of a transcript, when each was said, and how sure that is.

    A word lasts from the first frame of its first symbol to the end of the last frame of its last symbol. CTC models
    say a symbol in one or a few frames, anywhere within its sound, so the times are good to about a syllable. The
    confidence is the geometric mean, over the word's symbols, of their probability (itself the geometric mean over
    their frames).

    Args:
        log_probs: float `(frames, symbols)`, natural logarithms, symbol 0 the blank; no padding frames.
        ids: Symbol ids of the transcript, as `greedy` and `prefix_beam_search` give them.
        symbols: The text of each symbol; words are separated by spaces, wherever in a symbol.
        frame_seconds: Time from one frame to the next.
        offset_seconds: When frame 0 begins.

    Raises:
        UserError: if the transcript needs more frames than there are.
    """
    alignment = align(log_probs, ids)
    pieces = []  # one list for each word: (text, index of its symbol)
    inside = False
    for index, symbol in enumerate(ids):
        for character in symbols[symbol]:
            if character == " ":
                inside = False
                continue
            if not inside:
                pieces.append([])
                inside = True
            pieces[-1].append((character, index))
    words = []
    for piece in pieces:
        members = np.unique([index for _, index in piece])
        words.append(
            Word(
                "".join(character for character, _ in piece),
                round(offset_seconds + float(alignment.starts[members[0]]) * frame_seconds, 6),
                round(offset_seconds + float(alignment.ends[members[-1]]) * frame_seconds, 6),
                float(np.exp(alignment.log_probs[members].mean())),
            )
        )
    return words
