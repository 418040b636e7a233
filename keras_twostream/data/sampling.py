"""Which frames and which flow fields of a clip make a sample.

Pure functions of numbers; chance is an argument. A sample has `T` centres,
each one RGB frame and the `L` flow fields around it.
"""

import tensorflow as tf


def frames_needed(frames: int, fields: int, step: int, spacing: int = 1) -> int:
    """Returns how long a clip must be for different centres and whole stacks.

    Args:
        frames: Number of centres, T.
        fields: Number of flow fields around each, L.
        step: Frames between the two images of a flow field.
        spacing: Frames from one centre to the next, at least.
    """
    return fields * step + 1 + (frames - 1) * spacing


def looped_length(length, needed: int, fields: int, step: int):
    """Returns how many frames a clip has when it is played until it is enough.

    Args:
        length: Integer tensor, number of frames of the clip, at least 1.
        needed: Number of frames that a sample needs.
        fields: Number of flow fields around each centre, L.
        step: Frames between the two images of a flow field.

    Returns:
        `int32`, a multiple of `length`, at which no stack meets an end.
    """
    length = tf.cast(length, tf.int32)
    enough = max(needed, 4 * (fields - fields // 2) * step)
    return -(-enough // length) * length


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
    first, last = _bounds(length, fields, step)
    part = (tf.cast(view, tf.float32) + chance) / views
    place = (tf.range(frames, dtype=tf.float32) + part) / frames
    offsets = tf.floor(place * tf.cast(last - first + 1, tf.float32))
    return tf.minimum(first + tf.cast(offsets, tf.int32), last)


def dense_centers(
    length,
    frames: int,
    fields: int,
    step: int = 1,
    *,
    tau,
    view=0,
    views: int = 1,
    chance=0.5,
):
    """Chooses centres that follow one another, `tau` frames apart.

    So Feichtenhofer et al. (2016) train: T = 5 with a random start and a
    random `tau` of 1 to 10. The first centre is anywhere from where the run
    of centres lies between the same two frames as in `sample_centers`; where
    even that is too short for it, the last centre is repeated.

    Args:
        length: Integer tensor, number of frames of the clip, at least 1.
        frames: Number of centres, T.
        fields: Number of flow fields around each, L.
        step: Frames between the two images of a flow field.
        tau: Integer tensor, frames from one centre to the next.
        view: Integer tensor, which of the views, from 0.
        views: Number of views; the starts of views are evenly spaced.
        chance: Where in its part of the possible starts to start, in [0, 1).
            With 0.5 and one view it is the middle.

    Returns:
        `int32 (frames,)`, frame indices in ascending order.
    """
    first, last = _bounds(length, fields, step)
    room = tf.maximum(last - first - (frames - 1) * tau, 0)
    part = (tf.cast(view, tf.float32) + chance) / views
    offset = tf.floor(part * tf.cast(room + 1, tf.float32))
    start = first + tf.minimum(tf.cast(offset, tf.int32), room)
    return tf.minimum(start + tf.range(frames) * tau, last)


def draw_tau(
    length,
    frames: int,
    fields: int,
    step: int = 1,
    *,
    low: int,
    high: int,
    chance=0.5,
):
    """Draws how far apart the centres of a dense sample are.

    Args:
        length: Integer tensor, number of frames of the clip, at least 1.
        frames: Number of centres, T.
        fields: Number of flow fields around each, L.
        step: Frames between the two images of a flow field.
        low: Least distance.
        high: Largest distance; less where the clip is too short for it.
        chance: Float tensor in [0, 1). With 0.5 it is the middle.

    Returns:
        `int32`, `low` to `high`.
    """
    first, last = _bounds(length, fields, step)
    fits = (last - first) // max(frames - 1, 1)
    high = tf.clip_by_value(fits, low, high)
    drawn = tf.floor(chance * tf.cast(high - low + 1, tf.float32))
    return tf.minimum(low + tf.cast(drawn, tf.int32), high)


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
    return tf.minimum(
        tf.maximum(centers[:, None] + offsets, 0), last_field(length, step)
    )


def last_field(length, step: int):
    """Returns the index of the last field of a clip of `length` frames."""
    return tf.maximum(tf.cast(length, tf.int32) - step, 1) - 1


def _bounds(length, fields: int, step: int):
    """Returns the first and the last frame that may be a centre."""
    length = tf.cast(length, tf.int32)
    before, after = (fields // 2) * step, (fields - fields // 2) * step
    first = tf.minimum(before, length // 4)
    return first, length - 1 - tf.minimum(after, length // 4)
