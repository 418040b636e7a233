"""Where networks look, and what they say about larger frames."""

import keras
import numpy as np
import pytest
from networks import inputs_for, tiny

from keras_twostream.evaluation.averaging import softmax
from keras_twostream.evaluation.cam import GradCam
from keras_twostream.layers import ClassScores
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.sliding import slide


def pooled(size=(6, 8), channels=4, classes=3):
    """Returns a network whose heat is known: map, mean, dense."""
    inputs = keras.Input((*size, 3), name="rgb")
    maps = keras.layers.Conv2D(channels, 1, name="rgb_maps")(inputs)
    mean = keras.layers.GlobalAveragePooling2D()(maps)
    scores = keras.layers.Dense(classes, activation="softmax")(mean)
    return TwoStreamModel({"rgb": inputs}, scores, name="pooled")


def test_heat_is_that_of_class_activation_maps(rng):
    """Where a map is averaged before one dense layer Grad-CAM is CAM.

    Selvaraju et al. (2017), section 3.1. Of the logarithm of a probability
    the weights are those of the class minus what is expected of all.
    """
    model = pooled()
    frames = rng.normal(size=(2, 6, 8, 3)).astype("float32")
    look = GradCam(model)
    assert look.layers == {"rgb": "rgb_maps"}
    found = look({"rgb": frames}, [0, 2])["rgb"]
    kernel, bias = model.layers[-1].get_weights()
    maps = keras.ops.convert_to_numpy(model.get_layer("rgb_maps")(frames))
    scores = softmax(maps.mean((1, 2)) @ kernel + bias)
    for row, label in enumerate((0, 2)):
        weights = kernel[:, label] - kernel @ scores[row]
        heat = np.maximum(maps[row] @ weights, 0)
        np.testing.assert_allclose(found[row], heat / heat.max(), atol=1e-5)


def test_the_most_probable_class_is_asked_about(rng):
    model = pooled()
    frames = {"rgb": rng.normal(size=(3, 6, 8, 3)).astype("float32")}
    best = model.predict(frames, verbose=0).argmax(-1)
    look = GradCam(model)
    np.testing.assert_allclose(look(frames)["rgb"], look(frames, best)["rgb"])


@pytest.mark.parametrize(
    ("name", "options", "rank"),
    [
        ("conv_relu5", {}, 3),
        ("max_relu5", {"frames": 3}, 4),
        ("sum_softmax", {}, 3),
        ("conv3d_relu5_pool3d_plus", {"frames": 3}, 4),
    ],
)
def test_both_streams_have_heat_in_space_and_time(name, options, rank):
    model = tiny(name, **options)
    found = GradCam(model)(inputs_for(model))
    assert {*found} == {"rgb", "flow"}
    for heat in found.values():
        assert heat.ndim == rank
        assert (heat >= 0).all()
        assert heat.max() <= 1


def flattened(size=(6, 5), classes=3):
    """Returns a network with a flattened map, without padding."""
    inputs = keras.Input((*size, 3), name="rgb")
    maps = keras.layers.Conv2D(4, 3, activation="tanh")(inputs)
    vector = keras.layers.Flatten()(maps)
    hidden = keras.layers.Dense(7, activation="relu")(vector)
    logits = keras.layers.Dense(classes, name="logits")(hidden)
    scores = ClassScores("softmax", name="scores")(logits)
    return TwoStreamModel({"rgb": inputs}, scores, name="flattened")


def test_a_sliding_network_averages_the_logits_of_all_crops(rng):
    model = flattened()
    frames = rng.normal(size=(2, 9, 7, 3)).astype("float32")
    wide = slide(model, (9, 7))
    logits = keras.Model(model.input, model.get_layer("logits").output)
    crops = [
        logits.predict({"rgb": frames[:, y : y + 6, x : x + 5]}, verbose=0)
        for y in range(4)
        for x in range(3)
    ]
    np.testing.assert_allclose(
        wide.predict({"rgb": frames}, verbose=0),
        softmax(np.mean(crops, axis=0)),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "name", ["conv_relu5", "conv3d_relu5_pool3d_plus", "sum_softmax"]
)
def test_over_frames_of_its_own_size_it_is_the_same(name):
    model = tiny(name)
    inputs = inputs_for(model)
    wide = slide(model, next(iter(model.input.values())).shape[-3:-1])
    ours, theirs = (x.predict(inputs, verbose=0) for x in (wide, model))
    for pair in zip(*map(keras.tree.flatten, (ours, theirs)), strict=True):
        np.testing.assert_allclose(*pair, atol=1e-5)


def test_smaller_frames_are_refused():
    with pytest.raises(ValueError, match="at least 6 x 5"):
        slide(flattened(), (5, 5))
