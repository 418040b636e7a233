"""The space of fusion networks for any tuner of KerasTuner."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras_tuner

from keras_twostream.search.judge import Judge
from keras_twostream.search.limits import Costs, Limits
from keras_twostream.search.space import Space
from keras_twostream.search.tuning import OBJECTIVE
from keras_twostream.training.compiling import compile_arguments
from keras_twostream.training.networks import network_of, silent_loading
from keras_twostream.training.recipe import Recipe


class FusionHyperModel(keras_tuner.HyperModel):
    """Builds and trains the networks of a space, for any tuner of KerasTuner.

    Its hyper-parameters are the columns of the space. Without data passed to
    `tuner.search`, networks are cross-validated by group on maps of frozen
    towers that are computed once for all trials, which takes seconds a trial;
    with data they are trained as by `keras.Model.fit`.

    Args:
        space: `Space`.
        class_names: Names of the classes.
        judge: `Judge` of clips, as `search.prepared` makes it; `None` for
            tuners that are given data.
        limits: `Limits`; what is larger fails at once with the reason.
        steps_per_epoch: Batches of an epoch, by which the learning rate
            falls; `None` for one that stays.
        **kwargs: Arguments of `keras_tuner.HyperModel`.

    Example:

    >>> hypermodel = search.prepared("CLIPS", "runs/search").hypermodel
    >>> tuner = keras_tuner.BayesianOptimization(
    ...     hypermodel, objective=hypermodel.objective, max_trials=30
    ... )
    >>> tuner.search()
    """

    objective = OBJECTIVE

    def __init__(
        self,
        space: Space,
        class_names: Sequence[str],
        judge: Judge | None = None,
        limits: Limits | None = None,
        steps_per_epoch: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.space, self.class_names = space, class_names
        self.judge, self.limits = judge, limits or Limits()
        self.steps_per_epoch = steps_per_epoch

    def recipe(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """Returns the recipe that hyper-parameters mean.

        Args:
            hp: `keras_tuner.HyperParameters`.
        """
        return self.space.recipe(self.space.declared(hp))

    def build(self, hp):
        """Returns the compiled network of hyper-parameters.

        Raises:
            keras_tuner.errors.FailedTrialError: If there can be no such
                network, or it is too large.
        """
        recipe = self.recipe(hp)
        try:
            costs = Costs.of(recipe, self.class_names)
        except ValueError as error:
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        if why := self.limits.refusal(costs):
            raise keras_tuner.errors.FailedTrialError(why)
        with silent_loading():
            model = network_of(recipe, self.class_names)
        if self.steps_per_epoch is None:
            recipe = replace(recipe, schedule="constant", warmup=0, drops=())
        steps = self.steps_per_epoch or 1
        model.compile(**compile_arguments(recipe, steps))
        # KerasTuner reads what it kept of the optimizer into a fresh one.
        model.optimizer.build(model.trainable_variables)
        return model

    def fit(self, hp, model, *args: Any, **kwargs: Any):
        """Trains a network, and returns how good it is.

        Args:
            hp: `keras_tuner.HyperParameters`.
            model: Of `build`.
            *args: Of `keras.Model.fit`; without data, and no `x`, networks of
                these hyper-parameters are cross-validated, and `model` stays
                as it is: `training.train` makes the best `recipe` a network.
            **kwargs: The same. Of a cross-validation `epochs`, as Hyperband
                says, and callbacks, which hear of one epoch.

        Returns:
            Keras's history, or dict of "accuracy".

        Raises:
            ValueError: If there are neither data nor a judge.
        """
        if args or kwargs.get("x") is not None:
            return super().fit(hp, model, *args, **kwargs)
        if self.judge is None:
            raise ValueError(
                "Pass data to tuner.search, or make the hypermodel by "
                "search.prepared(CLIPS, FOLDER), which cross-validates. "
                "Received: neither data nor a judge"
            )
        recipe = self.recipe(hp)
        recipe = replace(recipe, epochs=kwargs.get("epochs", recipe.epochs))
        self.judge.ask(recipe, self.judge.plan.inner, recipe.seed)
        found = {OBJECTIVE.name: self.judge.accuracy(recipe, recipe.seed)}
        for callback in kwargs.get("callbacks", ()):
            callback.set_model(model)
            callback.on_epoch_end(0, found)
        return found
