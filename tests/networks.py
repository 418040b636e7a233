"""Small networks, and full-sized ones that take no memory."""

import keras
import numpy as np

import keras_twostream
from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.models.network import answer
from keras_twostream.models.table import get_spec

TINY = {
    "backbone": "vgg_tiny",
    "num_classes": 5,
    "input_shape": (32, 32),
    "flow_frames": 2,
    "dropout": 0.0,
}
MOBILENET = "mobilenet:alpha=0.25"
# Network -> frames that its windows of time need, if more than a few.
FRAMES = {"slow_pooling": 15, "local_pooling": 15, "time_domain_conv": 15}
# Backbone of clips -> the small one in its place, if that is not C3D's.
CLIPS = {"i3d": "i3d_tiny"}


def sketch(*args, **options):
    """Returns a network of `build` that has no values."""
    with shapes_only():
        return keras_twostream.build(*args, **options)


def tiny(*args, **options):
    """Returns a network of `build` that is small enough for any test."""
    return keras_twostream.build(*args, **(TINY | options))


def tiny_of(name, **options):
    """Returns a small network of any row of the table, clips included."""
    spec = get_spec(name)
    if spec.clips:
        own = {"backbone": CLIPS.get(spec.backbone, "c3d_tiny")}
    else:
        own = {}
    if spec.frames:
        own["frames"] = FRAMES.get(name, 4)
    return tiny(name, **(own | options))


def inputs_for(model, batch=2, seed=0):
    """Returns random frames and flow that a network takes."""
    rng = np.random.default_rng(seed)
    ranges = {"rgb": (0, 255), "flow": (-8, 8)}
    return {
        stream: rng.uniform(*ranges[stream], (batch, *x.shape[1:])).astype(
            "float32"
        )
        for stream, x in model.input.items()
    }


def scores_of(model, inputs=None):
    """Returns what a network answers, as an array."""
    inputs = inputs or inputs_for(model)
    outputs = model(inputs, training=False)
    return keras.ops.convert_to_numpy(answer(outputs))


def maps_of(model, names, inputs=None):
    """Returns the outputs of some layers of a network, as arrays."""
    outputs = [model.get_layer(name).output for name in names]
    part = keras.Model(model.input, outputs)
    results = part(inputs or inputs_for(model), training=False)
    return [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(results)]


def randomise(model, seed=0):
    """Makes biases and moving averages of a network random too."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        low = 0.5 if "variance" in weight.name else -0.05
        noise = rng.uniform(low, low + 0.1, weight.shape)
        weight.assign(keras.ops.convert_to_numpy(weight) + noise)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return model
