"""First kernels for RGB, spread over flow and over stacked frames."""

import keras
import numpy as np
import pytest
from networks import MOBILENET, inputs_for, maps_of, randomise, scores_of, tiny

from keras_twostream import backbones, transfer
from keras_twostream.weights import INFLATIONS, assign
from keras_twostream.weights.inflation import inflate
from keras_twostream.weights.load import load_weights


@pytest.fixture
def kernel(rng):
    return rng.normal(size=(3, 3, 3, 4)).astype("float32")


def test_mean_repeats_the_mean(kernel):
    spread = INFLATIONS["mean"](kernel, 20)
    assert spread.shape == (3, 3, 20, 4)
    for channel in range(20):
        np.testing.assert_allclose(
            spread[:, :, channel], kernel.mean(axis=2), rtol=1e-6
        )


def test_cyclic_is_a_symmetric_padding(kernel):
    spread = INFLATIONS["cyclic"](kernel, 20)
    padding = ((0, 0), (0, 0), (0, 17), (0, 0))
    expected = np.pad(kernel, padding, mode="symmetric")
    np.testing.assert_array_equal(spread, expected)
    np.testing.assert_array_equal(
        spread[:, :, :7], kernel[:, :, [0, 1, 2, 2, 1, 0, 0]]
    )


def test_motion_sees_the_picture_of_the_mean_motion(kernel, rng):
    flow = rng.normal(size=(2, 3, 3, 6)).astype("float32")
    u, v = flow[..., 0::2].mean(axis=-1), flow[..., 1::2].mean(axis=-1)
    image = np.stack([u, v, -(u + v) / 2], axis=-1)
    spread = INFLATIONS["motion"](kernel, 6)
    np.testing.assert_allclose(
        np.einsum("bhwc,hwcf->bf", flow, spread),
        np.einsum("bhwc,hwcf->bf", image, kernel),
        rtol=1e-4,
        atol=1e-4,
    )


@pytest.mark.parametrize("name", INFLATIONS)
def test_kernels_of_clips_are_spread_too(name, rng):
    kernel = rng.normal(size=(3, 5, 5, 3, 4))
    spread = INFLATIONS[name](kernel, 10)
    assert spread.shape == (3, 5, 5, 10, 4)
    np.testing.assert_array_equal(spread[1], INFLATIONS[name](kernel[1], 10))


@pytest.mark.parametrize("name", INFLATIONS)
def test_constants_become_their_mean_for_flow(name):
    constants = np.array([1.0, 2.0, 6.0])
    np.testing.assert_array_equal(
        inflate(constants, (4,), "flow", name), [3.0] * 4
    )


def test_stacked_frames_share_the_kernel(kernel):
    stacked = inflate(kernel, (3, 3, 12, 4), "rgb")
    for frame in range(4):
        np.testing.assert_allclose(
            stacked[:, :, 3 * frame : 3 * frame + 3], kernel / 4, rtol=1e-6
        )
    constants = inflate(np.array([1.0, 2.0, 6.0]), (6,), "rgb")
    np.testing.assert_array_equal(constants, [1, 2, 6, 1, 2, 6])


@pytest.mark.parametrize(
    ("shape", "stream"),
    [
        ((3, 3, 4, 4), "rgb"),
        ((5, 5, 20, 4), "flow"),
        ((3, 3, 20, 8), "flow"),
        ((3, 3, 20), "flow"),
        ((), "flow"),
    ],
)
def test_other_shapes_are_not_inflated(kernel, shape, stream):
    assert inflate(kernel, shape, stream) is None


def test_colours_alone_are_inflated(kernel):
    assert inflate(kernel[:, :, :2], (3, 3, 20, 4), "flow") is None


def test_a_moving_picture_is_answered_as_its_rgb_image(rng):
    # Through the preprocessing of both streams, up to a map of the network.
    rgb = randomise(tiny("spatial", backbone=MOBILENET))
    flow = tiny("temporal", backbone=MOBILENET)
    arrays = {
        layer.name.replace("rgb_", "flow_", 1): layer.get_weights()
        for layer in rgb.layers
        if layer.weights
    }
    report = assign(flow, arrays, inflation="motion")
    assert report.inflated == ("flow_conv1",)
    field = rng.uniform(-9, 9, (2, 32, 32, 2)).astype("float32")
    u, v = field[..., 0], field[..., 1]
    bound = flow.get_layer("flow_preprocessing").flow.bound
    image = np.stack([u, v, -(u + v) / 2], axis=-1) / bound * 127.5 + 127.5
    stage = "conv_pw_5_relu"
    np.testing.assert_allclose(
        maps_of(flow, [f"flow_{stage}"], {"flow": np.tile(field, 2)})[0],
        maps_of(rgb, [f"rgb_{stage}"], {"rgb": image})[0],
        rtol=1e-3,
        atol=1e-4,
    )


def test_the_choice_reaches_the_kernel():
    name = "cyclic"
    network = keras.applications.MobileNet(
        alpha=0.25, weights=None, include_top=False, input_shape=(32, 32, 3)
    )
    expected = INFLATIONS[name](network.get_layer("conv1").get_weights()[0], 4)
    model = tiny("sum_softmax", backbone=MOBILENET)
    backbone = backbones.get(network, (32, 32))
    towers = {"rgb": backbone, "flow": backbone}
    report = load_weights(model, None, towers, (32, 32), inflation=name)
    assert report.inflated == ("flow_conv1",)
    np.testing.assert_allclose(
        model.get_layer("flow_conv1").kernel, expected, rtol=1e-6
    )


def test_unknown_inflations_are_refused():
    model = tiny("temporal")
    for call in (
        lambda: assign(model, {}, inflation="sum"),
        lambda: transfer(model, model, "sum"),
        lambda: load_weights(model, None, {}, (32, 32), "sum"),
    ):
        with pytest.raises(ValueError, match="cyclic.*mean.*motion.*'sum'"):
            call()


def scaled_net():
    """Returns a network with all that may hold one constant per colour."""
    x = inputs = keras.Input((32, 32, 3))
    x = keras.layers.Rescaling(1 / 255, offset=[0.1, 0.2, 0.3])(x)
    x = keras.layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[1, 2, 3])(x)
    x = keras.layers.Normalization(axis=-1)(x)
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(x)
    return randomise(keras.Model(inputs, x, name="scaled"))


@pytest.mark.parametrize("backbone", ["vgg_tiny", scaled_net])
def test_repeated_frames_are_answered_as_one(backbone):
    backbone = backbone() if callable(backbone) else backbone
    single = randomise(tiny("spatial", backbone=backbone))
    stack = tiny(
        "spatial", backbone=backbone, frames=3, time={"input": "concat"}
    )
    report = transfer(single, stack)
    assert report.missing == report.reinitialised == ()
    assert report.inflated
    inputs = inputs_for(single)
    frames = {"rgb": np.repeat(inputs["rgb"][:, None], 3, axis=1)}
    np.testing.assert_allclose(
        scores_of(stack, frames), scores_of(single, inputs), atol=1e-5
    )


def test_flow_has_no_colours_to_scale():
    model = tiny("temporal", backbone=scaled_net())
    rescaling = model.get_layer("flow_rescaling")
    assert rescaling.offset == pytest.approx(0.2)
    assert "flow_normalization_1" in model.load_report.inflated
    assert np.all(np.isfinite(scores_of(model)))
