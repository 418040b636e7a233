"""Lists of clips -> `tf.data` datasets of RGB frames and flow."""

import os
from typing import Any

import numpy as np
import tensorflow as tf

from keras_twostream.data.cache import Prepared, prepare
from keras_twostream.data.clips import Clips
from keras_twostream.data.decoding import parse_record
from keras_twostream.data.samples import SampleSpec
from keras_twostream.data.summary import announce, nothing_usable

LABEL_MODES = ("int", "categorical", None)


def clips_dataset(
    clips: Clips,
    *,
    label_mode: str | None = "int",
    batch_size: int | None = 32,
    shuffle: bool = False,
    seed: int | None = None,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
    cache: bool = False,
    verbose: bool | str = "auto",
    subset: str | None = None,
    **sample: Any,
):
    """Makes a dataset of RGB frames and optical flow from a list of clips.

    Args:
        clips: The clips, with labels or without.
        label_mode: "int" (`int32`), "categorical" (one-hot `float32`), or
            `None` for no labels.
        batch_size: Samples in a batch; `None` for no batches.
        shuffle: Whether clips come in another order in each epoch.
        seed: Seed of the shuffling and the augmentation. The same seed gives
            the same epochs, each different from the others.
        cache_dir: Folder of the prepared clips, as for `data.prepare`.
        workers: Number of processes that prepare clips, as for
            `data.prepare`.
        cache: Whether to hold the prepared clips, still compressed, in
            memory after the first epoch.
        verbose: Whether to show progress, what was found and what was
            skipped. "auto" does, with progress only on a terminal.
        subset: What the clips are for, as it is reported.
        **sample: The attributes of `data.SampleSpec`: `image_size`, `flow`,
            `flow_frames`, `frames`, `augment`, `views`, `crop`, `streams`.

    Returns:
        A `tf.data.Dataset` of `({"rgb", "flow"}, label)`: `rgb` is `float32
        (B, H, W, 3)`, 0 to 255; `flow` is `float32 (B, H, W, 2L)`, channels
        u, v, u, v, ... in pixels at the size of the sample; both are `(B, T,
        H, W, C)` if `frames` is given. The samples of a clip follow one
        another. It has the attributes `class_names`, `file_paths` and
        `labels` (of the clips used, before they are shuffled), `skipped`
        (`(path, reason)`), `flow_spec` (which a model compares with its own,
        see `flow.contract`) and `sample_spec`.

    Raises:
        ValueError: If an argument is wrong, or no clip can be used.
        OSError: If the prepared clips cannot be written.
    """
    spec = SampleSpec(**sample)
    if label_mode not in LABEL_MODES:
        raise ValueError(
            f"`label_mode` argument must be one of {LABEL_MODES}. "
            f"Received: label_mode={label_mode!r}"
        )
    prepared = prepare(clips.paths, spec.flow, cache_dir, workers, verbose)
    used = clips.take(prepared.kept)
    skipped = [*clips.skipped, *prepared.skipped]
    if not used:
        raise ValueError(nothing_usable(skipped))
    if verbose:
        announce(used, skipped, prepared.frame_counts, subset)

    records = _records(prepared, _labels(used, label_mode))
    records = _order(records, len(used), shuffle, seed, cache)
    dataset = _samples(records, spec, seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    dataset.class_names = list(used.class_names)
    dataset.file_paths = [str(path) for path in used.paths]
    dataset.labels = None if used.labels is None else list(used.labels)
    dataset.skipped = [(str(path), reason) for path, reason in skipped]
    dataset.flow_spec, dataset.sample_spec = spec.flow, spec
    return dataset


def _labels(clips: Clips, label_mode: str | None) -> np.ndarray | None:
    if label_mode is None or clips.labels is None:
        return None
    if label_mode == "int":
        return np.array(clips.labels, "int32")
    return np.eye(len(clips.class_names), dtype="float32")[list(clips.labels)]


def _records(prepared: Prepared, labels: np.ndarray | None):
    """Returns a dataset of `(record file,)` or `(record file, label)`."""
    columns: list[Any] = [[str(path) for path in prepared.records]]
    if labels is not None:
        columns.append(labels)
    return tf.data.Dataset.from_tensor_slices(tuple(columns))


def _order(records, count: int, shuffle: bool, seed: int | None, cache: bool):
    """Reads and shuffles: names before reading, or contents held in memory."""

    def read(path, *label):
        return parse_record(tf.io.read_file(path)), *label

    if cache:
        records = records.map(read, tf.data.AUTOTUNE).cache()
    if shuffle:
        records = records.shuffle(count, seed, reshuffle_each_iteration=True)
    if not cache:
        records = records.map(read, tf.data.AUTOTUNE)
    return records


def _samples(records, spec: SampleSpec, seed: int | None):
    """Returns a dataset of the samples of every clip."""
    count = len(records) * spec.views
    views = tf.data.Dataset.range(spec.views)
    viewed = records.flat_map(
        lambda *record: views.map(lambda view: (view, *record))
    ).apply(tf.data.experimental.assert_cardinality(count))
    seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)

    def sample(record, seed):
        view, clip, *label = record
        inputs = spec(clip, view, seed)
        return (inputs, *label) if label else inputs

    return tf.data.Dataset.zip(viewed, seeds.batch(2)).map(
        sample, tf.data.AUTOTUNE
    )
