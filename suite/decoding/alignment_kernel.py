"""The Viterbi path of a CTC target, compiled; `alignment.align` is what to call."""

import numpy as np

from suite.decoding.compiled import compiled


@compiled
def viterbi(log_probs: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the state of each frame: 2 i for the blank before symbol i, 2 i + 1 for the symbol itself."""
    frames, states = len(log_probs), 2 * len(ids) + 1
    came_by = np.zeros((frames, states), np.uint8)  # states advanced to get there
    score, older = np.full(states, -np.inf), np.full(states, -np.inf)
    path = np.zeros(frames, np.int64)
    if frames == 0:
        return path
    score[0] = log_probs[0, 0]
    if states > 1:
        score[1] = log_probs[0, ids[0]]
    for frame in range(1, frames):
        score, older = older, score
        for state in range(states):
            best, step = older[state], 0
            if state >= 1 and older[state - 1] > best:
                best, step = older[state - 1], 1
            label = state % 2 == 1
            if label and state >= 3 and ids[state // 2] != ids[state // 2 - 1] and older[state - 2] > best:
                best, step = older[state - 2], 2
            score[state] = best + (log_probs[frame, ids[state // 2]] if label else log_probs[frame, 0])
            came_by[frame, state] = step
    state = states - 1
    if states > 1 and score[states - 2] > score[states - 1]:
        state = states - 2
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= came_by[frame, state]
    return path
