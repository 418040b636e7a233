"""One stage of a recipe: a network, its clips, and `fit`."""

import keras

from keras_twostream.models.cutting import split_shared
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.recomputing import rematerialized
from keras_twostream.models.record import read_record
from keras_twostream.training.clips import dataset_of, starting_at
from keras_twostream.training.compiling import (
    class_weights,
    compile_arguments,
)
from keras_twostream.training.devices import EpochPlace
from keras_twostream.training.features import Features
from keras_twostream.training.maps import FurtherMaps
from keras_twostream.training.networks import (
    network_of,
    silent_loading,
    tower_stages,
)
from keras_twostream.training.state import Keeper, StopAtNaN

HISTORY, STATE, LOGS = "history.csv", "state", "logs"
TRAINING, VALIDATION = "training", "validation"


class Stage:
    """One stage, ready to be trained.

    Args:
        parts: The clips to learn from, and those held back or `None`, as of
            `clips.parts_of`.
        recipe: `Recipe` without stages.
        folder: Folder for its log and its state.
        class_names: Names of the classes.
        earlier: Dict of name of an earlier stage -> file of its network.
        options: `Options`.
        at: Where frozen layers end at the latest, see `split_shared`.
        quiet: Whether to keep quiet about clips and weights.
        seed: Of the initial weights and what is left out in training, if not
            that of the recipe, which samples keep.

    Attributes:
        model: The network, whole.
        learner: What learns of it: all, or what stands on maps of the frozen
            layers that are computed once.
        below: Those layers, if they are computed once.
        further: More of them, between where `at` cuts and what learns.
        training: Dataset of the training clips.
        validation: That of the clips held back, or `None`.
    """

    def __init__(
        self,
        parts,
        recipe,
        folder,
        class_names,
        earlier,
        options,
        at=(),
        quiet=False,
        seed=None,
    ):
        self.recipe, self.folder, self.options = recipe, folder, options
        keras.utils.set_random_seed(recipe.seed if seed is None else seed)
        self.quiet = quiet
        self._made_of = class_names, earlier
        with silent_loading(quiet):
            self.model = network_of(recipe, *self._made_of)
        self.learner = self.model
        self.below, self.parts = None, parts
        self.further = None
        if recipe.draws and recipe.epochs:
            self.below, self.further, above = split_shared(self.model, at)
            self.learner = TwoStreamModel(above.input, above.output)
        elif options.rematerialize:
            stages = tower_stages(recipe, self.model)
            self.learner = rematerialized(self.model, stages)
        self.training = self.dataset(parts[0], TRAINING)
        self.validation = parts[1] and self.dataset(parts[1], VALIDATION)

    def dataset(self, clips, part, **changes):
        """Returns clips as a dataset for the network, see `dataset_of`."""
        fed = read_record(self.model)
        if self.quiet:
            changes = {"verbose": False} | changes
        return dataset_of(
            clips, self.recipe, fed, self.options, part, **changes
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
        self.folder.mkdir(parents=True, exist_ok=True)
        sets = [self.training, self.validation]
        if self.below is not None:
            sets = [
                clips
                and self.learnt_from(self.features(clips, part)).batches(
                    dataset
                )
                for clips, part, dataset in zip(
                    self.parts, (TRAINING, VALIDATION), sets, strict=True
                )
            ]
        steps = (
            self.recipe.steps_per_epoch or self.training.feed.steps.per_epoch
        )
        self.compile(steps)
        keeper = Keeper(
            self.folder / STATE,
            steps,
            seconds=self.options.save_seconds,
            patience=self.recipe.patience,
            plateau=self.recipe.schedule == "plateau",
        )
        try:
            self._fit(keeper, steps, *sets)
        finally:
            keeper.restore_best(self.learner)
        return self.model

    def for_use(self):
        """Returns the network as it is used, in float32 wherever it learnt.

        What computes in fewer bits for speed on one machine is slow, or
        missing, on another.
        """
        if self.recipe.precision == "float32":
            return self.model
        with silent_loading():
            found = network_of(self.recipe, *self._made_of, "float32")
        found.set_weights(self.model.get_weights())
        return found

    def compile(self, steps):
        """Compiles what learns, for epochs of so many batches."""
        arguments = compile_arguments(self.recipe, steps)
        self.learner.compile(jit_compile=self.options.jit_compile, **arguments)
        self.learner.optimizer.build(self.learner.trainable_variables)

    def learnt_from(self, maps):
        """Returns the maps that the learner takes.

        Args:
            maps: `Maps` of `below`.
        """
        return FurtherMaps(self.further, maps) if self.further else maps

    def features(self, clips, part, change=None, below=None, **changes):
        """Returns the `Features` of clips below, computed if need be.

        Args:
            clips: The clips.
            part: What they are for.
            change: As for `Features`.
            below: A part of `below`, if not all of it is asked for.
            **changes: As for `dataset`.
        """
        quiet = {"shuffle": False, "verbose": False, "divisible_by": 1}
        ordered = self.dataset(clips, part, **(quiet | changes))
        return Features(
            below or self.below,
            ordered,
            self.recipe.draws if ordered.sample_spec.augment else 1,
            self.options.features_dir,
            f"Frozen layers, {change[0] if change else part}",
            self.options.progress,
            change,
        )

    def _fit(self, keeper, steps, training, validation):
        """Trains until the end, or goes on if a state was written."""
        own_epochs = self.recipe.steps_per_epoch is not None
        while True:
            # What Keras does to weights at the end of `fit` is for the end.
            keeper.restore(self.learner)
            epoch = keeper.epoch
            if keeper.stopped or epoch >= self.recipe.epochs:
                return
            left = steps - keeper.step % steps
            batches = starting_at(training, keeper.step, own_epochs)
            self.learner.fit(
                batches,
                validation_data=validation,
                initial_epoch=epoch,
                # An epoch that was broken off is one `fit` of its own.
                epochs=epoch + 1 if left < steps else self.recipe.epochs,
                steps_per_epoch=left if own_epochs or left < steps else None,
                class_weight=self.class_weights(self.training.labels),
                callbacks=[EpochPlace(batches), *self._callbacks(keeper)],
                # The dataset shuffles; Keras would warn that it does not.
                shuffle=False,
                verbose=self.options.verbose,
            )

    def class_weights(self, labels):
        """Returns the weights of classes, `None` for equal ones."""
        if not self.recipe.balance:
            return None
        return class_weights(labels, len(self.training.class_names))

    def _callbacks(self, keeper):
        steps, names = self.training.feed.steps, self.training.file_paths
        callbacks = [keeper, StopAtNaN(steps, names, keeper)]
        if self.recipe.ema is not None:
            # After the keeper, which then sees the mean at a test's end.
            callbacks.append(keras.callbacks.SwapEMAWeights())
        log = keras.callbacks.CSVLogger(
            str(self.folder / HISTORY), append=keeper.step > 0
        )
        shown = []
        if self.options.tensorboard:
            shown = [keras.callbacks.TensorBoard(str(self.folder / LOGS))]
        return [*callbacks, log, *shown, *self.options.callbacks]
