"""The record of a clip whose frames and flow others extracted."""

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from keras_twostream.clips import jpeg
from keras_twostream.clips.image_files import Image, read_bytes, read_image
from keras_twostream.clips.image_folders import Images, find_images
from keras_twostream.flow.camera import compensate
from keras_twostream.flow.spec import PNG, FlowSpec
from keras_twostream.flow.storage import encode_image, store_field
from keras_twostream.preparation.example import encode_example
from keras_twostream.preparation.motion import profile
from keras_twostream.preparation.records import BLOCK, FRAMES, VERSION
from keras_twostream.video import VideoError, resize_short_side


def make_record(folder: str | os.PathLike, spec: FlowSpec) -> bytes:
    """Makes the record of a clip from its images.

    What can be kept is kept bit by bit: frames that are JPEG of the size
    wanted, and flow of that size if it is stored by the same map (`spec` has
    `quantization="offset"` and the bound of the images). Then u and v are put
    into one image without being decoded, where both are coded alike; else
    their levels are encoded again. All other flow is read, changed and
    stored anew.

    Args:
        folder: Folder of the frames, see `clips.layouts`.
        spec: Which flow this is, and how to store it. `bound` is that of the
            images unless a file of bounds is there. `algorithm` chooses where
            there are several flows. `fps` is believed.

    Returns:
        The record, as of `preparation.records.make_record`.

    Raises:
        VideoError: If images are missing or cannot be read, differ in size,
            or are not of the size that `spec` says and `spec.resize` is
            "before".
    """
    root = Path(folder)
    images = find_images(root, spec.step, spec.algorithm)
    frames, size = _frames(root, images, spec)
    stored = list(_fields(root, images, spec, size))
    if not stored:
        still = np.zeros((*size, 2), np.float32)
        stored = [(store_field(still, spec), profile(still, spec.bound))]
    fields, motion = zip(*stored, strict=True)
    meta = {
        "version": VERSION,
        "flow": spec.to_dict(),
        "frames": len(frames),
        "height": size[0],
        "width": size[1],
        "fps": spec.fps,
        "source": {
            "path": str(folder),
            "bytes": sum(path.stat().st_size for path in images.files()),
        },
        "opencv": cv2.__version__,
    }
    return encode_example(
        {
            "meta": [json.dumps(meta).encode()],
            "frames": frames,
            "flow": list(fields),
            "motion": list(motion),
        }
    )


def _frames(
    root: Path, images: Images, spec: FlowSpec
) -> tuple[list[bytes], tuple[int, int]]:
    """Returns the frames as stored, and their height and width."""
    stored, sizes = [], []
    for path in images.frames:
        image = read_image(root, path)
        sizes.append(image.pixels.shape[:2])
        if sizes[-1] != sizes[0]:
            raise VideoError(
                root,
                f"its frames change size from {sizes[0]} to {sizes[-1]} "
                f"(height, width) at {path.name}",
            )
        frame = resize_short_side(image.pixels, spec.short_side)
        keep = frame is image.pixels and image.is_plain()
        stored.append(image.data if keep else encode_image(frame, FRAMES))
    return stored, frame.shape[:2]


def _fields(
    root: Path, images: Images, spec: FlowSpec, size: tuple[int, int]
) -> Iterator[tuple[bytes, bytes]]:
    """Yields each field as stored, and where it moves."""
    pairs = zip(images.u, images.v, _bounds(root, images, spec), strict=True)
    for *paths, bounds in pairs:
        u, v = (read_image(root, path, gray=True) for path in paths)
        shape = u.pixels.shape
        if shape != v.pixels.shape:
            names = f"{u.path.parent.name}/{u.path.name} and {v.path.name}"
            raise VideoError(root, f"{names} differ in size")
        flow = _displacements(u, v, bounds)
        if shape != size:
            flow = _resized(root, u.path, flow, spec, size)
        flow = compensate(flow, spec.camera)
        if shape == size and _is_as_stored(bounds, spec):
            stored = _kept(u, v, spec)
        else:
            stored = store_field(flow, spec)
        yield stored, profile(flow, spec.bound)


def _bounds(root: Path, images: Images, spec: FlowSpec) -> np.ndarray:
    """Returns least u, greatest u, least v and greatest v of each field."""
    count = len(images.u)
    if images.bounds is None:
        both = [-spec.bound, spec.bound] * 2
        return np.tile(np.array(both, np.float32), (count, 1))
    data = read_bytes(root, images.bounds)
    if len(data) != 16 * count:
        raise VideoError(
            root,
            f"{images.bounds.name} must have 16 bytes for each of {count} "
            f"fields, and has {len(data)}",
        )
    bounds = np.frombuffer(data, "<f4").reshape(count, 4)
    ordered = (bounds[:, ::2] <= bounds[:, 1::2]).all()
    if not (ordered and np.isfinite(bounds).all()):
        raise VideoError(root, f"{images.bounds.name} holds no bounds")
    return bounds


def _displacements(u: Image, v: Image, bounds: np.ndarray) -> np.ndarray:
    """Returns `float32 (H, W, 2)`, in pixels of the images."""
    levels = np.stack([u.pixels, v.pixels], axis=-1).astype(np.float32)
    low, high = bounds[::2], bounds[1::2]
    return levels * ((high - low) / np.float32(255)) + low


def _is_as_stored(bounds: np.ndarray, spec: FlowSpec) -> bool:
    """Returns whether a byte of the images means what `spec` says."""
    as_stored = dataclasses.replace(
        spec, quantization="offset", codec_range="full", shrink=1, camera="keep"
    )
    symmetric = np.array([-spec.bound, spec.bound] * 2, np.float32)
    return spec == as_stored and bool(np.array_equal(bounds, symmetric))


def _resized(
    root: Path,
    path: Path,
    flow: np.ndarray,
    spec: FlowSpec,
    size: tuple[int, int],
) -> np.ndarray:
    """Resizes a field; its vectors grow and shrink with it."""
    if spec.resize == "before":
        raise VideoError(
            root,
            f"{path.name} is of {flow.shape[:2]}, and frames are stored at "
            f'{size} (height, width); resize="after" would resize flow, and '
            "short_side=None keeps frames as they are",
        )
    height, width = size
    how = cv2.INTER_AREA if height < len(flow) else cv2.INTER_LINEAR
    resized = cv2.resize(flow, (width, height), interpolation=how)
    ratios = np.divide((width, height), flow.shape[1::-1])
    return resized * ratios.astype(np.float32)


def _kept(u: Image, v: Image, spec: FlowSpec) -> bytes:
    """Returns the field with the levels of its images."""
    if spec.encoding != PNG and u.jpeg and v.jpeg:
        joined = jpeg.join(u.jpeg, v.jpeg)
        if joined is not None:
            return joined
    below = -len(u.pixels) % BLOCK
    planes = [
        cv2.copyMakeBorder(plane, 0, below, 0, 0, cv2.BORDER_REPLICATE)
        for plane in (u.pixels, v.pixels)
    ]
    return encode_image(np.concatenate(planes), spec.encoding)
