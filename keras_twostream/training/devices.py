"""One network on several devices, and the same numbers every time."""

import contextlib
import importlib
import os
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

# What makes XLA's kernels for NVIDIA deterministic.
_XLA_FLAG = "--xla_gpu_deterministic_ops=true"


@contextlib.contextmanager
def on_devices(count: int | None) -> Iterator[None]:
    """Builds and trains networks on several devices, within.

    Every batch is divided among them. On TensorFlow by
    `tf.distribute.MirroredStrategy`, on JAX by
    `keras.distribution.DataParallel`.

    Args:
        count: How many; `None` for one, as Keras chooses.

    Raises:
        ValueError: If there are fewer, or the backend is PyTorch.
    """
    if not count or count == 1:
        yield
        return
    names = keras.distribution.list_devices()
    if count > len(names):
        raise ValueError(
            f"devices={count} are more than there are: {', '.join(names)}"
        )
    backend = keras.config.backend()
    if backend == "jax":
        with keras.distribution.DataParallel(devices=names[:count]).scope():
            yield
    elif backend == "tensorflow":
        upper = [name.upper() for name in names[:count]]
        with tf.distribute.MirroredStrategy(upper).scope():
            yield
    else:
        raise ValueError(
            "Several devices need the TensorFlow or the JAX backend of Keras. "
            f"Received: devices={count} on {backend}"
        )


def answers_of(model, inputs):
    """Returns `model.predict_on_batch(inputs)`, on however many devices.

    Args:
        model: The network.
        inputs: Dict of name -> array or TensorFlow's tensor of a batch.
    """
    inputs = {name: np.asarray(x) for name, x in inputs.items()}
    count = _count()
    if count == 1:
        return model.predict_on_batch(inputs)
    rows = len(next(iter(inputs.values())))
    size = -(-rows // count) * count
    # Each device takes as many; what is repeated is cut off again.
    whole = {
        name: np.take(x, np.minimum(np.arange(size), rows - 1), axis=0)
        for name, x in inputs.items()
    }
    found = model.predict(whole, batch_size=size, verbose=0)
    return keras.tree.map_structure(lambda x: x[:rows], found)


def _count() -> int:
    """Returns how many devices share a batch here."""
    if keras.config.backend() == "tensorflow":
        return tf.distribute.get_strategy().num_replicas_in_sync
    shared = keras.distribution.distribution()
    return int(np.prod(shared.device_mesh.shape)) if shared else 1


def divisor_of(count: int | None) -> int:
    """Returns by what batches must be divisible on so many devices."""
    return count or 1 if keras.config.backend() == "jax" else 1


class EpochPlace(keras.callbacks.Callback):
    """Begins every epoch at its own first step.

    Datasets of clips know by themselves which epoch is next, from the last
    batch that was asked for. Where several devices share a dataset TensorFlow
    asks for batches that nobody uses.

    Args:
        dataset: Dataset of `data.clips_dataset`, from which `fit` begins.
    """

    def __init__(self, dataset):
        super().__init__()
        self.place = dataset.place
        self.start = None if self.place is None else int(self.place.numpy())
        self.first = None
        self.length = dataset.feed.steps.per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.first = epoch if self.first is None else self.first
        if self.place is not None:
            self.place.assign(self.start + (epoch - self.first) * self.length)


def make_deterministic() -> None:
    """Makes the backend compute the same for the same, from now on.

    On processors it does anyway; on GPUs some kernels add in whatever order
    is fastest.

    Raises:
        ValueError: If that had to be said before the process began.
    """
    backend = keras.config.backend()
    if backend == "tensorflow":
        tf.config.experimental.enable_op_determinism()
    elif backend == "torch":
        torch = importlib.import_module("torch")
        torch.use_deterministic_algorithms(True)
    elif backend == "jax":
        jax = importlib.import_module("jax")
        told = _XLA_FLAG in os.environ.get("XLA_FLAGS", "")
        if jax.default_backend() == "gpu" and not told:
            raise ValueError(
                "JAX is deterministic on GPUs if it is told so before it "
                f'starts: XLA_FLAGS="{_XLA_FLAG}"'
            )
