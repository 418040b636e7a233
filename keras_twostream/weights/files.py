"""Reads arrays out of Keras's weight files, by layer, without running them."""

import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import h5py

from keras_twostream.backbones.cuts import snake_case

SUFFIXES = (".keras", ".h5")


class Entry(NamedTuple):
    """A layer as far as its place in a file goes."""

    name: str
    kind: str = ""
    children: tuple["Entry", ...] = ()


def entries_of(network):
    """Returns the `Entry` of every layer of a Keras model, in file order."""
    return tuple(
        Entry(
            layer.name,
            type(layer).__name__,
            entries_of(layer) if hasattr(layer, "layers") else (),
        )
        for layer in network.layers
    )


def read_weights(path, entries=(), by_order=False):
    """Returns the arrays of a weights file, by layer.

    Args:
        path: A `.keras` archive, a `.weights.h5` file or a legacy `.h5` file.
        entries: Layers that the file may hold, as `entries_of` returns them:
            they tell in which order the parts of a layer come.
        by_order: Whether a layer of the file takes the name of the entry of
            the same class and number, and not the name that it was saved
            under: Keras numbers unnamed layers anew in every process.

    Returns:
        Dict of layer name -> list of arrays.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no weights file {path}")
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"Weights come from {' or '.join(SUFFIXES)} files. Received: {path}"
        )
    try:
        with h5py.File(_content(path)) as file:
            if "layer_names" in file.attrs:
                return _read_legacy(file)
            return _read_layers(file.get("layers", {}), entries, by_order)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is not a whole weights file: {error}"
        ) from error


def _content(path):
    """Returns what h5py opens: the path, or the HDF5 file in an archive."""
    if path.suffix != ".keras":
        return path
    with zipfile.ZipFile(path) as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


def _read_layers(group, entries, by_order):
    """Returns the arrays of each layer group, named by itself or `entries`."""
    named = {entry.name: entry for entry in entries}
    numbered = _keys(entries) if by_order else {}
    weights = {}
    for key, layer in group.items():
        own_name = layer["vars"].attrs.get("name", key)
        entry = numbered.get(key) or named.get(own_name) or Entry(own_name)
        if arrays := _arrays(layer, entry):
            weights[entry.name] = arrays
    return weights


def _keys(entries):
    """Returns what a file calls each entry: class name and number."""
    counts: Counter[str] = Counter()
    keys = {}
    for entry in entries:
        kind = snake_case(entry.kind)
        number = counts[kind]
        counts[kind] += 1
        keys[f"{kind}_{number}" if number else kind] = entry
    return keys


def _arrays(group, entry):
    """Returns the arrays of one layer, those of its parts in their order."""
    own = group.get("vars", {})
    arrays = [own[str(index)][()] for index in range(len(own))]
    for key, child in _keys(entry.children).items():
        if key in group.get("layers", {}):
            arrays += _arrays(group["layers"][key], child)
    return arrays


def _read_legacy(file):
    """Reads the HDF5 layout of Keras 1 and 2, which names its layers."""
    weights = {}
    for name in file.attrs["layer_names"]:
        name = name if isinstance(name, str) else name.decode()
        group = file[name]
        if arrays := [group[key][()] for key in group.attrs["weight_names"]]:
            weights[name] = arrays
    return weights
