"""The front door: a folder of videos -> datasets for `model.fit`."""

import os
from collections.abc import Sequence
from typing import Any

from keras_twostream.clips.listing import Group
from keras_twostream.clips.splits import check_split
from keras_twostream.data.choosing import (
    chosen_clips,
    part_of,
    without_skipped,
)
from keras_twostream.data.crop import CropSpec
from keras_twostream.data.pipeline import clips_dataset
from keras_twostream.data.samples import STREAMS
from keras_twostream.flow.spec import FlowSpec

# What makes views of a clip, and is for one that is not augmented.
_OF_VIEWS = ("view_places", "view_flips")


def video_dataset_from_directory(
    directory: str | os.PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    image_size: tuple[int, int] | int = (224, 224),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    *,
    split: str | None = None,
    flow: FlowSpec | None = None,
    flow_frames: int = 10,
    frames: int | None = None,
    augment: bool | None = None,
    views: int = 1,
    crop: CropSpec | None = None,
    group: Group = "auto",
    streams: Sequence[str] = STREAMS,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
    cache: bool = False,
    verbose: bool | str = "auto",
    start: int = 0,
    repeat: bool = False,
    **rest: Any,
):
    """Makes a dataset of RGB frames and optical flow from a folder of videos.

    It is to video files what `keras.utils.image_dataset_from_directory` is to
    images. Flow is computed once, by all cores, and kept on disk. A sample is
    one RGB frame and the flow fields around it.

    Args:
        directory: Folder with one sub-folder of video files for each class,
            or a prepared set (see `data.prepare`), which says itself what
            the classes, the groups and the flow of its clips are.
        labels: "inferred" from the sub-folders, or one integer for each video
            file in the order of their sorted paths, or `None`. Those of a
            prepared set are its own, or none.
        label_mode: "int" (`int32`), "categorical" (one-hot `float32`), or
            `None` for no labels.
        class_names: The classes to take, in the order of their labels.
        batch_size: Samples in a batch; `None` for no batches.
        image_size: `(height, width)` of the samples in pixels.
        shuffle: Whether clips come in another order in each epoch.
        seed: Seed of the split, the shuffling and the augmentation. The same
            seed gives the same epochs, each different from the others.
        validation_split: Share of the clips that is for validation, to be
            given together with `subset`. Groups stay whole.
        subset: "training", "validation" or "both".
        split: Which clips of a prepared set to take at all, if it has splits:
            "train", "validation" or "test".
        flow: Which flow, by default `FlowSpec()` or that of a prepared set,
            which it must equal. A model compares it with its own, see
            `flow.contract`.
        flow_frames: Number of flow fields around each frame, L. Clips that
            are too short repeat their first and last field.
        frames: Number of frames, T, evenly spaced over the clip (with jitter
            where augmented). `None` is one frame and no axis for time.
        augment: Whether frames, crops and flips are chosen by chance, anew
            in each epoch. By default only for the training subset.
        views: Number of samples of each clip, evenly spaced in time, that
            follow one another: predictions can be reshaped to
            `(clips, views, classes)`. An augmented half of "both" has one.
        crop: How frames are cut and resized, by default `CropSpec()`.
        group: How clips that must not be split are recognised, as for
            `data.list_clips`.
        streams: Which of "rgb" and "flow" are wanted.
        cache_dir: Folder of the prepared clips, as for `data.cache_clips`.
        workers: Number of processes that prepare clips, as for
            `data.cache_clips`.
        cache: Whether to hold all clips, still compressed, in memory.
        verbose: Whether to show progress, what was found and what was
            skipped. "auto" does, with progress only on a terminal.
        start: Number of batches used before, as for `data.clips_dataset`.
        repeat: Whether one iteration goes on without end, as for
            `data.clips_dataset`. Of "both", `start` and `repeat` are for the
            training half.
        **rest: Other arguments of `data.clips_dataset`: how clips are sampled
            (`sampling`, `tau`, `short`; `view_places` and `view_flips`,
            which an augmented half of "both" has not) and how they are fed
            (`drop_remainder`, `shard`, `prefetch`).

    Returns:
        A `tf.data.Dataset` as of `data.clips_dataset`; a pair of them
        (training, validation) with `subset="both"`, where the second is not
        shuffled, and the first reports the files that are no clips.

    Raises:
        ValueError: If an argument is wrong, or no clip can be used.
        FlowMismatchError: If `flow` is not that of the prepared set.
        OSError: If the prepared clips cannot be written.
    """
    check_split(validation_split, subset, shuffle, seed)
    listed = chosen_clips(directory, labels, class_names, group, split)

    def make(part, shuffle, augment, start=0, repeat=False, **own):
        return clips_dataset(
            part_of(listed, validation_split, part, seed),
            label_mode=None if labels is None else label_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            start=start,
            repeat=repeat,
            cache_dir=cache_dir,
            workers=workers,
            cache=cache,
            verbose=verbose,
            subset=part or split,
            image_size=image_size,
            flow=flow,
            flow_frames=flow_frames,
            frames=frames,
            augment=augment,
            crop=crop or CropSpec(),
            streams=streams,
            **own,
        )

    if subset == "both":
        chance = augment is not False
        views_of = {x: rest.pop(x) for x in _OF_VIEWS if x in rest}
        views_of["views"] = views
        own = rest if chance else rest | views_of
        training = make("training", shuffle, chance, start, repeat, **own)
        # What is no clip at all has been reported.
        listed = without_skipped(listed)
        own = rest | views_of
        return training, make("validation", False, False, **own)
    chance = subset == "training" if augment is None else augment
    return make(subset, shuffle, chance, start, repeat, views=views, **rest)
