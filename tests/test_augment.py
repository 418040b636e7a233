"""Crops, flips and resizing of frames and flow together."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.data import CropSpec, augment


def box_of(chance, height, width, size, spec):
    return augment.random_box(tf.constant(chance), height, width, size, spec)


def boxes(height, width, size=(24, 24), spec=None):
    spec = spec or CropSpec()
    draws = itertools.product(np.arange(0.05, 1, 0.05), repeat=2)
    chances = tf.constant(list(draws), tf.float32)

    @tf.function
    def draw(chance):
        return augment.random_box(chance, height, width, size, spec)

    return {tuple(draw(chance).numpy().tolist()) for chance in chances}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_training_crops_are_those_of_the_multi_scale_corner_scheme():
    found = boxes(100, 140)
    assert {(h, w) for _, _, h, w in found} == {
        (100, 100),
        (100, 88),
        (88, 100),
        (88, 88),
        (88, 75),
        (75, 88),
        (75, 75),
        (75, 66),
        (66, 75),
        (66, 66),
    }
    assert {(y, x) for y, x, h, w in found if (h, w) == (75, 75)} == {
        (0, 0),
        (0, 65),
        (25, 0),
        (25, 65),
        (12, 32),
    }


@given(
    chance=st.tuples(*[st.integers(0, 999).map(lambda n: n / 1000)] * 2),
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    keep=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_crops_lie_within_frames_of_any_size(chance, height, width, size, keep):
    spec = CropSpec(keep_aspect=keep)
    for box in (
        box_of(chance, height, width, size, spec),
        augment.center_box(height, width, size, spec),
    ):
        top, left, high, wide = box.numpy()
        assert min(top, left) >= 0
        assert min(high, wide) >= 1
        assert top + high <= height
        assert left + wide <= width


def test_center_crop_is_seven_eighths_of_the_short_side():
    box = augment.center_box(256, 340, (224, 224), CropSpec())
    assert box.numpy().tolist() == [16, 58, 224, 224]
    whole = CropSpec(keep_aspect=False, center=1.0)
    box = augment.center_box(256, 340, (224, 224), whole)
    assert box.numpy().tolist() == [0, 0, 256, 340]


def test_crops_of_other_shapes_keep_the_shape_of_the_network():
    spec = CropSpec(scale_steps=0, scales=(1.0, 0.5))
    sizes = {(h, w) for _, _, h, w in boxes(100, 100, (30, 60), spec)}
    assert sizes == {(50, 100), (25, 50)}


def test_flip_negates_u_only():
    flow, rgb = noise(2, 4, 5, 6), noise(2, 4, 5, 3)
    flipped = augment.flip({"flow": tf.constant(flow), "rgb": tf.constant(rgb)})
    np.testing.assert_array_equal(flipped["rgb"], rgb[:, :, ::-1])
    mirrored = flow[:, :, ::-1]
    np.testing.assert_array_equal(
        flipped["flow"][..., 0::2], -mirrored[..., 0::2]
    )
    np.testing.assert_array_equal(
        flipped["flow"][..., 1::2], mirrored[..., 1::2]
    )
    twice = augment.flip(flipped)
    np.testing.assert_array_equal(twice["flow"], flow)


@pytest.mark.parametrize("chance", [0.0, 0.49, 0.5, 0.99])
def test_half_of_the_samples_are_flipped(chance):
    sample = {"rgb": tf.constant(noise(1, 2, 3, 3))}
    done = augment.random_flip(tf.constant(chance), sample)["rgb"]
    want = sample["rgb"][:, :, ::-1] if chance < 0.5 else sample["rgb"]
    np.testing.assert_array_equal(done, want)


def test_resizing_scales_u_with_the_width_and_v_with_the_height():
    flow = np.tile(np.float32([3, -2]), (1, 10, 20, 2))
    resized = augment.resize({"flow": tf.constant(flow)}, (30, 10))["flow"]
    assert resized.shape == (1, 30, 10, 4)
    np.testing.assert_allclose(resized[..., 0::2], 1.5, rtol=1e-6)
    np.testing.assert_allclose(resized[..., 1::2], -6, rtol=1e-6)


def test_resizing_to_the_same_size_changes_nothing():
    sample = {"rgb": noise(2, 6, 7, 3), "flow": noise(2, 6, 7, 4)}
    resized = augment.resize(sample, (6, 7))
    for name, value in sample.items():
        np.testing.assert_allclose(resized[name], value, atol=1e-6)


def test_shrinking_averages_rgb():
    stripes = np.tile(np.float32([0, 200]), (1, 8, 32))[..., None]
    stripes = np.repeat(stripes, 3, axis=-1)
    small = augment.resize({"rgb": stripes}, (2, 16))["rgb"]
    assert np.ptp(small[:, :, 2:-2]) < 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scales": ()}, "`scales` is empty"),
        ({"scales": (1.5,)}, "Received: 1.5"),
        ({"center": 0}, "Received: 0"),
        ({"scale_steps": -1}, "Received: -1"),
    ],
)
def test_wrong_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        CropSpec(**wrong)
