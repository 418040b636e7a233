"""Extracted frames and flow as other tools write them."""

import cv2
import numpy as np
import tensorflow as tf
from clips import moving_frames

from keras_twostream.flow import FlowSpec, quantize
from keras_twostream.flow.storage import restore_field

# What JPEG of quality 95 changes of smooth flow with a bound of 20, in pixels.
JPEG_ERROR = 1.5
# How the authors of all these tools store flow.
STORED = FlowSpec(
    algorithm="tvl1",
    bound=20,
    short_side=None,
    quantization="offset",
    shrink=1,
)


def drifting_flow(count, height, width, seed=0):
    """Returns smooth fields `float32 (count, height, width, 2)`."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(-15, 15, (count, 3, 4, 2)).astype(np.float32)
    return np.stack([cv2.resize(x, (width, height)) for x in coarse])


def images_of(count=6, height=50, width=70, step=1):
    """Returns RGB frames, and levels of the flow between them."""
    flow = drifting_flow(count - step, height, width)
    return moving_frames(count, height, width), quantize(flow, STORED), flow


def write_images(folder, name, images, first=1, quality=95):
    """Writes images whose numbers, from `first` on, fill in a name."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    for number, image in enumerate(images, start=first):
        image = image[..., ::-1] if image.ndim == 3 else image
        path = str(folder / name.format(number))
        assert cv2.imwrite(path, image, options if "jpg" in name else [])


def write_released(root, clip, frames, levels, flow="tvl1_flow/{}", names="uv"):
    """Writes a clip as Feichtenhofer et al. (2016) released theirs."""
    name = "frame{:06}.jpg"
    write_images(root / "jpegs_256" / clip, name, frames)
    for part, letter in enumerate(names):
        folder = root / flow.format(letter) / clip
        write_images(folder, name, levels[..., part])
    return root / "jpegs_256" / clip


def write_denseflow(root, clip, frames, levels, first=0, suffix="jpg", note=""):
    """Writes a clip as denseflow does."""
    folder = root / clip
    write_images(folder, "img_{:05}." + suffix, frames, first)
    for part, letter in enumerate("xy"):
        name = f"flow_{letter}{note}_{{:05}}.{suffix}"
        write_images(folder, name, levels[..., part], first)
    return folder


def parts_of(record):
    """Returns the features of a record, each a list of bytes."""
    example = tf.train.Example.FromString(record)
    return {
        name: [*feature.bytes_list.value]
        for name, feature in example.features.feature.items()
    }


def flow_of(record, spec, height=50, width=70):
    """Returns the flow of a record, as stored: `(fields, H, W, 2)`."""
    fields = parts_of(record)["flow"]
    return np.stack([restore_field(x, spec, height, width) for x in fields])
