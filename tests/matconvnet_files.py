"""Writes networks as MATLAB does.

What is written is a dict as MATLAB has it: a `Structs` is an array of structs,
a list a cell array, a dict a struct.
"""

import itertools

import h5py
import numpy as np
import scipy.io

NUMBERS = itertools.count()


class Structs(list):
    """An array of structs."""


def row(*numbers):
    """Returns numbers as MATLAB writes them."""
    return np.array([numbers], "float64")


def write(path, variables):
    """Writes variables as MATLAB's version 7 does; returns the path."""
    content = {name: _scipy(value) for name, value in variables.items()}
    scipy.io.savemat(path, content, do_compression=True)
    return path


def _scipy(value):
    if isinstance(value, Structs):
        return np.array(
            [[tuple(_scipy(v) for v in x.values()) for x in value]],
            [(name, object) for name in value[0]],
        )
    if isinstance(value, dict):
        return _scipy(Structs([value])) if value else np.zeros((0, 0))
    if isinstance(value, list):
        cells = np.empty((1, len(value)), object)
        for i, item in enumerate(value):
            cells[0, i] = _scipy(item)
        return cells
    return value


def write_hdf5(path, variables):
    """Writes variables as MATLAB's version 7.3 does; returns the path."""
    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")
        for name, value in variables.items():
            _hdf5(file, name, value, refs)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124))
        file.write(b"\x00\x02IM")
    return path


def _hdf5(group, name, value, refs):
    if isinstance(value, dict):
        item = group.create_group(name)
        for key, part in value.items():
            _hdf5(item, key, part, refs)
    elif isinstance(value, Structs):
        item = group.create_group(name)
        for key in value[0]:
            item[key] = _references([x[key] for x in value], refs)
    elif isinstance(value, list) and value:
        group[name] = _references(value, refs)
        item = group[name]
    else:
        array, kind = _array(value)
        empty = 0 in array.shape
        group[name] = np.array(array.shape, "uint64") if empty else array.T
        item = group[name]
        item.attrs["MATLAB_class"] = np.bytes_(kind)
        if empty:
            item.attrs["MATLAB_empty"] = np.uint8(1)
        return
    kind = "struct" if isinstance(value, dict | Structs) else "cell"
    item.attrs["MATLAB_class"] = np.bytes_(kind)


def _references(values, refs):
    found = []
    for value in values:
        name = f"r{next(NUMBERS)}"
        _hdf5(refs, name, value, refs)
        found.append(refs[name].ref)
    return np.array(found, h5py.ref_dtype)[:, None]


def _array(value):
    if isinstance(value, str):
        return np.array([[ord(x) for x in value]], "uint16").reshape(
            1, -1
        ), "char"
    if isinstance(value, list):
        return np.zeros((0, 0)), "cell"
    array = np.atleast_2d(value)
    kinds = {"float32": "single", "bool": "logical"}
    kind = kinds.get(str(array.dtype), "double")
    return array.astype("uint8") if kind == "logical" else array, kind
