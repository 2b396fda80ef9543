"""A tagger that needs no model, in Python and in JavaScript: what reads its answers can be run on its own."""

import random
from itertools import pairwise

import numpy as np

from suite.signature import Arrays

TAGS = 6
TEXTS = [
    "", " ", "a", "\t\ttwo  tabs\t", "Anna flies to New York. Then home!\nAnd back",
    "😀 e\u0301te\u0301 שלום עולם naïve\u00a0x", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦 🇩🇪",
    "a b c d e f g h i j k l m n o p", "日本へ飛行機で行く。" * 3, "x" * 90,
    "New York\x1fis\x1fbig\x1f", "a\x1fb\x1fc\x1fd\x1fe\x1ff\x1fg\x1fh\x1fi\x1fj\x1f", "\x1fé\x1f\x1f😀 😀\x1f", "an unended\x1ftoken",
    *(" ".join(random.Random(seed).choices(["é", "a", "to.", "😀", "شكرا", "U.S.", "e\u0301"], k=60)) for seed in range(3)),
]  # fmt: skip


def tags_by_rule(piece: np.ndarray, places: int | None) -> Arrays:
    """Return what a file of so many places might give for bytes: a token ends at a space, or at U+001F where there is any."""
    content = piece.tobytes().rstrip(b"\0")
    breaks = b"\x1f" if b"\x1f" in content else bytes(range(33)) + b"\x7f"
    edges = [-1, *(place for place, byte in enumerate(content) if byte in breaks), len(content)]
    tokens = [(start + 1, end) for start, end in pairwise(edges) if end > start + 1]
    rows = max(len(tokens), 1) if places is None else places
    padded = np.zeros((3, rows), np.int32)
    for place, (start, end) in enumerate(tokens[:rows]):
        padded[:, place] = start, end, (content[start] + end) % TAGS
    sizes = padded[1] - padded[0]
    intent = np.float32([len(content) / 512, 1 - len(content) / 512])
    starts, ends, tags = padded
    probabilities = (1 / (1 + sizes)).astype(np.float32)
    return {
        "starts": starts, "ends": ends, "tags": tags, "probabilities": probabilities,
        "count": np.int32(len(tokens)), "intent": intent,
    }  # fmt: skip


JAVASCRIPT = """
function tagsByRule(piece, places) {
  let size = piece.length;
  while (size > 0 && piece[size - 1] === 0) size--;
  const content = Array.from(piece.subarray(0, size)), own = content.includes(31);
  const isBreak = (byte) => (own ? byte === 31 : byte <= 32 || byte === 127);
  const edges = [-1, ...content.flatMap((byte, place) => (isBreak(byte) ? [place] : [])), size];
  const tokens = edges.slice(1).map((end, index) => [edges[index] + 1, end]).filter(([start, end]) => end > start);
  const starts = new Int32Array(places), ends = new Int32Array(places), tags = new Int32Array(places);
  tokens.slice(0, places).forEach(([start, end], index) => {
    starts[index] = start;
    ends[index] = end;
    tags[index] = (content[start] + end) % 6;
  });
  const probabilities = Float32Array.from(starts, (start, index) => 1 / (1 + ends[index] - start));
  const intent = Float32Array.of(size / 512, 1 - size / 512);
  return { starts, ends, tags, probabilities, count: Int32Array.of(tokens.length), intent };
}
"""
