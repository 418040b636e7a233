"""Augmentation in the input pipeline: chance is an argument."""

import numpy as np
import pytest
import tensorflow as tf
from motions import arrays, as_tensors, clip, close

from keras_twostream import transforms
from keras_twostream.data import geometry, mixing


@pytest.fixture
def sample():
    whole = clip(height=12, width=14, fields=4, batch=1)
    return as_tensors({name: x[0] for name, x in whole.items()})


def batched(sample):
    return {name: x[None] for name, x in sample.items()}


def anywhere(function, sample):
    """Calls a function in a graph that knows no height and width."""
    forms = {
        name: tf.TensorSpec((None, None, None, x.shape[-1]))
        for name, x in sample.items()
    }
    return tf.function(function, input_signature=[forms])(sample)


def test_rotation_is_by_as_much_as_chance_says(sample):
    for chance, turn in ((0.0, -0.1), (0.5, 0.0), (0.75, 0.05)):
        turned = anywhere(
            lambda x, c=chance: geometry.random_rotation(c, x, 0.1), sample
        )
        want = transforms.rotate(batched(sample), 2 * np.pi * turn)
        close(arrays(batched(turned)), arrays(want), 1e-3)


def test_colours_are_those_that_chance_says(sample):
    limits = {"hue": (-0.1, 0.1), "contrast": (0.5, 1.5)}
    chance = tf.constant([1.0, 0.25])
    changed = anywhere(
        lambda x: geometry.random_colors(chance, x, limits), sample
    )
    want = transforms.jitter(batched(sample), hue=0.1, contrast=0.75)
    close(arrays(batched(changed)), arrays(want), 1e-3)


def test_one_box_of_both_streams_is_covered(sample):
    chance = tf.constant([0.5, 0.5, 0.1, 0.9])
    covered = anywhere(
        lambda x: geometry.random_erasing(chance, x, fill_value=3.0), sample
    )
    gone = np.all(covered["rgb"] == 3.0, -1)
    assert 0.05 < gone.mean() < 0.35
    assert (gone == gone[:1]).all()
    np.testing.assert_array_equal(gone, np.all(covered["flow"] == 0, -1))


@pytest.mark.parametrize("mix", [mixing.mix_up, mixing.cut_mix])
def test_batches_are_mixed_as_their_seed_says(mix):
    inputs = as_tensors(clip(batch=6))
    labels = tf.constant([0, 1, 2, 0, 1, 2])

    @tf.function
    def mixed(seed):
        return mix(seed, inputs, labels, alpha=1.0, num_classes=3)

    first, told = mixed(tf.constant([1, 2]))
    again, told_again = mixed(tf.constant([1, 2]))
    other, _ = mixed(tf.constant([1, 3]))
    close(arrays(first), arrays(again), 0)
    np.testing.assert_array_equal(told, told_again)
    assert np.abs(first["rgb"] - other["rgb"]).max() > 1
    np.testing.assert_allclose(np.sum(told, 1), 1, atol=1e-6)
    shares, _ = mix(tf.constant([1, 2]), inputs, tf.one_hot(labels, 3), 1.0)
    close(arrays(shares), arrays(first), 1e-4)
