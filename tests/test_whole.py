"""Finished networks, flattened and cut."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_twostream.backbones.inline import inline
from keras_twostream.backbones.whole import WholeNetwork


def chain(*stack, shape=(16, 16, 3), **options):
    """Returns a network of layers in a row."""
    x = inputs = keras.Input(shape)
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x, **options)


def block(x, name):
    """Returns a residual block."""
    y = keras.layers.Conv2D(4, 3, padding="same", name=f"{name}_conv")(x)
    y = keras.layers.ReLU(name=f"{name}_relu")(y)
    return keras.layers.Add(name=f"{name}_add")([x, y])


def residual():
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, 2, "same", name="stem")(inputs)
    x = block(block(x, "one"), "two")
    x = keras.layers.Flatten(name="flatten")(ops.tanh(x))
    return keras.Model(inputs, keras.layers.Dense(3, name="top")(x), name="res")


def test_the_papers_words():
    words = WholeNetwork(keras.applications.MobileNet(
        alpha=0.25, weights=None, input_shape=(64, 64, 3)
    )).aliases  # fmt: skip
    assert words["relu2"] == "conv_pw_1_relu"
    assert words["relu5"] == "conv_pw_11_relu"
    assert words["pool5"] == "conv_pw_13_relu"
    assert words["fc6"] == words["relu7"]
    assert words["fc6"].startswith("global_average_pooling2d")
    assert words["fc8"] == "reshape_2"
    assert words["softmax"] == "predictions"


def test_words_of_a_classifier_with_hidden_layers():
    dense = keras.layers.Dense
    network = chain(
        keras.layers.Conv2D(4, 3, 4, padding="same", name="map"),
        keras.layers.Flatten(),
        dense(8, name="a"),
        keras.layers.ReLU(name="a_relu"),
        dense(8, activation="relu", name="b"),
        dense(3, activation="softmax", name="c"),
    )
    net = WholeNetwork(network)
    assert net.aliases == {
        "relu3": "map",
        "pool5": "map",
        "fc6": "a_relu",
        "relu6": "a_relu",
        "fc7": "b",
        "relu7": "b",
        "fc8": "c",
        "softmax": "c",
    }
    assert net.stages["map"][1:] == (4, 4)


def test_a_place_within_a_block_is_none():
    net = WholeNetwork(residual())
    assert {"stem", "one_add", "two_add", "flatten"} < {*net.stages}
    with pytest.raises(ValueError, match=r"nearest.*one_add and two_add"):
        net.resolve("two_conv")
    with pytest.raises(ValueError, match=r"Did you mean .*one_add"):
        net.resolve("one_ad")


def test_every_place_can_be_cut():
    network = residual()
    net = WholeNetwork(network)
    for place in net.stages:
        x = keras.Input((16, 16, 3))
        y = net.run(x, "rgb", None, place, None)
        y = net.run(y, "rgb", place, "top", None)
        again = keras.Model(x, y)
        for name, weights in net.initial_weights().items():
            again.get_layer(f"rgb_{name}").set_weights(weights)
        data = np.random.default_rng(0).normal(size=(2, 16, 16, 3))
        found, expected = map(
            ops.convert_to_numpy, (again(data), network(data))
        )
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_names_in_networks_within_networks():
    inner = chain(
        keras.layers.Conv2D(4, 3, name="conv"),
        keras.layers.ReLU(name="act"),
        name="inner",
    )
    middle = chain(inner, keras.layers.Conv2D(4, 3, name="conv"), name="middle")
    network = chain(middle, keras.layers.Conv2D(4, 3, name="conv"))
    pattern, originals = inline(network)
    assert [op.name for op in pattern.operations[1:]] == [
        "inner_conv",
        "act",
        "middle_conv",
        "conv",
    ]
    assert originals["inner_conv"] is inner.get_layer("conv")
    assert originals["conv"] is network.get_layer("conv")
    assert len(network.layers) == 3


class Subclassed(keras.Model):
    def call(self, x):
        return x


class Bare(keras.layers.Layer):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def call(self, x):
        return x * self.scale


def twice():
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    return chain(conv, conv)


def two_inputs():
    inputs = [keras.Input((4, 4, 3)) for _ in range(2)]
    return keras.Model(inputs, keras.layers.Add()(inputs), name="pair")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Subclassed, r"Only a functional"),
        (lambda: chain(Subclassed()), r"Only a functional"),
        (lambda: keras.Sequential([keras.layers.ReLU()]), r"with an input"),
        (lambda: "mobilenet", r"Received: mobilenet"),
        (two_inputs, r"one input and one output.*pair with 2 and 1"),
        (twice, r"it uses conv more than once"),
        (lambda: chain(Bare(2.0)), r"Layer bare.* cannot be copied"),
        (
            lambda: chain(keras.layers.Lambda(lambda x: ops.abs(x), name="l")),
            r"Layer l cannot be copied.*Python lambda",
        ),
    ],
)
def test_what_cannot_be_cut(make, message):
    with pytest.raises(ValueError, match=message):
        WholeNetwork(make())
