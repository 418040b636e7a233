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
from keras_twostream.backbones.cuts import cuts, replay, stable_names

# Layers that may hold one constant per colour, which flow has not.
SCALERS = (keras.layers.Normalization, keras.layers.Rescaling)
# Rank of a map -> pooling over all its places.
POOLINGS = {
    4: keras.layers.GlobalAveragePooling2D,
    5: keras.layers.GlobalAveragePooling3D,
}
# Most a batch normalisation keeps of its statistics per step. Keras's 0.99
# takes hundreds of steps to forget ImageNet, which small sets of clips do not
# have: the network would learn, and fail as soon as it is evaluated.
MOMENTUM = 0.9
POOL, DROPOUT = "avg_pool", "dropout"
# Location of the last map of all.
LAST_MAP = "pool5"


class GraphBackbone(Backbone):
    """Stages of a functional network: every place where one map is all.

    A layer ends a stage if everything after it depends on its output alone
    (so that streams can be exchanged there) and it ends a unit of
    convolution, normalisation and activation. The network's layers are used
    as a pattern; the towers get copies of their own.

    Args:
        network: Functional `keras.Model` from one image to one map, or from
            one clip to a map with a time axis: that is without its classifier.
        source: What the network came from; by default itself, and then its
            weights are kept.
        convention: Row of `layers.preprocessing.CONVENTIONS`.
        scaling: Arguments of a `keras.layers.Rescaling` in front of the
            network, where no convention is what it wants.
    """

    def __init__(self, network, source=None, convention="image", scaling=None):
        self.source, self.convention = source or network, convention
        self.name = source or network.name
        self.network, self.scaling = network, scaling
        self.clips = len(network.inputs[0].shape) == 5
        self.names = stable_names(network)
        self.tensors, self.stages = {}, {}
        for operation, tensor, stride in cuts(network):
            name = self.names[operation]
            self.tensors[name] = tensor
            self.stages[name] = Stage(name, stride, tensor.shape[-1])
        last = {stage.stride: stage.name for stage in self.stages.values()}
        self.aliases = {
            location: last[stride]
            for location, stride in STRIDES.items()
            if stride in last
        } | {LAST_MAP: [*self.tensors][-1]}
        self.aliases |= dict.fromkeys(("fc6", "relu6", "fc7", "relu7"), POOL)
        for name in (POOL, DROPOUT, LOGITS, SCORES):
            self.stages[name] = Stage(name, 0, 0)

    def resolve(self, location):
        try:
            return super().resolve(location)
        except ValueError as error:
            if location not in STRIDES:
                raise
            raise ValueError(
                f"{error}. A stage is a map on which alone all that follows "
                f"depends, and there is none at stride {STRIDES[location]}"
            ) from None

    def run(self, x, stream, start, stop, head):
        last = [*self.tensors][-1]
        body_stop = stop if stop in self.tensors else last
        if start is None:
            x = self._enter(x, stream)
        if start != body_stop and (start is None or start in self.tensors):
            x = self._segment(x, stream, start, body_stop)
        return self._head(x, stream, start, stop, head)

    def _enter(self, x, stream):
        """Returns the input as the network wants it."""
        steps = self.network.inputs[0].shape[1]
        if self.clips and steps not in (None, x.shape[1]):
            raise ValueError(
                f"{self.name} takes clips of {steps} frames. "
                f"Received: frames={x.shape[1]}"
            )
        if not self.scaling:
            return x
        layer = keras.layers.Rescaling(**self.scaling, name="rescaling")
        return _copy(layer, f"{stream}_rescaling", _frames(x, stream))(x)

    def _segment(self, x, stream, start, stop):
        """Applies copies of the layers between two cuts to `x`."""
        source = self.tensors[start] if start else self.network.inputs[0]
        frames = _frames(x, stream)

        def copy(layer):
            name = f"{stream}_{self.names[layer.name]}"
            return _copy(layer, name, frames)

        return replay(source, self.tensors[stop], x, copy)

    def _head(self, x, stream, start, stop, head):
        """Applies the classifier's layers after `start` up to `stop`."""
        layers = {
            POOL: lambda name: POOLINGS[len(x.shape)](name=name),
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


def _frames(x, stream):
    """Returns how many RGB frames are in the channels; for flow, `None`."""
    return x.shape[-1] // RGB_CHANNELS if stream == "rgb" else None


def _copy(layer, name, frames):
    """Returns a fresh layer like `layer`, for any number of channels."""
    if isinstance(layer, keras.Sequential):
        # From its own config it would insist on its old input shape.
        parts = [_copy(part, part.name, frames) for part in layer.layers]
        return keras.Sequential(parts, name=name)
    config = layer.get_config() | {"name": name}
    if isinstance(layer, keras.layers.Layer):
        config |= {"dtype": keras.config.dtype_policy().name}
    if isinstance(layer, keras.layers.BatchNormalization):
        config["momentum"] = min(config["momentum"], MOMENTUM)
    if isinstance(layer, SCALERS):
        config = {key: _constant(x, frames) for key, x in config.items()}
    try:
        copy = type(layer).from_config(config)
    except TypeError as error:
        raise ValueError(
            f"{name} cannot be copied: a {type(layer).__name__} is not made "
            f"again from its own config ({error})"
        ) from error
    # KerasHub's DepthwiseConvBlock puts something behind the name it is given.
    copy.name = name
    return copy


def _constant(value, frames):
    """Returns a constant per colour as one for the channels there are."""
    if not isinstance(value, (list, tuple)) or len(value) != RGB_CHANNELS:
        return value
    return float(np.mean(value)) if frames is None else [*value] * frames
