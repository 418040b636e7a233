"""What happens to the time axis: pooling, convolution, LSTM, bilinear."""

import itertools

import keras
import numpy as np
import pytest
import references
from keras import ops

from keras_twostream import layers

CLIP, STEPS = (2, 6, 5, 7, 3), (2, 6, 3)


def draw(rng, shape):
    return rng.normal(size=shape).astype("float32")


def shuffled(x):
    return x[:, [3, 0, 5, 1, 4, 2]]


def test_gains_rise_linearly_to_one():
    np.testing.assert_allclose(layers.step_gains(4), [0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(layers.step_gains(1), [1])
    gains = layers.step_gains(30)
    assert gains.dtype == "float32"
    assert gains.min() > 0
    np.testing.assert_allclose(np.diff(gains), 1 / 30, rtol=1e-4)
    with pytest.raises(ValueError, match="1 or more. Received: 0"):
        layers.step_gains(0)


@pytest.mark.parametrize("shape", [STEPS, CLIP])
def test_ramp_is_an_average_in_which_later_steps_weigh_more(shape, rng):
    x = draw(rng, shape)
    expected = np.average(x, axis=1, weights=[1, 2, 3, 4, 5, 6])
    ramp = layers.get_time("ramp")
    np.testing.assert_allclose(ramp(x), expected, atol=1e-6)
    still = np.repeat(x[:, :1], 6, axis=1)
    np.testing.assert_allclose(ramp(still), x[:, 0], atol=1e-6)
    assert np.abs(ramp(x) - ramp(x[:, ::-1])).max() > 0.1


def test_ramp_rises_in_every_segment(rng):
    x = draw(rng, STEPS)
    weights = np.array([1, 2, 3])[:, None] / 6
    halves = [(part * weights).sum(axis=1) for part in (x[:, :3], x[:, 3:])]
    ours = layers.TemporalPool("ramp", segments=2)(x)
    np.testing.assert_allclose(ours, np.concatenate(halves, -1), atol=1e-6)


@pytest.mark.parametrize("mode", ["average", "max", "ramp"])
@pytest.mark.parametrize("shape", [STEPS, CLIP])
def test_frames_are_concatenated_first_to_last(mode, shape, rng):
    x = draw(rng, shape)
    expected = np.concatenate([x[:, t] for t in range(6)], axis=-1)
    for segments in (None, 6):
        layer = layers.TemporalPool(mode, segments=segments)
        np.testing.assert_array_equal(layer(x), expected)


@pytest.mark.parametrize("word", ["average", "max", "bilinear"])
def test_the_order_of_time_is_forgotten(word, rng):
    x = draw(rng, CLIP)
    layer = layers.get_time(word)
    np.testing.assert_allclose(layer(x), layer(shuffled(x)), atol=1e-6)


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("concat", CLIP),
        ("ramp", CLIP),
        ({"segments": 2}, CLIP),
        ({"kind": "conv", "filters": 4, "kernel_size": 3, "strides": 1}, CLIP),
        ({"kind": "lstm", "units": 4}, STEPS),
    ],
)
def test_the_order_of_time_counts(word, shape, rng):
    x = draw(rng, shape)
    layer = layers.get_time(word)
    change = np.abs(layer(x) - layer(shuffled(x))).max()
    assert change > 1e-3


@pytest.mark.parametrize("word", ["average", "max", "ramp", "concat", "pool3d"])
def test_a_single_frame_stays_as_it_is(word, rng):
    x = draw(rng, (2, 1, 2, 2, 3))
    windows = {"kind": "pool3d", "pool_size": (None, 1, 1)}
    layer = layers.get_time(windows if word == "pool3d" else word)
    y = np.reshape(layer(x), (2, 2, 2, 3))
    np.testing.assert_allclose(y, x[:, 0], atol=1e-6)


def test_windows_of_whole_frames_overlap(rng):
    x = draw(rng, CLIP)
    layer = layers.Temporal3DPool((4, 1, 1), (2, 1, 1))
    expected = np.stack([x[:, :4].max(axis=1), x[:, 2:].max(axis=1)], axis=1)
    np.testing.assert_array_equal(layer(x), expected)


def convolved(x, kernel, bias, stride):
    """Sums every product of a window, place by place."""
    sizes = kernel.shape[:3]
    edges = [((size - 1) // 2, size // 2) for size in sizes[1:]]
    padded = np.pad(x, [(0, 0), (0, 0), *edges, (0, 0)])
    starts = range(0, x.shape[1] - sizes[0] + 1, stride)
    result = np.zeros((len(x), len(starts), *x.shape[2:4], len(bias))) + bias
    for at in itertools.product(*map(range, result.shape[1:4])):
        t, i, j = starts[at[0]], at[1], at[2]
        window = padded[:, t : t + sizes[0], i : i + sizes[1], j : j + sizes[2]]
        result[:, *at] += np.einsum("bthwc,thwcf->bf", window, kernel)
    return result


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("size", [3, (2, 3, 1), (6, 1, 4), (1, 2, 3)])
def test_convolution_over_time(size, stride, rng):
    x = draw(rng, CLIP)
    layer = layers.TemporalConv(4, size, stride)
    layer.build(x.shape)
    kernel = layer.get_weights()[0]
    bias = draw(rng, 4)
    layer.set_weights([kernel, bias])
    expected = np.maximum(convolved(x, kernel, bias, stride), 0)
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_convolution_has_the_figures_of_its_source():
    layer = layers.get_time("conv")
    layer.build((None, 30, 7, 7, 512))
    assert layer.kernel.shape == (10, 3, 3, 512, 256)
    shape = layer.compute_output_shape((None, 30, 7, 7, 512))
    assert shape == (None, 5, 7, 7, 256)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def recurrent(x, kernel, recurrent_kernel, bias):
    """Runs an LSTM step by step (gates: input, forget, cell, output)."""
    units = recurrent_kernel.shape[0]
    hidden = cell = np.zeros((len(x), units))
    steps = []
    for t in range(x.shape[1]):
        gates = x[:, t] @ kernel + hidden @ recurrent_kernel + bias
        i, f, c, o = np.split(gates, 4, axis=-1)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        steps.append(hidden)
    return np.stack(steps, axis=1)


@pytest.mark.parametrize("num_layers", [1, 3])
def test_lstms_are_stacked_and_answer_at_every_step(num_layers, rng):
    x = draw(rng, STEPS)
    layer = layers.TemporalLSTM(4, num_layers)
    y = layer(x)
    weights = layer.get_weights()
    assert len(weights) == 3 * num_layers
    expected = x
    for index in range(num_layers):
        expected = recurrent(expected, *weights[3 * index : 3 * index + 3])
    np.testing.assert_allclose(y, expected, atol=1e-5)
    # The past does not see the future.
    np.testing.assert_allclose(layer(x[:, :4]), y[:, :4], atol=1e-6)


def test_an_lstm_needs_a_layer():
    with pytest.raises(ValueError, match="1 or more. Received: 0"):
        layers.TemporalLSTM(num_layers=0)


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), CLIP])
def test_bilinear_pooling_is_the_fusion_of_a_map_with_itself(shape, rng):
    x = draw(rng, shape)
    layer = layers.BilinearPooling()
    expected = references.bilinear(x, x, layer.epsilon)
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)
    fused = layers.BilinearFusion()([x, x])
    np.testing.assert_array_equal(layer(x), fused)
    assert not layer.needs_time
    symmetric = np.reshape(layer(x), (2, 3, 3))
    np.testing.assert_allclose(symmetric, symmetric.swapaxes(1, 2), atol=1e-6)


def test_bilinear_pooling_does_not_overflow_in_half_precision(rng):
    x = (60 + draw(rng, (1, 4, 14, 14, 3))).astype("float16")
    pooled = layers.BilinearPooling(dtype="float16")(x)
    x = x.astype("float32")
    expected = references.bilinear(x, x, 1e-6)
    np.testing.assert_allclose(pooled, expected, atol=2e-3)


def network():
    """Returns a network with everything that may happen to time."""
    clip = keras.Input(CLIP[1:])
    conv = {"kind": "conv", "filters": 4, "kernel_size": 3, "strides": 2}
    frames = layers.TemporalConv(4, (1, 3, 3), 1, None)(clip)
    steps = keras.layers.Reshape((6, -1))(frames)
    steps = layers.TemporalLSTM(4, num_layers=2, name="lstm")(steps)
    words = ["average", "max", "ramp", "concat", {"segments": 2}, conv]
    words += ["bilinear", {"kind": "pool3d", "pool_size": (2, 2, 2)}]
    ends = [layers.get_time(word)(frames) for word in words]
    return keras.Model(clip, [*ends, layers.get_time("ramp")(steps)])


def test_gradients_reach_every_weight(rng):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes gradients by TensorFlow's tape")
    model = network()
    with tf.GradientTape() as tape:
        total = sum(ops.sum(y**2) for y in model(draw(rng, CLIP)))
    variables = [v.value for v in model.trainable_variables]
    assert len(variables) == 10
    for gradient in tape.gradient(total, variables):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


def test_a_saved_network_comes_back(rng, tmp_path):
    model, x = network(), draw(rng, CLIP)
    model.save(tmp_path / "time.keras")
    again = keras.saving.load_model(tmp_path / "time.keras")
    for one, other in zip(model(x), again(x), strict=True):
        np.testing.assert_array_equal(one, other)


RELOAD = """
import sys
import keras
import numpy as np
import keras_twostream
saved = dict(np.load(sys.argv[2]))
model = keras.models.load_model(sys.argv[1])
for i, y in enumerate(model(saved.pop("x"))):
    y = keras.ops.convert_to_numpy(y)
    np.testing.assert_allclose(y, saved.pop(f"arr_{i}"), atol=1e-4)
assert not saved
print(keras.backend.backend())
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_read_a_saved_network(
    backend, rng, tmp_path, run_python
):
    pytest.importorskip(backend)
    model, x = network(), draw(rng, CLIP)
    answers = [ops.convert_to_numpy(y) for y in model(x)]
    model.save(tmp_path / "time.keras")
    np.savez(tmp_path / "time.npz", *answers, x=x)
    files = (tmp_path / "time.keras", tmp_path / "time.npz")
    printed = run_python("-c", RELOAD, *files, KERAS_BACKEND=backend)
    assert printed.split()[-1] == backend
