"""Any functional Keras image network as a backbone, cut where it narrows."""

import keras
import numpy as np

from keras_twostream.backbones.base import (
    LOGITS,
    RGB_CHANNELS,
    SCORES,
    STRIDES,
    Backbone,
    Stage,
)
from keras_twostream.backbones.cuts import cuts, stable_names, stage

# Layers that may hold one constant per colour, which flow has not.
SCALERS = ("Normalization", "Rescaling")
# Most a batch normalisation keeps of its statistics per step. Keras's 0.99
# takes hundreds of steps to forget ImageNet, which small sets of clips do not
# have: the network would learn, and fail as soon as it is evaluated.
MOMENTUM = 0.9
POOL, DROPOUT = "avg_pool", "dropout"


class GraphBackbone(Backbone):
    """Stages of a functional network: every place where one map is all.

    A layer ends a stage if everything after it depends on its output alone
    (so that streams can be exchanged there) and it ends a unit of
    convolution, normalisation and activation. The network's layers are used
    as a pattern; the towers get copies of their own.

    Args:
        network: Functional `keras.Model` from one image to one map, that is
            without its classifier.
        source: What the network came from; by default itself.
        convention: Row of `layers.preprocessing.CONVENTIONS`.
    """

    def __init__(self, network, source=None, convention="image"):
        self.source, self.convention = source or network, convention
        self.name = source or network.name
        self.network = network
        self.names = stable_names(network)
        self.tensors = {self.names[op]: t for op, t in cuts(network)}
        self.stages = {
            name: stage(name, network.inputs[0].shape, tensor.shape)
            for name, tensor in self.tensors.items()
        }
        for name in (POOL, DROPOUT, LOGITS, SCORES):
            self.stages[name] = Stage(name, 0, 0)
        self.aliases = dict.fromkeys(("fc6", "relu6", "fc7", "relu7"), POOL)
        for location, stride in STRIDES.items():
            same = [s.name for s in self.stages.values() if s.stride == stride]
            if same:
                self.aliases[location] = same[-1]

    def run(self, x, stream, start, stop, head):
        last = [*self.tensors][-1]
        body_stop = stop if stop in self.tensors else last
        if start != body_stop and (start is None or start in self.tensors):
            x = self._segment(x, stream, start, body_stop)
        return self._head(x, stream, start, stop, head)

    def _segment(self, x, stream, start, stop):
        """Applies copies of the layers between two cuts to `x`."""
        source = self.tensors[start] if start else self.network.inputs[0]
        segment = keras.Model(source, self.tensors[stop])
        outputs = {}

        def copy(layer):
            name = f"{stream}_{self.names[layer.name]}"
            return _copy(layer, name, colours=x.shape[-1] == RGB_CHANNELS)

        def call(layer, *args, **kwargs):
            outputs[layer.name] = layer(*args, **kwargs)
            return outputs[layer.name]

        keras.models.clone_model(
            segment, x, clone_function=copy, call_function=call
        )
        return outputs[f"{stream}_{stop}"]

    def _head(self, x, stream, start, stop, head):
        """Applies the classifier's layers after `start` up to `stop`."""
        layers = {
            POOL: lambda name: keras.layers.GlobalAveragePooling2D(name=name),
            DROPOUT: lambda name: keras.layers.Dropout(head.dropout, name=name),
            LOGITS: head.classifier,
            SCORES: head.scores,
        }
        for name, make in layers.items():
            if self.after(name, start) and not self.after(name, stop):
                x = make(f"{stream}_{name}")(x)
        return x

    def initial_weights(self):
        return {
            self.names[layer.name]: [
                keras.ops.convert_to_numpy(w) for w in layer.weights
            ]
            for layer in self.network.layers
            if layer.weights
        }


def flat(network, image_size):
    """Returns a user's network as one that `GraphBackbone` can cut.

    Args:
        network: `keras.Sequential` or functional `keras.Model` from one image
            to one map. Made for another image size, or for any, it is copied
            for this one, with its weights.
        image_size: Pair (height, width) of the input in pixels.

    Raises:
        ValueError: If the network is of another kind.
    """
    if isinstance(network, keras.Sequential) and network.built:
        end = network.outputs[0]
        network = keras.Model(network.inputs, end, name=network.name)
    operations = getattr(network, "operations", ())
    ends = [*network.inputs, *network.outputs] if operations else ()
    if len(ends) != 2 or any(len(tensor.shape) != 4 for tensor in ends):
        raise ValueError(
            "A network that serves as a backbone is a functional keras.Model "
            "from one image to one map, without its classifier. "
            f"Received: {network}"
        )
    if inner := [op.name for op in operations if hasattr(op, "operations")]:
        raise ValueError(
            f"A network within a network cannot be cut into stages; build "
            f"{network.name} without them. Received: {inner}"
        )
    if ends[0].shape[1:3] == tuple(image_size):
        return network
    sized = keras.Input((*image_size, ends[0].shape[-1]))
    copy = keras.models.clone_model(network, input_tensors=sized)
    copy.set_weights(network.get_weights())
    return copy


def _copy(layer, name, colours):
    """Returns a fresh layer like `layer`, for any number of channels."""
    if isinstance(layer, keras.Sequential):
        # From its own config it would insist on its old input shape.
        parts = [_copy(part, part.name, colours) for part in layer.layers]
        return keras.Sequential(parts, name=name)
    config = layer.get_config() | {"name": name}
    if isinstance(layer, keras.layers.Layer):
        config |= {"dtype": keras.config.dtype_policy().name}
    if isinstance(layer, keras.layers.BatchNormalization):
        config["momentum"] = min(config["momentum"], MOMENTUM)
    if type(layer).__name__ in SCALERS and not colours:
        config = _per_image(config)
    return type(layer).from_config(config)


def _per_image(config):
    """Returns a layer's config with one constant for all channels."""
    return {
        key: float(np.mean(value))
        if isinstance(value, (list, tuple)) and len(value) == RGB_CHANNELS
        else value
        for key, value in config.items()
    }
