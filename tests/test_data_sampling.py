"""Which frames and flow fields a sample takes."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.data.sampling import (
    dense_centers,
    draw_tau,
    frames_needed,
    looped_length,
    sample_centers,
    stack_fields,
)


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


# --- Frames that follow one another


def dense(length, frames=5, fields=10, step=1, tau=3, **rest):
    found = dense_centers(length, frames, fields, step, tau=tau, **rest)
    return found.numpy().tolist()


def test_dense_frames_are_tau_apart_and_centred():
    assert dense(101) == [44, 47, 50, 53, 56]
    assert dense(101, tau=1) == [48, 49, 50, 51, 52]
    assert dense(101, frames=1) == [50]


def test_dense_starts_are_all_those_at_which_the_stacks_fit():
    draws = np.linspace(0, 0.9999, 141, dtype="float32")
    starts = {dense(40, chance=draw)[0] for draw in draws}
    # Five fields before the first frame, five after the last.
    assert starts == {*range(5, 40 - 5 - 12)}


def test_dense_views_are_evenly_spaced():
    found = [dense(110, view=view, views=20) for view in range(20)]
    starts = [view[0] for view in found]
    assert {view[-1] - view[0] for view in found} == {12}
    assert {*np.diff(starts)} <= {4, 5}
    assert starts[0] >= 5
    assert found[-1][-1] <= 104


@given(
    length=st.integers(1, 300),
    low=st.integers(1, 10),
    more=st.integers(0, 10),
    chance=st.integers(0, 999).map(lambda n: n / 1000),
)
@settings(max_examples=60, deadline=None)
def test_the_distance_drawn_fits_if_any_does(length, low, more, chance):
    tau = draw_tau(length, 5, 10, low=low, high=low + more, chance=chance)
    assert low <= int(tau) <= low + more
    found = dense(length, tau=tau, chance=chance)
    assert 0 <= found[0] <= found[-1] < length
    if length >= frames_needed(5, 10, 1, low) and length >= 20:
        assert np.diff(found).tolist() == [int(tau)] * 4


def test_every_distance_is_drawn_and_the_middle_without_chance():
    draws = np.linspace(0, 0.9999, 101, dtype="float32")
    taus = [
        int(draw_tau(200, 5, 10, low=1, high=10, chance=draw)) for draw in draws
    ]
    assert {*taus} == {*range(1, 11)}
    assert max(map(taus.count, range(1, 11))) <= 12
    assert int(draw_tau(200, 5, 10, low=5, high=15)) == 10
    # No more than the clip has room for.
    assert int(draw_tau(30, 5, 10, low=1, high=10, chance=0.99)) == 4


# --- Clips that are too short


@pytest.mark.parametrize("step", [1, 3])
def test_as_many_frames_as_needed_are_enough_and_no_fewer(step):
    for frames, fields, spacing in [(1, 10, 1), (5, 10, 3), (3, 1, 2)]:
        needed = frames_needed(frames, fields, step, spacing)
        first = (fields // 2) * step
        centers = tf.constant([first + k * spacing for k in range(frames)])
        offsets = (np.arange(fields) - fields // 2) * step
        wanted = centers.numpy()[:, None] + offsets
        whole = stack_fields(centers, needed, fields, step).numpy()
        assert (whole == wanted).all()
        cut = stack_fields(centers, needed - 1, fields, step).numpy()
        assert (cut != wanted).any()


@pytest.mark.parametrize("step", [1, 3])
def test_a_clip_played_again_has_whole_stacks_of_any_length(step):
    for length in range(1, 90):
        needed = frames_needed(4, 10, step)
        played = int(looped_length(length, needed, 10, step))
        assert played % length == 0
        assert played >= needed
        for chance in (0.0, 0.5, 0.99):
            found = sample_centers(played, 4, 10, step, chance=chance)
            stacks = stack_fields(found, played, 10, step).numpy()
            assert (np.diff(stacks) == step).all()
            assert len({*found.numpy()}) == 4
