"""Settings of the video pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal

from pydantic import Field

from suite.config import Cell, TrainingSettings, search_choices, search_range

CAUSAL = ("pixels", "frame")  # values of `normalise` that need no frame to come


class Settings(TrainingSettings):
    """Video: a clip in, one of N actions out."""

    video_column: str = Field(
        "video",
        coerce_numbers_to_str=True,
        description="column or key of the video file; a number, from 0, in a csv or tsv without a header",
    )
    label_column: str = Field(
        "label",
        coerce_numbers_to_str=True,
        description="column or key of the class; a number, from 0, in a csv or tsv without a header",
    )
    ucf_split: int | None = Field(
        None, ge=1, description="ucf101: number of the official split; null: 1, or the only one there are lists of"
    )
    cache_megabytes: int = Field(2000, ge=0, description="memory for decoded clips; beyond it they are decoded again")

    height: int = Field(64, ge=8, le=512, description="height of a frame as the model sees it, pixels")
    width: int = Field(64, ge=8, le=512, description="width of a frame as the model sees it, pixels")
    channels: Literal[1, 3] = Field(3, description="1: grey, 3: colour")
    frames: int = Field(32, ge=1, le=1024, description="frames taken of a clip, at most")
    sampling: Literal["uniform", "stride", "random"] = Field(
        "uniform",
        description="which frames of a longer clip: spread evenly, neighbours from the middle, or (training) anywhere",
    )
    frame_rate: float | None = Field(None, gt=0, description="frames per second taken of a clip; null: every frame")

    flip: bool = Field(False, description="augmentation: mirror half of the clips; only where left and right are alike")
    crop: float = Field(0.0, ge=0, lt=1, description="augmentation: share of height and width cut away at random")
    brightness: float = Field(
        0.0, ge=0, lt=1, description="augmentation: brightness and contrast changed by this share"
    )
    speed: float = Field(0.0, ge=0, lt=1, description="augmentation: speed changed by this share, up or down")
    frame_drop: float = Field(0.0, ge=0, lt=1, description="augmentation: share of the frames left out")

    normalise: Literal["pixels", "frame", "clip", "position"] = Field(
        "clip",
        description="cnn, dct: pixels to -1..1; each frame, or the clip, less its mean, by its deviation; or less what "
        "stands still at each position (the last two need the whole clip, and cannot stream)",
    )
    differences: bool = Field(True, description="cnn, dct: add the change since the frame before (motion)")
    front: str = Field(
        "cnn",
        min_length=1,
        description="what sees a frame: cnn, a small one learned from scratch; dct, low cosine frequencies; or a backbone: "
        "mobilenet_0.25, mobilenet_1.0, any network of keras.applications, as efficientnet_v2_b0, or a .keras file that "
        "turns pixels 0..255 into maps",
    )
    filters: tuple[int, ...] = Field(
        (16, 32, 64), min_length=1, description="cnn: filters of its convolutions, each of stride 2"
    )
    features: int = Field(64, ge=1, description="cnn: features of a frame")
    frequencies: int = Field(10, ge=1, description="dct: cosine frequencies kept, vertically and horizontally")
    backbone_weights: str | None = Field(
        None,
        description="backbone of a name: imagenet (Keras downloads them), none (random) or a Keras file without the top",
    )
    backbone_layer: str | None = Field(
        None, description="backbone: layer that it is cut behind; null: the last one of the network or the file"
    )
    backbone_features: Literal["mean", "motion", "both"] = Field(
        "both",
        description="backbone: mean of each map over the picture, its largest change since the frame before, or both",
    )
    fine_tune_epochs: int = Field(0, ge=0, description="backbone: epochs that train it too, after those that do not")
    fine_tune_learning_rate: float = Field(1e-4, gt=0, description="peak learning rate of these epochs")

    cell: Cell = Field("gru", description="recurrent layer", json_schema_extra=search_choices("gru", "lstm", "min_gru"))
    units: int = Field(
        64,
        ge=1,
        description="units of each recurrent layer and direction",
        json_schema_extra=search_range(32, 128, step=16),
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra=search_range(1, 2))
    bidirectional: bool = Field(True, description="read forwards and backwards; false can stream")
    pooling: Literal["attention", "max_mean", "last"] = Field(
        "attention",
        description="how steps become one vector",
        json_schema_extra=search_choices("attention", "max_mean"),
    )
    feature_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="features of a frame dropped, the same in every frame",
        json_schema_extra=search_range(0.0, 0.5),
    )
    dropout: float = Field(
        0.3,
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

    compiled_frames: int = Field(
        32, ge=1, le=1024, description="export: frames that the `compiled` deployment takes at once"
    )


def sees_ahead(settings: Settings) -> str | None:
    """Return the setting that makes the model look at the whole clip before its first answer; None where it can stream."""
    if settings.front in ("cnn", "dct") and settings.normalise not in CAUSAL:
        return "normalise"
    return "bidirectional" if settings.bidirectional else None
