"""Maps that are computed again for gradients: same network, fewer maps."""

import dataclasses
import importlib.util

import keras
import numpy as np
import pytest

from keras_twostream import training
from keras_twostream.models.build import build
from keras_twostream.models.recomputing import rematerialized
from keras_twostream.training.networks import network_of, tower_stages

RECIPE = training.Recipe(
    model="conv3d_relu5_pool3d_plus",
    backbone="vgg_tiny",
    image_size=(32, 32),
    flow_frames=2,
    optimizer="sgd",
    dropout=0.0,
)
STAGES = ("pool1", "pool2")


def a_batch(model, rng):
    inputs = {
        name: rng.uniform(0, 1, (2, *x.shape[1:])).astype("float32")
        for name, x in model.input.items()
    }
    return inputs, np.arange(2)


def one_step(model, whole, inputs, labels):
    """Returns what `train_on_batch` changes in the weights of a network."""
    before = [np.array(w) for w in whole.get_weights()]
    model.compile(
        keras.optimizers.SGD(1.0),
        "sparse_categorical_crossentropy",
        jit_compile=False,
    )
    model.train_on_batch(inputs, labels)
    after = [np.array(w) for w in whole.get_weights()]
    for weight, value in zip(whole.weights, before, strict=True):
        weight.assign(value)
    return [b - a for b, a in zip(before, after, strict=True)]


def test_the_network_learns_the_same(rng):
    whole = network_of(RECIPE, ("a", "b"))
    other = rematerialized(whole, STAGES)
    inputs, labels = a_batch(whole, rng)
    ours, theirs = (x.predict_on_batch(inputs) for x in (whole, other))
    np.testing.assert_allclose(ours["scores"], theirs["scores"], atol=1e-6)
    assert {id(w) for w in other.weights} == {id(w) for w in whole.weights}
    steps = [one_step(x, whole, inputs, labels) for x in (whole, other)]
    assert any(np.abs(step).max() > 1e-4 for step in steps[0])
    for one, two in zip(*steps, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-6)


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="counts in its graphs"
)
def test_towers_are_computed_twice(rng):
    tf = pytest.importorskip("tensorflow")

    def convolutions(model):
        @tf.function
        def gradients(inputs):
            with tf.GradientTape() as tape:
                scores = model(inputs, training=True)["scores"]
            return tape.gradient(scores, model.trainable_variables)

        inputs = {k: tf.constant(x) for k, x in fed.items()}
        graph = gradients.get_concrete_function(inputs).graph.as_graph_def()
        nodes = [*graph.node]
        for function in graph.library.function:
            nodes += function.node_def
        return sum(node.op == "Conv2D" for node in nodes)

    whole = network_of(RECIPE, ("a", "b"))
    fed, _ = a_batch(whole, rng)
    # What follows the last stage is not computed again.
    recomputed = [
        layer
        for layer in whole.layers
        if layer.name.endswith(("_conv1", "_conv2"))
    ]
    once = convolutions(whole)
    twice = convolutions(rematerialized(whole, STAGES))
    assert twice - once == len(recomputed) == 4


@pytest.mark.parametrize(
    ("model", "backbone", "stages"),
    [
        ("conv_relu5", "vgg_tiny", ("conv1", *STAGES)),
        ("conv_relu2", "vgg_tiny", ("conv1", "pool1")),
        ("spatial", "vgg_tiny", ("conv1", *STAGES, "pool5")),
        ("conv_relu5", "vgg_m_2048", None),
        ("conv_relu4", "mobilenet:alpha=0.25", None),
        ("conv_relu5", "resnet50", None),
    ],
)
def test_stages_end_where_maps_get_smaller(model, backbone, stages):
    recipe = dataclasses.replace(
        RECIPE, model=model, backbone=backbone, image_size=(64, 64)
    )
    whole = network_of(recipe, ("a", "b"))
    found = tower_stages(recipe, whole)
    if stages:
        assert found == [*stages]
    sizes = [
        next(x for x in whole.layers if x.name.endswith(f"b_{stage}")).output
        for stage in found
    ]
    heights = [x.shape[1] for x in sizes]
    assert heights == sorted({*heights}, reverse=True)
    assert len(heights) > 1


def test_what_learns_averages_is_computed_once(rng):
    size = {"input_shape": (64, 64), "num_classes": 3}
    learns = build("spatial", backbone="resnet50", **size)
    stages = ("conv2_block3_out",)
    with pytest.raises(ValueError, match="batch_norm='frozen'"):
        rematerialized(learns, stages)
    frozen = build("spatial", backbone="resnet50", batch_norm="frozen", **size)
    other = rematerialized(frozen, stages)
    inputs, _ = a_batch(frozen, rng)
    np.testing.assert_allclose(
        other.predict_on_batch(inputs),
        frozen.predict_on_batch(inputs),
        atol=1e-5,
    )


def test_fewer_bits_stay_fewer(rng):
    recipe = dataclasses.replace(RECIPE, precision="mixed_bfloat16")
    whole = network_of(recipe, ("a", "b"))
    other = rematerialized(whole, STAGES)
    inputs, _ = a_batch(whole, rng)
    ours, theirs = (x.predict_on_batch(inputs) for x in (whole, other))
    np.testing.assert_array_equal(ours["scores"], theirs["scores"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_learn_the_same(backend, run_python):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    told = run_python(
        "-m", "pytest", "-p", "no:cacheprovider", __file__,
        "-k", "learns_the_same or fewer_bits", KERAS_BACKEND=backend,
    )  # fmt: skip
    assert "2 passed" in told
