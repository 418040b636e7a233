"""Maps of samples that stand in for the samples themselves."""

import dataclasses
from abc import ABC, abstractmethod

import numpy as np
import tensorflow as tf

from keras_twostream.training.devices import answers_of

# Samples of a batch in which maps are put through a part of a network.
BATCH = 8


class Maps(ABC):
    """Maps of clips, by draw and number.

    Attributes:
        names: Names of the maps.
        source: Dataset of `data.clips_dataset` that they are of.
        draws: How many draws of it there are.
        rows: How many samples there are in a draw: clips, times views.
        shapes: Dict of name -> shape of a map, without the batch.
    """

    names: list[str]
    source: object
    draws: int
    rows: int
    shapes: dict[str, tuple[int, ...]]

    @abstractmethod
    def __getitem__(self, place) -> dict[str, np.ndarray]:
        """Returns the maps of some samples.

        Args:
            place: Pair of a draw and a list of the numbers of samples.

        Returns:
            Dict of name -> `float32 (samples, ...)`.
        """

    def batches(
        self, source=None, steps=None, numbers=None, names=None, repeat=False
    ):
        """Returns maps and labels in the order in which a dataset has samples.

        Args:
            source: Dataset of the same clips, which training from end to end
                would take; by default the one that the maps are of.
            steps: `data.steps.Steps`, if they are not those of the source.
            numbers: Integer array, which of the clips, if not all.
            names: Names of the maps, if not all.
            repeat: Whether epoch follows upon epoch without an end.

        Returns:
            A `tf.data.Dataset` with the attribute `feed`.
        """
        source = source or self.source
        labels, names = np.asarray(source.labels), names or self.names
        steps = steps or source.feed.steps
        if numbers is None:
            numbers = np.arange(len(labels))

        def read(epoch, clips):
            chosen = numbers[clips]
            maps = self[int(epoch) % self.draws, chosen]
            return *(maps[name] for name in names), labels[chosen]

        def batch(epochs, clips):
            types = [tf.float32] * len(names) + [tf.int64]
            *maps, found = tf.numpy_function(read, (epochs[0], clips), types)
            maps = dict(zip(names, maps, strict=True))
            for name, rows in maps.items():
                rows.set_shape((None, *self.shapes[name]))
            return maps, tf.ensure_shape(found, [None])

        def clips_of(step):
            rows = steps.clips_of(step).map(
                lambda epoch, clip, *_: (epoch, clip)
            )
            return rows.batch(steps.batch_size)

        feed = dataclasses.replace(
            source.feed,
            stream=lambda numbers: numbers.flat_map(clips_of).map(batch),
            steps=steps,
            repeat=repeat,
            portable=False,
        )
        dataset = feed.dataset()
        dataset.feed = feed
        return dataset


class JoinedMaps(Maps):
    """Maps of the same samples, from several places.

    Args:
        parts: Sequence of `Maps`.
    """

    def __init__(self, parts):
        self._of = {name: part for part in parts for name in part.names}
        first = parts[0]
        self.names, self.source = [*self._of], first.source
        self.draws, self.rows = first.draws, first.rows
        self.shapes = {name: x.shapes[name] for name, x in self._of.items()}

    def __getitem__(self, place):
        parts = {id(part): part for part in self._of.values()}
        return {
            name: rows
            for part in parts.values()
            for name, rows in part[place].items()
        }


class FurtherMaps(Maps):
    """What more layers that do not learn make of maps, in memory.

    Where networks share maps, those of one may go on unchanged for a while:
    it is enough to compute that once as well.

    Args:
        part: Network from the maps to a dict of name -> map.
        maps: `Maps` of the samples.
    """

    def __init__(self, part, maps):
        self.names, self.source = [*part.output], maps.source
        self.draws, self.rows = maps.draws, maps.rows
        self.shapes = {n: tuple(x.shape[1:]) for n, x in part.output.items()}
        self._values = {
            name: np.empty((self.draws, self.rows, *shape), np.float32)
            for name, shape in self.shapes.items()
        }
        for draw in range(self.draws):
            for start in range(0, self.rows, BATCH):
                rows = range(start, min(start + BATCH, self.rows))
                found = maps[draw, rows]
                inputs = {name: found[name] for name in part.input}
                for name, made in answers_of(part, inputs).items():
                    self._values[name][draw, rows.start : rows.stop] = made

    def __getitem__(self, place):
        draw, numbers = place
        chosen = np.asarray(numbers)
        return {name: x[draw, chosen] for name, x in self._values.items()}
