"""Joint augmentation in time: closed forms and group laws."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from motions import (
    MAKERS,
    arrays,
    clip,
    close,
    inner,
    linear_field,
    maker,
    noise,
)

from keras_twostream import transforms
from keras_twostream.data import geometry, sampling

tensors = pytest.fixture(params=MAKERS)(maker)
MATRIX, OFFSET = [[0.03, -0.05], [0.02, 0.04]], [0.7, -0.4]


def test_composed_and_inverted_linear_motion_is_exact(tensors):
    """x -> x + M x + d, twice, and back again."""
    flow = linear_field(MATRIX, OFFSET, 61, 61)
    field = tensors({"flow": flow})["flow"]
    step = np.eye(2) + MATRIX
    twice = linear_field(
        step @ step - np.eye(2), step @ OFFSET + OFFSET, 61, 61
    )
    found = transforms.compose(field, field)
    np.testing.assert_allclose(inner(found, 9), inner(twice, 9), atol=1e-4)
    undo = np.linalg.inv(step)
    back = linear_field(undo - np.eye(2), -undo @ OFFSET, 61, 61)
    errors = [
        np.abs(inner(transforms.invert(field, n), 9) - inner(back, 9)).max()
        for n in (0, 1, 2, 6)
    ]
    # Each time it shrinks with the change of the motion from pixel to pixel.
    assert errors[1] < 0.1 * errors[0]
    assert errors[2] < 0.1 * errors[1]
    assert errors[3] < 1e-4
    both = transforms.compose(field, transforms.invert(field, 6))
    np.testing.assert_allclose(inner(both, 9), 0, atol=1e-4)


@pytest.mark.parametrize("iterations", [0, 2])
def test_playing_backwards_twice_is_playing_forwards(iterations, tensors):
    sample = clip(fields=4)
    if iterations:
        flow = linear_field(np.eye(2) * 0, [1.5, -0.5], 10, 14)
        sample["flow"] = np.tile(flow[:, None], (2, 3, 1, 1, 4))
    once = transforms.reverse_time(tensors(sample), iterations=iterations)
    twice = arrays(transforms.reverse_time(once, iterations=iterations))
    close(twice, sample, 1e-5)
    flow = arrays(once)["flow"]
    np.testing.assert_allclose(
        flow[:, 0, ..., :2], -sample["flow"][:, 2, ..., -2:], atol=1e-5
    )


def test_faster_stacks_stay_centred(tensors):
    fields = np.arange(12, dtype="float32")
    flow = np.zeros((1, 4, 5, 24), "float32")
    flow[..., 0::2] = fields
    faster = transforms.speed_up(tensors({"flow": flow}), 2, 4)["flow"]
    # Frame 6 is the middle: fields 2 to 9, in pairs.
    np.testing.assert_allclose(
        arrays({"flow": faster})["flow"][0, 2, 2, 0::2], [5, 9, 13, 17]
    )
    same = transforms.speed_up(tensors({"flow": flow}), 1, 5)["flow"]
    np.testing.assert_allclose(
        arrays({"flow": same})["flow"][0, 2, 2, 0::2], fields[4:9]
    )


def test_stacks_without_enough_fields_are_refused():
    sample = {"flow": tf.zeros((1, 4, 5, 10))}
    with pytest.raises(ValueError, match="5 fields takes stacks of 6"):
        transforms.reverse_time(sample)
    with pytest.raises(ValueError, match=r"3 times the speed take .* 12 "):
        transforms.speed_up(sample, 3, 4)
    for odd in (1, 3, 5):
        wanted = odd + 1
        flow = tf.zeros((1, 4, 5, 2 * wanted))
        assert (
            transforms.reverse_time({"flow": flow}, odd)["flow"].shape[-1]
            == 2 * odd
        )


@given(st.integers(2, 60), st.integers(1, 12), st.integers(1, 4), st.data())
@settings(max_examples=60, deadline=None)
def test_reversed_stacks_are_those_of_the_reversed_clip(
    length, fields, step, data
):
    step = min(step, length - 1)
    some = st.lists(st.integers(0, length - 1), min_size=1, max_size=4)
    centers = tf.constant(sorted(data.draw(some)))
    frames, stacks = geometry.reversed_stacks(centers, length, fields, step)
    mirrored = length - 1 - frames
    there = sampling.stack_fields(mirrored, length, fields, step)
    # Its field k leads from its frame k, the clip's frame length - 1 - k, to
    # the clip's frame length - 1 - k - step: where the clip's field starts.
    np.testing.assert_array_equal(stacks, length - 1 - step - there)
    np.testing.assert_array_equal(frames, centers[::-1])


@given(st.integers(1, 12), st.integers(1, 3), st.integers(1, 4), st.data())
@settings(max_examples=60, deadline=None)
def test_faster_stacks_are_those_of_the_clip_of_every_nth_frame(
    fields, step, factor, data
):
    length = factor * data.draw(
        st.integers(fields * step + 2, 60 + fields * step)
    )
    short = length // factor
    low, high = fields // 2 * step, short - 1 - (fields + 1) // 2 * step
    center = data.draw(st.integers(low, high))
    there = sampling.stack_fields(tf.constant([center]), short, fields, step)
    here = geometry.faster_stacks(
        tf.constant([center * factor]), length, fields, step, factor
    )
    parts = there[..., None] * factor + np.arange(factor) * step
    np.testing.assert_array_equal(here, np.reshape(parts, (1, -1)))


def test_sampling_backwards_is_turning_the_sample_if_stacks_are_even():
    flow = noise(12, 4, 5, 2)
    clips = {"rgb": noise(13, 4, 5, 3)}
    centers = tf.constant([5, 7, 9])

    def read(frames, stacks):
        taken = tf.gather(flow, stacks)
        stacked = tf.reshape(tf.transpose(taken, (0, 2, 3, 1, 4)), (3, 4, 5, 8))
        return {"rgb": tf.gather(clips["rgb"], frames), "flow": stacked}

    sample = read(centers, sampling.stack_fields(centers, 13, 4))
    whole = {name: x[None] for name, x in sample.items()}
    turned = transforms.reverse_time(whole)
    backwards = read(*geometry.reversed_stacks(centers, 13, 4))
    backwards["flow"] = transforms.invert_stack(backwards["flow"])
    close({k: x[0] for k, x in turned.items()}, backwards, 0)
