"""Where a trained network is: whatever a user calls it -> files here."""

from dataclasses import dataclass
from pathlib import Path

from keras_twostream.remote.download import is_remote
from keras_twostream.weights import hub, store
from keras_twostream.weights.entry import (
    NAME,
    OWN_FORMATS,
    Weights,
    parse_entry,
)
from keras_twostream.weights.files import SUFFIXES
from keras_twostream.weights.index import find_zoo, known

# Files of a preset folder, named as KerasHub names them; `ARCHITECTURE` is
# there if `build` does not make the network.
CONFIG, METADATA, CARD = "config.json", "metadata.json", "README.md"
WEIGHTS, ARCHITECTURE = "model.weights.h5", "task.json"
# The network of a run folder.
RUN_MODEL = "model.keras"


@dataclass(frozen=True, kw_only=True)
class Found:
    """Files of a trained network.

    Attributes:
        path: Its weights, or all of it as a `.keras` file.
        entry: What is known of it; `None` for a `.keras` file, which knows.
        architecture: File with its layers, if `build` does not make them.
    """

    path: Path
    entry: Weights | None = None
    architecture: Path | None = None


def find(source):
    """Returns the files of a trained network, downloaded if need be.

    Args:
        source: As for `zoo.load`.

    Raises:
        ValueError: If nothing is called so, or a file is not what it must be.
        FileNotFoundError: If there is no such file or folder.
    """
    text = str(source)
    if hub.is_hub_address(text):
        return _in_folder(hub.fetch_folder(text))
    if is_remote(text):
        return _file(store.fetch_address(text))
    path = Path(source)
    if path.is_dir():
        return _in_folder(path)
    if path.is_file():
        return _file(path)
    # A file that is missing is not a misspelt name.
    if path.suffix in SUFFIXES or len(path.parts) > 1:
        raise FileNotFoundError(f"There is no trained model at {path}")
    zoo = find_zoo()
    names = zoo.names()
    if text not in names:
        raise ValueError(
            f"There is no trained model {text!r}, neither a file or folder nor "
            f"a name of pretrained weights.{known(text, names)}"
        )
    entry = zoo.entry(text)
    return Found(path=store.fetch_file(entry, zoo.address), entry=entry)


def weights_path(source):
    """Returns the file that a network's weights are to be read from.

    Args:
        source: Path of a weights file, or anything that `find` understands.

    Raises:
        ValueError: If nothing is called so, or it is of a foreign format.
        FileNotFoundError: If there is no such file or folder.
    """
    path, text = Path(source), str(source)
    elsewhere = hub.is_hub_address(text) or is_remote(text)
    named = NAME.fullmatch(text) and path.suffix not in SUFFIXES
    if path.is_file() or not (elsewhere or named or path.is_dir()):
        return path
    found = find(source)
    if found.entry and found.entry.file.format not in OWN_FORMATS:
        raise ValueError(
            f"{text} is a file of {found.entry.file.format}: open it with "
            "keras_twostream.load, save that as a .keras file and name it here"
        )
    return found.path


def _in_folder(folder):
    """Returns the files of a run folder or of a preset."""
    if (folder / RUN_MODEL).is_file():
        return Found(path=folder / RUN_MODEL)
    config = folder / CONFIG
    if not config.is_file():
        raise FileNotFoundError(
            f"There is no trained model at {folder}: a run folder has "
            f"{RUN_MODEL}, a preset {CONFIG} and {WEIGHTS}"
        )
    entry = parse_entry(config.read_bytes(), config)
    architecture = folder / ARCHITECTURE
    return Found(
        path=store.fetch_file(entry, lambda name: folder / Path(name).name),
        entry=entry,
        architecture=architecture if architecture.is_file() else None,
    )


def _file(path):
    if path.suffix != ".keras":
        raise ValueError(
            f"A trained model is a .keras file. Received: {path}. Weights "
            "alone do not say their network: pass them to build(name, "
            "weights=...); files of other libraries become one by "
            "keras_twostream.convert"
        )
    return Found(path=path)
