"""Captions as words: one rule for the vocabulary, the metrics and the references."""

from suite.text.words import words


def words_of(caption: str, language: str | None = None) -> list[str]:
    """Return the words of a caption: small letters, no punctuation, apostrophes and hyphens inside words alone.

    `words_of("A dog's toy, on-the go ." ) == ["a", "dog's", "toy", "on-the", "go"]`

    Args:
        language: A language tag, for the case of letters; see `suite.text.words`, which says what a word is in any script.
    """
    return words(caption, language)
