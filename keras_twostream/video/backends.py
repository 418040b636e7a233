"""The decoders behind `open_video`, each as a source of frames in order."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from keras_twostream.video.opencv import OpenCVSource
from keras_twostream.video.pyav import PyAVSource


class Source(Protocol):
    """One pass over the frames of a file, from its start."""

    fps: float | None

    def grab(self) -> bool:
        """Goes to the next frame; returns whether there is one."""

    def retrieve(self) -> np.ndarray:
        """Returns the frame just grabbed, `uint8 (H, W, 3)` upright RGB."""

    def close(self) -> None:
        """Closes the file."""


BACKENDS: dict[str, Callable[[Path], Source]] = {
    "pyav": PyAVSource,
    "opencv": OpenCVSource,
}
