"""Preset folders from Hugging Face and Kaggle, by those hubs' libraries.

Only data is asked for where the library lets one choose. Nothing is unpacked
here; kagglehub itself does so with presets of more than 25 files.
"""

import importlib
import os
import re
from pathlib import Path
from types import ModuleType

from keras_twostream import __version__
from keras_twostream.remote.cache import OFFLINE_VARIABLE, is_offline

# All that a preset or a run has to offer.
PATTERNS = [
    "config.json",
    "metadata.json",
    "task.json",
    "README.md",
    "*.weights.h5",
    "*.keras",
]

_WORD = r"\w[\w.-]*"
_FORMS = {
    "hf://": re.compile(
        rf"(?P<name>{_WORD}/{_WORD})(@(?P<revision>[\w./-]+))?"
    ),
    "kaggle://": re.compile(
        rf"(?P<name>{_WORD}/{_WORD}/{_WORD}/{_WORD})(/(?P<revision>[1-9]\d*))?"
    ),
}
_EXAMPLES = (
    "hf://user/repository, hf://user/repository@revision, "
    "kaggle://user/model/keras/variation or "
    "kaggle://user/model/keras/variation/version"
)


def is_hub_address(text: str) -> bool:
    """Returns whether a text is an `hf://` or `kaggle://` address."""
    return str(text).startswith(tuple(_FORMS))


def fetch_folder(address: str) -> Path:
    """Returns the folder of a preset, downloaded if need be.

    Args:
        address: `hf://user/repository[@revision]` or
            `kaggle://user/model/keras/variation[/version]`.

    Raises:
        ValueError: If it is no such address, or cannot be downloaded.
        ImportError: If the hub's library is not installed.
    """
    scheme, _, rest = address.partition("://")
    found = _FORMS[f"{scheme}://"].fullmatch(rest)
    if not found:
        raise ValueError(
            f"Addresses of hubs are {_EXAMPLES}. Received: {address!r}"
        )
    fetch = _from_hugging_face if scheme == "hf" else _from_kaggle
    return fetch(address, found["name"], found["revision"])


def _from_hugging_face(address: str, name: str, revision: str | None) -> Path:
    library = _import("huggingface_hub", address)
    offline = is_offline("HF_HUB_OFFLINE")
    try:
        folder = library.snapshot_download(
            name,
            revision=revision,
            allow_patterns=PATTERNS,
            local_files_only=offline,
            library_name="keras_twostream",
            library_version=__version__,
        )
    # Its errors have no base of their own, and some none but Exception.
    except Exception as error:
        raise _refused(address, error, offline) from error
    return Path(folder)


def _from_kaggle(address: str, name: str, version: str | None) -> Path:
    if is_offline():
        return _kept_by_kaggle(address, name, version)
    library = _import("kagglehub", address)
    handle = f"{name}/{version}" if version else name
    try:
        return Path(library.model_download(handle))
    # As above.
    except Exception as error:
        raise _refused(address, error, offline=False) from error


def _kept_by_kaggle(address: str, name: str, version: str | None) -> Path:
    """Returns what kagglehub has downloaded; it has no offline mode."""
    home = os.environ.get("KAGGLEHUB_CACHE")
    cache = Path(home) if home else Path.home() / ".cache" / "kagglehub"
    folder = cache / "models" / name
    # It leaves such a mark beside the folder of a version that is whole.
    marks = folder.glob(f"{version or '*'}.complete")
    versions = [int(x.stem) for x in marks if x.stem.isdecimal()]
    whole = [x for x in versions if (folder / str(x)).is_dir()]
    if not whole:
        raise _refused(address, f"there is no copy in {folder}", offline=True)
    return folder / str(max(whole))


def _import(name: str, address: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{address} needs {name}: pip install 'keras_twostream[hub]'"
        ) from error


def _refused(
    address: str, reason: Exception | str, offline: bool
) -> ValueError:
    lines = str(reason).strip().splitlines() or [type(reason).__name__]
    why = f" (${OFFLINE_VARIABLE} or $HF_HUB_OFFLINE is set)" if offline else ""
    return ValueError(f"{address} cannot be had{why}: {lines[0]}")
