"""How samples become frames.

Two ways of framing:
- centred, as librosa: n_fft // 2 zeros stand on either side; frame t is centred on sample t * hop_length, and N samples
  give 1 + N // hop_length frames.
- causal: n_fft - hop_length zeros stand on the left; frame t ends at sample (t + 1) * hop_length, and N samples give
  ceil(N / hop_length) frames, so that a chunk of k * hop_length samples gives k frames. This is the one that streams.
"""

from typing import Any


def frame_count(length: Any, hop_length: int, causal: bool = False) -> Any:
    """Return the number of frames that `length` samples give; integers, arrays and tensors of integers alike."""
    return (length + (hop_length - 1)) // hop_length if causal else 1 + length // hop_length
