"""A hash of content that is the same on every machine, Python version and run."""

import hashlib

from suite.data.examples import Example


def content(example: Example) -> str:
    """Return what stands for an example's content: its key, or its name where a reader gave no key."""
    return example.key or example.name


def stable_share(purpose: str, text: str) -> float:
    """Return a number in [0, 1) drawn from SHA-256 of a text; different purposes draw independently."""
    digest = hashlib.sha256(f"{purpose}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
