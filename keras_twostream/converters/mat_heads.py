"""Scores of MatConvNet's networks, one for each loss."""

import logging

import keras

from keras_twostream import layers
from keras_twostream.backbones.base import LOGITS, SCORES, STREAMS
from keras_twostream.converters.mat_call import Value
from keras_twostream.converters.mat_file import listed
from keras_twostream.models.connect import FUSED, KEPT
from keras_twostream.models.network import ANSWER

logger = logging.getLogger("keras_twostream")
# Fields that name classes, in words first.
NAMES = ("description", "name")


def outputs_of(logits, class_names, classes):
    """Returns the scores, or a dict of those with a loss and of the answer.

    Args:
        logits: Dict of a layer's name -> `Value` of class logits.
        class_names: Names of the classes, or `None` for those of the file.
        classes: What the file tells of its classes.

    Raises:
        ValueError: If there are more losses than two of different streams.
    """
    vectors = {label: _vector(v, label) for label, v in logits.items()}
    if class_names is None:
        counts = {x.shape[-1] for x in vectors.values()}
        class_names = _class_names(classes, counts)

    def scores(x, name):
        return layers.ClassScores(class_names=class_names, name=name)(x)

    ends = {
        label: scores(x, _scores_name(label)) for label, x in vectors.items()
    }
    if len(ends) == 1:
        return next(iter(ends.values()))
    outputs = {_output(logits[label].streams): x for label, x in ends.items()}
    if len(ends) > 2 or len(outputs) < 2:
        raise ValueError(
            "its losses must be one, or two of different streams. "
            f"Found: {[*ends]}"
        )
    average = layers.AverageFusion(dtype="float32", name=f"{LOGITS}_average")
    return outputs | {ANSWER: scores(average([*vectors.values()]), ANSWER)}


def _vector(value, label):
    """Returns class logits as a vector.

    What is left of places and of frames is averaged, as the authors' code
    does where images are larger than the filters were made for.
    """
    x = value.x
    if len(x.shape) == 4:
        name = f"{label}_pooling"
        x = keras.layers.GlobalAveragePooling2D(name=name)(x)
    if value.frames is not None and value.frames > 1:
        x = Value(x, value.streams, value.frames).unfolded(label)
        x = layers.TemporalPool(name=f"{label}_average")(x)
    return x


def _scores_name(label):
    """Returns what scores are called, after the classifier's stream."""
    stream = label.partition("_")[0]
    return f"{stream}_{SCORES}" if stream in STREAMS else SCORES


def _output(streams):
    """Returns the output that scores of these streams are."""
    return KEPT[next(iter(streams))] if len(streams) == 1 else FUSED


def _class_names(classes, counts):
    """Returns what a file calls its classes, if these are as many."""
    for field in NAMES:
        if names := listed(classes.get(field)):
            if {len(names)} == counts:
                return names
            logger.info("The file names %d other classes", len(names))
    return None
