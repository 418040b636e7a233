"""Results made by hand, for tests."""

import numpy as np

from keras_twostream.evaluation import Protocol, Result
from keras_twostream.evaluation.averaging import softmax


def result(labels, answers, sure=0.8, classes=3, groups=None, **more):
    """Returns a result with these answers, all equally sure."""
    labels, answers = np.asarray(labels), np.asarray(answers)
    scores = np.full((len(labels), classes), (1 - sure) / (classes - 1))
    scores[np.arange(len(labels)), answers] = sure
    return Result(
        clips=tuple(f"{i}.mp4" for i in range(len(labels))),
        labels=labels,
        scores=scores,
        class_names=tuple("abcdefghij"[:classes]),
        protocol=more.pop("protocol", Protocol()),
        groups=groups,
        **more,
    )


def noisy(rng, labels, strength, classes=3, groups=None):
    """Returns a result whose logits hold so much of the truth."""
    labels = np.asarray(labels)
    logits = rng.normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += strength
    found = result(labels, labels, classes=classes, groups=groups)
    return Result(
        clips=found.clips,
        labels=labels,
        scores=softmax(logits),
        class_names=found.class_names,
        groups=groups,
    )
