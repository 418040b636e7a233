"""Several processes, on several machines if need be, train one network."""

import contextlib
import importlib
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

logger = logging.getLogger(__name__)

# Versions of Keras whose `fit` does not work under
# MultiWorkerMirroredStrategy without `_repaired` (keras#20585, #20329).
BROKEN = ("3.15.",)


@contextlib.contextmanager
def on_workers() -> Iterator[tuple[int, int]]:
    """Builds, compiles and fits networks on several processes, within.

    Every process runs the same program. Who they are says, on TensorFlow,
    the environment variable `TF_CONFIG`, for
    `tf.distribute.MultiWorkerMirroredStrategy`; on JAX
    `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `KERAS_DISTRIBUTION_NUM_PROCESSES` and
    `KERAS_DISTRIBUTION_PROCESS_ID`, for `keras.distribution.initialize`.

    ```python
    with on_workers() as shard:
        dataset = clips_dataset(clips, shard=shard, batch_size=8)
        model = keras_twostream.build("conv_relu5", num_classes=6)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(shared(dataset), epochs=20)
    ```

    Yields:
        This process's number and that of all, for the `shard` of
        `data.clips_dataset`, of which every process feeds its own part.

    Raises:
        ValueError: If the backend is PyTorch, or nobody says who they are.
    """
    backend = keras.config.backend()
    if backend == "tensorflow":
        shard = _told_by_tensorflow()
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        with _repaired(), strategy.scope():
            yield shard
    elif backend == "jax":
        keras.distribution.initialize()
        count = int(os.environ["KERAS_DISTRIBUTION_NUM_PROCESSES"])
        index = int(os.environ["KERAS_DISTRIBUTION_PROCESS_ID"])
        parallel = keras.distribution.DataParallel(auto_shard_dataset=False)
        with parallel.scope():
            yield index, count
    else:
        raise ValueError(
            "Several processes need the TensorFlow or the JAX backend of "
            f"Keras. Received: {backend}"
        )


def shared(dataset) -> Any:
    """Returns a dataset of this process's part as `fit` wants it.

    Args:
        dataset: As of `data.clips_dataset` with `shard`; all processes must
            have as many batches.
    """
    strategy = tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:
        return dataset
    return strategy.distribute_datasets_from_function(lambda _: dataset)


def _told_by_tensorflow() -> tuple[int, int]:
    """Returns the number of this process, and how many there are."""
    try:
        told = json.loads(os.environ["TF_CONFIG"])
        return int(told["task"]["index"]), len(told["cluster"]["worker"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "TF_CONFIG says who the processes are: {'cluster': {'worker': "
            "['host:port', ...]}, 'task': {'type': 'worker', 'index': 0}}. "
            f"Received: {os.environ.get('TF_CONFIG')!r}"
        ) from error


@contextlib.contextmanager
def _repaired():
    """Mends two places of Keras, in the versions in which they are broken.

    Before it trains it takes a batch of all processes for a tensor; and it
    takes metrics, which all processes agree on, for parts of a mean.
    """
    if not keras.__version__.startswith(BROKEN):
        logger.warning("Keras %s is fitted as it is", keras.__version__)
        yield
        return
    trainer: Any = importlib.import_module(
        "keras.src.backend.tensorflow.trainer"
    )

    build, reduce = (
        trainer.TensorFlowTrainer._maybe_symbolic_build,
        trainer.reduce_per_replica,
    )

    def first_of(x, strategy):
        return strategy.experimental_local_results(x)[0]

    def symbolic_build(self, iterator=None, data_batch=None):
        strategy = self._distribute_strategy
        if strategy is not None and iterator is not None:
            batch = next(next(iter(iterator))[2])
            data_batch = tf.nest.map_structure(
                lambda x: first_of(x, strategy), batch
            )
            iterator = None
        build(self, iterator, data_batch)

    def reduce_per_replica(values, strategy, reduction):
        reduction = "first" if reduction == "auto" else reduction
        return reduce(values, strategy, reduction)

    trainer.TensorFlowTrainer._maybe_symbolic_build = symbolic_build
    trainer.reduce_per_replica = reduce_per_replica
    try:
        yield
    finally:
        trainer.TensorFlowTrainer._maybe_symbolic_build = build
        trainer.reduce_per_replica = reduce
