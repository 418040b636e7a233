"""Trains and measures the networks of `ut_networks.py`, group by group."""

import keras
import numpy as np
from ut_networks import (
    HEAD_RATE,
    HEAD_STEPS,
    STAGE,
    TUNING_BATCH,
    TUNING_RATE,
    TUNING_STEPS,
    MirroredBatches,
)

from keras_twostream.training import split


class Trial:
    """A network above its frozen trunk, trained anew for every fold.

    Args:
        model: Network of `build_network`.
        tune: Whether the layers between trunk and head learn as well, after
            the head has learnt alone.
        maps: Dict of stream -> array `(2, clips, ...)`, of `clip_maps`.
        labels: Array `(clips,)`.
    """

    def __init__(self, model, tune, maps, labels):
        _, pool, self.head = split(model, STAGE, "time")
        self.model, self.labels = model, labels
        self.maps = {stream: maps[stream] for stream in model.input}
        self.vectors = _both(pool, self.maps)
        _compile(self.head, HEAD_RATE)
        self.start = _values(self.head)
        self.above = split(model, STAGE)[1] if tune else None
        if self.above:
            _compile(self.above, TUNING_RATE)
            self.start += _values(self.above)

    def folds(self, groups, seed):
        """Trains on all groups but one, for each.

        Args:
            groups: Array `(clips,)`.
            seed: Seed of the initial weights, the dropout, and the order and
                mirroring of the clips.

        Yields:
            Indices of the clips of the group that was left out, their scores
            `(clips, classes)`, and those after tuning, or `None`.
        """
        rng = np.random.default_rng(seed)
        for group in np.unique(groups):
            learnt = np.flatnonzero(groups != group)
            left_out = np.flatnonzero(groups == group)
            self._restart(rng)
            self._fit_head(learnt, rng)
            scores = _scores(self.head, self.vectors, left_out)
            tuned = None
            if self.above:
                self._tune(learnt, rng)
                tuned = _scores(self.above, self.maps, left_out)
            yield left_out, scores, tuned

    def _restart(self, rng):
        """Forgets the last fold, and draws a new head."""
        for variable, value in self.start:
            variable.assign(value)
        kernel = self.model.get_layer("scores").kernel
        kernel.assign(rng.normal(0, 1e-2, kernel.shape))
        dropout = self.model.get_layer("dropout").seed_generator
        dropout.state.assign(rng.integers(0, 2**31, 2))

    def _fit_head(self, clips, rng):
        self.model.get_layer("norm").trainable = True
        batches = MirroredBatches(
            self.vectors, self.labels, clips, len(clips), HEAD_STEPS, rng
        )
        self.head.fit(batches, shuffle=False, verbose=0)

    def _tune(self, clips, rng):
        # Statistics of so few clips as fit in a batch of maps would be worse
        # than those that the head has found.
        self.model.get_layer("norm").trainable = False
        batches = MirroredBatches(
            self.maps, self.labels, clips, TUNING_BATCH, TUNING_STEPS, rng
        )
        self.above.fit(batches, shuffle=False, verbose=0)


def _compile(model, rate):
    optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, jit_compile=False)
    optimizer.build(model.trainable_variables)


def _values(model):
    """Returns pairs of each variable of training and its value."""
    variables = [*model.variables, *model.optimizer.variables]
    return [(v, keras.ops.convert_to_numpy(v)) for v in variables]


def _both(model, inputs):
    """Returns what a model makes of clips and of their mirror images."""
    one, other = (
        model.predict({s: x[i] for s, x in inputs.items()}, 4, verbose=0)
        for i in range(2)
    )
    return {stream: np.array([x, other[stream]]) for stream, x in one.items()}


def _scores(model, inputs, clips):
    """Returns the mean scores of some clips and of their mirror images."""
    return (
        sum(
            model.predict(
                {s: x[i, clips] for s, x in inputs.items()}, verbose=0
            )
            for i in range(2)
        )
        / 2
    )
