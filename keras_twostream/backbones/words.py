"""What the paper's words for places mean in a finished network."""

import keras

from keras_twostream.backbones.base import LOGITS, SCORES, STRIDES
from keras_twostream.backbones.graph import LAST_MAP
from keras_twostream.layers import ClassScores

# Layers that do no more than make scores of logits.
SCORING = (ClassScores, keras.layers.Activation, keras.layers.Softmax)
ACTIVATIONS = (keras.layers.Activation, keras.layers.ReLU)
# Beginnings of the kinds of layers after which there is no map any more.
ENDS_OF_MAPS = ("Global", "Flatten")


def words_of(places, stages):
    """Returns word -> name of the place that it means.

    Args:
        places: Dict of name -> `Cut`, in the order of the network.
        stages: Dict of name -> `Stage` of the same.
    """
    names = [*places]
    kinds = {name: cut.operation for name, cut in places.items()}
    ends = (
        index
        for index, name in enumerate(names)
        if type(kinds[name]).__name__.startswith(ENDS_OF_MAPS)
    )
    end = next(ends, len(names))
    maps = [name for name in names[:end] if places[name].ends_unit]
    last = {stages[name].stride: name for name in maps}
    words = {at: last[s] for at, s in STRIDES.items() if s in last}
    words |= {LAST_MAP: maps[-1]} if maps else {}
    # The network's own names come before the paper's, but for its end.
    words = {at: name for at, name in words.items() if at not in names}
    scoring = len(names) > 1 and isinstance(kinds[names[-1]], SCORING)
    logits = names[-2] if scoring else names[-1]
    ends_of = _hidden(names[end:], kinds, logits)
    return words | ends_of | {LOGITS: logits, SCORES: names[-1]}


def _hidden(names, kinds, logits):
    """Returns the paper's words for hidden layers of a classifier."""
    dense = [x for x in names if isinstance(kinds[x], keras.layers.Dense)]
    # The last of them makes the logits.
    vectors = dense[:-1] or [x for x in names[:1] if x != logits]
    words: dict[str, str] = {}
    for number, found in (("6", vectors[:1]), ("7", vectors[-1:])):
        name = f"fc{number}"
        for vector in [name] if name in names else found:
            after = names[names.index(vector) + 1]
            if isinstance(kinds[after], ACTIVATIONS) and after != names[-1]:
                vector = after
            words |= dict.fromkeys((name, f"relu{number}"), vector)
    return words
