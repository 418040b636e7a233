"""Numbers of batches -> clips and views, without any clip."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.data.steps import Steps


def rows(steps, numbers):
    """Returns (epoch, clip, view) of the samples of some batches, in order."""
    clips = tf.data.Dataset.from_tensor_slices(
        tf.constant([*numbers], tf.int64)
    ).flat_map(steps.clips_of)
    return [
        (int(epoch), int(clip), view)
        for epoch, clip, first, last in clips.as_numpy_iterator()
        for view in range(first, last)
    ]


@given(
    clips=st.integers(1, 7),
    views=st.integers(1, 4),
    size=st.integers(1, 9),
    shuffle=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_every_sample_comes_once_an_epoch(clips, views, size, shuffle):
    steps = Steps(clips=clips, views=views, batch_size=size, shuffle=shuffle)
    for epoch in (0, 3):
        start = epoch * steps.per_epoch
        found = rows(steps, range(start, start + steps.per_epoch))
        assert {row[0] for row in found} == {epoch}
        samples = [row[1:] for row in found]
        every = [(c, v) for c in range(clips) for v in range(views)]
        assert sorted(samples) == every
        if not shuffle:
            assert samples == every
        # The views of a clip follow one another, in their order.
        assert [v for _, v in samples] == [*range(views)] * clips


def test_batches_have_their_size_and_the_last_what_is_left():
    steps = Steps(clips=3, views=3, batch_size=4, shuffle=True)
    assert [len(rows(steps, [step])) for step in range(6)] == [4, 4, 1] * 2
    full = Steps(clips=3, views=3, batch_size=4, drop_remainder=True)
    assert full.per_epoch == 2
    assert [len(rows(full, [step])) for step in range(4)] == [4, 4, 4, 4]


def test_batches_can_be_divided_among_devices():
    steps = Steps(clips=11, batch_size=4, divisible_by=2, shuffle=True)
    for epoch in (0, 1):
        start = epoch * steps.per_epoch
        sizes = [len(rows(steps, [start + i])) for i in range(3)]
        assert sizes == [4, 4, 2]
        every = [row[1] for row in rows(steps, range(start, start + 3))]
        assert len({*every}) == 10


def test_orders_differ_by_epoch_and_seed_and_are_fair():
    def order(seed, epoch):
        steps = Steps(clips=8, shuffle=True, seed=seed)
        positions = tf.range(8, dtype=tf.int64)
        epoch = tf.constant(epoch, tf.int64)
        return tuple(steps.clip_at(epoch, positions).numpy().tolist())

    assert order(1, 0) == order(1, 0)
    assert len({order(1, epoch) for epoch in range(20)}) > 18
    assert len({order(seed, 0) for seed in range(20)}) > 18
    firsts = [order(seed, 5)[0] for seed in range(80)]
    assert {*firsts} == {*range(8)}
    assert max(map(firsts.count, range(8))) < 25


@pytest.mark.parametrize("seed", [0, 7, 2**63 - 1])
def test_the_chance_of_every_sample_is_its_own(seed):
    steps = Steps(clips=4, seed=seed)
    found = {
        tuple(steps.chance_of(*tf.constant([epoch, sample], tf.int64)).numpy())
        for epoch in range(5)
        for sample in range(40)
    }
    assert len(found) == 200
