"""Units in, scores out, and resolutions made equal."""

import importlib

import keras
import numpy as np
import pytest

from keras_twostream import FlowSpec, layers
from keras_twostream.layers.preprocessing import CONVENTIONS

# Convention -> a module of keras.applications that has it.
MODULES = {
    "unit": "mobilenet",
    "caffe": "resnet",
    "torch": "densenet",
    "image": "efficientnet",
}


def test_every_convention_is_tried():
    assert {*CONVENTIONS} == {*MODULES, "mean"}


@pytest.mark.parametrize("convention", MODULES)
def test_rgb_becomes_what_keras_applications_makes_of_it(convention, rng):
    images = rng.integers(0, 256, (2, 5, 6, 3)).astype("float32")
    module = importlib.import_module(
        f"keras.applications.{MODULES[convention]}"
    )
    expected = module.preprocess_input(images.copy())
    ours = layers.RGBPreprocessing(convention)(images)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_the_mean_convention_is_caffes_in_rgb_order(rng):
    images = rng.uniform(0, 255, (2, 5, 6, 3)).astype("float32")
    ours = layers.RGBPreprocessing("mean")(images)
    caffe = layers.RGBPreprocessing("caffe")(images)
    np.testing.assert_allclose(ours, np.asarray(caffe)[..., ::-1], atol=1e-4)


# Convention -> what still, the bound and twice the bound become.
FLOW_ANSWERS = {
    "unit": (0, 1, 1),
    "mean": (0, 127.5, 127.5),
    "caffe": (0, 127.5, 127.5),
    "torch": (0, 2.2124, 2.2124),
    "image": (127.5, 255, 255),
}


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("bound", [20.0, 5.0])
def test_flow_is_centred_scaled_and_cut_off(convention, bound):
    layer = layers.FlowPreprocessing(convention, flow=FlowSpec(bound=bound))
    vectors = np.array([0, bound, 2 * bound, -bound / 2], "float32")
    zero, *ends, half = layer(vectors.reshape(1, 1, 1, 4)).numpy().ravel()
    still, *expected = FLOW_ANSWERS[convention]
    np.testing.assert_allclose([zero, *ends], [still, *expected], atol=1e-3)
    assert half == pytest.approx((3 * still - expected[0]) / 2, abs=1e-3)


def test_flow_remembers_how_it_was_made():
    spec = FlowSpec(algorithm="farneback", bound=12)
    layer = layers.FlowPreprocessing(flow=spec)
    again = layers.FlowPreprocessing.from_config(layer.get_config())
    assert again.flow == spec
    assert layers.FlowPreprocessing().flow == FlowSpec()


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "bfloat16"])
def test_scores_are_float32_under_any_policy(dtype, policy):
    policy(dtype)
    scores = layers.ClassScores()(np.array([[0.0, 20.0]], "float16"))
    assert keras.backend.standardize_dtype(scores.dtype) == "float32"
    np.testing.assert_allclose(scores, [[2.0611537e-9, 1]], rtol=1e-4)


def test_scores_can_stay_logits_and_name_their_classes():
    logits = np.array([[3.0, -1.0]], "float32")
    layer = layers.ClassScores(None, class_names=["jump", 7])
    np.testing.assert_array_equal(layer(logits), logits)
    assert layer.get_config()["class_names"] == ["jump", "7"]
    with pytest.raises(ValueError, match="must name 2 classes.* 1 names"):
        layers.ClassScores(class_names=["jump"])(logits)


@pytest.mark.parametrize("time", [(), (4,)])
def test_smaller_maps_are_padded_at_the_bottom_and_the_right(time, rng):
    a = rng.normal(size=(2, *time, 13, 13, 3)).astype("float32")
    b = rng.normal(size=(2, *time, 14, 12, 5)).astype("float32")
    padded_a, padded_b = map(np.asarray, layers.AlignResolution()([a, b]))
    assert padded_a.shape == (2, *time, 14, 13, 3)
    assert padded_b.shape == (2, *time, 14, 13, 5)
    np.testing.assert_array_equal(padded_a[..., :13, :, :], a)
    np.testing.assert_array_equal(padded_b[..., :12, :], b)
    assert not padded_a[..., 13, :, :].any()
    assert not padded_b[..., 12, :].any()


@pytest.mark.parametrize("time", [(), (3,)])
def test_maps_are_resized_to_the_first_ones_resolution(time, rng):
    a = rng.normal(size=(2, *time, 6, 8, 3)).astype("float32")
    ramp = np.arange(4, dtype="float32")[:, None]
    b = np.broadcast_to(ramp, (2, *time, 3, 4, 1))
    same, resized = map(np.asarray, layers.AlignResolution("resize")([a, b]))
    np.testing.assert_array_equal(same, a)
    row = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    expected = np.broadcast_to(np.array(row)[:, None], (2, *time, 6, 8, 1))
    np.testing.assert_allclose(resized, expected, atol=1e-6)
