"""Reads what MATLAB saved, as dicts, lists, arrays and strings."""

import importlib

import numpy as np

NEEDED = "pip install 'keras_twostream[matconvnet]' reads files of MATLAB"
SUFFIX = ".mat"
# How a file of version 7.3 begins, at its start or behind MATLAB's own words.
HDF5, HDF5_STARTS = b"\x89HDF\r\n\x1a\n", (0, 512)


def read_mat(path, names):
    """Returns variables of a MATLAB file.

    A struct is a dict, an array of structs a list of them, a cell array a
    list, characters a string; numbers are arrays in MATLAB's order of axes.
    Objects of classes are left as they are: nothing in a file is run.

    What version 7 compresses has checksums. SciPy may crash on damaged files
    of version 6, which has none; check the hash of such a file first.

    Args:
        path: `pathlib.Path` of a `.mat` file of any version.
        names: Names of the variables to read; those that are missing there
            are missing in the result.

    Returns:
        Dict of name -> value.

    Raises:
        ImportError: If a package is missing that reads the format.
        ValueError: If the file is damaged or no MATLAB file.
    """
    if path.suffix != SUFFIX:
        raise ValueError(f"Files of MATLAB end in {SUFFIX}. Received: {path}")
    with path.open("rb") as file:
        start = file.read(HDF5_STARTS[-1] + len(HDF5))
    new = any(start[at:].startswith(HDF5) for at in HDF5_STARTS)
    read, package = (_read_hdf5, "h5py") if new else (_read_old, "scipy.io")
    package = _package(package)
    try:
        return read(package, path, names)
    except Exception as error:  # Damage can show anywhere in a file.
        raise ValueError(
            f"{path} is damaged or no file of MATLAB: "
            f"{type(error).__name__}: {error}"
        ) from error


def listed(value):
    """Returns an array of structs or a cell array as a list.

    MATLAB tells one struct, or one string, not from a list of one.
    """
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict | str) else []


def numbers(value):
    """Returns an array of numbers as a flat list, of none if it is none."""
    if isinstance(value, bool | int | float):
        return [value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return np.ravel(value, order="F").tolist()
    return []


def _package(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{NEEDED}. Missing: {name}") from error


def _read_old(package, path, names):
    """Reads versions 4 to 7, by SciPy."""
    found = package.loadmat(
        path, variable_names=names, struct_as_record=False, squeeze_me=False
    )
    return {name: _plain(found[name]) for name in names if name in found}


def _plain(value):
    """Returns what SciPy made, in the types of `read_mat`."""
    if hasattr(value, "_fieldnames"):
        fields = value._fieldnames
        return {name: _plain(getattr(value, name)) for name in fields}
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind == "U":
        return _text(value.ravel().tolist())
    if value.dtype != object:
        return value
    items = [_plain(item) for item in np.ravel(value, order="F")]
    # Of structs, unlike cells, the items are not arrays themselves.
    struct = value.size == 1 and hasattr(value.flat[0], "_fieldnames")
    return items[0] if struct else items


def _text(rows):
    """Returns rows of characters as a string, or a list if there are more."""
    rows = [row.rstrip() for row in rows]
    return rows if len(rows) > 1 else "".join(rows)


def _read_hdf5(package, path, names):
    """Reads version 7.3, by h5py, which sees axes in reversed order."""
    with package.File(path) as file:
        return {
            name: _item(package, file, file[name])
            for name in names
            if name in file
        }


def _item(package, file, item):
    """Returns a group or a data set, in the types of `read_mat`."""
    if isinstance(item, package.Group):
        return _struct(package, file, item)
    kind = item.attrs.get("MATLAB_class", b"").decode()
    if item.attrs.get("MATLAB_empty", 0):
        empty = {"char": "", "cell": [], "struct": []}
        return empty.get(kind, np.zeros(item[()].astype(int)))
    value = item[()]
    if package.check_ref_dtype(item.dtype):
        return [_item(package, file, file[ref]) for ref in value.ravel()]
    if kind == "char":
        rows = np.atleast_2d(value.T).tolist()
        return _text(["".join(map(chr, row)) for row in rows])
    return value.T


def _struct(package, file, group):
    """Returns a struct, or a list of them if its fields are references."""
    several = [
        name
        for name, field in group.items()
        if isinstance(field, package.Dataset)
        and package.check_ref_dtype(field.dtype)
        and "MATLAB_class" not in field.attrs
    ]
    fields = {
        name: _item(package, file, field) for name, field in group.items()
    }
    if not several:
        return fields
    count = len(fields[several[0]])
    return [{name: fields[name][i] for name in several} for i in range(count)]
