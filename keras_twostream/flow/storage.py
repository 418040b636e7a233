"""Fields of flow as images, and back.

A field is one grey image: the plane of u above the plane of v, quantised by
`flow.codec`, each padded at its lower edge to whole JPEG blocks so that
neither bleeds into the other. With `FlowSpec.shrink` of s, its pixel (i, j)
holds the mean vector of the pixels (s * i, s * j) to (s * i + s - 1, s * j +
s - 1) of the frame, whose edge is repeated where the last square juts out; a
plane has `ceil(height / s)` rows and `ceil(width / s)` columns. Vectors are
in pixels of the frame all the same.
"""

import cv2
import numpy as np

from keras_twostream.flow import codec
from keras_twostream.flow.spec import FlowSpec, jpeg_quality

# Rows and columns of a JPEG block.
BLOCK = 8


def store_field(flow: np.ndarray, spec: FlowSpec) -> bytes:
    """Stores a field as an image.

    Args:
        flow: `float (H, W, 2)` displacements in pixels of the frames. Unknown
            flow (NaN) is stored as no motion.
        spec: How to store it; of `shrink`, `bound`, `quantization`,
            `codec_range` and `encoding`.

    Returns:
        A grey JPEG or PNG file.

    Raises:
        ValueError: If no image can be of this shape.
    """
    stored = codec.quantize(shrunk(flow, spec.shrink, spec.bound), spec)
    below = -len(stored) % BLOCK
    planes = [
        cv2.copyMakeBorder(plane, 0, below, 0, 0, cv2.BORDER_REPLICATE)
        for plane in cv2.split(stored)
    ]
    return encode_image(np.concatenate(planes), spec.encoding)


def restore_field(
    stored: bytes, spec: FlowSpec, height: int, width: int
) -> np.ndarray:
    """Reads a stored field back.

    Args:
        stored: What `store_field` returned.
        spec: How it was stored.
        height: Of the frame, in pixels.
        width: Of the frame, in pixels.

    Returns:
        `float32 (height, width, 2)` displacements in pixels of the frame,
        linear between the centres of the squares that were averaged.

    Raises:
        ValueError: If it is no image, or the image of another size.
    """
    image = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    rows, columns = plane_size(height, width, spec.shrink)
    plane = -(-rows // BLOCK) * BLOCK
    if image is None or image.shape != (2 * plane, columns):
        found = "no image" if image is None else f"one of {image.shape}"
        raise ValueError(
            f"A field of {height} x {width} pixels is a grey image of "
            f"{(2 * plane, columns)}. Received: {found}."
        )
    both = np.stack([image[:rows], image[plane : plane + rows]], axis=-1)
    flow = codec.dequantize(both, spec)
    return enlarged(flow, spec.shrink)[:height, :width]


def plane_size(height: int, width: int, shrink: int) -> tuple[int, int]:
    """Returns rows and columns of the planes of a field, without padding."""
    return -(-height // shrink), -(-width // shrink)


def encode_image(image: np.ndarray, encoding: str) -> bytes:
    """Encodes an image as `FlowSpec.encoding` says.

    Args:
        image: `uint8 (H, W)` or `(H, W, 3)` in OpenCV's order, BGR.
        encoding: "png" or "jpegNN".

    Returns:
        The contents of the file.

    Raises:
        ValueError: If no image can be of this shape.
    """
    quality = jpeg_quality(encoding)
    done, encoded = (
        cv2.imencode(".png", image)
        if quality is None
        else cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    )
    if not done:
        raise ValueError(f"Cannot store an image of shape {image.shape}.")
    return encoded.tobytes()


def shrunk(flow: np.ndarray, shrink: int, bound: float) -> np.ndarray:
    """Returns the means of squares of vectors.

    Args:
        flow: `float (H, W, 2)` displacements; unknown flow (NaN) counts as no
            motion.
        shrink: Pixels on the side of a square.
        bound: What endless displacements count as.

    Returns:
        `float32 (ceil(H / shrink), ceil(W / shrink), 2)`, in pixels of `flow`.
    """
    if shrink == 1:
        return flow
    # What a mean cannot be taken of is stored as `quantize` would.
    known = flow
    if not codec.is_finite(flow):
        known = np.nan_to_num(flow, nan=0, posinf=bound, neginf=-bound)
    height, width = flow.shape[:2]
    rows, columns = plane_size(height, width, shrink)
    whole: np.ndarray = known.astype(np.float32, copy=False)
    if (height, width) != (rows * shrink, columns * shrink):
        whole = cv2.copyMakeBorder(
            whole,
            *(0, rows * shrink - height),
            *(0, columns * shrink - width),
            cv2.BORDER_REPLICATE,
        )
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)


def enlarged(flow: np.ndarray, shrink: int) -> np.ndarray:
    """Returns a field as large as before `shrunk`, or a little larger.

    Args:
        flow: `float32 (h, w, 2)`.
        shrink: Pixels on the side of a square.

    Returns:
        `float32 (shrink * h, shrink * w, 2)`, linear between the centres of
        the squares. Vectors stay as long as they are.
    """
    if shrink == 1:
        return flow
    size = [side * shrink for side in flow.shape[1::-1]]
    return cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR)
