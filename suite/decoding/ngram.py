"""N-gram language models of characters or words, with back-off: learned from sentences, read from and written to ARPA files."""

from suite.decoding.arpa import arpa_lines, parse_arpa, read_arpa, write_arpa
from suite.decoding.kneser_ney import train
from suite.decoding.ngram_model import END, START, UNKNOWN, NgramModel, tokens

__all__ = [
    "END",
    "START",
    "UNKNOWN",
    "NgramModel",
    "arpa_lines",
    "parse_arpa",
    "read_arpa",
    "tokens",
    "train",
    "write_arpa",
]
