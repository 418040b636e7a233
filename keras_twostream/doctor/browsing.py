"""A page that shows what a dataset really feeds to a network."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_twostream.clips.clips import Clips
from keras_twostream.clips.listing import list_clips
from keras_twostream.clips.lists import read_clips
from keras_twostream.data.crop import CropSpec
from keras_twostream.data.pipeline import clips_dataset
from keras_twostream.doctor.browse_page import draw_samples
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.facts import name_of
from keras_twostream.preparation.prepared import is_prepared, open_prepared
from keras_twostream.report.page import write_page
from keras_twostream.report.sheets import Sample


def browse(
    path: str | os.PathLike,
    html: str | os.PathLike = "browse.html",
    *,
    clips: int = 12,
    seed: int = 0,
    augment: bool = False,
    frames: int | None = 5,
    flow_frames: int = 10,
    image_size: tuple[int, int] | int = (224, 224),
    crop: CropSpec | None = None,
    flow: FlowSpec | None = None,
    cache_dir: str | os.PathLike | None = None,
    workers: int | None = None,
) -> Path:
    """Writes a page of samples as a network gets them.

    The page needs no other file and no network. Each sample plays all its
    frames and all fields of flow, after sampling, cropping, resizing and
    augmentation, with its label and the range of its numbers.

    Args:
        path: Folder of classes, or a prepared set, as for
            `data.video_dataset_from_directory`.
        html: The file to write.
        clips: Number of clips, drawn by chance.
        seed: Of which clips, and of the augmentation.
        augment: Whether samples are drawn and changed as in training.
        frames: Number of frames, T; `None` is one.
        flow_frames: Number of flow fields around each frame, L.
        image_size: `(height, width)` of the samples in pixels.
        crop: How frames are cut and resized, by default `CropSpec()`.
        flow: Which flow, by default `FlowSpec()`, or that of the set.
        cache_dir: Folder of prepared clips, as for `data.cache_clips`.
        workers: Number of processes that prepare clips.

    Returns:
        Path of the page.

    Raises:
        ValueError: If an argument is wrong, or no clip can be used.
        OSError: If the page cannot be written.
    """
    if clips < 1:
        raise ValueError(f"`clips` must be at least 1. Received: {clips}.")
    source, groups = _drawn(Path(path), clips, seed)
    settings: dict[str, Any] = {} if flow is None else {"flow": flow}
    dataset = clips_dataset(
        source,
        batch_size=1,
        seed=seed,
        augment=augment,
        frames=frames,
        flow_frames=flow_frames,
        image_size=image_size,
        crop=crop or CropSpec(),
        cache_dir=cache_dir,
        workers=workers,
        verbose=False,
        **settings,
    )
    samples = list(_samples(dataset, Path(path), groups, frames is not None))
    return write_page(html, *draw_samples(str(path), samples, dataset))


def _drawn(path: Path, count: int, seed: int):
    """Returns some clips, and the group of each by its path."""
    found: Any = open_prepared(path) if is_prepared(path) else _listed(path)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(found))[:count]
    taken = found.take(sorted(chosen.tolist()))
    known: Clips = taken if isinstance(taken, Clips) else taken.clips
    groups = known.groups or [""] * len(known)
    pairs = zip(map(str, known.paths), groups, strict=True)
    # A clip that is a group of its own has its path for a name.
    return taken, {path: name for path, name in pairs if name != path}


def _listed(path: Path) -> Clips:
    has_classes = path.is_dir() and any(
        each.is_dir() and not each.name.startswith(".")
        for each in path.iterdir()
    )
    if has_classes:
        return read_clips(path, verbose=False)
    return list_clips(path, labels=None)


def _samples(
    dataset, root: Path, groups: dict[str, str], timed: bool
) -> Iterator[Sample]:
    names = dataset.class_names
    batches = dataset.as_numpy_iterator()
    for path, batch in zip(dataset.file_paths, batches, strict=True):
        inputs, *label = batch if isinstance(batch, tuple) else (batch,)
        parts = {
            key: value[0] if timed else value for key, value in inputs.items()
        }
        told = ""
        if label:
            number = int(label[0][0])
            told = f"{names[number]} (label {number})"
        name = name_of(Path(path), root)
        group = groups.get(path, "")
        yield Sample(name=name, label=told, group=group, **parts)
