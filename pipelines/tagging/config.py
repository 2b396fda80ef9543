"""Settings of the tagging pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal

from pydantic import Field

from suite.config import Cell, TrainingSettings, search_choices, search_range


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
    min_count: int = Field(2, ge=1, description="training tokens that a word must be to have a row of its own")
    affix_min_count: int = Field(3, ge=1, description="the same of prefixes, suffixes and shapes of words")

    embedding: int = Field(100, ge=1, description="features of a word")
    affix_embedding: int = Field(
        25, ge=0, description="features of each of the prefixes, suffixes and the shape of a word; 0: words alone"
    )
    word_vectors: str | None = Field(
        None, description="GloVe or fastText text file (.gz of it), as wide as embedding, that rows of words begin with"
    )
    learn_word_vectors: bool = Field(True, description="word_vectors: go on learning these rows; false: leave them")
    cell: Cell = Field(
        "lstm", description="recurrent layer", json_schema_extra=search_choices("lstm", "gru", "min_gru")
    )
    units: int = Field(
        128,
        ge=1,
        description="units of each recurrent layer and direction",
        json_schema_extra=search_range(64, 256, step=32),
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra=search_range(1, 2))
    bidirectional: bool = Field(True, description="read forwards and backwards")
    decoder: Literal["crf", "softmax"] = Field(
        "crf",
        description="crf: the likeliest sequence of tags, none that the scheme forbids; softmax: each tag by itself",
    )
    embedding_dropout: float = Field(
        0.5, ge=0, lt=1, description="features of words and affixes dropped", json_schema_extra=search_range(0.0, 0.7)
    )
    dropout: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="before the tags and between recurrent layers",
        json_schema_extra=search_range(0.0, 0.7),
    )

    compiled_bytes: int = Field(
        256, ge=16, le=65536, description="export: bytes of text that the `compiled` deployment takes"
    )
    chunk_bytes: int = Field(
        64, ge=32, le=65536, description="export: bytes of text in one chunk of the `streaming` deployment"
    )
