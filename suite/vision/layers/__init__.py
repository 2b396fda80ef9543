"""Keras layers that see: clips of frames to features of each frame, the same in training and in an exported file."""

from suite.vision.layers.backbone import Backbone
from suite.vision.layers.clip_mask import ClipMask
from suite.vision.layers.cosine import CosineFrequencies
from suite.vision.layers.differences import FrameDifferences
from suite.vision.layers.frame_wise import FrameWise
from suite.vision.layers.normalisation import ClipNormalisation
from suite.vision.layers.picture_grid import PictureGrid
from suite.vision.layers.picture_network import backbone_network

__all__ = [
    "Backbone",
    "ClipMask",
    "ClipNormalisation",
    "CosineFrequencies",
    "FrameDifferences",
    "FrameWise",
    "PictureGrid",
    "backbone_network",
]
