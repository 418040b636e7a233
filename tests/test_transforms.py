"""Joint augmentation in space: closed forms and group laws."""

import numpy as np
import pytest
import tensorflow as tf
from motions import MAKERS, arrays, clip, close, inner, linear_field, maker

from keras_twostream import transforms

tensors = pytest.fixture(params=MAKERS)(maker)
ANGLE = 0.3
MATRIX, OFFSET = [[0.03, -0.05], [0.02, 0.04]], [0.7, -0.4]


@pytest.mark.parametrize("axis", ["horizontal", "vertical"])
def test_two_flips_are_none(axis, tensors):
    sample = tensors(clip())
    twice = transforms.flip(transforms.flip(sample, axis), axis)
    close(arrays(twice), arrays(sample), 0)


def test_both_flips_are_half_a_turn(tensors):
    sample = tensors(clip())
    both = transforms.flip(transforms.flip(sample, "vertical"), "horizontal")
    half = transforms.rotate(sample, np.pi)
    close(arrays(half), arrays(both), 1e-3)


def test_a_quarter_turn_is_that_of_the_pixels_and_the_vectors(tensors):
    sample = clip(height=9, width=9, fields=1)
    turned = arrays(transforms.rotate(tensors(sample), np.pi / 2))
    pixels = np.rot90(sample["rgb"], axes=(2, 3))
    np.testing.assert_allclose(turned["rgb"], pixels, atol=1e-2)
    u, v = np.moveaxis(np.rot90(sample["flow"], axes=(2, 3)), -1, 0)
    # What goes right goes up after a quarter turn to the left.
    expected = np.stack([v, -u], -1)
    np.testing.assert_allclose(turned["flow"], expected, atol=1e-3)


def test_a_constant_field_stays_constant_under_rotation(tensors):
    flow = np.tile(np.float32([3, 0]), (1, 8, 12, 5))
    turned = transforms.rotate(tensors({"flow": flow}), np.pi / 2, "constant")
    middle = arrays(turned)["flow"][:, :, 3:9]
    np.testing.assert_allclose(middle[..., 0::2], 0, atol=1e-5)
    np.testing.assert_allclose(middle[..., 1::2], -3, atol=1e-5)
    assert not arrays(turned)["flow"][:, :, 0].any()


def test_a_turn_and_its_opposite_are_none(tensors):
    smooth = {
        "flow": linear_field(MATRIX, OFFSET, 41, 51),
        "rgb": 60 + linear_field([[3, 1], [1, 2]], [3, 4], 41, 51),
    }
    smooth["rgb"] = np.concatenate([smooth["rgb"], smooth["rgb"][..., :1]], -1)
    sample = tensors(smooth)
    back = transforms.rotate(transforms.rotate(sample, ANGLE), -ANGLE)
    for name, x in arrays(back).items():
        np.testing.assert_allclose(
            inner(x, 14), inner(smooth[name], 14), atol=2e-3
        )


def test_the_motion_of_a_turned_scene_is_the_turned_motion(tensors):
    """Flow F(x) = M x + d of a scene turned by R is R M R' x + R d."""
    flow = linear_field(MATRIX, OFFSET, 61, 61)
    turned = transforms.rotate(tensors({"flow": flow}), ANGLE)
    cos, sin = np.cos(ANGLE), np.sin(ANGLE)
    turn = np.array([[cos, sin], [-sin, cos]])
    expected = linear_field(turn @ MATRIX @ turn.T, turn @ OFFSET, 61, 61)
    found = arrays(turned)["flow"]
    np.testing.assert_allclose(inner(found, 12), inner(expected, 12), atol=1e-4)


def test_each_clip_has_its_own_angle(tensors):
    sample = tensors(clip())
    angles = np.float32([0.4, -1.1])
    both = arrays(transforms.rotate(sample, angles))
    for index, angle in enumerate(angles):
        one = {name: x[index : index + 1] for name, x in sample.items()}
        alone = arrays(transforms.rotate(one, angle))
        close({k: x[index : index + 1] for k, x in both.items()}, alone)


def test_crops_are_slices(tensors):
    sample = clip()
    cut = transforms.crop(
        tensors(sample), np.int32([1, 4]), np.int32([2, 0]), (5, 6)
    )
    for name, x in arrays(cut).items():
        np.testing.assert_array_equal(x[0], sample[name][0, :, 1:6, 2:8])
        np.testing.assert_array_equal(x[1], sample[name][1, :, 4:9, :6])


@pytest.mark.parametrize("size", [(5, 4), (20, 33), (9, 7), (8, 20)])
def test_resized_crops_are_those_of_tensorflow(size, tensors):
    sample = clip(height=19, width=23)
    boxes = [[0, 0, 19, 23], [3, 5, 9, 7]]
    found = arrays(
        transforms.resized_crop(tensors(sample), np.float32(boxes), size)
    )
    for index, (top, left, high, wide) in enumerate(boxes):
        for name, x in sample.items():
            part = x[index, :, top : top + high, left : left + wide]
            want = tf.image.resize(part, size, antialias=name == "rgb").numpy()
            if name == "flow":
                want *= np.tile([size[1] / wide, size[0] / high], 2)
            np.testing.assert_allclose(
                found[name][index], want, atol=1e-4 * (1 + abs(want).max())
            )
