"""What contradicts itself in the settings of a model's front end (`suite.audio.front_end`), without TensorFlow."""

from typing import Any


def front_end_fault(settings: Any) -> str | None:
    """Return what is wrong with settings that each are allowed, else None: `setting: expected ... Received: ...`."""
    if settings.n_fft % 2:
        return f"n_fft: expected an even number. Received: {settings.n_fft}"
    if settings.hop_length > settings.n_fft:
        return f"hop_length: expected at most n_fft, {settings.n_fft}. Received: {settings.hop_length}"
    if settings.features == "mfcc" and settings.n_mfcc > settings.n_mels:
        return f"n_mfcc: expected at most n_mels, {settings.n_mels}. Received: {settings.n_mfcc}"
    if settings.conv_kernel % 2 == 0:
        return f"conv_kernel: expected an odd number. Received: {settings.conv_kernel}"
    if min(settings.conv_channels, default=1) < 1:
        return f"conv_channels: expected positive numbers. Received: {list(settings.conv_channels)}"
    if settings.subsampling > 2 ** len(settings.conv_channels):
        return (
            f"subsampling: each convolution halves the frames at most once, so {len(settings.conv_channels)} allow "
            f"{2 ** len(settings.conv_channels)}. Received: {settings.subsampling}"
        )
    low, high = settings.speed
    if not 0.5 <= low <= high <= 2:
        return f"speed: expected two factors from 0.5 to 2, the lower first. Received: {list(settings.speed)}"
    if settings.noise_snr_db is not None and settings.noise_snr_db[0] > settings.noise_snr_db[1]:
        return f"noise_snr_db: expected the lower value first. Received: {list(settings.noise_snr_db)}"
    if settings.causal and (
        settings.normalization == "utterance" or settings.top_db is not None or settings.bidirectional
    ):
        return (
            "causal: expected bidirectional: false, top_db: null and a normalization that needs no whole clip "
            f"(global, running, none). Received: bidirectional {settings.bidirectional}, top_db {settings.top_db}, "
            f"normalization {settings.normalization}"
        )
    return None
