"""Step number -> the clips and views of a batch.

Every batch has a number, from 0 on through all epochs. What it holds follows
from that number alone, so any process can make any batch, at any time.
"""

import dataclasses

import tensorflow as tf

# What is drawn from the seed: one stream of chance for each.
_ORDER, _SAMPLES = 0, 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Steps:
    """How the samples of a list of clips are divided into epochs and batches.

    Attributes:
        clips: Number of clips.
        views: Samples of each clip, which follow one another.
        batch_size: Samples in a batch.
        drop_remainder: Whether the samples at the end of an epoch that do
            not fill a batch are left out.
        divisible_by: A number that divides all batches, such as that of the
            devices among which they are divided; the few samples at the end
            of an epoch for which that cannot be are left out.
        shuffle: Whether clips come in another order in each epoch.
        seed: Seed of the order and of the chance in samples.
    """

    clips: int
    views: int = 1
    batch_size: int = 1
    drop_remainder: bool = False
    divisible_by: int = 1
    shuffle: bool = False
    seed: int = 0

    @property
    def samples(self) -> int:
        """Number of samples in an epoch."""
        every = self.clips * self.views
        divisor = self.batch_size if self.drop_remainder else self.divisible_by
        return every // divisor * divisor

    @property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return -(-self.samples // self.batch_size)

    def clips_of(self, step):
        """Returns the clips of a batch.

        Args:
            step: `int64` tensor, number of the batch.

        Returns:
            A `tf.data.Dataset` of `int64` tensors: the epoch, the index of a
            clip, its first view in the batch, and one after its last.
        """
        epoch = step // self.per_epoch
        low = step % self.per_epoch * self.batch_size
        high = tf.minimum(low + self.batch_size, self.samples)

        def clip(position):
            start = position * self.views
            first = tf.maximum(low - start, 0)
            last = tf.minimum(high - start, self.views)
            return epoch, self.clip_at(epoch, position), first, last

        positions = low // self.views, (high - 1) // self.views + 1
        return tf.data.Dataset.range(*positions).map(clip)

    def clip_at(self, epoch, position):
        """Returns the index of a clip.

        Args:
            epoch: `int64` tensor.
            position: `int64` tensor, its place in the order of the epoch.
        """
        if not self.shuffle:
            return position
        return tf.random.experimental.index_shuffle(
            position,
            self._fold(_ORDER, epoch),
            tf.constant(self.clips - 1, tf.int64),
        )

    def chance_of(self, epoch, sample):
        """Returns the seed of the chance in a sample.

        Args:
            epoch: `int64` tensor.
            sample: `int64` tensor, a number of its own for each sample of an
                epoch.

        Returns:
            `int64 (2,)`, for TensorFlow's stateless random functions.
        """
        fold = tf.random.experimental.stateless_fold_in
        return fold(self._fold(_SAMPLES, epoch), sample)

    def _fold(self, purpose: int, epoch):
        start = tf.constant([self.seed, purpose], tf.int64)
        return tf.random.experimental.stateless_fold_in(start, epoch)
