import keras
import numpy as np
import pytest

from keras_twostream.layers import IdentitySum


def test_identities_are_stacked_and_weighted():
    kernel = np.asarray(IdentitySum((0.25, 0.75))((4, 2)))
    expected = [[0.25, 0], [0, 0.25], [0.75, 0], [0, 0.75]]
    np.testing.assert_array_equal(kernel, expected)


@pytest.mark.parametrize("window", [(1,), (3, 3), (4, 4), (2, 3, 5)])
def test_windows_are_centred(window):
    kernel = np.array(IdentitySum((1, 2, 3))((*window, 6, 2)))
    centre = tuple((size - 1) // 2 for size in window)
    stack = kernel[centre].copy()
    np.testing.assert_array_equal(stack, np.kron([[1], [2], [3]], np.eye(2)))
    kernel[centre] = 0
    assert not kernel.any()


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
def test_the_blur_sums_to_one(sigma):
    kernel = np.asarray(IdentitySum((1, 1), sigma=sigma)((3, 3, 3, 4, 2)))
    total = kernel.sum(axis=(0, 1, 2))
    np.testing.assert_allclose(total, np.kron([[1], [1]], np.eye(2)), atol=1e-6)
    marginal = kernel[..., 0, 0].sum(axis=(1, 2))
    if sigma == 1:
        expected = (0.274069, 0.451863, 0.274069)
        np.testing.assert_allclose(marginal, expected, atol=1e-6)


def test_dtype_and_config():
    initializer = IdentitySum([0.5, 0.5], sigma=1.0)
    kernel = initializer((3, 4, 2), dtype="float16")
    assert keras.backend.standardize_dtype(kernel.dtype) == "float16"
    config = keras.initializers.serialize(initializer)
    again = keras.initializers.deserialize(config)
    np.testing.assert_array_equal(again((3, 4, 2)), initializer((3, 4, 2)))


@pytest.mark.parametrize("shape", [(4, 3), (3, 3, 6, 2), (5, 2)])
def test_channels_that_do_not_divide_are_refused(shape):
    with pytest.raises(ValueError, match="as many channels"):
        IdentitySum((1, 1))(shape)


def test_a_stream_of_other_channels_is_projected():
    kernel = np.array(IdentitySum((0.25, 0.75), channels=(2, 5))((7, 2)))
    np.testing.assert_array_equal(kernel[:2], 0.25 * np.eye(2))
    assert len(np.unique(kernel[2:])) == 10
    assert 0 < np.abs(kernel[2:]).max() <= 0.75 * np.sqrt(6 / 7)
