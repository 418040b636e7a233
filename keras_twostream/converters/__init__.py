"""Weights that others published -> networks of this library."""

import importlib
from pathlib import Path

# Source -> module with its `convert`, and suffixes that tell it.
SOURCES = {
    "matconvnet": ("keras_twostream.converters.matconvnet", (".mat",)),
    "keras-i3d": ("keras_twostream.converters.keras_i3d", (".h5",)),
    "pytorch": (
        "keras_twostream.converters.pytorch",
        (".pth", ".pt", ".tar", ".safetensors"),
    ),
}


def convert(path, source=None, *, class_names=None, **options):
    """Returns the network in a file of another library.

    It takes frames and flow in this library's units and answers as the
    original did; save it as a `.keras` file or a preset folder.

    Args:
        path: The file. Nothing in it is run.
        source: A name of `SOURCES`; by default what the suffix tells.
        class_names: Names of the classes, if the file has none or others
            are wanted.
        **options: Those of the source's own `convert`.

    Returns:
        `TwoStreamModel`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the source is unknown, or the file damaged or of a
            network that is not understood.
        ImportError: If a package is missing that reads the format.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}")
    if source is None:
        source = _source_of(path)
    if source not in SOURCES:
        raise ValueError(
            f"source must be one of {[*SOURCES]}. Received: {source!r}"
        )
    module = importlib.import_module(SOURCES[source][0])
    return module.convert(path, class_names=class_names, **options)


def _source_of(path):
    """Returns the source that a file's suffix tells."""
    for source, (_, suffixes) in SOURCES.items():
        if path.suffix in suffixes:
            return source
    known = {name: suffixes for name, (_, suffixes) in SOURCES.items()}
    raise ValueError(
        f"Say what {path} comes from, by source=: its suffix does not. "
        f"Known: {known}"
    )
