"""Import OpenCV so that it decodes in the calling thread and keeps its own messages to itself."""

import os
from types import ModuleType


def import_cv2() -> ModuleType:
    """Return the module `cv2`; what FFmpeg says of a damaged file stays silent, unless SUITE_DEBUG is set.

    OpenCV's own threads are off: clips are decoded side by side, one per thread, beside a model that trains.
    """
    quiet = not os.environ.get("SUITE_DEBUG")
    if quiet:
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first file is opened
    import cv2

    if quiet:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.setNumThreads(1)
    return cv2
