"""The loop of prefix beam search, compiled; `beam.prefix_beam_search` is what to call."""

from typing import NamedTuple

import numpy as np

from suite.decoding.compiled import compiled

ROOT, UNKNOWN_WORD = 0, -1  # places in the tree of words: between words, and in a word that is not there
NO_WORDS, SPELL_WORDS, ONLY_WORDS = 0, 1, 2  # what the tree of words is for: nothing, scores, and a lexicon
NO_MODEL, CHARACTERS, WORDS = 0, 1, 2
UNKNOWN_ID, END_ID = 0, 2


class Machine(NamedTuple):
    """Everything that gives texts a score beside the acoustic one: language model and tree of words.

    Few arrays with the columns below, since numba takes its time for each.

    Attributes:
        model: `NO_MODEL`, `CHARACTERS` or `WORDS`.
        start: State of the language model at the start of a sentence.
        states: int32 `(states + 1, 2)`: `FIRST` n-gram, and `SUFFIX` state, as in `NgramModel`.
        backoff: float64 `(states,)`.
        grams: int32 `(n-grams, 2)`: `TOKEN`, `TARGET` state.
        log_prob: float64 `(n-grams,)`.
        words: `NO_WORDS`, `SPELL_WORDS` or `ONLY_WORDS`.
        places: int32 `(places + 1, 3)` of the tree: `FIRST` branch; `WORD`, the language model's token of the word that
            ends here; `ENDS`, whether one does.
        branches: int32 `(branches, 2)`: `TOKEN`, the character, sorted at each place, and `TARGET` place.
        bonus: float64 `(places, 2)`: `WHOLE`, of a hot word that ends here, and `HOPED`, the share of it that the
            beginning of a hot word may count on.
        spelling_first: int32 `(symbols + 1,)`, the characters of each symbol.
        spelling: int32 `(characters, 2)`: `TOKEN` of the language model, and `LETTER` in the tree, -1 for a space.
    """

    model: int
    start: int
    states: np.ndarray
    backoff: np.ndarray
    grams: np.ndarray
    log_prob: np.ndarray
    words: int
    places: np.ndarray
    branches: np.ndarray
    bonus: np.ndarray
    spelling_first: np.ndarray
    spelling: np.ndarray


FIRST, SUFFIX, WORD, ENDS = 0, 1, 1, 2
TOKEN, TARGET, LETTER = 0, 1, 1
WHOLE, HOPED = 0, 1


@compiled
def _find(pairs: np.ndarray, begin: int, end: int, key: int) -> int:
    """The row of a token in a sorted stretch, or -1."""
    # Halving: the n-grams after one history, and the branches of one place, are sorted by token.
    stop = end
    while begin < end:
        middle = (begin + end) // 2
        if pairs[middle, TOKEN] < key:
            begin = middle + 1
        else:
            end = middle
    return begin if begin < stop and pairs[begin, TOKEN] == key else -1


@compiled
def _step(machine: Machine, state: int, token: int) -> tuple[float, int]:
    """As `NgramModel.step`."""
    # Back-off: log p(w | history) is the n-gram's where it is listed, else the history's back-off weight and the same
    # for the history without its oldest word. State 0 is the empty history, which knows every word but unknown ones.
    total = 0.0
    while True:
        row = _find(machine.grams, machine.states[state, FIRST], machine.states[state + 1, FIRST], token)
        if row >= 0:
            return total + machine.log_prob[row], machine.grams[row, TARGET]
        if state == 0:
            token = UNKNOWN_ID
        total += machine.backoff[state]
        state = machine.states[state, SUFFIX]


@compiled
def _end_word(machine: Machine, state: int, place: int, lm_weight: float, word_bonus: float) -> tuple[float, int]:
    """Return the score of the word that ends at a place, and the language model's state after it."""
    if place == ROOT:
        return 0.0, state
    known = place != UNKNOWN_WORD and machine.places[place, ENDS] != 0
    if machine.words == ONLY_WORDS and not known:
        return -np.inf, state
    score = word_bonus
    if known:
        score += machine.bonus[place, WHOLE]
    if machine.model == WORDS:
        log_prob, state = _step(machine, state, machine.places[place, WORD] if known else UNKNOWN_ID)
        score += lm_weight * log_prob
    return score, state


@compiled
def _extend(
    machine: Machine, state: int, place: int, symbol: int, lm_weight: float, word_bonus: float, symbol_bonus: float
) -> tuple[float, int, int]:
    """Return the score that one more symbol adds, and the states of model and tree after it."""
    # A symbol may be several characters; each moves the model's state and the place in the tree of words.
    score = symbol_bonus
    for index in range(machine.spelling_first[symbol], machine.spelling_first[symbol + 1]):
        if machine.model == CHARACTERS:
            log_prob, state = _step(machine, state, machine.spelling[index, TOKEN])
            score += lm_weight * log_prob
        if machine.words == NO_WORDS:
            continue
        letter = machine.spelling[index, LETTER]
        if letter < 0:
            ended, state = _end_word(machine, state, place, lm_weight, word_bonus)
            score += ended
            place = ROOT
        elif place != UNKNOWN_WORD:
            # A letter that no word has at this place leaves the tree, until the next space.
            branch = _find(machine.branches, machine.places[place, FIRST], machine.places[place + 1, FIRST], letter)
            place = machine.branches[branch, TARGET] if branch >= 0 else UNKNOWN_WORD
        if place == UNKNOWN_WORD and machine.words == ONLY_WORDS:
            return -np.inf, state, place
    return score, state, place


@compiled
def _finish(machine: Machine, state: int, place: int, lm_weight: float, word_bonus: float) -> float:
    """Return the score that the end of the text adds."""
    score, state = _end_word(machine, state, place, lm_weight, word_bonus)
    if machine.model != NO_MODEL:
        log_prob, state = _step(machine, state, END_ID)
        score += lm_weight * log_prob
    return score


PARENT, SYMBOL, STATE, PLACE, CHILD, SIBLING, SPOT = range(7)  # columns of a node of the tree of prefixes
SCORE, HOPE = range(2)


@compiled
def search(
    probabilities: np.ndarray,
    machine: Machine,
    required_text: np.ndarray,
    width: int,
    threshold: float,
    lm_weight: float,
    word_bonus: float,
    symbol_bonus: float,
    largest_gain: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the texts that are left after the last frame, and a required one.

    Args:
        probabilities: float64 `(frames, symbols)`, symbol 0 the blank.
        required_text: int32 ids of a text that is to be among the answers.
        width: Prefixes kept after each frame.
        threshold: Symbols less probable than this do not extend a prefix.
        largest_gain: No symbol adds a higher score than this; spares prefixes that cannot be kept the trouble.

    Returns:
        Rows, that of the required text last: score of the search (which it has none of); score beside the acoustic one; length; ids, at
        the end of a row of `(texts, frames)`.
    """
    frames, symbols = probabilities.shape
    nodes, scores, used = np.full((1024, 7), -1, np.int32), np.zeros((1024, 2)), 1
    nodes[0, STATE], nodes[0, PLACE] = machine.start, ROOT

    # The prefixes kept, best first: node, probability of ending in a blank and in its last symbol. `rank` and `heap` are
    # those that are to be kept and where they are written, a heap with the least one on top.
    ranked, blank, spoken = np.zeros(width, np.int32), np.zeros(width), np.zeros(width)
    new, new_blank, new_spoken = np.zeros(width, np.int32), np.zeros(width), np.zeros(width)
    rank, heap = np.zeros(width), np.zeros(width, np.int32)
    count, blank[0] = 1, 1.0
    child_of, allowed = np.full(symbols, -1, np.int32), np.zeros(symbols, np.int32)

    for frame in range(frames):
        # The symbols worth trying, by insertion: few pass the threshold.
        frame_probabilities = probabilities[frame]
        allowed_count = 0
        for symbol in range(1, symbols):
            if frame_probabilities[symbol] >= threshold and frame_probabilities[symbol] > 0:
                place = allowed_count  # most probable first
                while place and frame_probabilities[allowed[place - 1]] < frame_probabilities[symbol]:
                    allowed[place] = allowed[place - 1]
                    place -= 1
                allowed[place] = symbol
                allowed_count += 1

        # Prefixes that stay what they are: by a blank, by their last symbol going on, or out of a kept shorter prefix.
        #     blank'(l) = (blank + spoken)(l) p(blank)
        #     spoken'(l) = [spoken(l) + blank(l-) + spoken(l-) unless l- ends in the same symbol] p(last symbol of l)
        # with l- the prefix without its last symbol: after a spoken `a` another `a` is the same one going on.
        for position in range(count):
            nodes[ranked[position], SPOT] = position
        for position in range(count):
            node = ranked[position]
            new[position], new_blank[position], new_spoken[position] = (
                node,
                (blank[position] + spoken[position]) * frame_probabilities[0],
                0.0,
            )
            if node:
                last, parent = nodes[node, SYMBOL], nodes[node, PARENT]
                arriving = spoken[position]
                before = nodes[parent, SPOT]
                if before >= 0:
                    arriving += blank[before]
                    if nodes[parent, SYMBOL] != last:
                        arriving += spoken[before]
                new_spoken[position] = arriving * frame_probabilities[last]
            heap[position] = position
            rank[position] = (
                np.log(new_blank[position] + new_spoken[position]) + scores[node, SCORE] + scores[node, HOPE]
            )
        filled = count
        if filled == width:
            for position in range(width // 2 - 1, -1, -1):
                _sift(rank, heap, position, width)

        # Prefixes one symbol longer: spoken'(l s) = (blank + spoken)(l) p(s), without spoken(l) where s ends l.
        # `lowest` is the mass below which, even with the highest score that a symbol can add, a prefix would rank below the
        # last of a full heap: symbols come by falling probability, so the first one below it ends the loop.
        for position in range(count):
            node = ranked[position]
            last, total = nodes[node, SYMBOL], blank[position] + spoken[position]
            lowest = np.exp(rank[0] - scores[node, SCORE] - largest_gain) if filled == width else 0.0
            if allowed_count == 0 or total * frame_probabilities[allowed[0]] <= lowest:
                continue
            # The children of this node by symbol, for the loop below; taken back after it.
            child = nodes[node, CHILD]
            while child >= 0:
                child_of[nodes[child, SYMBOL]] = child
                child = nodes[child, SIBLING]
            for index in range(allowed_count):
                symbol = allowed[index]
                mass = total * frame_probabilities[symbol]
                if mass <= lowest:
                    break
                if symbol == last:
                    mass = blank[position] * frame_probabilities[symbol]
                if mass <= lowest:
                    continue
                child = child_of[symbol]
                if child >= 0 and nodes[child, SPOT] >= 0:
                    continue  # among those that stay
                gain = np.log(mass)
                if filled == width and gain + scores[node, SCORE] + largest_gain <= rank[0]:
                    continue
                # A prefix is scored once, when its node is made: language model and tree are then never asked again.
                if child < 0:
                    if used == len(nodes):
                        nodes, scores = _double(nodes, scores)
                    child = used
                    used += 1
                    score, state, place = symbol_bonus, machine.start, ROOT
                    if machine.model != NO_MODEL or machine.words != NO_WORDS:
                        score, state, place = _extend(
                            machine, nodes[node, STATE], nodes[node, PLACE], symbol, lm_weight, word_bonus, symbol_bonus
                        )
                    nodes[child, PARENT], nodes[child, SYMBOL] = node, symbol
                    nodes[child, STATE], nodes[child, PLACE] = state, place
                    nodes[child, SIBLING], nodes[node, CHILD] = nodes[node, CHILD], child
                    scores[child, SCORE] = scores[node, SCORE] + score
                    if machine.words != NO_WORDS and place > ROOT:
                        scores[child, HOPE] = machine.bonus[place, HOPED]
                gain += scores[child, SCORE] + scores[child, HOPE]
                if not gain > -np.inf:
                    continue
                # Room left: append, and make a heap when the room is used up. Full: take the place of the least one.
                if filled < width:
                    rank[filled], heap[filled], new[filled], new_blank[filled], new_spoken[filled] = (
                        gain,
                        filled,
                        child,
                        0.0,
                        mass,
                    )
                    filled += 1
                    if filled == width:
                        for top in range(width // 2 - 1, -1, -1):
                            _sift(rank, heap, top, width)
                elif gain > rank[0]:
                    out = heap[0]
                    rank[0], new[out], new_blank[out], new_spoken[out] = gain, child, 0.0, mass
                    _sift(rank, heap, 0, width)
            child = nodes[node, CHILD]
            while child >= 0:
                child_of[nodes[child, SYMBOL]] = -1
                child = nodes[child, SIBLING]

        for position in range(count):
            nodes[ranked[position], SPOT] = -1
        # Best first, so that in the next frame few take a place that they have to leave again.
        count = filled
        if count < width:
            for top in range(count // 2 - 1, -1, -1):
                _sift(rank, heap, top, count)
        for size in range(count - 1, 0, -1):
            rank[0], rank[size] = rank[size], rank[0]
            heap[0], heap[size] = heap[size], heap[0]
            _sift(rank, heap, 0, size)
        # Masses are divided by the largest: ranks compare only with one another, and products of many frames underflow.
        highest = 0.0
        for position in range(count):
            highest = max(highest, new_blank[position] + new_spoken[position])
        share = 1 / highest if highest > 0 else 0.0
        for position in range(count):
            source = heap[position]
            ranked[position], blank[position], spoken[position] = (
                new[source],
                new_blank[source] * share,
                new_spoken[source] * share,
            )

    totals, beside = np.full(count + 1, -np.inf), np.zeros(count + 1)
    lengths, ids = np.zeros(count + 1, np.int32), np.zeros((count + 1, frames), np.int32)
    for row in range(count + 1):
        if row < count:
            node = ranked[row]
            beside[row], state, place = scores[node, SCORE], nodes[node, STATE], nodes[node, PLACE]
            while node:  # from the last symbol to the first
                ids[row, frames - 1 - lengths[row]] = nodes[node, SYMBOL]
                lengths[row] += 1
                node = nodes[node, PARENT]
        else:
            state, place, lengths[row] = machine.start, ROOT, len(required_text)
            ids[row, frames - len(required_text) :] = required_text
            for symbol in required_text:
                score, state, place = _extend(machine, state, place, symbol, lm_weight, word_bonus, symbol_bonus)
                beside[row] += score
        beside[row] += _finish(machine, state, place, lm_weight, word_bonus)
        if row < count:
            totals[row] = np.log(blank[row] + spoken[row]) + beside[row]
    return totals, beside, lengths, ids


@compiled
def _sift(rank: np.ndarray, heap: np.ndarray, top: int, size: int) -> None:
    """Let the entry at a place of the heap sink until none below it ranks lower."""
    # The entry is held aside while smaller ones move up, and written once.
    moved, moved_to = rank[top], heap[top]
    while True:
        below = 2 * top + 1
        if below >= size:
            break
        if below + 1 < size and rank[below + 1] < rank[below]:
            below += 1
        if rank[below] >= moved:
            break
        rank[top], heap[top] = rank[below], heap[below]
        top = below
    rank[top], heap[top] = moved, moved_to


@compiled
def _double(nodes: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    more, more_scores = np.full((2 * len(nodes), 7), -1, np.int32), np.zeros((2 * len(nodes), 2))
    more[: len(nodes)], more_scores[: len(nodes)] = nodes, scores
    return more, more_scores
