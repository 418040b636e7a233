"""Moving pictures whose flow is known, and how well flow explains them."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from keras_twostream.transforms import fields
from keras_twostream.video import synthetic

# Whose tensors the functions are tried on: TensorFlow's, the backend's.
MAKERS = ("tensorflow", "keras")


def maker(request):
    """A fixture: makes the arrays of a sample tensors."""
    make = tf.constant
    if request.param == "keras":
        make = keras.ops.convert_to_tensor
    return lambda sample: {k: make(np.float32(x)) for k, x in sample.items()}


def arrays(sample):
    to_numpy = keras.ops.convert_to_numpy
    return {
        name: np.asarray(x if tf.is_tensor(x) else to_numpy(x))
        for name, x in sample.items()
    }


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def clip(frames=3, height=10, width=14, fields=2, batch=2):
    lead = batch, frames, height, width
    return {
        "rgb": 127 + 40 * noise(*lead, 3),
        "flow": noise(*lead, 2 * fields, seed=1),
    }


def close(one, other, atol=1e-4):
    assert {*one} == {*other}
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=atol)


def as_tensors(sample):
    return {name: tf.constant(x, tf.float32) for name, x in sample.items()}


def scene_of(name="red_right_blue_left", seed=0, **sizes):
    return synthetic.sample_scene(np.random.default_rng(seed), name, **sizes)


def with_squares(scene, **change):
    """A scene with `change(square)` applied to attributes of its squares."""
    squares = tuple(
        dataclasses.replace(s, **{k: f(s) for k, f in change.items()})
        for s in scene.squares
    )
    return dataclasses.replace(scene, squares=squares)


def sample_of(frames, flow):
    """A pair of frames and the flow between them, as a clip.

    "rgb" is `(1, 2, H, W, 3)`. "flow" has a second field of a copy of the
    first, so that both have as many frames: `(1, 2, H, W, 2)`.
    """
    twice = np.stack([flow, flow])
    return {
        "rgb": np.float32(frames)[None],
        "flow": np.float32(twice)[None],
    }


def unexplained(sample):
    """How far the second frame, read along the flow, is from the first.

    Args:
        sample: As `sample_of` makes it.

    Returns:
        `(H, W)`, mean over the colours.
    """
    sample = as_tensors(sample)
    first, second = sample["rgb"][:, 0], sample["rgb"][:, 1]
    seen = fields.warp(second, sample["flow"][:, 0])
    return np.abs(seen - first)[0].mean(-1)


def forgetful(change):
    """A change of both streams that takes flow for an image."""

    def changed(sample):
        rgb = change({"rgb": sample["rgb"]})["rgb"]
        blank = tf.zeros_like(sample["flow"][..., :1])
        image = tf.concat([sample["flow"], blank], -1)
        return {"rgb": rgb, "flow": change({"rgb": image})["rgb"][..., :2]}

    return changed


def compare(sample, mask, change):
    """How well flow explains the frames where it can, before and after.

    Args:
        sample: As `sample_of` makes it.
        mask: `(H, W)`, where the flow is known and nothing is hidden.
        change: The transformation.

    Returns:
        Mean errors of the sample, of the changed sample, and of what a
        transformation makes of it that does not know what flow is.
    """
    tensors = as_tensors(sample)
    image = np.float32(mask)[None, None, ..., None] * np.ones(3, "float32")
    kept = np.asarray(change({"rgb": tf.constant(image)})["rgb"])
    # Pixels of the result that are made of nothing but good pixels, and do not
    # leave the frame.
    kept = kept[0, 0, ..., 0] > 0.999
    changed = change(tensors)
    kept &= stays(changed["flow"][0, 0])
    before = unexplained(sample)[mask].mean()
    after = unexplained(changed)[kept].mean()
    wrong = unexplained(forgetful(change)(tensors))[kept].mean()
    return before, after, wrong


def stays(flow):
    """Which pixels are within the frame where they go, `(H, W)`."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]] + np.moveaxis(
        np.asarray(flow)[..., ::-1], -1, 0
    )
    return (
        (x >= 0)
        & (x <= flow.shape[1] - 1)
        & (y >= 0)
        & (y <= flow.shape[0] - 1)
    )


def linear_field(matrix, offset, height, width):
    """Flow `(1, H, W, 2)` that is linear in the place about the middle."""
    y, x = np.mgrid[:height, :width].astype("float32")
    place = np.stack([x - (width - 1) / 2, y - (height - 1) / 2], -1)
    return (place @ np.float32(matrix).T + np.float32(offset))[None]


def inner(x, border):
    """`x` `(..., H, W, C)` without its border."""
    x = arrays({"x": x})["x"]
    return x[..., border:-border, border:-border, :]
