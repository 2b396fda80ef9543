"""Settings of the sentiment pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal, Self

from pydantic import Field, model_validator

from suite.config import Cell, TrainingSettings, search_choices, search_range


class Settings(TrainingSettings):
    """Sentiment: text in, one of N classes out."""

    text_column: str = Field(
        "text",
        coerce_numbers_to_str=True,
        description="column or key of the text; a number, from 0, in a csv or tsv without a header",
    )
    label_column: str = Field(
        "label",
        coerce_numbers_to_str=True,
        description="column or key of the class; a number, from 0, in a csv or tsv without a header",
    )
    class_weights: Literal["none", "balanced"] = Field("none", description="weight of each class in the loss")

    tokenizer: Literal["bytes", "wordpiece"] = Field(
        "bytes", description="bytes: hashed words and n-grams; wordpiece: pieces of words"
    )
    hash_buckets: int = Field(24576, ge=16, le=32768, description="bytes: rows of the embedding table, at most")
    min_count: int = Field(
        2,
        ge=0,
        description="bytes: training texts a word or n-gram must be in to have a row; 0: rows by hash alone, nothing learned",
    )
    ngrams: tuple[int, ...] = Field(
        (4,), description="bytes: lengths of the hashed character n-grams, in bytes; [] for words alone"
    )
    vocabulary_size: int = Field(
        8000, ge=64, le=32768, description="wordpiece: rows of the vocabulary learned from train"
    )
    max_tokens: int = Field(256, ge=1, le=65535, description="tokens kept of each text")
    keep: Literal["head", "ends"] = Field(
        "head", description="what is kept of a longer text: its head, or half from each end"
    )

    embedding: int = Field(100, ge=1, description="features of a token")
    word_vectors: str | None = Field(
        None, description="GloVe or fastText text file (.gz of it), as wide as embedding, that rows of words begin with"
    )
    learn_word_vectors: bool = Field(True, description="word_vectors: go on learning these rows; false: leave them")
    cell: Cell = Field(
        "lstm", description="recurrent layer", json_schema_extra=search_choices("lstm", "gru", "min_gru")
    )
    units: int = Field(
        64,
        ge=1,
        description="units of each recurrent layer and direction",
        json_schema_extra=search_range(32, 128, step=16),
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra=search_range(1, 2))
    bidirectional: bool = Field(True, description="read forwards and backwards")
    pooling: Literal["attention", "max_mean", "last"] = Field(
        "attention",
        description="how steps become one vector",
        json_schema_extra=search_choices("attention", "max_mean"),
    )
    embedding_dropout: float = Field(
        0.6,
        ge=0,
        lt=1,
        description="whole embedding features dropped over all steps (spatial dropout)",
        json_schema_extra=search_range(0.0, 0.7),
    )
    word_dropout: float = Field(0.3, ge=0, lt=1, description="tokens dropped", json_schema_extra=search_range(0.0, 0.5))
    dropout: float = Field(
        0.6,
        ge=0,
        lt=1,
        description="before the classes and between recurrent layers",
        json_schema_extra=search_range(0.0, 0.7),
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the target spread over all classes",
        json_schema_extra=search_range(0.0, 0.2),
    )

    compiled_bytes: int = Field(
        1024, ge=16, le=65536, description="export: bytes of text that the `compiled` deployment takes"
    )
    chunk_bytes: int = Field(
        64, ge=32, le=65536, description="export: bytes of text in one chunk of the `streaming` deployment"
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.word_vectors and self.tokenizer == "bytes" and not self.min_count:
            raise ValueError(
                "min_count: expected at least 1 with word_vectors, whose words need rows of their own. Received: 0"
            )
        return self
