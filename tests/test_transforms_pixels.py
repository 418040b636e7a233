"""Colours, erased boxes and mixtures: what they are, by other means."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from motions import MAKERS, arrays, clip, close, maker

from keras_twostream import transforms
from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import mixing

tensors = pytest.fixture(params=MAKERS)(maker)


def test_jitter_with_nothing_to_change_changes_nothing(tensors):
    sample = clip()
    sample["rgb"] = np.clip(sample["rgb"], 0, 255)
    close(arrays(transforms.jitter(tensors(sample))), sample, 1e-3)


def test_colours_change_as_they_say(tensors):
    sample = clip()
    sample["rgb"] = np.clip(sample["rgb"], 100, 150)
    luma = np.float32([0.299, 0.587, 0.114])
    rgb = sample["rgb"]

    def changed(**how):
        result = arrays(transforms.jitter(tensors(sample), **how))
        np.testing.assert_array_equal(result["flow"], sample["flow"])
        return result["rgb"]

    np.testing.assert_allclose(changed(brightness=0.1), rgb + 25.5, atol=1e-3)
    mean = (rgb @ luma).mean((1, 2, 3))[:, None, None, None, None]
    np.testing.assert_allclose(
        changed(contrast=0.5), mean + 0.5 * (rgb - mean), atol=1e-3
    )
    grey = (rgb @ luma)[..., None] * np.ones(3)
    np.testing.assert_allclose(changed(saturation=0.0), grey, atol=1e-3)
    for hue in (0.1, 0.5):
        turned = changed(hue=hue)
        np.testing.assert_allclose(turned @ luma, rgb @ luma, atol=1e-3)
        assert np.abs(turned - rgb).max() > 1
    np.testing.assert_allclose(changed(hue=1.0), rgb, atol=1e-3)
    each = changed(brightness=np.float32([0.0, 0.2]))
    for index, more in enumerate((0, 51)):
        np.testing.assert_allclose(each[index], rgb[index] + more, atol=1e-3)


def test_third_turns_of_the_hue_add_up_to_none(tensors):
    sample = clip()
    sample["rgb"] = np.clip(sample["rgb"], 110, 140)
    turned = tensors(sample)
    for _ in range(3):
        turned = transforms.jitter(turned, hue=1 / 3)
    close(arrays(turned), sample, 1e-2)


def test_mixing_is_of_both_streams_and_the_labels(tensors):
    sample, labels = clip(), np.eye(2, dtype="float32")
    given = tensors(sample | {"labels": labels})
    shares = given.pop("labels")
    order, weight = np.int32([1, 0]), np.float32([0.25, 1.0])
    mixed, told = transforms.mix_up(
        given, shares, order, tensors({"w": weight})["w"]
    )
    for name, x in arrays(mixed).items():
        want = 0.25 * sample[name][0] + 0.75 * sample[name][1]
        np.testing.assert_allclose(x[0], want, atol=1e-4)
        np.testing.assert_allclose(x[1], sample[name][1], atol=1e-4)
    told = arrays({"x": told})["x"]
    np.testing.assert_allclose(told, [[0.25, 0.75], [0, 1]])


def test_cut_boxes_are_pasted_in_all_frames_and_weigh_by_area(tensors):
    sample, labels = clip(height=8, width=10), np.eye(2, dtype="float32")
    given = tensors(
        sample | {"labels": labels, "boxes": [[2, 3, 4, 5], [0, 0, 0, 9]]}
    )
    shares, boxes = given.pop("labels"), given.pop("boxes")
    mixed, told = transforms.cut_mix(given, shares, np.int32([1, 0]), boxes)
    for name, x in arrays(mixed).items():
        want = sample[name].copy()
        want[0, :, 2:6, 3:8] = sample[name][1, :, 2:6, 3:8]
        np.testing.assert_array_equal(x, want)
    told = arrays({"x": told})["x"]
    np.testing.assert_allclose(told, [[0.75, 0.25], [0, 1]])


def test_what_is_erased_is_still(tensors):
    sample = clip(height=8, width=10)
    erased = arrays(
        transforms.erase(tensors(sample), np.float32([1, 2, 3, 4]), 9.0)
    )
    for name, fill in (("rgb", 9), ("flow", 0)):
        want = sample[name].copy()
        want[:, :, 1:4, 2:6] = fill
        np.testing.assert_array_equal(erased[name], want)


def test_labels_that_cannot_be_mixed_are_refused():
    with pytest.raises(ValueError, match="give `num_classes`"):
        mixing.as_shares(tf.constant([1, 2]), None)
    with pytest.raises(ValueError, match="integers"):
        mixing.as_shares(tf.zeros((2, 3, 4)), 3)


@given(
    st.lists(st.floats(0, 0.999999), min_size=4, max_size=4),
    st.integers(1, 300),
    st.integers(1, 300),
)
@settings(max_examples=100, deadline=None)
def test_boxes_lie_within_frames_of_any_size(chance, height, width):
    chance = tf.constant(chance, tf.float32)
    box = draws.crop_boxes(chance, height, width, (0.02, 1.0), (0.3, 3.3))
    cut = draws.cut_boxes(chance[:2], chance[2], height, width)
    for top, left, high, wide in (box.numpy(), cut.numpy()):
        assert min(top, left, high, wide) >= 0
        assert top + high <= height
        assert left + wide <= width
    assert min(box.numpy()[2:]) >= 1


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 5.0])
def test_weights_are_of_the_beta_distribution(alpha):
    rng = np.random.default_rng(0)
    chance = tf.constant(rng.uniform(size=(20000, 2)), tf.float32)
    gammas = tf.constant(rng.gamma(alpha + 1, size=(20000, 2)), tf.float32)
    weights = draws.beta_weights(chance, gammas, alpha).numpy()
    assert np.isfinite(weights).all()
    # Mean 1/2, variance 1 / (4 (2 alpha + 1)).
    assert abs(weights.mean() - 0.5) < 0.02
    assert abs(weights.var() - 0.25 / (2 * alpha + 1)) < 0.01
