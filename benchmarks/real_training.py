"""Heads trained fold by fold on what the frozen layers make of the clips."""

import keras
import numpy as np
import tensorflow as tf
from real_networks import STAGE, STREAMS

from keras_twostream.models.network import TwoStreamModel, answer
from keras_twostream.training import split

STEPS, RATE, MOMENTUM, DECAY = 60, 0.1, 0.9, 0.03
BATCH = 4


class Trial:
    """A network above its frozen part, trained anew for every fold.

    Args:
        model: Network of `real_networks.build`.
        cut: Name of the layer up to which nothing learns.
        maps: Dict of stream -> array `(2, clips, ...)`, from
            `frozen.clip_maps` of zoo/.
        labels: Array `(clips,)`.
    """

    def __init__(self, model, cut, maps, labels):
        _, fixed, head = split(model, STAGE, cut)
        self.labels = labels
        used = {stream: maps[stream] for stream in model.input}
        self.vectors = _vectors(fixed, used)
        self.head = TwoStreamModel(head.input, head.output)
        optimizer = keras.optimizers.SGD(
            RATE, MOMENTUM, nesterov=True, weight_decay=DECAY
        )
        loss = "sparse_categorical_crossentropy"
        self.head.compile(
            optimizer, loss, steps_per_execution=STEPS, jit_compile=False
        )
        optimizer.build(self.head.trainable_variables)
        self.start = [
            (v, keras.ops.convert_to_numpy(v))
            for v in [*self.head.variables, *optimizer.variables]
        ]

    def learnt(self):
        """Returns the number of parameters that learn."""
        return sum(int(np.prod(v.shape)) for v in self.head.trainable_variables)

    def scores(self, groups, seed):
        """Returns `(clips, classes)`, each learnt from the other groups.

        Args:
            groups: Array `(clips,)`.
            seed: Seed of the initial weights and of the dropout.
        """
        rng = np.random.default_rng(seed)
        scores = {}
        for group in np.unique(groups):
            left_out = np.flatnonzero(groups == group)
            self._restart(rng)
            self._fit(np.flatnonzero(groups != group))
            rows = (self._predict(mirrored, left_out) for mirrored in (0, 1))
            scores |= zip(left_out, sum(rows) / 2, strict=True)
        return np.array([scores[clip] for clip in range(len(groups))])

    def _restart(self, rng):
        """Forgets the last fold, and draws new weights."""
        for variable, value in self.start:
            if "seed_generator_state" in variable.path:
                value = rng.integers(0, 2**31, value.shape)
            elif variable.name == "kernel":
                value = rng.normal(0, value.std(), value.shape)
            variable.assign(value)

    def _fit(self, clips):
        samples = {
            stream: np.concatenate(x[:, clips])
            for stream, x in self.vectors.items()
        }
        labels = np.tile(self.labels[clips], 2)
        # All clips in every step: as one epoch, which costs least beside it.
        batch = tf.data.Dataset.from_tensors((samples, labels))
        self.head.fit(batch.repeat(STEPS), shuffle=False, verbose=0)

    def _predict(self, mirrored, clips):
        samples = {s: x[mirrored, clips] for s, x in self.vectors.items()}
        return keras.ops.convert_to_numpy(
            answer(self.head(samples, training=False))
        )


def _vectors(fixed, maps):
    """Returns what the fixed layers make of clips and their mirror images."""
    halves = []
    for mirrored in (0, 1):
        parts = []
        count = len(next(iter(maps.values()))[mirrored])
        for start in range(0, count, BATCH):
            chosen = slice(start, start + BATCH)
            batch = {s: x[mirrored, chosen] for s, x in maps.items()}
            batch = {s: x.astype("float32") for s, x in batch.items()}
            parts.append(fixed.predict_on_batch(batch))
        halves.append(
            {s: np.concatenate([part[s] for part in parts]) for s in parts[0]}
        )
    return {s: np.stack([half[s] for half in halves]) for s in halves[0]}


def files_of(folder, key):
    """Returns stream -> file of the maps made with some settings."""
    return {stream: folder / f"{key}_{stream}.npy" for stream in STREAMS}
