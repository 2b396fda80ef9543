"""The forward-backward sums of CTC, compiled; `ctc_loss` is what to call.

States of a target of n labels: blanks 0..n, the i-th of them before label i, and labels 0..n-1. Graves' extended target
interleaves them; apart, each row is one contiguous vector.

Sums run over probabilities, scaled to sum to 1 at every frame, which takes one product where logarithms take an
exponential. What falls below TINY of the scale is dropped, and may only be where it cannot matter: an alignment's share
after a frame is at most 1, so what was dropped is at most TINY times the scale there. Unless the whole likelihood is
larger than that by e^50, the row is summed again over logarithms.
"""

import numpy as np

from suite.decoding.compiled import compiled

TINY = 1e-280
SAFE = np.log(TINY) + 50  # nats


@compiled
def forward_backward(
    labels: np.ndarray,
    label_length: np.ndarray,
    logits: np.ndarray,
    logit_length: np.ndarray,
    first: int,
    step: int,
    losses: np.ndarray,
    gradients: np.ndarray,
) -> None:
    """Fill the loss `(batch,)` and the gradient `(batch, frames, symbols)` of rows first, first + step, ...

    `gradients` comes in as zeros; frames past the end are not written.
    """
    for row in range(first, len(losses), step):
        frames = logit_length[row]
        target = labels[row, : label_length[row]]
        # A target that no alignment reaches has no gradient; it counts for nothing.
        if not _fits(target, frames):
            losses[row] = 0
            continue
        # Scaled probabilities first; the few rows whose range they cannot hold are summed over logarithms.
        logs = _log_softmax(logits[row, :frames])
        probabilities = np.exp(logs)
        likelihood, posteriors = _scaled(probabilities, target)
        if not np.isfinite(likelihood):
            likelihood, posteriors = _logarithmic(logs, target)
        losses[row] = -likelihood
        if likelihood == -np.inf:
            continue
        # d loss / d logit = softmax - posterior: by the symbol's probability less its share in the target's alignments.
        for frame in range(frames):
            for symbol in range(logits.shape[2]):
                gradients[row, frame, symbol] = probabilities[frame, symbol] - posteriors[frame, symbol]


@compiled
def _fits(target: np.ndarray, frames: int) -> bool:
    # A frame for each label, and one for the blank between two that are alike.
    needed = len(target)
    for index in range(1, len(target)):
        needed += target[index] == target[index - 1]
    return needed <= frames


@compiled
def _log_softmax(logits: np.ndarray) -> np.ndarray:
    frames, symbols = logits.shape
    logs = np.empty((frames, symbols))
    for frame in range(frames):
        # log softmax(x) = x - (m + log sum e^(x - m)), m the largest, so that no exponential overflows.
        highest = logits[frame].max()
        total = 0.0
        for symbol in range(symbols):
            total += np.exp(np.float64(logits[frame, symbol]) - highest)
        logs[frame] = logits[frame] - (highest + np.log(total))
    return logs


@compiled
def log_likelihood(logs: np.ndarray, probabilities: np.ndarray, target: np.ndarray) -> float:
    """Return the log-probability of a target, summed over all of its alignments; -inf where there is none.

    Takes log-probabilities `(frames, symbols)` and their exponentials.
    """
    if not _fits(target, len(logs)):
        return -np.inf
    # Two rows, this frame's and the one before: nobody goes back through them.
    blanks, labels = np.zeros((2, len(target) + 1)), np.zeros((2, len(target)))
    likelihood = _scaled_forward(*_emissions(probabilities, target), blanks, labels)
    if np.isfinite(likelihood):
        return likelihood
    extended = _interleave(target)
    return _logarithmic_forward(logs, extended, np.full((2, len(extended)), -np.inf))


@compiled
def _emissions(probabilities: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the probabilities of the blank `(frames,)` and of each label `(frames, labels)`, and where blanks may be
    left out: 1 for a label that differs from the one before."""
    spoken, skips = np.empty((len(probabilities), len(target))), np.zeros(len(target))
    for frame in range(len(probabilities)):
        for index in range(len(target)):
            spoken[frame, index] = probabilities[frame, target[index]]
    for index in range(1, len(target)):
        skips[index] = target[index] != target[index - 1]
    return probabilities[:, 0], spoken, skips


@compiled
def _scaled_forward(
    blank: np.ndarray, spoken: np.ndarray, skips: np.ndarray, blanks: np.ndarray, labels: np.ndarray
) -> float:
    """Return the log-likelihood, NaN where something that counts was dropped.

    Fills `blanks` and `labels`, zeros of one row a frame, or of two rows where only the likelihood is wanted, with the
    sum over everything up to each state, scaled at every frame.
    """
    (frames, count), rows = spoken.shape, len(blanks)
    if frames == 0:
        return 0.0
    scale = 0.0  # log of it, at the frame before
    dropped_at = -np.inf  # the highest scale at which something was dropped
    for frame in range(frames):
        blank_probability, new_blanks, new_labels = blank[frame], blanks[frame % rows], labels[frame % rows]
        # A path begins in the blank before label 0 or in label 0.
        if frame == 0:
            new_blanks[0] = blank_probability
            if count:
                new_labels[0] = spoken[0, 0]
        else:
            old_blanks, old_labels = blanks[(frame - 1) % rows], labels[(frame - 1) % rows]
            dropped = 0.0
            # Blank 0 is reached from itself alone.
            value = old_blanks[0] * blank_probability
            dropped += (old_blanks[0] > 0) & (value < TINY)
            new_blanks[0] = value if value >= TINY else 0.0
            # blank_(i+1)(t) = (blank_(i+1) + label_i)(t-1) p_t(blank): it stays, or label i has just ended. Counting what is
            # dropped by adding truth values keeps the loops free of branches, so that they are vectorised.
            for index in range(count):
                source = old_blanks[index + 1] + old_labels[index]
                value = source * blank_probability
                dropped += (source > 0) & (value < TINY)
                new_blanks[index + 1] = value if value >= TINY else 0.0
            # Label 0 has no label before it to come from.
            if count:
                source = old_labels[0] + old_blanks[0]
                value = source * spoken[frame, 0]
                dropped += (source > 0) & (value < TINY)
                new_labels[0] = value if value >= TINY else 0.0
            # label_i(t) = (label_i + blank_i + skip_i label_(i-1))(t-1) p_t(label i); alike labels need the blank between.
            for index in range(1, count):
                source = old_labels[index] + old_blanks[index] + skips[index] * old_labels[index - 1]
                value = source * spoken[frame, index]
                dropped += (source > 0) & (value < TINY)
                new_labels[index] = value if value >= TINY else 0.0
            if dropped > 0 and scale > dropped_at:
                dropped_at = scale
        # Scaled to sum to 1; the product of the totals, as `scale`, is what the row has been divided by so far.
        total = new_blanks.sum() + new_labels.sum()
        if not total > 0:
            return np.nan
        new_blanks /= total
        new_labels /= total
        scale += np.log(total)
    # A path ends in the last label or in the blank behind it.
    last = (frames - 1) % rows
    ended = blanks[last, count] + (labels[last, count - 1] if count else 0.0)
    likelihood = scale + np.log(ended)
    return likelihood if likelihood > dropped_at + SAFE else np.nan


@compiled
def _scaled(probabilities: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the log-likelihood and the posteriors `(frames, symbols)`; NaN where something that counts was dropped."""
    frames, count = len(probabilities), len(target)
    blank, spoken, skips = _emissions(probabilities, target)
    blanks, labels = np.zeros((frames, count + 1)), np.zeros((frames, count))
    posteriors = np.zeros(probabilities.shape)
    likelihood = _scaled_forward(blank, spoken, skips, blanks, labels)
    if not np.isfinite(likelihood):
        return np.nan, posteriors

    # Backward: `after` holds the sum over everything that may follow a state, `late` that with the state's own emission.
    late_blanks, late_labels = np.zeros(count + 1), np.zeros(count)
    after_blanks, after_labels = np.zeros(count + 1), np.zeros(count)
    after_blanks[count] = 1.0
    if count:
        after_labels[count - 1] = 1.0
    before = 0.0
    dropped_at = -np.inf
    for back in range(frames):
        frame = frames - 1 - back
        # Posteriors: before the frame and at it, times after it.
        total = 0.0
        for index in range(count + 1):
            total += blanks[frame, index] * after_blanks[index]
        share = total
        for index in range(count):
            total += labels[frame, index] * after_labels[index]
        if not total > 0:
            return np.nan, posteriors
        # The same total at every frame but for the scaling, which dividing by it takes out. A label that stands twice in
        # the target has its places added up.
        posteriors[frame, 0] = share / total
        for index in range(count):
            posteriors[frame, target[index]] += labels[frame, index] * after_labels[index] / total
        if frame == 0:
            break
        # late(state) = after(state) p_t(state): everything from this frame on, given the state at it.
        dropped = 0.0
        blank_probability = blank[frame]
        scale = 0.0
        for index in range(count + 1):
            value = after_blanks[index] * blank_probability
            dropped += (after_blanks[index] > 0) & (value < TINY)
            value = value if value >= TINY else 0.0
            late_blanks[index] = value
            scale += value
        for index in range(count):
            value = after_labels[index] * spoken[frame, index]
            dropped += (after_labels[index] > 0) & (value < TINY)
            value = value if value >= TINY else 0.0
            late_labels[index] = value
            scale += value
        if dropped > 0 and before > dropped_at:
            dropped_at = before
        if not scale > 0:
            return np.nan, posteriors
        # after(state) at the frame before = the sum of late over the states that may follow; the transitions of the
        # forward sums the other way about: a blank stays or goes to the label behind it, a label stays, goes to the
        # blank behind it, or skips that blank.
        scale = 1 / scale
        after_blanks[count] = late_blanks[count] * scale
        for index in range(count):
            after_blanks[index] = (late_blanks[index] + late_labels[index]) * scale
        if count:
            after_labels[count - 1] = (late_labels[count - 1] + late_blanks[count]) * scale
        for index in range(count - 1):
            following = late_labels[index] + late_blanks[index + 1] + skips[index + 1] * late_labels[index + 1]
            after_labels[index] = following * scale
        before -= np.log(scale)
    if not likelihood > dropped_at + SAFE:
        return np.nan, posteriors
    return likelihood, posteriors


@compiled
def _add(log_a: float, log_b: float) -> float:
    """log(e^log_a + e^log_b)."""
    # The larger one outside, so that the exponential is at most 1; log1p keeps the digits of a small one.
    high, low = max(log_a, log_b), min(log_a, log_b)
    return high if low == -np.inf else high + np.log1p(np.exp(low - high))


@compiled
def _interleave(target: np.ndarray) -> np.ndarray:
    """The extended target of Graves et al.: a blank before, between and after the labels."""
    extended = np.zeros(2 * len(target) + 1, np.int64)
    for index in range(len(target)):
        extended[2 * index + 1] = target[index]
    return extended


@compiled
def _logarithmic_forward(logs: np.ndarray, extended: np.ndarray, ahead: np.ndarray) -> float:
    """Return the log-likelihood; fills `ahead`, -inf of one row a frame or of two, with the logarithm of all up to each
    state."""
    (frames, _), states, rows = logs.shape, len(extended), len(ahead)
    for frame in range(frames):
        current, before = ahead[frame % rows], ahead[(frame - 1) % rows]
        current[:] = -np.inf
        # States that can be reached by now and from which the end can be reached.
        for state in range(max(0, states - 2 * (frames - frame)), min(states, 2 * frame + 2)):
            # Graves et al. 2006, equation 6: from the same state, the one before, or two before where no blank is needed.
            value = 0.0
            if frame:
                value = before[state]
                if state >= 1:
                    value = _add(value, before[state - 1])
                if state >= 2 and extended[state] != 0 and extended[state] != extended[state - 2]:
                    value = _add(value, before[state - 2])
            current[state] = value + logs[frame, extended[state]]
    last = ahead[(frames - 1) % rows]
    return _add(last[states - 1], last[states - 2]) if states > 1 else last[0]


@compiled
def _logarithmic(logs: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """As `_scaled` over logarithms: slower, of any range."""
    frames, extended = len(logs), _interleave(target)
    states = len(extended)
    ahead = np.full((frames, states), -np.inf)
    likelihood = _logarithmic_forward(logs, extended, ahead)

    posteriors = np.zeros(logs.shape)
    # At the end the last label and the blank behind it are final states: log 1.
    after = np.full(states, -np.inf)
    after[-2:] = 0.0
    late = np.empty(states)
    for back in range(frames):
        frame = frames - 1 - back
        for state in range(states):
            posteriors[frame, extended[state]] += np.exp(ahead[frame, state] + after[state] - likelihood)
            late[state] = after[state] + logs[frame, extended[state]]
        for state in range(states):
            value = late[state]
            if state + 1 < states:
                value = _add(value, late[state + 1])
            if state + 2 < states and extended[state] != 0 and extended[state] != extended[state + 2]:
                value = _add(value, late[state + 2])
            after[state] = value
    return likelihood, posteriors
