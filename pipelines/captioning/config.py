"""Settings of the captioning pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal, Self

from pydantic import Field, model_validator

from suite.config import TrainingSettings, search_choices, search_range
from suite.text.words import LANGUAGE


class Settings(TrainingSettings):
    """Captioning: a picture in, a sentence out."""

    image_column: str = Field("image", description="manifest: key of the picture file")
    captions_column: str = Field("captions", description="manifest: key of its captions, a list or one text")
    language: str | None = Field(
        None, pattern=LANGUAGE, description="language of the captions, for the case of letters: tr and az have i and ı"
    )
    image_folder: str | None = Field(
        None, description="flickr8k, coco: folder of the pictures, below that of the data; null: found by their names"
    )
    min_count: int = Field(1, ge=1, description="words seen less often in the training captions are unknown")
    max_words: int = Field(20, ge=1, le=100, description="words of a caption, at most; training ones are cut there")

    height: int = Field(192, ge=16, le=512, description="height of a picture as the model sees it, pixels")
    width: int = Field(192, ge=16, le=512, description="width of a picture as the model sees it, pixels")
    flip: bool = Field(False, description="augmentation: mirror half of the pictures; captions may say left and right")
    backbone: str = Field(
        "cnn",
        min_length=1,
        description="what sees the picture: cnn, a small one learned from scratch; mobilenet_0.25, mobilenet_1.0 or any "
        "network of keras.applications, as efficientnet_v2_b0; or a .keras file that turns pixels 0..255 into maps",
    )
    backbone_weights: str | None = Field(
        None,
        description="backbone of a name: imagenet (Keras downloads them), none (random) or a Keras file without the top",
    )
    backbone_layer: str | None = Field(
        None, description="backbone: layer that it is cut behind; null: the last one of the network or the file"
    )
    filters: tuple[int, ...] = Field(
        (32, 64, 128), min_length=1, description="cnn: filters of its convolutions, each of stride 2"
    )
    grid: int = Field(6, ge=1, le=32, description="rows and columns of places in the picture that attention sees")
    fine_tune_epochs: int = Field(0, ge=0, description="backbone: epochs that train it too, after those that do not")
    fine_tune_learning_rate: float = Field(1e-4, gt=0, description="peak learning rate of these epochs")
    fine_tune_from: str | None = Field(
        None, description="backbone: first of its layers that these epochs train; null: all are"
    )
    value_units: int = Field(0, ge=0, description="learned projection of each place to this width; 0: none")

    attention: Literal["additive", "none"] = Field(
        "additive", description="the decoder looks at the places at every word, or at the whole picture once"
    )
    attention_units: int = Field(
        256, ge=1, description="hidden layer that scores a place", json_schema_extra=search_choices(128, 256, 512)
    )
    attention_regulariser: float = Field(
        0.0, ge=0, description="weight of the doubly stochastic penalty: every place should be looked at"
    )
    cell: Literal["lstm", "gru"] = Field(
        "lstm", description="recurrent layer of the decoder", json_schema_extra=search_choices("lstm", "gru")
    )
    units: int = Field(512, ge=1, description="its units", json_schema_extra=search_range(256, 768, step=128))
    embedding_size: int = Field(
        256, ge=1, description="width of a word's embedding", json_schema_extra=search_choices(128, 256, 512)
    )
    tied_embeddings: bool = Field(True, description="words are put out by the embeddings they come in with")
    dropout: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="before the words; half of it on embeddings, places and the decoder's output",
        json_schema_extra=search_range(0.2, 0.6),
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the target spread over all words",
        json_schema_extra=search_range(0.0, 0.2),
    )
    scheduled_sampling: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of input words that are the model's own, in the last epoch; from none in the first",
    )

    self_critical_epochs: int = Field(
        0, ge=0, description="epochs of a last phase that rewards sampled captions by CIDEr"
    )
    self_critical_learning_rate: float = Field(5e-5, gt=0, description="peak learning rate of these epochs")
    self_critical_samples: int = Field(5, ge=2, description="captions sampled of each picture in these epochs")

    beam_width: int = Field(5, ge=1, description="sentences kept by beam search; 1: greedy")
    val_beam_width: int = Field(
        5, ge=1, description="the same for the dev scores after each epoch, where it is smaller than beam_width"
    )
    length_penalty: float = Field(0.8, ge=0, description="score: log probability over words to this power")
    no_repeat_ngram: int = Field(0, ge=0, description="no n words come twice in a caption; 0: any may")

    cache_megabytes: int = Field(
        2000, ge=0, description="memory for decoded pictures; beyond it they are decoded again"
    )
    compiled_beams: int = Field(5, ge=1, description="export: sentences at once in `decode_step` of `compiled`")

    def for_epochs(self) -> Self:
        """Return the settings of the dev scores after each epoch: a beam of at most `val_beam_width`."""
        return self.model_copy(update={"beam_width": min(self.beam_width, self.val_beam_width)})

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.fine_tune_epochs and self.backbone == "cnn":
            raise ValueError(
                "fine_tune_epochs: expected 0, for backbone cnn is trained from the start. "
                f"Received: {self.fine_tune_epochs}"
            )
        if self.attention == "none" and self.attention_regulariser:
            raise ValueError(
                f"attention_regulariser: expected 0 without attention. Received: {self.attention_regulariser}"
            )
        return self
