"""The part of each frame that samples are cut from."""

import tensorflow as tf

from keras_twostream.preparation.motion import GRID

# Fields before and after a field that are looked at together, so that a limb
# that rests for a moment still belongs to who moves.
WINDOW = 5
# Weight of the clip's own centre of motion beside that of the moment, as a
# share of the mean motion: where nothing moves, the region rests there.
REST = 0.1


def regions_of(profiles, centers, height, width, image_size, crop):
    """Returns the part of each frame that samples are cut from.

    All have one size. Along each axis they are `crop.spread` times as long as
    the motion's standard deviation, the median over the clip's fields, and lie
    about the motion's mean near the frame's time. Every field counts by
    how it moves beside the others, but a moving field for no more than one,
    so that a glitch of a few frames does not decide. With `crop.keep_aspect`
    the shorter axis is lengthened to the network's aspect ratio as far as the
    frame reaches.

    Args:
        profiles: String tensor `(fields,)`, see `preparation.motion.profile`.
        centers: `int32 (T,)`, frame indices.
        height: Integer tensor, height of the frames in pixels.
        width: Integer tensor, width of the frames in pixels.
        image_size: `(height, width)` that the network takes.
        crop: The `CropSpec`.

    Returns:
        `int32 (T, 4)`: top, left, height and width in pixels; whole frames
        with `region="frame"` and for clips without motion.
    """
    sides = tf.stack([height, width])
    if crop.region == "frame":
        whole = tf.concat([tf.zeros_like(sides), sides], 0)
        return tf.tile(whole[None], [tf.size(centers), 1])
    sides = tf.cast(sides, tf.float32)
    middle, length = _region(_votes(profiles), crop.spread)
    length *= sides
    if crop.keep_aspect:
        shape = tf.constant(image_size, tf.float32)
        length = shape * tf.reduce_max(length / shape)
    size = tf.clip_by_value(tf.round(length), 1, sides)
    fields = tf.minimum(centers, tf.size(profiles) - 1)
    start = tf.round(tf.gather(middle, fields) * sides - size / 2)
    start = tf.clip_by_value(start, 0, sides - size)
    size = tf.broadcast_to(size, tf.shape(start))
    return tf.cast(tf.concat([start, size], 1), tf.int32)


def _votes(profiles):
    """Returns `float32 (fields, 2, GRID)`: the profiles, evened out."""
    values = tf.io.decode_raw(profiles, tf.float16)
    values = tf.cast(tf.reshape(values, [-1, 2, GRID]), tf.float32)
    total = tf.reduce_sum(values[:, 0], 1)
    typical = _median(total) + 1e-6
    return values / (total + typical)[:, None, None]


def _region(votes, spread):
    """Returns middle `(fields, 2)` and length `(2,)` in shares of the sides."""
    places = (tf.range(GRID, dtype=tf.float32) + 0.5) / GRID
    votes = _smooth(votes)
    weights = tf.reduce_sum(votes, 2)
    mean = _ratio(tf.linalg.matvec(votes, places), weights)
    square = _ratio(tf.linalg.matvec(votes, places**2), weights)
    deviation = tf.sqrt(tf.maximum(square - mean**2, 0))
    rest = tf.reduce_mean(weights, 0)
    still = rest[0] < 1e-5
    home = _ratio(tf.reduce_mean(mean * weights, 0), rest)
    middle = _ratio(
        _smooth(mean * weights) + REST * rest * home,
        _smooth(weights) + REST * rest,
    )
    length = spread * _median(deviation)
    return middle, tf.where(still, tf.ones_like(length), length)


def _ratio(amount, weight):
    return amount / tf.maximum(weight, 1e-9)


def _median(values):
    """Returns the lower median along the first axis."""
    ordered = tf.sort(values, axis=0)
    return ordered[(tf.shape(values)[0] - 1) // 2]


def _smooth(values):
    """Returns the means over `WINDOW` fields before and after each."""
    count = tf.shape(values)[0]
    index = tf.range(count)
    first = tf.maximum(index - WINDOW, 0)
    last = tf.minimum(index + WINDOW + 1, count)
    sums = tf.concat([tf.zeros_like(values[:1]), tf.cumsum(values)], 0)
    total = tf.gather(sums, last) - tf.gather(sums, first)
    shape = tf.concat([[count], tf.ones(tf.rank(values) - 1, tf.int32)], 0)
    return total / tf.reshape(tf.cast(last - first, tf.float32), shape)
