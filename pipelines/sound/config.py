"""Settings of the sound pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from suite.audio.check_settings import front_end_fault
from suite.config import Cell, TrainingSettings, search_choices, search_range
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.artifact import Artifact


class Settings(TrainingSettings):
    """Sound: a recording in, one of N classes out. Lengths in samples are at `sample_rate`."""

    audio_column: str = Field(
        "audio",
        coerce_numbers_to_str=True,
        description="column or key of the audio file's path; a number, from 0, in a csv or tsv without a header",
    )
    label_column: str = Field(
        "label",
        coerce_numbers_to_str=True,
        description="column or key of the class, as label, word, speaker; a number, from 0, without a header",
    )
    keywords: tuple[str, ...] = Field(
        (), description="labels that are classes; every other one is `_unknown_`, but `_silence_`; [] for all"
    )
    unknown_fraction: float = Field(1.0, gt=0, le=1, description="keywords: share of the other labels' clips kept")
    silence_fraction: float = Field(
        0.0, ge=0, lt=1, description="clips of `_silence_` cut from the folder `_background_noise_`, as a share of all"
    )

    negatives: tuple[str, ...] = Field(
        (), description="folders of recordings without the words, of which windows are clips of `_unknown_`"
    )
    negative_windows: int = Field(1000, ge=1, description="negatives: how many windows, spread over the recordings")

    sample_rate: int = Field(16000, ge=4000, le=96000, description="Hz that all audio is resampled to")
    features: Literal["mfcc", "log_mel", "pcen"] = Field("log_mel", description="what each frame becomes")
    n_fft: int = Field(512, ge=32, description="samples of a frame, even")
    hop_length: int = Field(160, ge=8, description="samples from one frame to the next")
    n_mels: int = Field(40, ge=4, description="mel bands")
    n_mfcc: int = Field(20, ge=2, description="mfcc: coefficients kept, at most n_mels")
    top_db: float | None = Field(
        None, gt=0, description="decibels below the clip's loudest band that count; null where audio streams"
    )
    deltas: int = Field(0, ge=0, le=2, description="orders of differences over time beside the features")
    normalization: Literal["utterance", "global", "running", "none"] = Field(
        "global", description="mean and variance of each feature: of the clip, of train, of the clip so far, or left"
    )
    causal: bool = Field(False, description="no frame looks ahead, so that the model can stream; with one direction")

    conv_channels: tuple[int, ...] = Field((16, 24), description="channels of each convolution; [] for none")
    conv_kernel: int = Field(5, ge=1, description="frames and bands that a convolution sees, odd")
    subsampling: Literal[1, 2, 4] = Field(2, description="frames that become one step")
    cell: Cell = Field("gru", description="recurrent layer", json_schema_extra=search_choices("gru", "lstm", "min_gru"))
    units: int = Field(
        64,
        ge=1,
        description="units of each recurrent layer and direction",
        json_schema_extra=search_range(32, 96, step=16),
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra=search_range(1, 2))
    bidirectional: bool = Field(True, description="read forwards and backwards; false can stream")
    pooling: Literal["attention", "max_mean", "last"] = Field("attention", description="how steps become one vector")
    embedding: int = Field(0, ge=0, description="numbers of a voice print, which tells voices never heard; 0: none")
    statistics: bool = Field(
        False,
        description="embedding: mean and deviation of the features are a part of it, in directions of discriminant analysis",
    )
    margin: float = Field(
        0.0, ge=0, lt=1, description="embedding: angle by which a clip's class must win in training, radians"
    )
    dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="before and between recurrent layers and before the classes",
        json_schema_extra=search_range(0.0, 0.5),
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the target spread over all classes",
        json_schema_extra=search_range(0.0, 0.2),
    )

    cache_megabytes: int = Field(1024, ge=0, description="memory for decoded audio, 16 bits a sample")
    noise: str | None = Field(None, description="augmentation: folder of background noise; null: made noise alone")
    noise_snr_db: tuple[float, float] | None = Field(
        None, description="augmentation: range of the signal-to-noise ratio of added noise, dB; null adds none"
    )
    reverb: float = Field(0.0, ge=0, le=1, description="augmentation: share of clips heard in a made room")
    speed: tuple[float, float] = Field((1.0, 1.0), description="augmentation: range of the factor played faster by")
    gain_db: float = Field(0.0, ge=0, description="augmentation: clips made louder or softer by up to this, dB")
    shift_seconds: float = Field(0.0, ge=0, description="augmentation: clips moved by up to this, silence for the rest")
    mixup: float = Field(
        0.0, ge=0, description="augmentation: clips mixed in pairs, by shares of a beta distribution of this; 0: none"
    )
    time_masks: int = Field(0, ge=0, description="SpecAugment: stretches of time blanked in each clip")
    time_mask_frames: int = Field(25, ge=1, description="SpecAugment: frames of a time mask, at most")
    frequency_masks: int = Field(0, ge=0, description="SpecAugment: ranges of features blanked in each clip")
    frequency_mask_bins: int = Field(8, ge=1, description="SpecAugment: features of a frequency mask, at most")

    window_seconds: float = Field(
        1.0, gt=0, le=60, description="seconds of the `compiled` file, and of the windows of a long recording"
    )
    hop_seconds: float = Field(0.2, gt=0, description="listening: from one window to the next")
    smoothing_seconds: float = Field(
        0.4, ge=0, description="listening: windows this close together count by their mean probability"
    )
    refractory_seconds: float = Field(1.0, ge=0, description="listening: from one detection to the next, at least")
    chunk_milliseconds: int = Field(
        80, ge=10, le=5000, description="export: audio in one chunk of the `streaming` file, rounded up to whole steps"
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if fault := front_end_fault(self):
            raise ValueError(fault)
        if self.noise is not None and self.noise_snr_db is None:
            raise ValueError(f"noise: expected noise_snr_db beside it, how loud it is. Received: noise {self.noise}")
        if self.statistics and not self.embedding:
            raise ValueError("statistics: expected an embedding, which they are a part of. Received: none")
        if self.mixup and self.margin:
            raise ValueError(f"mixup: expected no margin, which a clip of two classes has not. Received: {self.margin}")
        if self.margin and not self.embedding:
            raise ValueError(f"margin: expected an embedding, between whose angles it lies. Received: {self.margin}")
        return self

    @property
    def step_samples(self) -> int:
        """Samples from one step of the recurrent layers to the next."""
        return self.hop_length * self.subsampling

    @property
    def compiled_seconds(self) -> float:
        """Seconds of audio that the `compiled` deployment takes."""
        return self.window_seconds

    @property
    def tail_samples(self) -> int:
        """Samples of silence that the model hears after the end of a recording: none."""
        return 0

    def whole_steps(self, seconds: float) -> int:
        """Return the samples of so many seconds, rounded up to whole steps; one step at least."""
        return max(1, -(-round(seconds * self.sample_rate) // self.step_samples)) * self.step_samples


def settings_of(artifact: "Artifact") -> Settings:
    """Return the settings of a saved model of this pipeline.

    Raises:
        UserError: for a model of another task.
    """
    if not isinstance(artifact.settings, Settings):
        raise UserError(f"{artifact.path}: expected a model of sound. Received: one of {artifact.task}")
    return artifact.settings
