"""A record, a view and chance -> the tensors of a sample."""

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from keras_twostream.data import augment, decoding, fitting, sampling
from keras_twostream.data.regions import regions_of
from keras_twostream.data.views import view_box, view_parts

if TYPE_CHECKING:
    from keras_twostream.data.samples import SampleSpec


class _Chance(NamedTuple):
    """What chance decides, each in [0, 1); the middle where it does not."""

    when: Any = 0.5  # in each segment, or of the first frame
    pace: Any = 0.5  # how far apart frames are
    where: Any = None  # which size, which place
    mirror: Any = None


def make_sample(spec: "SampleSpec", clip: dict, view, seed) -> dict:
    """Makes a sample, see `SampleSpec`."""
    moment, place, mirrored = view_parts(
        view, spec.view_places, spec.view_flips
    )
    chance = _draw(spec, seed)
    if spec.augment:
        mirrored = chance.mirror < 0.5 if spec.crop.flip else False
    centers, stacks = _moments(spec, decoding.frame_count(clip), moment, chance)
    boxes = _boxes(spec, clip, centers, place, chance.where)
    sample = _decode(spec, clip, centers, stacks, boxes, mirrored)
    if spec.frames is None:
        sample = {name: value[0] for name, value in sample.items()}
    return sample


def moments_of(spec: "SampleSpec", length, view, seed):
    """Returns which frames and fields of a clip are in a sample.

    Args:
        spec: The `SampleSpec`.
        length: Integer tensor, number of frames of the clip.
        view: Integer tensor, which of the `samples`.
        seed: Integer tensor `(2,)`.

    Returns:
        `int32 (T,)` indices of frames, `int32 (T, L)` indices of fields.
    """
    moment, _, _ = view_parts(view, spec.view_places, spec.view_flips)
    return _moments(spec, length, moment, _draw(spec, seed))


def _moments(spec, length, moment, chance: _Chance):
    played = _played(spec, length)
    centers = _centers(spec, played, moment, chance)
    stacks = sampling.stack_fields(centers, played, *spec.counts[1:])
    if spec.short == "loop":
        # The last field stands for those from the last frame to the first.
        last = sampling.last_field(length, spec.flow.step)
        centers, stacks = centers % length, tf.minimum(stacks % length, last)
    return centers, stacks


def _draw(spec, seed) -> _Chance:
    if not spec.augment:
        return _Chance()
    count = spec.counts[0] if spec.sampling == "segments" else 1
    chance = tf.random.stateless_uniform([count + 4], seed)
    when, where, mirror, pace = tf.split(chance, [count, 2, 1, 1])
    if spec.sampling == "dense":
        when = when[0]
    return _Chance(when, pace[0], where, mirror[0])


def _played(spec, length):
    """Returns the number of frames to choose from."""
    if spec.short != "loop":
        return length
    return sampling.looped_length(length, spec.frames_needed, *spec.counts[1:])


def _centers(spec, length, view, chance: _Chance):
    place = {"view": view, "views": spec.views, "chance": chance.when}
    if spec.sampling == "segments":
        return sampling.sample_centers(length, *spec.counts, **place)
    low, high = spec.tau
    tau = sampling.draw_tau(
        length, *spec.counts, low=low, high=high, chance=chance.pace
    )
    return sampling.dense_centers(length, *spec.counts, tau=tau, **place)


def _boxes(spec, clip: dict, centers, place, where):
    """Returns what to cut out of each frame: `int32 (T, 4)`.

    It lies on the borders of the squares whose mean motion is stored.
    """
    height, width = tf.unstack(decoding.frame_size(clip))
    regions = regions_of(
        decoding.profiles_of(clip),
        *(centers, height, width, spec.image_size, spec.crop),
    )
    sides = regions[0, 2], regions[0, 3], spec.image_size, spec.crop
    box = (
        view_box(place, spec.view_places, *sides)
        if where is None
        else augment.random_box(where, *sides)
    )
    start, size = regions[:, :2] + box[:2], box[2:]
    square = spec.flow.shrink
    if square > 1:
        start = start // square * square
        size = tf.maximum(size // square * square, tf.minimum(size, square))
    return tf.concat([start, tf.broadcast_to(size, tf.shape(start))], 1)


def _decode(spec, clip: dict, centers, stacks, boxes, mirrored) -> dict:
    sample = {}
    if "rgb" in spec.streams:
        frames = decoding.decode_frames(clip, centers, boxes)
        sample["rgb"] = fitting.fit_frames(frames, spec.image_size, mirrored)
    if "flow" in spec.streams:
        square = spec.flow.shrink
        stored = tf.maximum(boxes // square, [0, 0, 1, 1])
        levels = decoding.decode_levels(clip, stacks, stored, spec.flow)
        sample["flow"] = fitting.fit_levels(
            levels, boxes[0, 2:], spec.image_size, mirrored, spec.flow
        )
    return sample
