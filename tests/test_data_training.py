"""Prepared sets feed training, whatever the backend, and the verbs."""

import dataclasses
import json
import pathlib

import clips
import numpy as np
import pytest

from keras_twostream import training
from keras_twostream.cli import main
from keras_twostream.data import Clips, CropSpec, prepare
from keras_twostream.evaluation import evaluate, load_run
from keras_twostream.flow import FlowSpec
from keras_twostream.flow.contract import FlowMismatchError
from keras_twostream.preparation.executors import Here
from keras_twostream.video import write_video

SCRIPT = pathlib.Path(__file__).with_name("feeding_battery.py")
SPEC = FlowSpec(short_side=64, bound=6.0)
RECIPE = training.Recipe(
    model="sum_relu5",
    backbone="vgg_tiny",
    epochs=1,
    batch_size=2,
    image_size=(64, 64),
    flow_frames=2,
    validation_split=0.4,
    sampling="dense",
    tau=(1, 3),
    frames=2,
)


def make(root, splits=None):
    """Prepares six clips of two classes."""
    paths = []
    for number in range(6):
        paths.append(root / "videos" / "ab"[number % 2] / f"{number}.mp4")
        paths[-1].parent.mkdir(exist_ok=True, parents=True)
        write_video(paths[-1], clips.moving_frames(9, 64, 72, number))
    listed = Clips(paths, [0, 1] * 3, ["a", "b"], splits=splits)
    rest = {"root": root / "videos", "executor": Here(), "verbose": False}
    return prepare(listed, root / "set", SPEC, **rest).folder


@pytest.fixture(scope="module")
def split_set(tmp_path_factory):
    splits = ["train", "train", "train", "train", "test", "test"]
    return make(tmp_path_factory.mktemp("split"), splits)


@pytest.fixture(scope="module")
def trained(split_set, tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    return run, training.train(split_set, run, RECIPE)


def test_a_run_takes_splits_flow_and_sampling_of_its_set(trained, split_set):
    run, model = trained
    _, record = load_run(run)
    assert record.flow == SPEC
    assert record.sampling["sampling"] == "dense"
    assert tuple(record.sampling["tau"]) == (1, 3)
    config = json.loads((run / "config.json").read_text())
    assert config["recipe"]["flow"]["bound"] == 6.0
    assert config["training_clips"] + len(config["validation_clips"]) == 4
    result = evaluate(split_set, model, protocol="quick", verbose=False)
    assert len(result) == 2
    assert result.skipped == ()
    assert all(clip.endswith(".mp4") for clip in result.clips)


def test_other_flow_than_the_sets_is_refused(trained, split_set, tmp_path):
    other = dataclasses.replace(SPEC, bound=7.0)
    recipe = dataclasses.replace(RECIPE, flow=other)
    with pytest.raises(FlowMismatchError, match="`bound`: asked for is 7.0"):
        training.train(split_set, tmp_path, recipe)
    # A larger bound, which the network would not mind.
    other = dataclasses.replace(SPEC, bound=20.0)
    with pytest.raises(FlowMismatchError, match="`bound`: asked for is 20.0"):
        evaluate(split_set, trained[1], flow=other)


def test_verbs_take_a_prepared_set(split_set, tmp_path, capsys):
    arguments = ["--model", "spatial", "--backbone", "vgg_tiny"]
    arguments += ["--image-size", "64", "64", "--epochs", "1"]
    arguments += ["--validation-split", "0.4", "--run", str(tmp_path / "run")]
    assert main(["train", str(split_set), *arguments]) == 0
    use = ["--model", str(tmp_path / "run"), "--views", "1", "--json"]
    places = ["--places", "three", "--flips"]
    capsys.readouterr()
    assert main(["evaluate", str(split_set), *use, *places]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 2


@pytest.mark.slow
def test_a_set_with_validation_clips_is_not_divided(tmp_path):
    splits = ["train"] * 3 + ["validation"] * 2 + ["test"]
    recipe = dataclasses.replace(RECIPE, crop=CropSpec(flip=False))
    run = tmp_path / "run"
    training.train(make(tmp_path, splits), run, recipe)
    config = json.loads((run / "config.json").read_text())
    assert config["training_clips"] == 3
    assert config["validation_clips"] == ["b/3.mp4", "a/4.mp4"]


@pytest.mark.slow
def test_backends_learn_the_same_and_resume(tmp_path, run_python):
    folder = make(tmp_path)
    found = {}
    for backend in ("tensorflow", "jax", "torch"):
        file = tmp_path / f"{backend}.npz"
        run_python(SCRIPT, folder, file, KERAS_BACKEND=backend)
        found[backend] = dict(np.load(file))
        assert found[backend]["step"] == 6
        assert found[backend]["scores"].shape == (12, 2)
        assert np.abs(found[backend]["whole"]).max() > 0.01
        np.testing.assert_allclose(
            found[backend]["resumed"], found[backend]["whole"], atol=1e-6
        )
    for backend in ("jax", "torch"):
        for name in ("whole", "endless", "scores"):
            np.testing.assert_allclose(
                found[backend][name],
                found["tensorflow"][name],
                atol=1e-4,
                err_msg=f"{backend} {name}",
            )
