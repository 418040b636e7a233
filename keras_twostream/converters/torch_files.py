"""Reads the arrays of PyTorch's files, and runs nothing of them."""

import importlib
import re
from collections.abc import Mapping

import numpy as np

NEEDED = "pip install 'keras_twostream[pytorch]' reads files of PyTorch"
# From this version on `weights_only` keeps what it says (CVE-2025-32434).
SAFE_TORCH = (2, 6)
SAFETENSORS = ".safetensors"
# Entry of a checkpoint that holds its arrays; beside it are `epoch`, `arch`,
# `best_prec1`, `meta`, `optimizer`.
STATE = "state_dict"
# How PyTorch calls what it refuses to make.
_GLOBAL = re.compile(r"GLOBAL (\S+)")


def read_tensors(path):
    """Returns the arrays of a file of PyTorch, by name.

    `.safetensors` files hold arrays alone. Others are pickles, of which
    `torch.load(weights_only=True)` makes tensors and plain containers only.

    Args:
        path: `pathlib.Path` of a `.safetensors` file, or of one written by
            `torch.save`: a dict of tensors, or one with that as its entry
            `"state_dict"`.

    Returns:
        Dict of name -> float32 array. Counters of batches are left out.

    Raises:
        ImportError: If a package is missing that reads the format.
        ValueError: If the file is damaged, holds something else, or holds
            objects that could run code.
    """
    read = _safetensors if path.suffix == SAFETENSORS else _checkpoint
    tensors = _state(read(path), path)
    return {
        name: _array(tensor, name, path)
        for name, tensor in tensors.items()
        if not name.endswith("num_batches_tracked")
    }


def _safetensors(path):
    package = _package("safetensors")
    numpy_api = importlib.import_module("safetensors.numpy")
    # NumPy learns bfloat16 from this package, which Keras brings.
    importlib.import_module("ml_dtypes")
    try:
        return numpy_api.load_file(path)
    except package.SafetensorError as error:
        raise ValueError(
            f"{path} is damaged, or no safetensors file ({error})"
        ) from error
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} holds numbers of a type that NumPy has not; save them as "
            f"float32 ({error})"
        ) from error


def _checkpoint(path):
    torch = _package("torch")
    version = tuple(map(int, torch.__version__.split(".")[:2]))
    if version < SAFE_TORCH:
        raise ImportError(f"{NEEDED}, by torch >= 2.6. Found: {version}")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # Damage can show anywhere in a stream.
        raise ValueError(f"{path} {_why(error)}") from error


def _why(error):
    """Returns why a file could not be read, in one line."""
    if not (refused := _GLOBAL.search(str(error))):
        kind = type(error).__name__
        return f"is damaged, or torch.save did not write it ({kind})"
    return (
        f"holds {refused[1]} beside its arrays, an object that could run code "
        "and was not made. If you trust the file, keep its arrays alone where "
        "it comes from: torch.save(torch.load(PATH, weights_only=False)"
        f"['{STATE}'], NEW_PATH)"
    )


def _package(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{NEEDED}: {name} is missing") from error


def _state(content, path):
    """Returns the dict of tensors in what a file holds."""
    found = f"a {type(content).__name__}"
    if isinstance(content, Mapping):
        found = f"entries {[*content][:4]}"
        content = content.get(STATE, content)
    is_state = isinstance(content, Mapping) and all(
        isinstance(name, str) and hasattr(tensor, "shape")
        for name, tensor in content.items()
    )
    if not is_state or not content:
        raise ValueError(
            f"{path} must hold a dict of tensors, or one as its entry "
            f"{STATE!r}. Found: {found}"
        )
    return content


def _array(tensor, name, path):
    """Returns a tensor of PyTorch, or an array, as a float32 array."""
    if hasattr(tensor, "detach"):
        try:
            tensor = tensor.detach().float().numpy()
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"{path}: {name} must be a dense tensor of numbers. "
                f"Found: {tensor.dtype}, {tensor.layout}"
            ) from error
    return np.asarray(tensor, "float32")
