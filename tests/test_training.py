"""A folder of clips becomes a run folder, and a run folder answers."""

import csv
import json

import keras
import numpy as np
import pytest

from keras_twostream import build, evaluation, predict, read_record, training
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.training.networks import save_model
from keras_twostream.video.synthetic import CLASS_NAMES
from keras_twostream.video.writer import write_video

RECIPE = training.Recipe(
    model="conv_relu5",
    backbone="vgg_tiny",
    epochs=2,
    batch_size=4,
    image_size=(64, 64),
    validation_split=0.34,
    flow=FlowSpec(short_side=64, bound=4.0),
    crop=CropSpec(flip=False),
)


@pytest.fixture(scope="module")
def trained(clips, tmp_path_factory):
    """Returns (run folder, model as it was trained)."""
    folder = tmp_path_factory.mktemp("run")
    cache = tmp_path_factory.mktemp("cache")
    (clips / "red_left" / "broken.mp4").write_bytes(b"")
    model = training.train(clips, folder, RECIPE, cache_dir=cache, workers=1)
    return folder, model


def test_run_folder_holds_everything(trained):
    folder, _ = trained
    rows = list(csv.DictReader((folder / "history.csv").open()))
    assert [int(row["epoch"]) for row in rows] == [0, 1]
    assert {"loss", "val_loss", "accuracy", "val_accuracy"} <= {*rows[0]}
    config = json.loads((folder / "config.json").read_text())
    assert config["class_names"] == list(CLASS_NAMES)
    assert config["recipe"]["flow"]["bound"] == 4.0
    assert len(config["validation_clips"]) == 6
    assert (folder / "curves.png").read_bytes()[1:4] == b"PNG"
    skipped = list(csv.DictReader((folder / "skipped.csv").open()))
    assert skipped[0]["path"].endswith("broken.mp4")
    assert skipped[0]["reason"]
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "config.json",
        "curves.png",
        "history.csv",
        "model.keras",
        "skipped.csv",
    }


def test_saved_model_remembers_how_it_is_used(trained):
    folder, model = trained
    loaded, record = evaluation.load_run(folder)
    assert record.class_names == CLASS_NAMES
    assert record.flow == RECIPE.flow
    assert record.image_size == (64, 64)
    assert record.flow_frames == 10
    assert record.sampling["crop"]["flip"] is False
    assert record == read_record(model)
    for ours, theirs in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_predict_is_ranked_and_the_same_in_a_list(trained, clips):
    folder, model = trained
    paths = sorted((clips / "red_left").glob("clip*"))[:2]
    answer = predict(paths[0], folder, top=3)
    scores = [row["score"] for row in answer]
    assert len(answer) == 3
    assert scores == sorted(scores, reverse=True)
    assert {row["label"] for row in answer} <= {*CLASS_NAMES}
    both = predict(paths, model, top=3)
    assert [row["label"] for row in both[0]] == [row["label"] for row in answer]
    everything = predict(paths[0], model, top=99)
    assert len(everything) == len(CLASS_NAMES)
    assert sum(row["score"] for row in everything) == pytest.approx(1, abs=1e-5)


def test_evaluate_counts_what_predict_says(trained, clips, tmp_path):
    folder, model = trained
    results = evaluation.evaluate(
        clips,
        folder,
        streams=True,
        protocol=evaluation.Protocol(views=2),
        cache_dir=tmp_path,
    )
    result = results["all"]
    paths = [p for name in CLASS_NAMES for p in (clips / name).glob("clip*")]
    answers = predict(paths, model, top=1, views=2)
    right = [
        answer[0]["label"] == path.parent.name
        for answer, path in zip(answers, paths, strict=True)
    ]
    assert result.accuracy == pytest.approx(np.mean(right))
    assert result.clips == tuple(
        path.relative_to(clips).as_posix() for path in sorted(paths)
    )
    assert [*results] == ["all", "rgb", "flow"]
    assert results["rgb"].made["streams"] == ["rgb"]
    assert len(result.skipped) == 1


def test_one_class_is_refused(tmp_path):
    (tmp_path / "only").mkdir()
    for index in range(2):
        frames = np.zeros((12, 64, 64, 3), "uint8")
        write_video(tmp_path / "only" / f"{index}.avi", frames)
    with pytest.raises(ValueError, match="one class only .only."):
        training.train(tmp_path, tmp_path / "run", RECIPE, workers=1)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "not a whole Keras model"), (b"PK\x03\x04", "not a whole Keras")],
)
def test_damaged_model_is_named(tmp_path, content, message):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        evaluation.load_run(tmp_path)


def test_missing_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no trained model"):
        evaluation.load_run(tmp_path / "nothing")


def test_foreign_model_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="'rgb' and 'flow'"):
        evaluation.load_run(tmp_path)


def test_unreadable_clip_is_named(trained, clips):
    with pytest.raises(ValueError, match="broken.mp4"):
        predict(clips / "red_left" / "broken.mp4", trained[0])


def test_failed_save_leaves_the_old_model(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    model = build("spatial", backbone="vgg_tiny", input_shape=(64, 64))

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(type(model), "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(model, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


def test_ctrl_c_keeps_the_best_epoch_and_the_same_call_goes_on(
    clips, tmp_path, monkeypatch
):
    fit = keras.Model.fit

    def interrupted(self, *args, callbacks, **kwargs):
        class Stop(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if epoch == 1:
                    raise KeyboardInterrupt

        return fit(self, *args, callbacks=[*callbacks, Stop()], **kwargs)

    monkeypatch.setattr(keras.Model, "fit", interrupted)
    recipe = training.Recipe(**(vars(RECIPE) | {"epochs": 3}))
    options = {"cache_dir": tmp_path / "c", "workers": 1}
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        training.train(clips, run, recipe, **options)
    assert (run / "model.keras").exists()
    assert (run / "state").exists()
    assert len(list(csv.DictReader((run / "history.csv").open()))) == 2
    monkeypatch.setattr(keras.Model, "fit", fit)
    training.train(clips, run, recipe, **options)
    assert len(list(csv.DictReader((run / "history.csv").open()))) == 3
    assert not (run / "state").exists()
