"""Estimators that users write, called by their import path.

An estimator is a function `(previous, following) -> flow`, see
`estimators.get`. Its path "package.module:function" is a name that worker
processes can follow and that a `FlowSpec` records. It is followed only after
`add_estimator`, which is for what a user typed: a `FlowSpec` that was read
from a file never imports code.
"""

import importlib
import sys

import numpy as np

from keras_twostream.flow.estimators import ESTIMATORS, Estimator, unknown
from keras_twostream.flow.spec import is_import_path


def add_estimator(estimator: str | Estimator) -> str:
    """Makes an estimator of your own known by its import path.

    This imports the module that the path names. Call it with what you typed,
    never with what a file says: a manifest, an entry of weights or a saved
    network may name an estimator, and its module is imported only once you
    have agreed to that here, or by `--algorithm` on the command line. Worker
    processes are told. The results are recorded under the path: change what
    stands there, and prepared clips do not notice, so give a new version a
    new name.

    Args:
        estimator: "package.module:function", or the function itself, at the
            top of a module that other processes can import. It takes two
            `uint8` grey frames `(H, W)`, at least 16 pixels a side, and
            returns `float (H, W, 2)` displacements in pixels, as `get` says.
            A name in `ESTIMATORS` stays what it is.

    Returns:
        The path, for `FlowSpec.algorithm`.

    Raises:
        ValueError: If it has another form, or names no function.
        ImportError: If there is no such module.
    """
    path = estimator if isinstance(estimator, str) else _path_of(estimator)
    if path in ESTIMATORS:
        return path
    if not is_import_path(path):
        raise ValueError(unknown(path))
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"Cannot import the estimator {path!r}: {error}. Its package must "
            "be installed, or its folder be in PYTHONPATH."
        ) from error
    function = getattr(found, name, None)
    if not callable(function):
        raise ValueError(
            f"The estimator {path!r} must be a function `{name}` of the "
            f"module `{module}`. Received: {function!r}."
        )
    ESTIMATORS[path] = lambda: _checked(path, function)
    return path


def _path_of(function: Estimator) -> str:
    """Returns the import path of a function that has one."""
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", "")
    found = getattr(sys.modules.get(module), name, None)
    if module == "__main__" or found is not function:
        raise ValueError(
            "An estimator must stand at the top of a module of its own, which "
            f"worker processes import. Received: {function!r} of {module!r}."
        )
    return f"{module}:{name}"


def _checked(path: str, estimate: Estimator) -> Estimator:
    """Makes sure that an estimator returns what all others do."""

    def call(previous: np.ndarray, following: np.ndarray) -> np.ndarray:
        flow = np.asarray(estimate(previous, following))
        shape = (*previous.shape, 2)
        if flow.shape != shape or flow.dtype.kind != "f":
            raise ValueError(
                f"The estimator {path!r} must return float {shape}. "
                f"Received: {flow.dtype} {flow.shape}."
            )
        return flow.astype(np.float32, copy=False)

    return call
