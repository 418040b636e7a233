"""The paper's recipe and protocol, to the letter, on a set small enough.

Feichtenhofer, Pinz, Zisserman, CVPR 2016, sections 3.4 and 4.
"""

import csv
import json

import keras
import numpy as np
import pytest

import keras_twostream
from keras_twostream import training
from keras_twostream.evaluation import evaluate
from keras_twostream.evaluation.averaging import softmax
from keras_twostream.evaluation.looks import Looks
from keras_twostream.models.cutting import ends_of
from keras_twostream.training.freezing import freeze
from keras_twostream.training.recipes import changed

SMALL = {
    "backbone": "vgg_tiny",
    "image_size": (32, 32),
    "flow_frames": 2,
    "batch_size": 4,
    "epochs": 4,
    "drops": (1, 3),
    "flow": {"short_side": 40, "algorithm": "dis_ultrafast"},
}


@pytest.fixture(scope="module")
def trained(clips, cache, tmp_path_factory):
    """Returns (run folder, learning rate of every epoch of every stage)."""
    whole = training.read_recipe("feichtenhofer2016")
    told = {k: v for k, v in SMALL.items() if k not in ("drops", "flow")}
    recipe = changed(whole, {**told, "flow": SMALL["flow"]})
    # No ImageNet for a network of this size.
    stages = [dict(stage) for stage in recipe.stages]
    for stage in stages:
        if stage.get("weights") == "imagenet":
            stage.pop("weights")
        if stage["name"] == "fusion":
            stage["drops"] = SMALL["drops"]
    recipe = training.Recipe(
        **(vars(recipe) | {"stages": stages, "validation_split": 0.34})
    )
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    run = tmp_path_factory.mktemp("runs") / "paper"
    training.train(
        clips,
        run,
        recipe,
        cache_dir=cache,
        workers=1,
        callbacks=(Rates(),),
        verbose=0,
    )
    return run, rates[-SMALL["epochs"] :]


def weights_of(path):
    model = keras_twostream.load(path)
    return model, {
        layer.name: layer.get_weights()
        for layer in model.layers
        if layer.weights
    }


def test_only_what_is_above_the_fusion_has_learnt(trained):
    run, _ = trained
    model, fused = weights_of(run)
    before = {}
    for stream, name in (("rgb", "spatial"), ("flow", "temporal")):
        _, own = weights_of(run / "stages" / name)
        before |= {k: v for k, v in own.items() if k.startswith(stream)}
    frozen = {*freeze(model, "relu5")}
    assert {x.partition("_")[0] for x in frozen} == {"rgb", "flow"}
    assert {*ends_of(model, "relu5")} == {"rgb", "flow"}
    for name in frozen:
        for ours, theirs in zip(fused[name], before[name], strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
    learnt = {*fused} - frozen
    assert any("relu5" in name for name in learnt)
    for name in learnt & {*before}:
        pairs = zip(fused[name], before[name], strict=True)
        assert any(x.shape != y.shape or (x != y).any() for x, y in pairs)


def test_both_towers_have_their_own_loss(trained):
    run, _ = trained
    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SMALL["epochs"]
    for row in rows:
        parts = [
            float(row[f"{name}_loss"])
            for name in ("spatiotemporal", "temporal")
        ]
        assert float(row["loss"]) == pytest.approx(sum(parts), rel=1e-4)


def test_the_rate_falls_to_a_tenth_at_the_drops(trained):
    _, rates = trained
    assert rates == pytest.approx([1e-3, 1e-4, 1e-4, 1e-5])


def test_scores_are_averaged_before_the_softmax_over_all_views(
    trained, clips, cache
):
    """20 moments and their mirror images, over the whole frame."""
    run, _ = trained
    told = {"cache_dir": cache, "workers": 1, "verbose": False}
    model = keras_twostream.load(run)
    config = json.loads((run / "config.json").read_text())
    only = config["validation_clips"]
    looks = Looks(clips, model, protocol="feichtenhofer2016", only=only, **told)
    views = looks.views(model)
    assert views.shape[:2] == (len(only), 40)
    height, width = looks.dataset.sample_spec.image_size
    # Frames of 64 x 64 as flow is made for them: more than a network sees.
    assert min(height, width) >= 32
    result = looks.ask(model)
    logits = np.log(np.maximum(views, np.finfo(np.float32).tiny))
    np.testing.assert_allclose(
        result.scores, softmax(logits.mean(1)), atol=1e-6
    )
    assert "40" not in str(result.protocol)
    assert str(result.protocol).startswith("20 views of the whole frame")


def test_a_stream_alone_has_25_moments(trained, clips, cache):
    run, _ = trained
    told = {"cache_dir": cache, "workers": 1, "verbose": False}
    result = evaluate(
        clips,
        run / "stages" / "spatial",
        protocol="feichtenhofer2016_streams",
        **told,
    )
    assert result.protocol.views == 25
    assert result.protocol.average == "logits"
    assert len(result) == 18


def test_both_streams_learn_before_they_are_fused(trained):
    run, _ = trained
    names = {x.name for x in (run / "stages").iterdir()}
    assert names == {"spatial_classifier", "spatial", "temporal"}
    _, head = weights_of(run / "stages" / "spatial_classifier")
    _, whole = weights_of(run / "stages" / "spatial")
    start = "rgb_conv1"
    assert (head[start][0] != whole[start][0]).any()
