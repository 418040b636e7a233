"""Networks that keep fewer maps in training, and compute the rest again."""

import keras

from keras_twostream.models.cutting import ends_of, parts_at
from keras_twostream.models.network import TwoStreamModel


class Recomputed(keras.layers.Layer):
    """A part of a network that is computed again for its gradients.

    Args:
        part: `keras.Model` from a dict of maps to a dict of maps.
    """

    def __init__(self, part, **kwargs):
        # The part casts; what enters it may be of fewer bits already.
        super().__init__(autocast=False, **kwargs)
        self.part = part

    def call(self, inputs):
        names = [*inputs]

        # Without keywords: `keras.remat` takes none on TensorFlow's graphs.
        def part(*maps):
            outputs = self.part(dict(zip(names, maps, strict=True)))
            return [outputs[name] for name in names]

        maps = keras.remat(part)(*inputs.values())
        return dict(zip(names, maps, strict=True))

    def compute_output_spec(self, inputs):
        return self.part.compute_output_spec(inputs)


def rematerialized(model, stages):
    """Returns a network that keeps the maps of some stages in training.

    All others up to there are computed again when gradients need them, which
    takes less memory and more time. Keras's own `RematScope` does so layer by
    layer, where the inputs of all are kept, and saves next to nothing.

    Args:
        model: Network of `build`.
        stages: Names of stages of the towers, from the inputs on, not beyond
            the first at which streams are fused.

    Returns:
        A `TwoStreamModel` that shares all weights with the model.

    Raises:
        ValueError: If every part changes something while it computes, such
            as the averages of batch normalisation, and so cannot be computed
            twice.
    """
    cuts = [ends_of(model, stage) for stage in stages]
    *blocks, rest = parts_at(model, *cuts)
    kept = [_changes_something(block) for block in blocks]
    if all(kept):
        raise ValueError(
            f"Nothing of {model.name} can be computed twice: all of its stages "
            "change averages of batch normalisation, or are left to chance. "
            "Pass batch_norm='frozen'"
        )
    inputs = {
        name: keras.Input(x.shape[1:], name=name, dtype=x.dtype)
        for name, x in model.input.items()
    }
    x = inputs
    for block, keep in zip(blocks, kept, strict=True):
        x = block(x) if keep else Recomputed(block)(x)
    return TwoStreamModel(inputs, rest(x))


def _changes_something(part) -> bool:
    """Returns whether a part writes to variables while it computes."""
    return any(
        (layer.trainable and layer.non_trainable_variables)
        or len(layer.variables) > len(layer.weights)
        for layer in part.layers
    )
