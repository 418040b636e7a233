"""Which frames and flow fields a sample takes."""

import numpy as np
import pytest
import tensorflow as tf

from keras_twostream.data.sampling import sample_centers, stack_fields


def centers(length, frames=1, fields=10, **rest):
    return sample_centers(length, frames, fields, **rest).numpy().tolist()


def stacks(center, length, fields=10, step=1):
    return (
        stack_fields(tf.constant([center]), length, fields, step)
        .numpy()[0]
        .tolist()
    )


def test_the_middle_is_the_default():
    assert centers(101) == [50]
    assert centers(101, fields=0) == [50]
    assert centers(2) == [1]
    assert centers(1) == [0]


def test_views_are_evenly_spaced_and_different():
    found = [centers(110, view=view, views=25)[0] for view in range(25)]
    assert found == list(range(7, 107, 4))


def test_frames_are_spread_over_the_clip():
    assert centers(110, frames=5) == [15, 35, 55, 75, 95]


def test_chance_reaches_every_centre_whose_stack_fits_and_no_other():
    draws = np.linspace(0, 0.9999, 181, dtype="float32")
    assert {centers(40, chance=draw)[0] for draw in draws} == {*range(5, 35)}


def test_jitter_stays_within_its_segment():
    low = centers(110, frames=5, chance=tf.zeros([5]))
    high = centers(110, frames=5, chance=tf.fill([5], 0.9999))
    assert low == [5, 25, 45, 65, 85]
    assert high == [24, 44, 64, 84, 104]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 11, 12, 20, 21, 300])
@pytest.mark.parametrize("step", [1, 3])
def test_everything_exists_in_clips_of_any_length(length, step):
    for chance in (0.0, 0.5, 0.99999994):
        found = centers(
            length, frames=4, step=step, chance=chance, view=1, views=2
        )
        assert found == sorted(found)
        assert 0 <= found[0] <= found[-1] < length
        fields = stack_fields(tf.constant(found), length, 10, step).numpy()
        assert fields.min() >= 0
        assert fields.max() < max(length - step, 1)


def test_short_clips_keep_their_inner_half():
    draws = np.linspace(0, 0.9999, 41, dtype="float32")
    assert {centers(8, chance=draw)[0] for draw in draws} == {2, 3, 4, 5}


def test_stacks_are_centred():
    assert stacks(50, 100) == list(range(45, 55))
    assert stacks(50, 100, fields=5) == [48, 49, 50, 51, 52]
    assert stacks(50, 100, fields=1) == [50]


def test_stacks_of_longer_steps_have_neither_gaps_nor_overlaps():
    assert stacks(50, 100, fields=4, step=3) == [44, 47, 50, 53]


def test_stacks_repeat_the_ends_of_the_clip():
    assert stacks(2, 100) == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert stacks(99, 100) == [94, 95, 96, 97, 98, 98, 98, 98, 98, 98]
    assert stacks(0, 1) == [0] * 10
