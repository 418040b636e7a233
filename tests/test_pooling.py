"""Normalisation, pooling in space and time, and time's way in and out."""

import keras
import numpy as np
import pytest
import references

from keras_twostream import layers

CLIP = (2, 6, 5, 7, 3)


def draw(rng, shape):
    return rng.normal(size=shape).astype("float32")


@pytest.mark.parametrize("channels", [1, 4, 5, 96])
@pytest.mark.parametrize(
    "numbers", [(), (3, 1.0, 0.5, 0.75), (7, 2.0, 1e-2, 0.5), (1, 1, 1, 1)]
)
def test_local_response_normalisation(numbers, channels, rng):
    x = 10 * draw(rng, (2, 3, 4, channels))
    layer = layers.LocalResponseNormalization(*numbers)
    expected = references.local_response(x, *numbers)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-6)


def test_local_response_normalisation_has_matconvnets_numbers(rng):
    tf = pytest.importorskip("tensorflow")
    x = 50 * draw(rng, (2, 9, 9, 96))
    expected = tf.nn.local_response_normalization(
        x, depth_radius=2, bias=2, alpha=1e-4, beta=0.75
    )
    ours = layers.LocalResponseNormalization()(x)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(ours / x).min() < 0.59 < np.abs(ours / x).max()


@pytest.mark.parametrize("size", [*range(3, 12), 54, 109])
@pytest.mark.parametrize(("pool", "step"), [(3, 2), (2, 2), (3, 3), (2, 3)])
def test_ceil_max_pooling(pool, step, size, rng):
    x = draw(rng, (1, size, size + 1, 2)) - 5
    layer = layers.CeilMaxPooling2D(pool, step)
    expected = references.ceil_max_pool(x, pool, step)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(x.shape) == expected.shape


def test_ceil_max_pooling_agrees_with_other_libraries(rng):
    torch = pytest.importorskip("torch")
    for size in range(2, 30):
        x = draw(rng, (1, size, size, 1))
        pool = torch.nn.MaxPool2d(3, 2, ceil_mode=True)
        expected = pool(torch.tensor(x[..., 0]))[..., None]
        ours = layers.CeilMaxPooling2D()(x)
        np.testing.assert_array_equal(ours, expected)


def test_ceil_max_pooling_refuses_single_cells():
    with pytest.raises(ValueError, match="Received: 1x1 cells"):
        layers.CeilMaxPooling2D()(np.zeros((1, 1, 1, 2)))


@pytest.mark.parametrize(
    ("window", "step"),
    [((2, 2, 2), None), ((3, 2, 3), (1, 2, 1)), ((6, 2, 2), 2), (1, 2)],
)
def test_temporal_3d_pool_is_a_3d_max_pool(window, step, rng):
    x = draw(rng, CLIP)
    expected = keras.layers.MaxPooling3D(window, step)(x)
    ours = layers.Temporal3DPool(window, step)(x)
    np.testing.assert_array_equal(ours, expected)


def test_temporal_3d_pool_takes_the_whole_clip_by_default(rng):
    x = draw(rng, (2, 5, 14, 14, 3))
    ours = layers.Temporal3DPool()(x)
    assert ours.shape == (2, 1, 7, 7, 3)
    expected = keras.layers.MaxPooling3D((5, 2, 2))(x)
    np.testing.assert_array_equal(ours, expected)


def test_temporal_3d_pool_refuses_windows_longer_than_the_clip(rng):
    with pytest.raises(ValueError, match="spans 7 frames of a clip of 6"):
        layers.Temporal3DPool((7, 2, 2))(draw(rng, CLIP))


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize(("window", "step"), [(2, None), ((3, 2), (1, 3))])
def test_temporal_2d_pool_pools_frame_by_frame(window, step, mode, rng):
    x = draw(rng, CLIP)
    kind = {
        "max": keras.layers.MaxPooling2D,
        "average": keras.layers.AveragePooling2D,
    }[mode]
    expected = np.stack(
        [kind(window, step)(x[:, t]) for t in range(CLIP[1])], axis=1
    )
    ours = layers.Temporal2DPool(window, step, mode)(x)
    np.testing.assert_allclose(ours, expected, atol=1e-6)


@pytest.mark.parametrize("mode", ["average", "max"])
@pytest.mark.parametrize("shape", [(2, 7, 3), CLIP])
def test_temporal_pool_keeps_the_order_of_segments(mode, shape, rng):
    x = draw(rng, shape)
    pool = {"average": np.mean, "max": np.max}[mode]
    whole = layers.TemporalPool(mode)(x)
    np.testing.assert_allclose(whole, pool(x, axis=1), atol=1e-6)
    thirds = [
        x[:, : shape[1] // 3],
        x[:, shape[1] // 3 : shape[1] * 2 // 3],
        x[:, shape[1] * 2 // 3 :],
    ]
    expected = np.concatenate([pool(part, axis=1) for part in thirds], axis=-1)
    parts = layers.TemporalPool(mode, segments=3)(x)
    np.testing.assert_allclose(parts, expected, atol=1e-6)


@pytest.mark.parametrize("segments", [0, 7])
def test_temporal_pool_needs_a_frame_for_every_segment(segments, rng):
    with pytest.raises(ValueError, match="from 1 to the 6 frames"):
        layers.TemporalPool(segments=segments)(draw(rng, CLIP))


@pytest.mark.parametrize("shape", [(2, 3, 5), CLIP])
def test_time_folds_into_the_batch_and_out_again(shape, rng):
    x = draw(rng, shape)
    folded = layers.FoldTime()(x)
    np.testing.assert_array_equal(folded, x.reshape(-1, *shape[2:]))
    np.testing.assert_array_equal(layers.UnfoldTime(shape[1])(folded), x)
