"""Streams of batches by number -> datasets that know where they are."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_twostream.data.located import Located
from keras_twostream.data.samples import SampleSpec
from keras_twostream.data.steps import Steps

# Where an endless dataset of step numbers ends.
_FOREVER = 2**62
# What the datasets of clips know of themselves.
ATTRIBUTES = (
    "class_names",
    "file_paths",
    "labels",
    "groups",
    "skipped",
    "flow_spec",
    "sample_spec",
    "feed",
    "frame_counts",
    "frame_sizes",
    "identities",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Feed:
    """What a dataset of batches is made of.

    A dataset is iterated once for each epoch, and must be another one each
    time. So it keeps the number of the step at which to go on, and moves it
    when the last batch of an iteration is asked for. To look at a batch, as
    Keras does before it trains, changes nothing.

    Attributes:
        stream: Function of a dataset of step numbers -> dataset of batches.
        steps: Which samples are in which batch.
        start: Number of the first step.
        repeat: Whether one iteration goes on for ever.
        changes: Whether epochs differ.
        prefetch: Number of batches to hold ready.
        portable: Whether it can be sent to another process.
    """

    stream: Callable[[Any], Any]
    steps: Steps
    start: int = 0
    repeat: bool = False
    changes: bool = True
    prefetch: int = tf.data.AUTOTUNE
    portable: bool = True

    def dataset(self, through: Callable[[Any], Any] | None = None):
        """Returns the batches as a `tf.data.Dataset`.

        Its attribute `place` is a variable, the number of the step at which
        the next iteration begins, if iterations differ. Whoever asks for
        batches before their time, as several devices do, has to set it.

        Args:
            through: Function of a dataset of batches that has no state ->
                dataset of the same batches, such as one that lets other
                processes make them.
        """
        place = None
        if self.changes and not self.repeat:
            with tf.device("CPU"):
                place = tf.Variable(self.start, dtype=tf.int64, trainable=False)
        begin = self._begin(place)
        batches = self._batches(begin, through)
        if self.prefetch:
            batches = batches.prefetch(self.prefetch)
        if place is not None:
            batches = self._keeping(place, begin, batches)
        count = (
            tf.data.INFINITE_CARDINALITY
            if self.repeat
            else self.steps.per_epoch
        )
        batches = batches.apply(tf.data.experimental.assert_cardinality(count))
        batches.place = place
        return batches

    def _begin(self, place):
        """Returns a dataset of one number: where an iteration begins."""
        once = tf.data.Dataset.from_tensors(0)
        if place is None:
            return once.map(lambda _: tf.constant(self.start, tf.int64))
        return once.map(lambda _: place.read_value())

    def _batches(self, begin, through):
        def of(steps):
            batches = self.stream(steps)
            return through(batches) if through else batches

        def join(parts):
            return functools.reduce(lambda a, b: a.concatenate(b), parts)

        if through:  # which must not see what keeps the place
            return begin.flat_map(
                lambda step: join(
                    [of(tf.data.Dataset.range(*x)) for x in self._parts(step)]
                )
            )
        count = len(self._parts(self.start))
        return join(
            [
                of(
                    begin.flat_map(
                        lambda step, i=i: tf.data.Dataset.range(
                            *self._parts(step)[i]
                        )
                    )
                )
                for i in range(count)
            ]
        )

    def _parts(self, step):
        """Returns the steps of an iteration as pairs (first, end).

        Between epochs a batch may be smaller, so parts are batched apart.
        """
        length = self.steps.per_epoch
        if self.repeat:
            return [(step, _FOREVER)]
        if self.start % length == 0:
            return [(step, step + length)]
        end = (step // length + 1) * length
        return [(step, end), (end, step + length)]

    def _keeping(self, place, begin, batches):
        """Moves the place when the last batch of an iteration is taken."""
        length = self.steps.per_epoch

        def note(done, batch):
            tf.cond(
                (done - self.start) % length == 0,
                lambda: tf.identity(place.assign(done)),
                lambda: tf.identity(place),
            )
            return batch

        done = begin.flat_map(
            lambda step: tf.data.Dataset.range(step + 1, step + length + 1)
        )
        # In the thread of whoever takes the batches: not before they do.
        return tf.data.Dataset.zip((done, batches)).map(note)


def described(dataset, feed: Feed, located: Located, spec: SampleSpec):
    """Gives a dataset the attributes that those of clips have."""
    clips = located.clips
    labels = clips.labels
    dataset.class_names = list(clips.class_names)
    dataset.file_paths = [str(path) for path in clips.paths]
    dataset.labels = None if labels is None else list(labels)
    dataset.groups = clips.groups
    dataset.skipped = [(str(path), reason) for path, reason in clips.skipped]
    dataset.flow_spec, dataset.sample_spec = spec.flow, spec
    dataset.frame_counts = list(located.frame_counts)
    dataset.frame_sizes = list(located.sizes)
    dataset.feed, dataset.identities = feed, list(located.identities)
    return dataset
