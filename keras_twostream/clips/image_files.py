"""Image files -> pixels, with what is wrong with them."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from keras_twostream.clips import jpeg
from keras_twostream.video import VideoError

# As TensorFlow decodes them, which knows no notes on orientation.
_COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION


@dataclasses.dataclass(frozen=True)
class Image:
    """An image file that was read.

    Attributes:
        path: The file.
        data: Its contents.
        pixels: `uint8 (H, W, 3)` in OpenCV's order, BGR, or `(H, W)`.
        jpeg: Its parts, if it is a JPEG file.
    """

    path: Path
    data: bytes
    pixels: np.ndarray
    jpeg: jpeg.Jpeg | None

    def is_plain(self) -> bool:
        """Returns whether all decoders read it alike: grey or YCbCr JPEG."""
        return self.jpeg is not None and self.jpeg.components in (1, 3)


def read_image(clip: Path, path: Path, gray: bool = False) -> Image:
    """Reads an image.

    Args:
        clip: What it belongs to, for messages.
        path: The file.
        gray: Whether it has one channel.

    Raises:
        VideoError: If it cannot be read, or ends too early.
    """
    data = read_bytes(clip, path)
    if not data:
        raise VideoError(clip, f"{path.name} is empty (zero bytes)")
    parts = None
    try:
        # OpenCV would paint over what is cut off.
        if data.startswith(jpeg.SIGNATURE):
            parts = jpeg.parse(data)
        pixels = cv2.imdecode(
            np.frombuffer(data, np.uint8), _GRAY if gray else _COLOR
        )
    except (ValueError, cv2.error) as error:
        raise VideoError(clip, f"{path.name} is damaged: {error}") from error
    if pixels is None:
        raise VideoError(clip, f"{path.name} cannot be decoded")
    return Image(path, data, pixels, parts)


def read_bytes(clip: Path, path: Path) -> bytes:
    """Reads a file of a clip.

    Raises:
        VideoError: If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise VideoError(clip, f"{path.name}: {error.strerror}") from error
