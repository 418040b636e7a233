"""Batch normalisation that does not follow the clips."""

import keras

from keras_twostream.backbones.base import STREAMS

# Policy -> number of the first batch normalisation of a stream that is frozen.
POLICIES = {"frozen": 0, "partial": 1}


def freeze_batch_norm(model, policy):
    """Freezes batch normalisation, as small batches of clips may need.

    A frozen one normalises by the statistics that it was loaded with, in
    training too, and its scale and shift do not learn; a saved model
    remembers that.

    Args:
        model: Network of `build`.
        policy: `"frozen"` for all of them; `"partial"` for all but the first
            of each stream, which sees inputs of another kind than images
            (partial BN of Wang et al., Temporal Segment Networks, ECCV 2016);
            `None` for none.

    Returns:
        The names of the frozen layers.

    Raises:
        ValueError: If there is no such policy, or a batch normalisation is
            part of a larger layer, so that a file would not remember it.
    """
    if policy is not None and policy not in POLICIES:
        raise ValueError(
            f"batch_norm must be None or one of {[*POLICIES]}. "
            f"Received: {policy!r}"
        )
    chosen = []
    for stream in STREAMS if policy else ():
        chosen += _norms(model, stream)[POLICIES[policy] :]
    for layer in chosen:
        layer.trainable = False
    return [layer.name for layer in chosen]


def _norms(model, stream):
    """Returns the batch normalisations of a stream, in order."""
    norms = []
    for layer in model.layers:
        if not layer.name.startswith(f"{stream}_"):
            continue
        parts = [part for part in layer._flatten_layers() if _is_norm(part)]
        if parts and not isinstance(layer, keras.Sequential | type(parts[0])):
            raise ValueError(
                f"Batch normalisation inside {layer.name}, a "
                f"{type(layer).__name__}, cannot be frozen: a saved model "
                "would forget it. Pass batch_norm=None"
            )
        norms += parts
    return norms


def _is_norm(layer):
    return isinstance(layer, keras.layers.BatchNormalization)
