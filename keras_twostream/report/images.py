"""Pictures as text that a page holds."""

import base64

import cv2
import numpy as np

WIDTH = 220
_QUALITY = 80


def data_address(image: np.ndarray, width: int = WIDTH) -> str:
    """Returns an RGB image `uint8 (H, W, 3)` as a `data:` address.

    Args:
        image: The image.
        width: To which it is resized, in pixels.
    """
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    # Twice as high as wide is enough to see what it is.
    size = (width, min(height, 2 * width))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return jpeg_address(resized)


def jpeg_address(image: np.ndarray, quality: int = _QUALITY) -> str:
    """Returns an RGB image as a `data:` address, at its own size."""
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"


def png_address(png: bytes) -> str:
    """Returns a PNG file as a `data:` address."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
