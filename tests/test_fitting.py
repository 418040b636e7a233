"""What may happen while a network is fitted, and what is written of it."""

import dataclasses

import keras
import numpy as np
import pytest
from tiny_runs import RECIPE

import keras_twostream
from keras_twostream import training
from keras_twostream.cli import main
from keras_twostream.data import list_clips
from keras_twostream.training.fitting import Stage
from keras_twostream.training.networks import network_of
from keras_twostream.training.options import Options
from keras_twostream.training.state import Keeper, StopAtNaN


@pytest.fixture(scope="module")
def quiet(cache):
    return {"cache_dir": str(cache), "workers": 1, "verbose": 0}


def changed(**changes):
    return dataclasses.replace(RECIPE, **changes)


def test_a_loss_that_is_no_number_names_the_clips(clips, quiet, tmp_path):
    # Up to the end of float32: some CPUs' ReLU makes 0 of what is no number.
    recipe = changed(learning_rate=1e38, optimizer="sgd", schedule="constant")
    with pytest.raises(training.NotFiniteError) as error:
        training.train(clips, tmp_path / "run", recipe, **quiet)
    said = str(error.value)
    assert said.startswith(("The loss is nan", "The loss is inf")), said
    # Those of one batch, all of them of the training part.
    named = [x for x in map(str, list_clips(clips).paths) if x in said]
    assert len(named) == 4
    assert "lower learning rate" in said


def test_the_named_clips_are_those_of_the_batch(clips, quiet, tmp_path):
    listed = list_clips(clips)
    settings = (changed(validation_split=0.0), tmp_path, listed.class_names)
    ready = Stage((listed, None), *settings, {}, Options(**quiet))
    label_of = dict(zip(map(str, listed.paths), listed.labels, strict=True))
    keeper = Keeper(tmp_path / "state", ready.training.feed.steps.per_epoch)
    told = ready.training.feed.steps, ready.training.file_paths, keeper
    stop = StopAtNaN(*told)
    batches = ready.training.feed.dataset()
    for _epoch in range(2):
        for _, labels in batches:
            keeper.step += 1
            stop.on_train_batch_end(0, {"loss": 1.0})
            with pytest.raises(training.NotFiniteError) as error:
                stop.on_train_batch_end(0, {"loss": float("nan")})
            said = str(error.value)
            named = sorted(y for x, y in label_of.items() if x in said)
            assert named == sorted(labels.numpy().tolist())


def test_any_callback_and_tensorboard_see_the_training(clips, quiet, tmp_path):
    seen = []
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, {*logs}))
    )
    training.train(
        clips,
        tmp_path / "run",
        changed(draws=2, freeze="fusion"),
        callbacks=(told,),
        tensorboard=True,
        **quiet,
    )
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= seen[0][1]
    for part in ("train", "validation"):
        assert [*(tmp_path / "run" / "logs" / part).iterdir()]


@pytest.mark.parametrize(
    "precision",
    [
        "mixed_bfloat16",
        pytest.param("mixed_float16", marks=pytest.mark.slow),
    ],
)
def test_what_learnt_in_fewer_bits_is_used_in_float32(
    precision, clips, quiet, tmp_path
):
    recipe = changed(precision=precision, optimizer="sgd", epochs=1)
    model = training.train(clips, tmp_path / "run", recipe, **quiet)
    found = keras_twostream.load(tmp_path / "run")
    for layer in (*model.layers, *found.layers):
        assert layer.compute_dtype == layer.variable_dtype == "float32"
    whole = changed(optimizer="sgd", epochs=1)
    other = training.train(clips, tmp_path / "whole", whole, **quiet)
    for ours, theirs in zip(found.weights, other.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.02, rtol=0.05)
    assert keras.config.dtype_policy().name == "float32"


def test_scores_have_32_bits_where_all_else_has_16(clips, tmp_path):
    model = network_of(changed(precision="mixed_bfloat16"), ("a", "b"))
    types = {x.compute_dtype for x in model.layers}
    assert types == {"bfloat16", "float32"}
    assert model.output.dtype == "float32"
    assert {w.dtype for w in model.weights} == {"float32"}


def test_flags_say_how_to_train(clips, quiet, tmp_path):
    words = ["train", str(clips), "--run", str(tmp_path / "run")]
    words += ["--backbone", "vgg_tiny", "--image-size", "32", "32"]
    words += ["--flow-frames", "2", "--epochs", "1", "--no-xla"]
    words += ["--tensorboard", "--cache-dir", quiet["cache_dir"]]
    assert main([*words, "--devices", "99"]) == 2
    assert main(words) == 0
    assert (tmp_path / "run" / "logs").is_dir()
