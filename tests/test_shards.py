"""Records in TFRecord files, as TensorFlow reads them."""

import pytest
import tensorflow as tf

from keras_twostream.preparation import shards

RECORDS = [b"", b"one", b"x" * 70_000, bytes(range(256)) * 5]


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "00000.tfrecord"
    return path, shards.write_shard(path, iter(RECORDS))


def test_tensorflow_reads_what_was_written(shard):
    dataset = tf.data.TFRecordDataset(str(shard[0]))
    assert list(dataset.as_numpy_iterator()) == RECORDS
    assert list(shards.read_shard(shard[0])) == RECORDS


def test_records_are_where_they_are_said_to_be(shard):
    path, places = shard
    data = path.read_bytes()
    found = [data[start : start + length] for start, length in places]
    assert found == RECORDS
    last = places[-1]
    assert len(data) == sum(last) + shards.FOOTER_BYTES


def test_tensorflow_reads_one_record_by_its_place(shard):
    path, places = shard
    offset, length = places[2]
    end = path.stat().st_size - offset - length
    dataset = tf.data.FixedLengthRecordDataset(
        str(path), length, header_bytes=offset, footer_bytes=end
    )
    assert list(dataset.as_numpy_iterator()) == [RECORDS[2]]


@pytest.mark.parametrize("place", [3, 20, 70_000])
def test_damage_is_noticed(shard, place):
    path, _ = shard
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="00000.tfrecord is damaged"):
        list(shards.read_shard(path))


def test_a_shard_that_is_cut_short_is_damaged(shard):
    path, _ = shard
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="00000.tfrecord is damaged"):
        list(shards.read_shard(path))


def test_a_shard_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "00000.tfrecord"

    def interrupted():
        yield b"one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shards.write_shard(path, interrupted())
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_or_read_is_an_error(tmp_path):
    missing = tmp_path / "missing" / "00000.tfrecord"
    with pytest.raises(OSError, match="00000.tfrecord"):
        shards.write_shard(missing, RECORDS)
    with pytest.raises(OSError, match="00000.tfrecord"):
        list(shards.read_shard(missing))


def test_tensorflow_writes_the_same(shard, tmp_path):
    path = tmp_path / "other"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in RECORDS:
            writer.write(record)
    assert path.read_bytes() == shard[0].read_bytes()
