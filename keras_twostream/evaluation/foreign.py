"""Scores that others saved -> results."""

import os
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from keras_twostream.clips.groups import group_clips
from keras_twostream.clips.reading import read_list
from keras_twostream.evaluation.averaging import as_probabilities
from keras_twostream.evaluation.protocols import Protocol
from keras_twostream.evaluation.result import Result

# Stands between a file and the name of the array in it.
MARK = "::"
SUFFIXES = (".json", ".npy", ".npz", ".h5", ".hdf5", ".mat")


def read_result(
    path: str | os.PathLike,
    labels: str | os.PathLike | None = None,
    class_names: Sequence[str] | str | os.PathLike | None = None,
    kind: str | None = None,
) -> Result:
    """Reads a result, or scores in a file of NumPy, HDF5 or MATLAB.

    Args:
        path: File of `Result.save`, or `.npy`, `.npz`, `.h5` or `.mat` with
            an array `(clips, classes)`; where there are several, its name is
            written behind the file's, as in `scores.npz::rgb`. No pickles.
        labels: For such arrays: list file with a clip for each row, in any
            format that `data.read_clips` knows.
        class_names: For such arrays: names in the order of the columns, or a
            file of them; by default those that the list says or, sorted, its
            folders.
        kind: What the scores are, one of `averaging.KINDS`; `None` to tell by
            the numbers.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such scores, or they do not fit the list.
    """
    name, _, key = os.fspath(path).partition(MARK)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"Scores are in a file of {', '.join(SUFFIXES)}. Received: {name}"
            + (", a pickle, which may run code" if suffix in _PICKLES else "")
        )
    if not Path(name).is_file():
        raise FileNotFoundError(f"There is no file {name}")
    if suffix == ".json":
        return Result.load(name)
    scores = read_scores(name, key)
    if labels is None:
        raise ValueError(
            f"{name} holds scores of {scores.shape[0]} clips and does not say "
            "which: a list of them in the same order is needed (`labels`)"
        )
    return _with_labels(scores, labels, class_names, kind, name)


def _with_labels(scores, labels, class_names, kind, name) -> Result:
    listed = read_list(labels, class_names=class_names)
    clips = tuple(entry.path for entry in listed.entries)
    names = listed.labels.names
    numbers = [x for x in listed.labels.indices if x is not None]
    if len(numbers) < len(clips):
        raise ValueError(
            f"{labels} must say the class of every clip. Received: "
            f"{len(clips) - len(numbers)} clips without one"
        )
    if scores.shape != (len(clips), len(names)):
        raise ValueError(
            f"{labels} lists {len(clips)} clips of {len(names)} classes. "
            f"Received: {name} with scores of shape {scores.shape}"
        )
    try:
        shares = as_probabilities(scores, kind)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return Result(
        clips=clips,
        labels=np.array(numbers),
        scores=shares,
        class_names=tuple(names),
        protocol=Protocol(views=1),
        groups=group_clips([Path(x) for x in clips], numbers, names),
        made={"model": Path(name).stem, "scores": kind},
    )


def read_scores(path: str, key: str = "") -> np.ndarray:
    """Reads an array of scores.

    Args:
        path: The file.
        key: Name of the array, needed where there are several.

    Returns:
        `float64 (clips, classes)`.

    Raises:
        ValueError: If there is no such array.
    """
    try:
        arrays = _READERS[Path(path).suffix.lower()](path)
    except Exception as error:
        # Readers raise whatever a damaged file provokes.
        raise ValueError(
            f"{path} is damaged or of another kind: {type(error).__name__}: "
            f"{error}"
        ) from error
    tables = {
        name: array
        for name, array in arrays.items()
        if array.ndim == 2 and array.dtype.kind in "fiu"
    }
    if key:
        tables = {name: x for name, x in tables.items() if name == key}
    if len(tables) != 1:
        found = [f"{name} {array.shape}" for name, array in arrays.items()]
        wanted = (
            f"called {key!r}" if key else f"(or say which: {path}{MARK}NAME)"
        )
        raise ValueError(
            f"One array (clips, classes) of numbers {wanted} is needed. "
            f"Received: {path} with {', '.join(found) or 'nothing'}"
        )
    return next(iter(tables.values())).astype(np.float64)


def _of_numpy(path):
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return {"": found}
    with found:
        return {name: found[name] for name in found.files}


def _of_hdf5(path):
    arrays = {}

    def keep(name, thing):
        if isinstance(thing, h5py.Dataset):
            arrays[name] = np.asarray(thing)

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return arrays


def _of_matlab(path):
    if h5py.is_hdf5(path):  # version 7.3, which has its axes in reverse
        return {name: array.T for name, array in _of_hdf5(path).items()}
    found = scipy.io.loadmat(path)
    return {k: v for k, v in found.items() if not k.startswith("__")}


_PICKLES = (".pkl", ".pickle", ".pth", ".pt")
_READERS = {
    ".npy": _of_numpy,
    ".npz": _of_numpy,
    ".h5": _of_hdf5,
    ".hdf5": _of_hdf5,
    ".mat": _of_matlab,
}
