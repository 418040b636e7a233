"""Crops, flips and resizing of RGB frames and flow together.

Pure TensorFlow functions on `{"rgb": (T, H, W, 3), "flow": (T, H, W, 2L)}`
or one of the two; chance is an argument. All frames of a sample share one
transformation, and flow is changed as the motion that it describes: mirrored
frames move the other way, stretched frames move farther.
"""

import tensorflow as tf

from keras_twostream.data.crop import CropSpec
from keras_twostream.transforms import space
from keras_twostream.transforms.streams import scale_vectors

# Where a training crop lies, as shares of the room left above and beside it.
PLACES = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))


def random_box(chance, height, width, image_size, spec: CropSpec):
    """Draws a training crop: several scales, four corners and the centre.

    Args:
        chance: Float tensor `(2,)` in [0, 1): which size, which place.
        height: Integer tensor, height of the region in pixels.
        width: Integer tensor, width of the region in pixels.
        image_size: `(height, width)` that the network takes.
        spec: The `CropSpec`.

    Returns:
        `int32 (4,)`: top and left within the region, height and width of the
        crop in pixels.
    """
    pairs = [
        (high, wide)
        for row, high in enumerate(spec.scales)
        for column, wide in enumerate(spec.scales)
        if abs(row - column) <= spec.scale_steps
    ]
    scale = _pick(pairs, chance[0])
    place = _pick(PLACES, chance[1])
    return _box(scale, place, height, width, image_size, spec)


def center_box(height, width, image_size, spec: CropSpec):
    """Returns the crop that is used outside of training.

    Args:
        height: Integer tensor, height of the region in pixels.
        width: Integer tensor, width of the region in pixels.
        image_size: `(height, width)` that the network takes.
        spec: The `CropSpec`.

    Returns:
        `int32 (4,)`: top and left within the region, height and width of the
        crop in pixels.
    """
    scale = tf.constant([spec.center, spec.center])
    place = tf.constant([0.5, 0.5])
    return _box(scale, place, height, width, image_size, spec)


def resize(sample, image_size):
    """Resizes a sample; vectors grow and shrink with the frames.

    RGB is averaged where it shrinks; flow is interpolated linearly.

    Args:
        sample: Dict of tensors `(T, H, W, C)` of any numeric type, where the
            channels of `flow` are u, v, u, v, ... in pixels.
        image_size: `(height, width)` in pixels.

    Returns:
        Dict of `float32` tensors `(T, *image_size, C)`.
    """
    resized = {
        name: tf.image.resize(value, image_size, antialias=name == "rgb")
        for name, value in sample.items()
    }
    if "flow" in sample:
        sides = tf.cast(tf.shape(sample["flow"])[1:3], tf.float32)
        by_axis = tf.constant(image_size, tf.float32) / sides
        resized["flow"] = scale_vectors(resized["flow"], by_axis[1], by_axis[0])
    return resized


def flip(sample):
    """Mirrors a sample left to right: u changes its sign, v does not.

    Args:
        sample: Dict of float tensors `(T, H, W, C)`.

    Returns:
        Dict of tensors of the same shapes.
    """
    return space.flip(sample, "horizontal")


def random_flip(chance, sample):
    """Mirrors a sample if `chance`, in [0, 1), is less than one half."""
    return tf.cond(chance < 0.5, lambda: flip(sample), lambda: sample)


def _pick(rows, chance):
    index = tf.cast(chance * len(rows), tf.int32)
    return tf.constant(rows, tf.float32)[tf.minimum(index, len(rows) - 1)]


def _box(scale, place, height, width, image_size, spec: CropSpec):
    sides = tf.cast(tf.stack([height, width]), tf.float32)
    base = sides
    if spec.keep_aspect:
        shape = tf.constant(image_size, tf.float32)
        base = shape * tf.reduce_min(sides / shape)
    size = tf.clip_by_value(tf.round(base * scale), 1, sides)
    start = tf.round((sides - size) * place)
    return tf.cast(tf.concat([start, size], 0), tf.int32)
