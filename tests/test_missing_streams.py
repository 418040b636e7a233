"""Streams that are missing: at random in training, and in use."""

import keras
import numpy as np
import pytest
from backend_battery import train
from keras import ops
from networks import inputs_for, scores_of, tiny

from keras_twostream import layers
from keras_twostream.layers.missing import (
    FillStreams,
    MaskStreams,
    StreamMask,
)
from keras_twostream.models.subset import keep_streams


def array(x):
    return ops.convert_to_numpy(x)


def test_a_mask_never_lacks_all_streams_and_lacks_one_at_its_rate():
    layer, x = StreamMask(0.3, 3), np.zeros((6000, 2), "float32")
    mask = array(layer(x, training=True))
    assert mask.shape == (6000, 3)
    assert {*mask.sum(axis=1)} == {2.0, 3.0}
    np.testing.assert_allclose((1 - mask).mean(axis=0), 0.1, atol=0.02)
    assert (array(layer(x, training=True)) != mask).any()


def test_a_mask_is_drawn_in_training_alone_and_again_from_its_seed():
    x = np.zeros((50, 2, 2), "float32")
    masks = [array(StreamMask(1, seed=3)(x, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*masks)
    assert {*masks[0].sum(axis=1)} == {1.0}
    assert (array(StreamMask(1)(x)) == 1).all()


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_precision_is_the_fusion_s_matter(precision, policy):
    policy(precision)
    x = np.ones((2, 3), "float32")
    mask = StreamMask(0.5)(x, training=True)
    halves = [ops.cast(x, precision[6:])] * 2
    for given in (halves, [x, x]):
        found = MaskStreams("mean")([*given, mask])
        filled = FillStreams("max", [None, (3,), None])(given)
        kinds = {keras.backend.standardize_dtype(y.dtype) for y in found}
        kinds |= {keras.backend.standardize_dtype(y.dtype) for y in filled}
        assert kinds == {keras.backend.standardize_dtype(given[0].dtype)}
    assert keras.backend.standardize_dtype(mask.dtype) == "float32"


FILLS = {
    "zeros": lambda a, b: np.zeros_like(a),
    "ones": lambda a, b: np.ones_like(a),
    "max": np.maximum,
    "mean": lambda a, b: (a + b) / 2,
}


@pytest.mark.parametrize("neutral", FILLS)
@pytest.mark.parametrize(("frames", "shape"), [(1, (3, 2, 4, 5)), (3, (9, 5))])
def test_masked_maps_change_where_they_are_missing(neutral, frames, shape, rng):
    a, b, c = rng.normal(size=(3, *shape)).astype("float32")
    mask = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1]], "float32")
    layer = MaskStreams(neutral, frames=frames)
    found = [array(x) for x in layer([a, b, c, mask])]
    one, two = slice(frames, 2 * frames), slice(2 * frames, None)
    fill = FILLS[neutral]
    a[one], b[two] = fill(b, c)[one], fill(a, c)[two]
    for x, expected in zip(found, [a, b, c], strict=True):
        np.testing.assert_allclose(x, expected, rtol=1e-6)


def test_a_map_that_was_fused_before_is_never_missing(rng):
    a, b = rng.normal(size=(2, 4, 3)).astype("float32")
    mask = np.array([[1, 0], [0, 1]] * 2, "float32")
    x, y = map(array, MaskStreams("zeros", fused=True)([a, b, mask]))
    np.testing.assert_array_equal(x, a)
    np.testing.assert_array_equal(y, b * mask[:, 1:])


@pytest.mark.parametrize("neutral", FILLS)
def test_maps_are_filled_up(neutral, rng):
    a, c = rng.normal(size=(2, 2, 4, 3)).astype("float32")
    layer = FillStreams(neutral, [None, (None, 3), None])
    found = [array(x) for x in layer([a, c])]
    for x, y in zip(found, [a, FILLS[neutral](a, c), c], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-6)


def test_arguments_are_checked():
    for arguments in ((1.5,), (0.5, 1)):
        with pytest.raises(ValueError, match="Received"):
            StreamMask(*arguments)
    with pytest.raises(ValueError, match="neutral must be one of"):
        MaskStreams("nothing")
    with pytest.raises(ValueError, match="has room for 1 maps"):
        FillStreams("zeros", [None, (3,)])([np.ones((1, 3))] * 2)


def one_layer(rate):
    """Returns a network on vectors that takes the maximum of two streams."""
    inputs = {k: keras.Input((6,), name=k) for k in ("rgb", "flow")}
    maps = [keras.layers.Dense(16, "relu")(x) for x in inputs.values()]
    mask = StreamMask(rate)(inputs["rgb"])
    x = layers.MaxFusion()(MaskStreams("max")([*maps, mask]))
    return keras.Model(inputs, keras.layers.Dense(2, "softmax")(x))


def judged(model, inputs, labels):
    """Returns accuracies and losses of both streams together and of each."""
    accuracies, losses = [], []
    for network in (model, *(keep_streams(model, name) for name in inputs)):
        scores = array(network({k: inputs[k] for k in network.input}))
        accuracies.append(np.mean(scores.argmax(axis=1) == labels))
        losses.append(-np.log(scores[np.arange(len(labels)), labels]).mean())
    return np.array(accuracies), np.array(losses)


def test_stream_dropout_makes_a_network_answer_from_either_stream(rng):
    labels = rng.integers(0, 2, 256)
    sign = np.where(np.arange(6) == 0, 2.0 * labels[:, None] - 1, 0)
    # Both streams tell the class; the quieter one need not be listened to.
    inputs = {
        name: (gain * (rng.normal(size=(256, 6)) + clarity * sign)).astype("f")
        for name, gain, clarity in (("rgb", 1, 6), ("flow", 0.1, 4))
    }
    found = []
    for rate in (0.0, 0.5):
        model = one_layer(rate)
        adam = keras.optimizers.Adam(0.02)
        model.compile(adam, "sparse_categorical_crossentropy")
        model.fit(inputs, labels, epochs=8, batch_size=32, verbose=0)
        found.append(judged(model, inputs, labels))
    (without, poor), (dropout, good) = found
    assert without[:2].min() > 0.95
    assert dropout.min() > 0.95
    assert poor[2] > 2 * good[2]


@pytest.mark.parametrize("options", [{}, {"frames": 2}], ids=str)
def test_gradients_flow_with_stream_dropout(options):
    train(tiny("conv_relu5_fc8", stream_dropout=0.5, **options), jit=False)


def test_a_network_with_stream_dropout_answers_as_one_without():
    model = tiny("conv_relu5_fc8", stream_dropout=0.5)
    plain = tiny("conv_relu5_fc8")
    plain.set_weights(model.get_weights())
    for streams in (["rgb", "flow"], "rgb", "flow"):
        one, other = (keep_streams(x, streams) for x in (model, plain))
        np.testing.assert_array_equal(scores_of(one), scores_of(other))


def test_in_training_a_stream_is_missing_everywhere_or_nowhere():
    model = tiny("conv_relu5_fc8", stream_dropout=1.0)
    x = {
        name: np.repeat(x[:1], 16, axis=0)
        for name, x in inputs_for(model).items()
    }
    found = {tuple(row.round(5)) for row in array(model(x, training=True))}
    alone = [keep_streams(model, name) for name in model.input]
    expected = [scores_of(network, x)[0] for network in alone]
    np.testing.assert_allclose(
        sorted(found), sorted(map(tuple, expected)), atol=1e-4
    )
