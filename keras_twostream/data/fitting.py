"""Decoded crops -> what a network takes: mirrored, resized, in its units.

It equals `data.augment`'s `flip` and `resize` of decoded flow in pixels, but
mirrors bytes instead of floats and scales before it resizes: to go through the
floats of a sample once more costs as much as decoding a few of its frames.
"""

import tensorflow as tf

from keras_twostream.flow import codec
from keras_twostream.flow.spec import FlowSpec


def fit_frames(frames, image_size, mirrored):
    """Mirrors and resizes RGB frames.

    Args:
        frames: `uint8 (T, height, width, 3)`.
        image_size: `(height, width)` in pixels.
        mirrored: Bool tensor or `False`, whether left becomes right.

    Returns:
        `float32 (T, *image_size, 3)`, 0 to 255, averaged where it shrinks.
    """
    frames = _mirror(frames, mirrored, lambda x: tf.reverse(x, [2]))
    shrinks = tf.reduce_any(tf.shape(frames)[1:3] > tf.constant(image_size))
    resized = tf.cond(
        shrinks,
        lambda: tf.image.resize(frames, image_size, antialias=True),
        # Which is the same, and faster, of floats most of all.
        lambda: tf.image.resize(tf.cast(frames, tf.float32), image_size),
    )
    return tf.ensure_shape(resized, [frames.shape[0], *image_size, 3])


def fit_levels(levels, sides, image_size, mirrored, spec: FlowSpec):
    """Mirrors and resizes stored flow, and returns it in pixels.

    Vectors grow and shrink with the frames; mirrored ones turn.

    Args:
        levels: `uint8 (T, h, w, 2L)` as stored: u, v, u, v, ...
        sides: `int32 (2,)`, height and width of this part in pixels of the
            record's frames, which are those of the vectors.
        image_size: `(height, width)` in pixels.
        mirrored: Bool tensor or `False`, whether left becomes right.
        spec: How the flow was stored.

    Returns:
        `float32 (T, *image_size, 2L)`, in pixels at that size.
    """
    gain, zero = codec.affine(spec)
    factors = tf.constant(image_size, tf.float32) / tf.cast(sides, tf.float32)
    u = factors[1] * tf.where(mirrored, -1.0, 1.0) / gain
    shape = tf.shape(levels)
    # One row of the image: TensorFlow repeats long vectors faster.
    scale = tf.tile([u, factors[0] / gain], [shape[2] * shape[3] // 2])
    levels = _mirror(levels, mirrored, _gathered)
    rows = tf.cast(tf.reshape(levels, [-1, tf.size(scale)]), tf.float32)
    flow = tf.reshape((rows - zero) * scale, shape)
    frames, _, _, channels = levels.shape
    resized = tf.image.resize(flow, image_size)
    return tf.ensure_shape(resized, [frames, *image_size, channels])


def _gathered(images):
    """Reverses columns: of many channels faster than `tf.reverse`."""
    columns = tf.range(tf.shape(images)[2] - 1, -1, -1)
    return tf.gather(images, columns, axis=2)


def _mirror(images, mirrored, reverse):
    """Reverses the columns of `(T, H, W, C)` images, if they are to be."""
    if mirrored is False:
        return images
    return tf.cond(mirrored, lambda: reverse(images), lambda: images)
