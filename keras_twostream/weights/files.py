"""Reads arrays out of Keras's weight files, by layer, without running them.

`.weights.h5` names layers by their class and order (`conv2d_3`), so it takes
the network that wrote it, or one that starts like it, to tell them apart; a
`.keras` archive brings the names along.
"""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import h5py

from keras_twostream.backbones.graph import snake_case

SUFFIXES = (".keras", ".h5")


class Entry(NamedTuple):
    """A layer as far as its place in a file goes."""

    name: str
    kind: str
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


def read_weights(path, entries=()):
    """Returns the arrays of a weights file, by layer.

    Args:
        path: A `.keras` archive, a `.weights.h5` file or a legacy `.h5` file.
        entries: Layers that give a `.weights.h5` file its names, as
            `entries_of` returns them; the other formats hold their own.

    Returns:
        Dict of layer name -> list of arrays. Layers of the file that
        `entries` do not name keep the file's names.

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
        if path.suffix == ".keras":
            return _read_archive(path)
        with h5py.File(path) as file:
            if "layer_names" in file.attrs:
                return _read_legacy(file)
            return _read_layers(file.get("layers", {}), entries)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is not a whole weights file: {error}"
        ) from error


def _read_archive(path):
    """Reads a `.keras` file: its config for names, its HDF5 for arrays."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        return _read_layers(file.get("layers", {}), _entries_in(config))


def _entries_in(config):
    """Returns the entries that a serialised model's config lists."""
    return tuple(
        Entry(layer["config"]["name"], layer["class_name"], _entries_in(layer))
        for layer in config["config"].get("layers", ())
    )


def _read_layers(group, entries):
    """Returns the arrays of each layer group, named by `entries`."""
    keys = _keys(entries)
    weights = {}
    for key in group:
        entry = keys.get(key, Entry(key, ""))
        if arrays := _arrays(group[key], entry):
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
