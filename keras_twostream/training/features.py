"""What never changes in training is computed once, and kept on disk.

While everything below some layers is frozen, what they make of a sample never
changes. A sample is a function of (seed, epoch, clip), so a few epochs of
samples, here called *draws*, are put through the frozen part once; epoch e
above it then learns from draw e modulo the number of draws. With as many draws
as epochs this is training from end to end, without its cost.
"""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from keras_twostream.preparation.cache import default_cache_dir
from keras_twostream.preparation.summary import progress
from keras_twostream.training.devices import answers_of
from keras_twostream.training.maps import Maps
from keras_twostream.weights.digest import weights_digest
from keras_twostream.weights.golden import golden_sample

# Samples whose maps share a file: what a kill loses.
ROWS = 256
# Digits of the golden sample's maps that tell networks apart.
DIGITS = 3


class Features(Maps):
    """Maps of clips, in files.

    Args:
        below: Network from samples to a dict of name -> map, as the first
            part of `training.split_fixed`.
        dataset: Dataset of `data.clips_dataset` in batches, not shuffled and
            without `start`; augmented or not.
        draws: Integer, how many epochs of it to keep; one is enough for
            samples without chance.
        cache_dir: Folder for the files; by default beside prepared clips.
        title: What the progress bar says.
        verbose: Whether to show one; "auto" does on a terminal.
        change: Name and function of what is done to every batch of samples
            before, dict of arrays -> dict of arrays.

    Raises:
        OSError: If the files cannot be written.
    """

    def __init__(
        self,
        below,
        dataset,
        draws=1,
        cache_dir=None,
        title="Frozen layers",
        verbose="auto",
        change=None,
    ):
        self.names, self.source = [*below.output], dataset
        views = dataset.sample_spec.samples
        self.draws, self.rows = draws, len(dataset.file_paths) * views
        folder = Path(cache_dir or default_cache_dir().parent / "features")
        self._change = change
        told = change and change[0]
        self.folder = folder.expanduser() / _key(below, dataset, told)
        self.folder.mkdir(parents=True, exist_ok=True)
        missing = [d for d in range(draws) if not self._is_there(d)]
        if missing:
            steps = dataset.feed.steps.per_epoch
            shown = progress(
                self._made(below, dataset, missing),
                steps * len(missing),
                title,
                verbose,
            )
            for _ in shown:
                pass
        self._files = {
            name: [
                [
                    np.load(self._file(name, draw, part), mmap_mode="r")
                    for part in range(self._parts)
                ]
                for draw in range(draws)
            ]
            for name in self.names
        }
        self.shapes = {
            name: files[0][0].shape[1:] for name, files in self._files.items()
        }

    def __getitem__(self, place):
        draw, numbers = place
        return {
            name: np.stack(
                [files[draw][row // ROWS][row % ROWS] for row in numbers]
            )
            for name, files in self._files.items()
        }

    @property
    def _parts(self) -> int:
        return -(-self.rows // ROWS)

    def _file(self, name, draw, part) -> Path:
        return self.folder / f"{name}.{draw:04d}.{part:06d}.npy"

    def _is_there(self, draw) -> bool:
        last = self._parts - 1
        return all(self._file(x, draw, last).exists() for x in self.names)

    def _made(self, below, dataset, draws):
        """Computes and writes draws, yielding for every batch."""
        for draw in draws:
            start = draw * dataset.feed.steps.per_epoch
            feed = dataclasses.replace(dataset.feed, start=start)
            waiting: dict[str, list] = {name: [] for name in self.names}
            part = 0
            for inputs, *_ in feed.dataset():
                if self._change:
                    inputs = {x: np.asarray(inputs[x]) for x in below.input}
                    inputs = self._change[1](inputs)
                maps = answers_of(below, inputs)
                for name, rows in maps.items():
                    waiting[name].extend(np.asarray(rows, np.float32))
                while len(waiting[self.names[0]]) >= ROWS:
                    self._write(waiting, draw, part)
                    part += 1
                yield
            if waiting[self.names[0]]:
                self._write(waiting, draw, part)

    def _write(self, waiting, draw, part):
        """Writes one part, and takes it out of what is waiting."""
        for name, rows in waiting.items():
            target = self._file(name, draw, part)
            partial = target.with_name(f".{os.getpid()}.{target.name}")
            try:
                with partial.open("wb") as file:
                    np.save(file, np.stack(rows[:ROWS]))
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
            waiting[name] = rows[ROWS:]


def _key(below, dataset, change) -> str:
    """Returns a name for all that the maps of a dataset depend on."""
    shapes = {name: tuple(x.shape[1:]) for name, x in below.input.items()}
    answers = answers_of(below, golden_sample(shapes))
    told = {
        "weights": weights_digest(below),
        # Layers without weights may differ too.
        "maps": {
            name: hashlib.sha256(_rounded(rows).tobytes()).hexdigest()
            for name, rows in sorted(answers.items())
        },
        "sample": dataset.sample_spec.to_dict(),
        "seed": dataset.feed.steps.seed,
        "clips": dataset.identities,
    } | ({"change": change} if change else {})
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _rounded(rows) -> np.ndarray:
    """Returns numbers without the digits that machines disagree about."""
    rows = np.asarray(rows, np.float32)
    digits = DIGITS - 1 - np.floor(np.log10(np.abs(rows).max() + 1e-9))
    # Adding 0 makes no difference between 0 and -0.
    return np.round(rows, int(digits)) + 0.0
