"""Scores of a dataset's clips -> a result that says all of it."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_twostream.evaluation.result import Result
from keras_twostream.remote.address import as_path


def result_of(
    scores, dataset, directory, protocol, made: Mapping[str, Any]
) -> Result:
    """Returns the `Result` of scores.

    Args:
        scores: `(clips, classes)`, probabilities.
        dataset: Dataset of `data.clips_dataset`, of these clips.
        directory: Folder of the clips, of which they are called.
        protocol: The `Protocol`.
        made: What else the result is to say of itself.
    """
    name = functools.partial(clip_name, directory=directory)
    told = {
        "data": as_path(directory).name,
        "flow": dataset.flow_spec.to_dict(),
        "sample": dataset.sample_spec.to_dict(),
    }
    return Result(
        clips=tuple(map(name, dataset.file_paths)),
        labels=np.array(dataset.labels),
        scores=scores,
        class_names=tuple(dataset.class_names),
        protocol=protocol,
        groups=dataset.groups,
        skipped=tuple((name(path), why) for path, why in dataset.skipped),
        made=told | dict(made),
    )


def clip_name(path, directory) -> str:
    """Returns a clip's path in its folder, the same on every machine.

    Args:
        path: Path of the clip.
        directory: The folder.
    """
    place, folder = as_path(path), as_path(directory)
    if place.is_relative_to(folder):
        return place.relative_to(folder).as_posix()
    return place.as_posix()
