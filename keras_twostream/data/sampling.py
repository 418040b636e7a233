"""Which frames and which flow fields of a clip make a sample.

Pure TensorFlow functions of numbers; chance is an argument. A sample has
`T` centres, each one RGB frame and the `L` flow fields around it.
"""

import tensorflow as tf


def sample_centers(
    length,
    frames: int,
    fields: int,
    step: int = 1,
    *,
    view=0,
    views: int = 1,
    chance=0.5,
):
    """Chooses the frames that a sample is centred on.

    The clip is cut into `frames` segments of equal length, each segment into
    `views` parts, and a view takes one frame from its part of each segment
    (Temporal Segment Networks, Wang et al. 2016). Frames nearer to the ends
    of the clip than half a stack of flow are left out, but never more than
    the outer quarters of the clip: the stacks of short clips are completed by
    repetition instead, see `stack_fields`.

    Args:
        length: Integer tensor, number of frames of the clip, at least 1.
        frames: Number of centres, T.
        fields: Number of flow fields around each, L.
        step: Frames between the two images of a flow field.
        view: Integer tensor, which of the views, from 0.
        views: Number of views.
        chance: Where in its part to take each frame, in [0, 1): one number,
            or a float tensor `(frames,)` for temporal jitter. With 0.5, one
            view and one centre it is the middle of the clip.

    Returns:
        `int32 (frames,)`, frame indices in ascending order.
    """
    length = tf.cast(length, tf.int32)
    before, after = (fields // 2) * step, (fields - fields // 2) * step
    first = tf.minimum(before, length // 4)
    last = length - 1 - tf.minimum(after, length // 4)
    part = (tf.cast(view, tf.float32) + chance) / views
    place = (tf.range(frames, dtype=tf.float32) + part) / frames
    offsets = tf.floor(place * tf.cast(last - first + 1, tf.float32))
    return tf.minimum(first + tf.cast(offsets, tf.int32), last)


def stack_fields(centers, length, fields: int, step: int = 1):
    """Chooses the flow fields around frames.

    The stack of frame t is the fields t - L//2, ..., t - L//2 + L - 1 (with
    `step` 1), so that as many frames are covered before it as after it.
    Field k pairs frames k and k + step, and the fields of a stack follow one
    another without gap or overlap. Beyond the ends of the clip the first or
    last field is repeated.

    Args:
        centers: `int32 (T,)`, frame indices.
        length: Integer tensor, number of frames of the clip, at least 1.
        fields: Number of fields in a stack, L.
        step: Frames between the two images of a flow field.

    Returns:
        `int32 (T, L)`, field indices. A clip too short for any pair has one
        field, of no motion, with index 0.
    """
    offsets = (tf.range(fields) - fields // 2) * step
    last = tf.maximum(tf.cast(length, tf.int32) - step, 1) - 1
    return tf.clip_by_value(centers[:, None] + offsets, 0, last)
