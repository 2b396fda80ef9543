"""Other answers that a search found."""

from dataclasses import dataclass

from suite.errors import UserError


@dataclass(frozen=True)
class Alternative:
    """A text that a search found, with its score (nats)."""

    text: str
    score: float

    def line(self) -> str:
        """Return score and text, for the terminal."""
        return f"    {self.score:9.3f} {self.text}"


def check_search(beam_width: int, n_best: int) -> None:
    """Raise UserError if so many answers cannot be searched for by a beam of that width (0 is that of the settings)."""
    if n_best < 1 or beam_width < 0:
        raise UserError(f"--n-best and --beam-width: expected positive numbers. Received: {n_best} and {beam_width}")
