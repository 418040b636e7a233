"""A model -> its weights on disk and the entry that tells of them."""

import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from keras_twostream.models.network import answer
from keras_twostream.models.record import read_record
from keras_twostream.weights.entry import Golden, Weights, WeightsFile
from keras_twostream.weights.golden import golden_sample

# Of what numbers are stored in: enough to tell the same class, half the size.
HALF = "float16"
UNTOLD = {"description": "A trained network.", "licence": "not stated"}


@contextmanager
def written(path):
    """Yields a temporary path that becomes `path` if all goes well."""
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_weights(model, path, dtype="float32"):
    """Writes a model's weights, whole or not at all.

    Args:
        model: Network of `build`.
        path: File to write, `.weights.h5`.
        dtype: `"float32"`, or `"float16"` for half the size.

    Raises:
        ValueError: If a weight is not finite, or has no place in that type.
    """
    path = Path(path)
    with written(path) as temporary:
        # Keras tells the format by the suffix, which the name keeps.
        model.save_weights(temporary)
        with h5py.File(temporary, "r+") as file:
            _check_and_store(file, dtype)
        if dtype == HALF:
            _repack(temporary)


def _check_and_store(file, dtype):
    """Brings all float arrays of a file to a type."""
    places = []
    file.visititems(
        lambda name, item: (
            places.append(name)
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f"
            else None
        )
    )
    for name in places:
        array = file[name][()]
        with np.errstate(over="ignore"):
            stored = array.astype(dtype)
        if not np.isfinite(stored).all():
            raise ValueError(
                f"{name} cannot be stored as {dtype}: its largest number is "
                f"{np.abs(array).max()}"
            )
        if stored.dtype != array.dtype:
            del file[name]
            file.create_dataset(name, data=stored)


def _repack(path):
    """Copies a file without the room of what was deleted from it."""
    with (
        written(path) as temporary,
        h5py.File(path) as old,
        h5py.File(temporary, "w") as new,
    ):
        for key in old:
            old.copy(key, new)
        new.attrs.update(old.attrs)


def file_of(path, url):
    """Returns the `WeightsFile` of a file on disk."""
    content = Path(path).read_bytes()
    return WeightsFile(
        urls=(url,),
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )


def golden_of(model):
    """Returns what a model answers to the golden sample."""
    shapes = {name: x.shape[1:] for name, x in model.input.items()}
    scores = answer(model.predict_on_batch(golden_sample(shapes)))
    return Golden(scores=tuple(scores[0].astype(float).round(7)))


def store(model, path, name, dtype="float32", **details):
    """Writes a model's weights and returns the entry that tells of them.

    Args:
        model: Network of `build`, `fuse` or `convert`.
        path: File to write, `.weights.h5`.
        name: `model.tag`.
        dtype: Of the stored numbers, `"float32"` or `"float16"`.
        **details: Attributes of `Weights` that the model does not carry.

    Raises:
        ValueError: If the model or a detail cannot be stored.
    """
    write_weights(model, path, dtype)
    if dtype != "float32":
        # The golden sample is that of the numbers as they are stored.
        stored = type(model).from_config(model.get_config())
        stored.load_weights(path)
    else:
        stored = model
    record = read_record(model)
    return Weights(
        name=name,
        file=file_of(path, path.name),
        network=record.network or {},
        class_names=record.class_names,
        flow=record.flow,
        sampling=record.sampling,
        parameters=model.count_params(),
        golden=golden_of(stored),
        **(UNTOLD | details),
    )


def write_json(path, value):
    """Writes a JSON file, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path, text):
    """Writes a text file, whole or not at all."""
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
