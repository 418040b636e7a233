"""Karpathy's slow fusion and C3D: 3D convolutions, the sense of time."""

import keras
import numpy as np
import pytest
import references
from networks import randomise, scores_of, sketch, tiny

from keras_twostream import backbones
from keras_twostream.backbones import c3d, rows, tables
from keras_twostream.backbones.base import Head
from keras_twostream.layers.pooling import CeilMaxPooling3D

C3D_TINY = {"backbone": "c3d_tiny", "frames": 4}


def network(name, shape, stop):
    """Returns the beginning of a backbone as a model."""
    inputs = keras.Input(shape)
    x = backbones.get(name).run(inputs, "rgb", None, stop, Head(2))
    return keras.Model(inputs, x)


def test_time_may_not_end_between_3d_convolutions():
    with pytest.raises(ValueError, match=r"up to pool5.*8, 32\) after relu3"):
        sketch(
            "c3d", backbone="c3d_tiny", input_shape=(64, 64),
            time={"relu3": "max"},
        )  # fmt: skip
    model = tiny("c3d", **C3D_TINY, time={"pool5": "max"})
    assert model.output.shape == (None, 5)


@pytest.mark.parametrize("streams", [("flow",), ("rgb", "flow")])
def test_networks_of_clips_take_flow(streams):
    model = tiny("c3d", **C3D_TINY, streams=streams)
    assert model.input["flow"].shape == (None, 4, 32, 32, 4)
    assert scores_of(model).shape == (2, 5)


def test_a_stage_of_c3d_is_a_3d_convolution(rng):
    model = randomise(network("c3d_tiny", (5, 24, 24, 3), "relu3"))
    x = rng.normal(size=(2, *model.input.shape[1:])).astype("float32")
    names = ["rgb_pool2", "rgb_relu3"]
    outputs = [model.get_layer(name).output for name in names]
    before, after = map(np.array, keras.Model(model.input, outputs)(x))
    kernel, bias = model.get_layer("rgb_conv3").get_weights()
    expected = np.maximum(references.conv3d(before, kernel, bias), 0)
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-4)
    assert 0.1 < np.mean(after > 0) < 0.9


def test_slow_fusion_is_a_sum_of_2d_convolutions_over_time(rng):
    model = randomise(network("karpathy_slow", (8, 17, 17, 3), "conv1"))
    x = rng.normal(size=(2, 8, 17, 17, 3)).astype("float32")
    kernel, bias = model.get_layer("rgb_conv1").get_weights()
    assert kernel.shape == (4, 11, 11, 3, 96)
    # Valid in space and time: every second frame begins one of 3 steps.
    expected = [
        sum(
            np.array(keras.ops.conv(x[:, 2 * step + i], kernel[i], 3, "valid"))
            for i in range(4)
        )
        for step in range(3)
    ]
    expected = np.stack(expected, axis=1) + bias
    np.testing.assert_allclose(model(x), expected, rtol=1e-3, atol=1e-4)


def test_kernels_of_depth_one_see_single_frames(monkeypatch, rng):
    flat = tuple(c3d.c3d(((1, 4),) * 5, 8, depths=[1] * 5))
    monkeypatch.setitem(tables.TABLES, "flat", rows.Table(flat, "unit"))
    x = rng.normal(size=(1, 6, 16, 16, 3)).astype("float32")
    order = np.array([3, 0, 5, 1, 4, 2])
    for name, independent in {"flat": True, "c3d_tiny": False}.items():
        model = randomise(network(name, x.shape[1:], "relu2"))
        ours, shuffled = model(x), model(x[:, order])
        equal = np.allclose(np.array(ours)[:, order], shuffled, atol=1e-4)
        assert equal == independent


@pytest.mark.parametrize(
    ("name", "shape"),
    [("c3d_tiny", (6, 32, 32, 3)), ("karpathy_slow", (10, 23, 23, 3))],
)
def test_the_order_of_frames_matters(name, shape, rng):
    model = randomise(network(name, shape, "flatten"))
    x = rng.normal(size=(2, *shape)).astype("float32")
    ours, backwards = np.array(model(x)), np.array(model(x[:, ::-1]))
    assert np.abs(ours - backwards).max() > 1e-2 * np.abs(ours).max()


def motion(rng, count):
    """Returns clips of squares that go right (1) or left (0)."""
    labels = np.arange(count) % 2
    clips = np.zeros((count, 4, 32, 32, 3), "float32")
    for clip, label in zip(clips, labels, strict=True):
        row, start = rng.integers(0, 24), rng.integers(0, 8)
        steps = range(4) if label else reversed(range(4))
        for frame, step in zip(clip, steps, strict=True):
            left = start + 5 * step
            frame[row : row + 8, left : left + 8] = 255
    return {"rgb": clips}, labels


def test_c3d_learns_what_no_single_frame_tells(rng):
    model = tiny("c3d", **C3D_TINY, num_classes=2)
    before = [np.array(w) for w in model.trainable_variables]
    clips, labels = motion(rng, 64)
    model.compile(
        keras.optimizers.Adam(3e-3),
        "sparse_categorical_crossentropy",
        jit_compile=False,
    )
    model.fit(clips, labels, batch_size=16, epochs=4, verbose=0)
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.abs(old - np.array(new)).max() > 0, new.path
    unseen, truth = motion(rng, 32)
    assert np.mean(scores_of(model, unseen).argmax(axis=1) == truth) > 0.9


def ceil_pool(x, window, step):
    """Pools window by window in NumPy, keeping partly filled ones."""
    cells = x.shape[1:4]
    starts = [
        [i for i in range(0, n, s) if i == 0 or i - s + w < n]
        for n, w, s in zip(cells, window, step, strict=True)
    ]
    result = np.zeros((len(x), *map(len, starts), x.shape[-1]), x.dtype)
    for place in np.ndindex(*map(len, starts)):
        corner = [s[i] for s, i in zip(starts, place, strict=True)]
        part = tuple(
            slice(c, c + w) for c, w in zip(corner, window, strict=True)
        )
        result[:, *place] = x[:, *part].max(axis=(1, 2, 3))
    return result


@pytest.mark.parametrize("cells", [(2, 7, 7), (1, 6, 5), (5, 3, 8)])
@pytest.mark.parametrize(
    ("window", "step"),
    [((2, 2, 2),) * 2, ((1, 2, 2),) * 2, ((1, 3, 3), (1, 2, 2))],
)
def test_ceil_max_pooling_of_clips(window, step, cells, rng):
    x = rng.normal(size=(2, *cells, 3)).astype("float32") - 5
    layer = CeilMaxPooling3D(window, step)
    expected = ceil_pool(x, window, step)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(x.shape) == expected.shape
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    np.testing.assert_array_equal(again(x), expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_ceil_max_pooling_of_clips_in_half_precision(dtype, rng):
    x = keras.ops.cast(rng.normal(size=(1, 5, 7, 6, 2)), dtype)
    ours = CeilMaxPooling3D(dtype=dtype)(x)
    exact = CeilMaxPooling3D()(keras.ops.cast(x, "float32"))
    assert keras.backend.standardize_dtype(ours.dtype) == dtype
    np.testing.assert_array_equal(keras.ops.cast(ours, "float32"), exact)


def test_c3d_s_last_pooling_is_that_of_a_map_with_zeros_behind_it(rng):
    x = np.maximum(rng.normal(size=(1, 2, 7, 7, 3)), 0).astype("float32")
    padded = keras.layers.ZeroPadding3D(((0, 0), (0, 1), (0, 1)))(x)
    expected = keras.layers.MaxPooling3D(2)(padded)
    np.testing.assert_array_equal(CeilMaxPooling3D()(x), expected)
    with pytest.raises(ValueError, match="Received: 1x1x1 cells"):
        CeilMaxPooling3D(3)(x[:, :1, :1, :1])
