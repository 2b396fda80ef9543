"""Settings of the tagging pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal

from pydantic import Field

from suite.config import TrainingSettings


class Settings(TrainingSettings):
    """Tagging: a text in, a label for each token and the spans that these mean out."""

    text_column: str = Field("text", coerce_numbers_to_str=True, description="column or key of a text with spans")
    token_column: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="column of tokens: a number from 0, or from -1 at the end, in conll (by default the first, behind ids the "
        "second); a name in csv and tsv (token); the key of a list in jsonl (tokens)",
    )
    tag_column: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="column of tags: a number in conll (by default the last, in CoNLL-U the parts of speech), a name in csv and "
        "tsv (tag), the key of a list in jsonl (tags)",
    )
    intent_column: str = Field("intent", coerce_numbers_to_str=True, description="column or key of the class of a text")
    scheme: Literal["bioes", "iob2"] = Field(
        "bioes", description="how tags mark spans in the model, whatever the data has"
    )

    max_tokens: int = Field(256, ge=1, le=65535, description="tokens of each text that training learns from")
