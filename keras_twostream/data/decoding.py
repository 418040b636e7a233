"""Records -> the frames and flow fields that a sample needs, as bytes.

TensorFlow operations only; what is not sampled, or lies outside of the crop,
is not decoded where JPEG allows it.
"""

import tensorflow as tf

from keras_twostream.flow.spec import PNG, FlowSpec
from keras_twostream.preparation.records import BLOCK, FRAMES

FEATURES = ("frames", "flow", "motion")


def parse_record(record):
    """Splits a record into its images, all still encoded.

    Args:
        record: String tensor, as `preparation.records.make_record` makes it.

    Returns:
        Dict of string tensors: `frames` `(N,)`, `flow` and `motion`
        `(fields,)`. It may have `bounds`, `int32 (3, 2)`, if the tensors are
        of many clips: the first index and the number of this clip's values in
        each.
    """
    images = tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)
    return tf.io.parse_single_example(record, dict.fromkeys(FEATURES, images))


def frame_count(clip):
    """Returns a parsed record's number of frames, `int32`."""
    if "bounds" in clip:
        return clip["bounds"][FEATURES.index("frames"), 1]
    return tf.size(clip["frames"])


def profiles_of(clip):
    """Returns a parsed record's `motion`, a string tensor `(fields,)`."""
    if "bounds" not in clip:
        return clip["motion"]
    first, count = tf.unstack(clip["bounds"][FEATURES.index("motion")])
    return clip["motion"][first : first + count]


def frame_size(clip):
    """Returns a parsed record's `int32 (2,)` height and width in pixels."""
    return tf.io.extract_jpeg_shape(_pick(clip, "frames", 0))[:2]


def decode_frames(clip, centers, boxes):
    """Decodes RGB frames.

    Args:
        clip: A parsed record.
        centers: `int32 (T,)`, frame indices; T is static.
        boxes: `int32 (T, 4)`, what to cut out of each: top, left, height,
            width; all of one size.

    Returns:
        `uint8 (T, height, width, 3)`.
    """
    images = tf.unstack(_pick(clip, "frames", centers))
    windows = tf.unstack(boxes, len(images))
    pairs = zip(images, windows, strict=True)
    return tf.stack([_decode(*pair, 3) for pair in pairs])


def decode_levels(clip, stacks, boxes, spec: FlowSpec):
    """Decodes flow, as it is stored.

    Args:
        clip: A parsed record.
        stacks: `int32 (T, L)`, field indices; both sides are static.
        boxes: `int32 (T, 4)`, what to cut out of the fields of each stack:
            top, left, height, width in stored pixels; all of one size.
        spec: How the flow was stored.

    Returns:
        `uint8 (T, height, width, 2L)`: u, v, u, v, ..., see `flow.codec`.
    """
    frames, fields = stacks.shape
    height, width = boxes[0, 2], boxes[0, 3]
    shrunk = -(-frame_size(clip)[0] // spec.shrink)
    plane = -(-shrunk // BLOCK) * BLOCK
    # Windows that hold the crop of both planes, u above v.
    windows = tf.unstack(boxes + tf.stack([0, 0, plane, 0]), frames)
    images = tf.unstack(_pick(clip, "flow", tf.reshape(stacks, [-1])))
    both = tf.stack(
        [
            _decode(image, windows[index // fields], 1, spec.encoding)
            for index, image in enumerate(images)
        ]
    )
    rows = tf.range(height)
    planes = tf.gather(both, tf.concat([rows, plane + rows], 0), axis=1)
    # Transposed as matrices, which TensorFlow does many times faster than
    # as arrays of higher rank.
    planes = tf.reshape(planes, [frames, 2 * fields, height * width])
    levels = tf.transpose(planes, [0, 2, 1])
    return tf.reshape(levels, [frames, height, width, 2 * fields])


def _pick(clip, name, indices):
    """Returns some of a clip's values."""
    if "bounds" in clip:
        indices += clip["bounds"][FEATURES.index(name), 0]
    return tf.gather(clip[name], indices)


def _decode(image, window, channels, encoding=FRAMES):
    if encoding == PNG:
        whole = tf.io.decode_png(image, channels)
        top, left, height, width = tf.unstack(window)
        return tf.slice(whole, [top, left, 0], [height, width, channels])
    # TensorFlow's default, the fast transform, is wrong by a level and more.
    return tf.image.decode_and_crop_jpeg(
        image, window, channels=channels, dct_method="INTEGER_ACCURATE"
    )
