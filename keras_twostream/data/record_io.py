"""How the records of clips come into a graph."""

import numpy as np
import tensorflow as tf

from keras_twostream.data.decoding import FEATURES, parse_record
from keras_twostream.data.located import Located

# Bytes before a record in a shard: its length and a checksum of that.
_FRAMING = 12


class OnDisk:
    """Reads a record whenever a clip's turn comes.

    Args:
        located: The clips.
    """

    def __init__(self, located: Located) -> None:
        self.count = len(located)
        self._offsets = None
        with tf.device("CPU"):
            self._files = tf.constant(list(located.files))
            if located.offsets is not None:
                self._offsets = tf.constant(located.offsets, tf.int64)

    def load(self, index):
        """Returns what is read of a clip: tensors, for `open`.

        Args:
            index: `int64` tensor, which clip.
        """
        file = self._files[index]
        if self._offsets is None:
            return parse_record(tf.io.read_file(file))
        return parse_record(read_at(file, self._offsets[index]))

    def open(self, loaded):
        """Returns a parsed record."""
        return loaded


class InMemory:
    """Holds all images of all clips, still compressed.

    Args:
        source: What reads them, once and now.
    """

    def __init__(self, source: OnDisk) -> None:
        indices = tf.data.Dataset.range(source.count)
        clips = list(indices.map(source.load, tf.data.AUTOTUNE))
        counts = [[len(clip[name]) for name in FEATURES] for clip in clips]
        ends = np.cumsum(counts, axis=0)
        with tf.device("CPU"):
            self._values = {
                name: tf.concat([clip.pop(name) for clip in clips], 0)
                for name in FEATURES
            }
            self._bounds = tf.constant(
                np.stack([ends - counts, counts], -1), tf.int32
            )

    def load(self, index):
        """Returns what `open` takes: nothing but the index."""
        return {"index": index}

    def open(self, loaded):
        """Returns a parsed record, of which only the `bounds` are its own."""
        return self._values | {"bounds": self._bounds[loaded["index"]]}


def read_at(file, offset):
    """Reads one record of a shard; what is damaged raises `DataLossError`.

    Args:
        file: String tensor, name of the shard.
        offset: `int64` tensor, first byte of the record after its framing.

    Returns:
        String tensor, the record.
    """
    records = tf.raw_ops.TFRecordDatasetV2(
        filenames=[file],
        compression_type="",
        buffer_size=tf.constant(0, tf.int64),  # reads that record and no more
        byte_offsets=[offset - _FRAMING],
    )
    dataset = tf.data.experimental.from_variant(
        records, tf.TensorSpec([], tf.string)
    )
    return dataset.take(1).get_single_element()
