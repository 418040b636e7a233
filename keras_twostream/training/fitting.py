"""One stage of a recipe: a network, its clips, and `fit`."""

import dataclasses
import logging
from pathlib import Path

import keras

from keras_twostream.models.cutting import split_fixed
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.record import read_record
from keras_twostream.training.clips import datasets_of
from keras_twostream.training.compiling import (
    class_weights,
    compile_arguments,
)
from keras_twostream.training.features import Features, FeatureSet
from keras_twostream.training.networks import network_of
from keras_twostream.training.state import Keeper, StopAtNaN

logger = logging.getLogger(__name__)

HISTORY, STATE = "history.csv", "state"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What a training needs that does not change what it learns.

    Attributes:
        cache_dir: Where prepared clips are kept, see `data.cache_clips`.
        workers: Processes that prepare clips.
        callbacks: Further Keras callbacks.
        jit_compile: As for `keras.Model.compile`.
        save_seconds: Seconds after which the state is written within an
            epoch.
        verbose: As for `keras.Model.fit`; 0 also keeps quiet about clips.
    """

    cache_dir: str | None = None
    workers: int | None = None
    callbacks: tuple = ()
    jit_compile: bool | str = "auto"
    save_seconds: float = 600.0
    verbose: int | str = "auto"


class Stage:
    """One stage, ready to be trained.

    Args:
        directory: Folder of the clips, or a prepared set.
        recipe: `Recipe` without stages.
        folder: Folder for its log and its state.
        class_names: Names of the classes.
        earlier: Dict of name of an earlier stage -> file of its network.
        options: `Options`.

    Attributes:
        model: The network, whole.
        training: Dataset of the training clips.
        validation: That of the clips held back, or `None`.
    """

    def __init__(
        self, directory, recipe, folder, class_names, earlier, options
    ):
        self.recipe, self.folder, self.options = recipe, folder, options
        keras.utils.set_random_seed(recipe.seed)
        self.model = network_of(recipe, class_names, earlier)
        self._clips = directory, recipe, read_record(self.model)
        self.training, self.validation = self._datasets(verbose="auto")

    def _datasets(self, verbose, shuffle=True):
        return datasets_of(
            *self._clips,
            self.options.cache_dir,
            self.options.workers,
            verbose if self.options.verbose else False,
            shuffle,
        )

    def train(self):
        """Trains the network, from where an earlier call was interrupted.

        Returns:
            The network, with the weights of its best epoch by validation
            loss: the accuracy of a few clips ties too often to choose by.
            Without clips held back those of the last.
        """
        if not self.recipe.epochs:
            return self.model
        learner, sets = self.model, [self.training, self.validation]
        if self.recipe.draws:
            learner, sets = self._above()
        steps = (
            self.recipe.steps_per_epoch or self.training.feed.steps.per_epoch
        )
        learner.compile(
            jit_compile=self.options.jit_compile,
            **compile_arguments(self.recipe, steps),
        )
        learner.optimizer.build(learner.trainable_variables)
        keeper = Keeper(
            self.folder / STATE,
            steps,
            seconds=self.options.save_seconds,
            patience=self.recipe.patience,
            plateau=self.recipe.schedule == "plateau",
        )
        try:
            self._fit(learner, keeper, steps, *sets)
        finally:
            keeper.restore_best(learner)
        return self.model

    def _above(self):
        """Returns what learns of the network, and its maps of the clips."""
        below, above = split_fixed(self.model)
        ordered = self._datasets(verbose=False, shuffle=False)
        titles = "Frozen layers, training", "Frozen layers, validation"
        shuffled = self.training, self.validation
        sets = [
            FeatureSet(
                Features(
                    below,
                    dataset,
                    self.recipe.draws if dataset.sample_spec.augment else 1,
                    self._features_dir(),
                    title,
                    "auto" if self.options.verbose else False,
                ),
                whole,
            )
            if dataset is not None
            else None
            for dataset, title, whole in zip(
                ordered, titles, shuffled, strict=True
            )
        ]
        return TwoStreamModel(above.input, above.output), sets

    def _features_dir(self):
        """Returns where maps are kept, beside the prepared clips."""
        return self.options.cache_dir and Path(
            self.options.cache_dir, "features"
        )

    def _fit(self, learner, keeper, steps, training, validation):
        """Trains until the end, or goes on if a state was written."""
        weights = None
        if self.recipe.balance:
            weights = class_weights(
                self.training.labels, len(self.training.class_names)
            )
        own_epochs = self.recipe.steps_per_epoch is not None
        while True:
            # What Keras does to weights at the end of `fit` is for the end.
            keeper.restore(learner)
            epoch = keeper.epoch
            if keeper.stopped or epoch >= self.recipe.epochs:
                return
            left = steps - keeper.step % steps
            learner.fit(
                starting_at(training, keeper.step, own_epochs),
                validation_data=validation,
                initial_epoch=epoch,
                # An epoch that was broken off is one `fit` of its own.
                epochs=epoch + 1 if left < steps else self.recipe.epochs,
                steps_per_epoch=left if own_epochs or left < steps else None,
                class_weight=weights,
                callbacks=self._callbacks(keeper),
                # The dataset shuffles; Keras would warn that it does not.
                shuffle=False,
                verbose=self.options.verbose,
            )

    def _callbacks(self, keeper):
        steps, names = self.training.feed.steps, self.training.file_paths
        callbacks = [keeper, StopAtNaN(steps, names, keeper)]
        if self.recipe.ema is not None:
            # After the keeper, which then sees the mean at a test's end.
            callbacks.append(keras.callbacks.SwapEMAWeights())
        log = keras.callbacks.CSVLogger(
            str(self.folder / HISTORY), append=keeper.step > 0
        )
        return [*callbacks, log, *self.options.callbacks]


def starting_at(dataset, step, repeat=False):
    """Returns the batches from a step on, of a dataset or of features."""
    if isinstance(dataset, FeatureSet):
        return FeatureSet(dataset.features, dataset.source, step)
    feed = dataclasses.replace(dataset.feed, start=step, repeat=repeat)
    return feed.dataset()
