"""Features of speech as Keras layers, the same in training and on the phone, with built-in ops of TFLite alone.

Every layer computes in float32 also under a mixed-precision policy (in float64 with `dtype="float64"`): powers of samples
do not fit in 16 bits. Where a call is told the true lengths, padding changes nothing, and padded frames come out as zeros.
"""

from suite.audio.deltas import Deltas
from suite.audio.frames import frame_mask
from suite.audio.framing import frame_count
from suite.audio.mfcc import MFCC, LogMel, MelSpectrogram
from suite.audio.normalization import FeatureNormalization, feature_statistics
from suite.audio.pcen import PCEN

__all__ = [
    "MFCC",
    "PCEN",
    "Deltas",
    "FeatureNormalization",
    "LogMel",
    "MelSpectrogram",
    "feature_statistics",
    "frame_count",
    "frame_mask",
]
