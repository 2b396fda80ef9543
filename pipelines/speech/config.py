"""Settings of the speech pipeline: what it adds to `TrainingSettings`, every default in view."""

from typing import Literal, Self

from pydantic import Field, model_validator

from suite.audio.check_settings import front_end_fault
from suite.config import Cell, TrainingSettings, search_choices, search_range
from suite.text.words import LANGUAGE


class Settings(TrainingSettings):
    """Speech: audio in, transcript out. Lengths in samples are at `sample_rate`."""

    audio_column: str = Field(
        "audio",
        coerce_numbers_to_str=True,
        description="column or key of the audio file's path; a number, from 0, in a csv or tsv without a header",
    )
    text_column: str = Field(
        "text",
        coerce_numbers_to_str=True,
        description="column or key of the transcript; a number, from 0, in a csv or tsv without a header",
    )
    transcript: Literal["letters", "verbatim"] = Field(
        "letters", description="letters: lower case, letters, digits and apostrophes alone; verbatim: as written"
    )
    language: str | None = Field(
        None,
        pattern=LANGUAGE,
        description="language of the transcripts, for the case of letters: tr and az have i and ı",
    )
    tokens: Literal["characters", "subword"] = Field("characters", description="what CTC puts out")
    vocabulary_size: int = Field(256, ge=8, le=8192, description="subword: symbols learned from train, at most")

    sample_rate: int = Field(16000, ge=4000, le=96000, description="Hz that all audio is resampled to")
    features: Literal["mfcc", "log_mel"] = Field("mfcc", description="what each frame becomes")
    n_fft: int = Field(512, ge=32, description="samples of a frame, even")
    hop_length: int = Field(160, ge=8, description="samples from one frame to the next")
    n_mels: int = Field(64, ge=4, description="mel bands")
    n_mfcc: int = Field(40, ge=2, description="mfcc: coefficients kept, at most n_mels")
    top_db: float | None = Field(
        None, gt=0, description="decibels below the clip's loudest band that count; null where audio streams"
    )
    deltas: int = Field(0, ge=0, le=2, description="orders of differences over time beside the features")
    normalization: Literal["utterance", "global", "running", "none"] = Field(
        "utterance",
        description="mean and variance of each feature: of the clip, of train, of the clip so far (streams), or left",
    )
    causal: bool = Field(False, description="no frame looks ahead, so that the model can stream; with one direction")
    tail_seconds: float = Field(
        0.3, ge=0, le=5, description="causal: silence heard after a recording's end, in which its last word is put out"
    )

    conv_channels: tuple[int, ...] = Field((32, 32), description="channels of each convolution; [] for none")
    conv_kernel: int = Field(5, ge=1, description="frames and bands that a convolution sees, odd")
    subsampling: Literal[1, 2, 4] = Field(2, description="frames that become one step")
    cell: Cell = Field("gru", description="recurrent layer", json_schema_extra=search_choices("gru", "lstm", "min_gru"))
    units: int = Field(
        256,
        ge=1,
        description="units of each recurrent layer and direction",
        json_schema_extra=search_range(128, 384, step=64),
    )
    layers: int = Field(2, ge=1, description="recurrent layers", json_schema_extra=search_range(1, 3))
    bidirectional: bool = Field(True, description="read forwards and backwards")
    layer_norm: bool = Field(True, description="layer normalisation after each recurrent layer")
    dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="before, between and after recurrent layers",
        json_schema_extra=search_range(0.0, 0.5),
    )

    batch_seconds: float | None = Field(
        None, gt=0, description="seconds of audio in a batch, padding included; null: batch_size clips"
    )
    sorted_epochs: int = Field(0, ge=0, description="first epochs that go from short clips to long ones")
    cache_megabytes: int = Field(2048, ge=0, description="memory for decoded audio, 16 bits a sample")

    augment_from_epoch: int = Field(0, ge=0, description="epoch, counted from 0, in which augmentation sets in")
    time_masks: int = Field(
        0, ge=0, description="SpecAugment: stretches of time blanked in each clip", json_schema_extra=search_range(0, 2)
    )
    time_mask_frames: int = Field(25, ge=1, description="SpecAugment: frames of a time mask, at most")
    frequency_masks: int = Field(
        0,
        ge=0,
        description="SpecAugment: ranges of features blanked in each clip",
        json_schema_extra=search_range(0, 2),
    )
    frequency_mask_bins: int = Field(10, ge=1, description="SpecAugment: features of a frequency mask, at most")
    speed: tuple[float, float] = Field((1.0, 1.0), description="range of the factor that clips are played faster by")
    noise_snr_db: tuple[float, float] | None = Field(
        None, description="range of the signal-to-noise ratio of added noise, dB; null adds none"
    )
    gain_db: float = Field(0.0, ge=0, description="clips are made louder or softer by up to this, dB")
    shift_seconds: float = Field(0.0, ge=0, description="silence of up to this length put before and after a clip")

    language_model_level: Literal["character", "word"] = Field("word", description="what its n-grams are made of")
    language_model_order: int = Field(
        0, ge=0, le=12, description="n of the n-gram model learned from the training transcripts; 0: none"
    )
    decoder: Literal["greedy", "beam"] = Field(
        "greedy", description="what predict does by default; beam figures then stand beside greedy ones"
    )
    beam_width: int = Field(64, ge=1, description="beam: prefixes kept at each step")
    language_model_weight: float = Field(0.5, ge=0, description="beam: weight of the language model's log probability")
    closed_vocabulary: bool = Field(
        False, description="beam: no words but those of the training transcripts (commands, digits)"
    )
    word_bonus: float = Field(0.5, description="beam: added to the score for each word (character models: symbol)")

    compiled_seconds: float = Field(
        8.0, gt=0, description="export: seconds of audio that the `compiled` deployment takes"
    )
    chunk_milliseconds: int = Field(
        160,
        ge=10,
        le=5000,
        description="export: audio in one chunk of the `streaming` deployment, rounded up to whole steps",
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if fault := front_end_fault(self):
            raise ValueError(fault)
        if self.closed_vocabulary and not (self.language_model_order and self.language_model_level == "word"):
            raise ValueError(
                "closed_vocabulary: the words are those of the language model of words; expected language_model_order of at "
                f"least 1. Received: order {self.language_model_order}, level {self.language_model_level}"
            )
        return self

    @property
    def step_samples(self) -> int:
        """Samples from one step of the recurrent layers to the next."""
        return self.hop_length * self.subsampling

    @property
    def tail_samples(self) -> int:
        """Samples of silence that the model hears after the end of a recording; none where it looks ahead."""
        return round(self.tail_seconds * self.sample_rate) if self.causal else 0

    @property
    def step_seconds(self) -> float:
        """Seconds from one step of the recurrent layers to the next."""
        return self.step_samples / self.sample_rate
