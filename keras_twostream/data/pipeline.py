"""Lists of clips -> `tf.data` datasets of RGB frames and flow."""

import os
from typing import Any

import numpy as np
import tensorflow as tf

from keras_twostream.clips.clips import Clips
from keras_twostream.data.feeds import Feed, described
from keras_twostream.data.located import (
    check_prepared_flow,
    locate_cached,
    locate_prepared,
    long_enough,
)
from keras_twostream.data.record_io import InMemory, OnDisk
from keras_twostream.data.samples import SampleSpec
from keras_twostream.data.steps import Steps
from keras_twostream.data.streams import stream_of
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.prepared import PreparedSet
from keras_twostream.preparation.summary import announce, nothing_usable

LABEL_MODES = ("int", "categorical", None)


def clips_dataset(
    clips: Clips | PreparedSet,
    *,
    label_mode: str | None = "int",
    batch_size: int | None = 32,
    drop_remainder: bool = False,
    divisible_by: int = 1,
    shuffle: bool = False,
    seed: int | None = None,
    start: int = 0,
    repeat: bool = False,
    shard: tuple[int, int] | None = None,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
    cache: bool = False,
    prefetch: int = tf.data.AUTOTUNE,
    verbose: bool | str = "auto",
    subset: str | None = None,
    **sample: Any,
):
    """Makes a dataset of RGB frames and optical flow from a list of clips.

    The same arguments give the same batches on every machine and at every
    degree of parallelism, and a clip's sample in an epoch does not depend on
    the batch or the shard that it is in.

    Args:
        clips: The clips, with labels or without, or a prepared set.
        label_mode: "int" (`int32`), "categorical" (one-hot `float32`), or
            `None` for no labels.
        batch_size: Samples in a batch; `None` for no batches.
        drop_remainder: Whether samples that do not fill the last batch of an
            epoch are left out of it.
        divisible_by: Number of devices among which every batch is divided,
            where it must be divisible (JAX); the samples that are left over
            at the end of an epoch are left out of it.
        shuffle: Whether clips come in another order in each epoch.
        seed: Seed of the shuffling and the augmentation. The same seed gives
            the same epochs, each different from the others. `None` draws one
            from TensorFlow's global seed.
        start: Number of batches (samples, without batches) that were used
            before, counted through all epochs: the dataset goes on with the
            next one as if it had not been interrupted. After training with
            one batch a step it is `model.optimizer.iterations`.
        repeat: Whether one iteration goes through all epochs without end,
            `steps_per_epoch` being the caller's; implies `drop_remainder`.
            Every iteration then begins at `start`.
        shard: `(index, count)` takes every `count`-th clip from `index` on,
            before they are shuffled: for training by several processes.
        cache_dir: Folder of the prepared clips, as for `data.cache_clips`.
        workers: Number of processes that prepare clips, as for
            `data.cache_clips`.
        cache: Whether to hold all clips, still compressed, in memory. They
            are read at once.
        prefetch: Number of batches to make ahead; by default as many as
            `tf.data` finds useful.
        verbose: Whether to show progress, what was found and what was
            skipped. "auto" does, with progress only on a terminal.
        subset: What the clips are for, as it is reported.
        **sample: The attributes of `data.SampleSpec`: `image_size`, `flow`,
            `flow_frames`, `frames`, `augment`, `views`, `crop`, `streams`,
            `sampling`, `tau`, `short`, `view_places`, `view_flips`. The
            `flow` of a prepared set is its own.

    Returns:
        A `tf.data.Dataset` of `({"rgb", "flow"}, label)`: `rgb` is `float32
        (B, H, W, 3)`, 0 to 255; `flow` is `float32 (B, H, W, 2L)`, channels
        u, v, u, v, ... in pixels at the size of the sample; both are `(B, T,
        H, W, C)` if `frames` is given. The samples of a clip follow one
        another. Every iteration is one epoch; one that is left before its
        last batch is not counted, so the next gives the same. It has the
        attributes `class_names`, `file_paths` and `labels` (of the clips
        used, before they are shuffled), `skipped` (`(path, reason)`),
        `flow_spec` (which a model compares with its own, see
        `flow.contract`), `sample_spec`, and `feed`, of which
        `data.distribute` makes the same batches elsewhere.

    Raises:
        ValueError: If an argument is wrong, or no clip can be used.
        FlowMismatchError: If `flow` is not that of the prepared set.
        OSError: If the prepared clips cannot be written.
    """
    _check(label_mode, batch_size, divisible_by, start, shard)
    located, spec = _locate(clips, sample, cache_dir, workers, verbose)
    if not len(located):
        raise ValueError(nothing_usable(located.clips.skipped))
    used, counts = located.clips, located.frame_counts
    if verbose:
        announce(used, used.skipped, counts, subset)
    index, shards = shard or (0, 1)
    numbers = range(index, len(located), shards)
    located = located.take(numbers)
    steps = Steps(
        clips=len(located),
        views=spec.samples,
        batch_size=batch_size or 1,
        drop_remainder=drop_remainder or repeat,
        divisible_by=divisible_by,
        shuffle=shuffle,
        seed=_seed(seed),
    )
    if not steps.per_epoch:
        raise ValueError(
            f"`batch_size` must be at most {steps.clips * steps.views}, the "
            "samples of an epoch, where the last batch is left out if it is "
            f"smaller. Received: batch_size={batch_size}, shard={shard}"
        )
    reader = OnDisk(located)
    stream = stream_of(
        InMemory(reader) if cache else reader,
        _labels(located.clips, label_mode),
        *(numbers, spec, steps, batch_size is not None),
    )
    feed = Feed(
        stream=stream,
        steps=steps,
        start=start,
        repeat=repeat,
        changes=shuffle or spec.augment,
        prefetch=prefetch,
        portable=not cache,
    )
    return described(feed.dataset(), feed, located, spec)


def _check(label_mode, batch_size, divisible_by, start, shard) -> None:
    if label_mode not in LABEL_MODES:
        raise ValueError(
            f"`label_mode` argument must be one of {LABEL_MODES}. "
            f"Received: label_mode={label_mode!r}"
        )
    if batch_size is not None and batch_size < 1:
        raise ValueError(
            "`batch_size` must be at least 1, or `None`. "
            f"Received: batch_size={batch_size}"
        )
    if divisible_by < 1 or (batch_size or 1) % divisible_by:
        raise ValueError(
            "`divisible_by` must be at least 1 and divide `batch_size`. "
            f"Received: divisible_by={divisible_by}, batch_size={batch_size}"
        )
    if start < 0:
        raise ValueError(
            f"`start` must not be negative. Received: start={start}"
        )
    if shard is not None and not 0 <= shard[0] < shard[1]:
        raise ValueError(
            "`shard` must be a pair of an index from 0 on and a larger "
            f"count. Received: shard={shard}"
        )


def _seed(seed: int | None) -> int:
    """Returns a seed that fits into 63 bits."""
    if seed is None:
        seed = int(tf.random.uniform([], maxval=2**62, dtype=tf.int64))
    return seed % 2**63


def _locate(clips, sample, cache_dir, workers, verbose):
    """Returns the records of the clips, and the spec of their samples."""
    flow = sample.pop("flow", None)
    if isinstance(clips, PreparedSet):
        check_prepared_flow(flow, clips)
        spec = SampleSpec(flow=clips.flow, **sample)
        located = locate_prepared(clips)
    else:
        spec = SampleSpec(flow=flow or FlowSpec(), **sample)
        located = locate_cached(clips, spec.flow, cache_dir, workers, verbose)
    return long_enough(located, spec), spec


def _labels(clips: Clips, label_mode: str | None) -> np.ndarray | None:
    if label_mode is None or clips.labels is None:
        return None
    if label_mode == "int":
        return np.array(clips.labels, "int32")
    return np.eye(len(clips.class_names), dtype="float32")[list(clips.labels)]
