"""Any tuner of KerasTuner searches the space, with data or without."""

import dataclasses

import keras_tuner
import numpy as np
import pytest

from keras_twostream.models.table import get_spec
from keras_twostream.search import FusionHyperModel, Limits, Space
from keras_twostream.search.plan import Plan
from keras_twostream.training.recipe import Recipe

NAMES = ("a", "b", "c")
RECIPE = Recipe(
    backbone="vgg_tiny",
    image_size=(32, 32),
    flow_frames=2,
    freeze="relu5",
    draws=1,
    epochs=9,
    batch_size=4,
)
SPACE = Space.of(RECIPE).changed(
    location=["relu3", "softmax"],
    fusion=["sum", "conv"],
    start="paper",
    keep=False,
    freeze="below",
    seen=None,
    dropout=0.5,
    learning_rate=[0.002, 0.01],
)
TUNERS = {
    "random": (keras_tuner.RandomSearch, {"max_trials": 4}),
    "grid": (keras_tuner.GridSearch, {"max_trials": None}),
    "bayesian": (
        keras_tuner.BayesianOptimization,
        {"max_trials": 4, "num_initial_points": 2},
    ),
    "hyperband": (
        keras_tuner.Hyperband,
        {"max_epochs": 4, "factor": 2, "hyperband_iterations": 1},
    ),
}


class Judge:
    """Knows beforehand which recipe is best, and what it was asked."""

    plan = Plan.crossed([0, 1, 2] * 4, [f"g{i // 3}" for i in range(12)])

    def __init__(self):
        self.asked = []

    def ask(self, recipe, nets, seed):
        assert len(nets) == len(self.plan.inner)
        self.asked.append(recipe)

    def accuracy(self, recipe, seed):
        conv = recipe.model == "conv_relu3"
        return 0.5 + 0.3 * conv + 0.1 * (recipe.learning_rate == 0.01)


def tuner_of(name, hypermodel, folder):
    kind, settings = TUNERS[name]
    return kind(
        hypermodel,
        objective=FusionHyperModel.objective,
        directory=str(folder),
        project_name=name,
        seed=1,
        **settings,
    )


@pytest.mark.parametrize(
    "name",
    [
        name if name == "random" else pytest.param(name, marks=pytest.mark.slow)
        for name in TUNERS
    ],
)
def test_every_tuner_cross_validates_without_data(name, tmp_path):
    judge = Judge()
    tuner = tuner_of(name, FusionHyperModel(SPACE, NAMES, judge), tmp_path)
    tuner.search(verbose=0)
    statuses = {x.status for x in tuner.oracle.trials.values()}
    assert statuses == {"COMPLETED"}
    (best,) = tuner.get_best_hyperparameters()
    scores = [x.score for x in tuner.oracle.trials.values()]
    recipe = tuner.hypermodel.recipe(best)
    assert judge.accuracy(recipe, 0) == pytest.approx(max(scores))
    if name == "grid":
        # Two rates; a fusion of relu3 or none.
        assert len(scores) == 2 * (2 + 1)
        assert (recipe.model, recipe.learning_rate) == ("conv_relu3", 0.01)
    lengths = {x.epochs for x in judge.asked}
    assert lengths == ({9} if name != "hyperband" else {1, 2, 4}) or (
        name == "hyperband" and lengths <= {1, 2, 3, 4} and len(lengths) > 1
    )


@pytest.mark.slow
def test_with_data_networks_are_trained_as_by_fit(tmp_path, rng):
    clips = {
        "rgb": rng.uniform(0, 255, (8, 32, 32, 3)).astype("float32"),
        "flow": rng.normal(0, 1, (8, 32, 32, 4)).astype("float32"),
    }
    labels = np.arange(8) % 3
    tuner = keras_tuner.RandomSearch(
        FusionHyperModel(SPACE, NAMES, steps_per_epoch=2),
        objective=keras_tuner.Objective("val_accuracy", "max"),
        max_trials=2,
        directory=str(tmp_path),
        seed=1,
    )
    tuner.search(
        clips,
        labels,
        validation_data=(clips, labels),
        epochs=1,
        batch_size=4,
        verbose=0,
    )
    (model,) = tuner.get_best_models()
    assert model.predict(clips, verbose=0).shape == (8, 3)


def test_what_is_too_large_fails_with_its_reason(tmp_path):
    hp = keras_tuner.HyperParameters()
    small = FusionHyperModel(SPACE, NAMES, limits=Limits(max_parameters=10))
    with pytest.raises(keras_tuner.errors.FailedTrialError, match="at most 10"):
        small.build(hp)
    wrong = SPACE.changed(frames=None, location="relu3")
    recipe = dataclasses.replace(wrong.base, freeze="towers")
    wrong = dataclasses.replace(wrong, base=recipe).changed(
        fusion=["concat"], freeze="towers"
    )
    with pytest.raises(keras_tuner.errors.FailedTrialError, match="conv4"):
        FusionHyperModel(wrong, NAMES).build(keras_tuner.HyperParameters())


def test_neither_data_nor_clips_is_one_clear_error():
    hypermodel = FusionHyperModel(SPACE, NAMES)
    hp = keras_tuner.HyperParameters()
    with pytest.raises(ValueError, match=r"search\.prepared"):
        hypermodel.fit(hp, None)


def test_a_network_of_the_space_is_that_of_the_table():
    hp = keras_tuner.HyperParameters()
    hp.values |= {"location": "relu3", "fusion": "conv"}
    hypermodel = FusionHyperModel(SPACE, NAMES)
    assert hypermodel.recipe(hp).model == "conv_relu3"
    assert get_spec("conv_relu3").fuse == {"relu3": "conv"}
    model = hypermodel.build(hp)
    assert model.name == "conv_relu3"
    assert model.optimizer is not None
