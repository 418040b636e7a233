"""A run that is interrupted goes on where it was.

What is kept is every number that training depends on: weights, the state of
the optimizer, the state of each generator of chance, and where in which epoch
the last step was. Samples depend on nothing else, as they are a function of
(seed, epoch, clip). So the network that comes out is the same.
"""

import json
import math
import os
import re
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

STATE, BEST = "state.json", "best.npz"
# Seconds after which the state is written within an epoch too.
SECONDS = 600.0
MONITOR = "val_loss"
# What "plateau" multiplies the learning rate by, and after how many epochs
# without a lower validation loss.
PLATEAU_FACTOR, PLATEAU_PATIENCE = 0.1, 3


class Keeper(keras.callbacks.Callback):
    """Keeps the state of a training and the weights of its best epoch.

    Args:
        folder: Where; it is this training's alone.
        steps_per_epoch: Integer, batches of an epoch.
        seconds: After how many the state is written within an epoch; at the
            end of each it is always.
        patience: Epochs after which training ends if the validation loss has
            not fallen; `None` for never.
        plateau: Whether the learning rate falls if it has not for
            `PLATEAU_PATIENCE` epochs.

    Attributes:
        step: Number of batches that were learnt from, of all epochs.
        best: The least validation loss, and `best_epoch` its epoch.
        stopped: Whether `patience` has ended the training.
    """

    def __init__(
        self,
        folder,
        steps_per_epoch,
        *,
        seconds=SECONDS,
        patience=None,
        plateau=False,
    ):
        super().__init__()
        self.folder = Path(folder)
        self.steps_per_epoch = steps_per_epoch
        self.seconds, self.patience, self.plateau = seconds, patience, plateau
        self.step, self.waited = 0, 0
        self.best, self.best_epoch = math.inf, None
        self.stopped = False
        self._written = time.monotonic()
        self._validated: list = []

    @property
    def epoch(self):
        """Number of the epoch that goes on, or begins."""
        return self.step // self.steps_per_epoch

    def restore(self, model) -> bool:
        """Gives a compiled model the state that was written, if one was.

        Args:
            model: The model, built like the one that was trained.

        Returns:
            Whether there was one.

        Raises:
            ValueError: If it is the state of another network.
        """
        try:
            told = json.loads((self.folder / STATE).read_text("utf-8"))
        except FileNotFoundError:
            return False
        _fill(_variables(model), self.folder / told.pop("file"))
        for name, value in told.items():
            setattr(self, name, value)
        if self.best is None:
            self.best = math.inf
        return True

    def restore_best(self, model) -> None:
        """Gives a model the weights of the best epoch, if there was one."""
        if (self.folder / BEST).exists():
            _fill(model.weights, self.folder / BEST)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        late = time.monotonic() - self._written > self.seconds
        if late and self.step % self.steps_per_epoch:
            self._write()

    def on_test_end(self, logs=None):
        # Where the mean of the weights is kept it is in place now.
        self._validated = [keras.ops.convert_to_numpy(w) for w in self._weights]

    def on_epoch_end(self, epoch, logs=None):
        # The steps of an execution that was longer than the epoch's rest.
        self.step = (epoch + 1) * self.steps_per_epoch
        loss = (logs or {}).get(MONITOR)
        if loss is not None:
            self._judge(epoch, float(loss))
        self._write()

    def _judge(self, epoch, loss):
        if loss < self.best:
            self.best, self.best_epoch, self.waited = loss, epoch, 0
            values = zip(self._weights, self._validated, strict=True)
            _save(self.folder / BEST, [(w.path, x) for w, x in values])
            return
        self.waited += 1
        if self.plateau and self.waited % PLATEAU_PATIENCE == 0:
            rate = self.model.optimizer.learning_rate
            rate.assign(rate * PLATEAU_FACTOR)
        if self.patience is not None and self.waited >= self.patience:
            self.stopped = self.model.stop_training = True

    @property
    def _weights(self):
        return self.model.weights

    def _write(self):
        """Writes the state: first the numbers, then what points to them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.step:09d}.npz"
        variables = _variables(self.model)
        values = [(v.path, keras.ops.convert_to_numpy(v)) for v in variables]
        _save(self.folder / name, values)
        told = {
            "file": name,
            "step": self.step,
            "waited": self.waited,
            "best": self.best if math.isfinite(self.best) else None,
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
        }
        _replace(self.folder / STATE, json.dumps(told).encode())
        for old in self.folder.glob("[0-9]*.npz"):
            if old.name != name:
                old.unlink()
        self._written = time.monotonic()


def _variables(model):
    """Returns all that training changes."""
    return [*model.variables, *model.optimizer.variables]


def _save(path, values):
    """Writes arrays with the paths of their variables, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    arrays = {f"{i:05d}": value for i, (_, value) in enumerate(values)}
    names = np.array([name for name, _ in values])
    try:
        with partial.open("wb") as file:
            np.savez(file, names=names, **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _replace(path, content):
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    partial.write_bytes(content)
    partial.replace(path)


def _fill(variables, path):
    """Assigns what `_save` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        names = [str(name) for name in arrays["names"]]
        wanted = [v.path for v in variables]
        if [*map(_plain, names)] != [*map(_plain, wanted)]:
            raise ValueError(
                f"{path} is the state of another network: it has "
                f"{len(names)} variables ({', '.join(names[:3])}, ...), and "
                f"{len(variables)} are needed"
            )
        for i, variable in enumerate(variables):
            variable.assign(arrays[f"{i:05d}"])


def _plain(path):
    """Returns a path without the numbers that Keras gives in each process."""
    return re.sub(r"_\d+(?=/|$)", "", path)


class NotFiniteError(ValueError):
    """The loss is no number any more."""


class StopAtNaN(keras.callbacks.Callback):
    """Ends a training whose loss is no number, naming the clips at which.

    Args:
        steps: `data.steps.Steps` of the training set.
        names: Name of each clip.
        keeper: The `Keeper`, which counts the steps; called before this.

    Raises:
        NotFiniteError: When it happens.
    """

    def __init__(self, steps, names, keeper):
        super().__init__()
        self.steps, self.names, self.keeper = steps, names, keeper

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        step = self.keeper.step - 1
        rows = self.steps.clips_of(tf.constant(step, tf.int64))
        clips = [self.names[int(clip)] for _, clip, *_ in rows]
        raise NotFiniteError(
            f"The loss is {loss} after step {step + 1}, epoch "
            f"{step // self.keeper.steps_per_epoch + 1}, whose clips are "
            f"{', '.join(clips)}. A lower learning rate, `clip_norm` or "
            "precision float32 may help; `keras-twostream doctor` finds clips "
            "with broken flow"
        )
