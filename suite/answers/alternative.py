"""Other answers that a search found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Alternative:
    """A text that a search found, with its score (nats)."""

    text: str
    score: float

    def line(self) -> str:
        """Return score and text, for the terminal."""
        return f"    {self.score:9.3f} {self.text}"
