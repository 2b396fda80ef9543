"""How a text is parted into tokens, and which of their characters a tagger sees: what tokenizer and graph share."""

from dataclasses import dataclass

SEPARATOR = "\x1f"  # UNIT SEPARATOR: ends each token of a text that brings its own
PREFIXES, SUFFIXES = (1, 2, 3), (1, 2, 3, 4)  # characters
AFFIXES = len(PREFIXES) + len(SUFFIXES) + 1  # and the shape
JOINING = "-/&@_+"  # marks that may be part of a token where they stand between letters


@dataclass(frozen=True)
class TokenRule:
    """What of the rule that parts a text into tokens a language or a data set decides.

    Attributes:
        joined: Marks of `JOINING` that are part of a token where they stand between letters: `well-known`.
        apostrophe: Between letters it is `"inside"` a token; `"before"` one, which it begins with the one to three letters
            behind it (`dog`, `'s`); or `"after"` one, which it ends (`l'`, `homme`).
        negation: Whether `don't` is `do`, `n't`.
    """

    joined: str = JOINING
    apostrophe: str = "inside"
    negation: bool = False


USUAL_RULE = TokenRule()
