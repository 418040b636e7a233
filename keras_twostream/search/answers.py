"""What the networks of a search answered, kept in files.

A network of a search is a function of recipe, seed and plan, so what it
answered never has to be asked again: not after a kill, not by another worker,
not by a longer search.
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_twostream.training.recipe import Recipe

FAILED, SECONDS = "failed", "seconds"


def key_of(recipe: Recipe) -> str:
    """Returns the name of a recipe, whatever its seed.

    Args:
        recipe: `training.Recipe`.
    """
    told = replace(recipe, seed=0, description="").to_dict()
    text = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Answers:
    """Scores of clips, by recipe, seed and network.

    Args:
        folder: Folder of the files; made if need be.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def of(self, key: str, seed: int) -> dict[str, np.ndarray]:
        """Returns name of network -> `float32 (clips, classes)`.

        Args:
            key: Of `key_of`.
            seed: Of the recipe.
        """
        found = self._read(key, seed)
        return {x: v for x, v in found.items() if x not in (FAILED, SECONDS)}

    def seconds(self, key: str, seed: int) -> float:
        """Returns how long these networks took, of which some may be new."""
        return float(self._read(key, seed).get(SECONDS, 0.0))

    def failure(self, key: str, seed: int) -> str:
        """Returns why a combination cannot be tried, "" if nothing is known."""
        return str(self._read(key, seed).get(FAILED, ""))

    def add(self, key: str, seed: int, seconds: float, **answers) -> None:
        """Keeps what a network answered, whole or not at all.

        Args:
            key: Of `key_of`.
            seed: Of the recipe.
            seconds: What it took.
            **answers: Name of network -> `(clips, classes)`.

        Raises:
            OSError: If the file cannot be written.
        """
        known = self._read(key, seed)
        known[SECONDS] = np.asarray(float(known.get(SECONDS, 0.0)) + seconds)
        self._write(key, seed, known | answers)

    def fail(self, key: str, seed: int, why: str) -> None:
        """Keeps why a combination cannot be tried."""
        known = self._read(key, seed)
        self._write(key, seed, known | {FAILED: np.asarray(why)})

    def _path(self, key, seed):
        return self.folder / f"{key}.{seed}.npz"

    def _read(self, key, seed):
        try:
            with np.load(self._path(key, seed), allow_pickle=False) as file:
                return dict(file)
        except FileNotFoundError:
            return {}

    def _write(self, key, seed, arrays):
        path = self._path(key, seed)
        partial = path.with_name(f".{os.getpid()}.{path.name}")
        try:
            with partial.open("wb") as file:
                np.savez(file, **arrays)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
