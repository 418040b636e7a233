"""Clips in, a network and an honest figure out."""

import csv
import json
import shutil

import numpy as np
import pytest

import keras_twostream
from keras_twostream.cli import main
from keras_twostream.evaluation import Result, compare
from keras_twostream.evaluation.cam import load_heat
from keras_twostream.evaluation.probes import PROBES
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.report.writing import write_report
from keras_twostream.training.choosing import (
    ClipFacts,
    choose,
    mirrored_classes,
)
from keras_twostream.training.crossing import Crossing
from keras_twostream.training.finetuning import finetune
from keras_twostream.training.probing import is_to_be_probed, probe_run
from keras_twostream.training.starts import start_of
from keras_twostream.video.synthetic import write_dataset

CLASSES = ("blue_left", "red_left", "red_right")
# A network that learns nothing much, quickly.
TINY = {
    "backbone": "vgg_tiny",
    "image_size": (32, 32),
    "frames": 3,
    "flow_frames": 2,
    "epochs": 2,
    "flow": FlowSpec(short_side=32, algorithm="dis_ultrafast"),
}
FACTS = ClipFacts(
    counts={"a": 30, "b": 30},
    groups=10,
    frames=(50,) * 60,
    mirrored=None,
    accelerator=False,
)
START = {"model": "conv_relu5", "backbone": "vgg_tiny", "why": "so"}


def quiet(folder):
    return {**TINY, "verbose": 0, "workers": 1, "cache_dir": str(folder)}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three classes of four clips."""
    folder = write_dataset(tmp_path_factory.mktemp("clips"), 4)
    for path in folder.iterdir():
        if path.is_dir() and path.name not in CLASSES:
            shutil.rmtree(path)
    return folder


@pytest.fixture(scope="module")
def tuned(clips, cache, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    return finetune(clips, run, **quiet(cache)), run


def test_a_run_has_a_network_its_reasons_and_its_results(tuned):
    found, run = tuned
    assert {x.name for x in run.iterdir()} >= {
        "model.keras",
        "choices.json",
        "config.json",
        "results",
    }
    told = json.loads((run / "choices.json").read_text())
    assert told[0] == {
        "setting": "model",
        "value": "conv_relu5",
        "why": "RGB and flow, fused after relu5",
    }
    assert [x["setting"] for x in told][-1] == "clips seen as"
    assert {*found.results} == {"all", "rgb", "flow", "late"}
    for part, result in found.results.items():
        name = "cross_validation" + ("" if part == "all" else f".{part}")
        saved = Result.load(run / "results" / f"{name}.json")
        np.testing.assert_array_equal(saved.scores, result.scores)
        assert len(saved) == 12
        assert "leaving out one of 4 folds" in str(saved.protocol)
        compare(result, found.results["all"])
    late = (found.results["rgb"].scores + found.results["flow"].scores) / 2
    np.testing.assert_allclose(found.results["late"].scores, late, atol=1e-6)


def test_the_written_network_has_learnt_from_all_clips(tuned, clips):
    found, run = tuned
    config = json.loads((run / "config.json").read_text())
    assert config["training_clips"] == 12
    assert config["validation_clips"] == []
    assert found.recipe.crop.flip is False  # red_left and red_right


def test_what_is_finished_is_not_done_again(tuned, clips, cache, monkeypatch):
    found, run = tuned
    monkeypatch.setattr(
        "keras_twostream.training.trials.Crossing",
        lambda *_: pytest.fail("asked again"),
    )
    again = finetune(clips, run, **quiet(cache))
    for part, result in found.results.items():
        np.testing.assert_array_equal(again.results[part].scores, result.scores)
    assert again.recipe == found.recipe


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_was(
    tuned, clips, cache, tmp_path, monkeypatch
):
    """Ctrl-C while the second network is tried; the first is not again."""
    found, _ = tuned
    fitted = []
    fit = Crossing.fit

    def broken(self, *args):
        fitted.append(self)
        if len({id(x) for x in fitted}) == 2:
            raise KeyboardInterrupt
        return fit(self, *args)

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(Crossing, "fit", broken)
        with pytest.raises(KeyboardInterrupt):
            finetune(clips, run, **quiet(cache))
    written = [*(run / "results" / "trials").glob("*.json")]
    assert len(written) == 1
    before = written[0].stat().st_mtime_ns
    again = finetune(clips, run, **quiet(cache))
    assert written[0].stat().st_mtime_ns == before
    np.testing.assert_allclose(
        again.results["all"].scores, found.results["all"].scores, atol=1e-5
    )


def test_settings_follow_from_the_clips_with_reasons():
    recipe, choices = choose(FACTS, START)
    assert (recipe.frames, recipe.flow_frames, recipe.epochs) == (12, 10, 30)
    assert recipe.time == {"relu7": {"segments": 3}}
    assert recipe.balance is None
    assert recipe.crop.flip
    assert recipe.freeze == "relu5"
    assert all(x.value and x.why for x in choices)

    def chosen(**changes):
        facts = ClipFacts(**(vars(FACTS) | changes))
        return choose(facts, START)[0]

    short = chosen(frames=(5,) * 20 + (8,) * 40)
    assert (short.frames, short.flow_frames) == (8, 4)
    single = chosen(frames=(1,) * 60)
    assert (single.frames, single.flow_frames, single.time) == (1, 1, None)
    assert chosen(counts={"a": 50, "b": 10}).balance == "weights"
    assert chosen(counts={"a": 60, "b": 0}).balance is None
    assert not chosen(mirrored=("left", "right")).crop.flip
    assert chosen(frames=(50,) * 4).epochs == 60
    assert chosen(frames=(50,) * 2000).epochs == 10


def test_what_is_said_is_not_chosen():
    recipe, choices = choose(FACTS, START, epochs=3, frames=2)
    assert (recipe.epochs, recipe.frames, recipe.time) == (3, 2, None)
    assert not {"epochs", "frames"} & {x.setting for x in choices}


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (("turn left", "turn right"), ("turn left", "turn right")),
        (("Left turn", "walk", "Right turn"), ("Left turn", "Right turn")),
        (
            ("left_to_right", "right_to_left"),
            ("left_to_right", "right_to_left"),
        ),
        (("left", "walk"), None),
        (("cleft", "bright"), None),
    ],
)
def test_mirror_images_are_told_by_names(names, pair):
    assert mirrored_classes(names) == pair


def test_pretrained_weights_have_not_seen_the_classes(monkeypatch):
    """Or they would be judged by what they learnt from."""
    monkeypatch.setattr(
        "keras_twostream.training.starts._can_load", lambda _: False
    )
    for names in (("walk", "run"), ("hugging", "kicking")):
        start = start_of(None, names, False, {})
        (source,) = {*start["weights"].values()}
        assert not {*keras_twostream.get_weights(source).class_names} & {*names}
    both = start_of(None, ("walk", "hugging", "kicking"), False, {})
    assert {*both["weights"].values()} == {"conv_relu5.weizmann"}


def test_a_network_goes_on_as_it_was_trained():
    start = start_of("conv_relu5.weizmann", ("a", "b"), False, {})
    assert start["weights"] == "conv_relu5.weizmann"
    recipe, _ = choose(FACTS, start)
    assert recipe.backbone == "mobilenet:alpha=0.25"
    assert recipe.crop.region == "motion"
    assert (recipe.frames, recipe.time) == (12, None)


def test_networks_of_clips_need_weights_of_clips():
    with pytest.raises(ValueError, match="needs weights"):
        start_of("i3d", ("a", "b"), False, {})
    with pytest.raises(ValueError, match="no trained model"):
        start_of("conv_relu55", ("a", "b"), False, {})


def copies(clips, folder, counts):
    """Returns a folder with so many copies of clips as each class."""
    sources = sorted(clips.glob("*/*.mp4"))
    for i, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            source = sources[(i + number) % len(sources)]
            shutil.copy(source, folder / name / f"{number:03d}.mp4")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "counts",
    [
        {"да нет": 2, "四": 2},
        {f"class {i:03d}": 2 for i in range(300)},
        {"often": 100, "seldom": 1},
        {"many": 5, "more": 5, "only": 1},
    ],
    ids=["two", "300x2", "100:1", "one clip"],
)
def test_any_clips_end_with_a_model(counts, clips, cache, tmp_path):
    folder = copies(clips, tmp_path / "data", counts)
    found = finetune(folder, tmp_path / "run", **quiet(cache))
    result = found.results["all"]
    assert len(result) == sum(counts.values())
    assert result.class_names == tuple(sorted(counts))
    uneven = max(counts.values()) > 1.5 * min(counts.values())
    assert (found.recipe.balance == "weights") == uneven
    again = keras_twostream.load(tmp_path / "run")
    shapes = {k: (1, *x.shape[1:]) for k, x in again.input.items()}
    scores = again.predict(
        {k: np.zeros(s) for k, s in shapes.items()}, verbose=0
    )
    assert scores.shape == (1, len(counts))


@pytest.mark.slow
def test_lists_with_any_labels_end_with_a_model(clips, cache, tmp_path, capsys):
    labels = dict(
        zip(
            CLASSES,
            ("turn left/right", "прыжок 跳", 'so, "called"'),
            strict=True,
        )
    )
    listed = tmp_path / "list.csv"
    with listed.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "label"))
        for path in sorted(clips.glob("*/*")):
            if path.parent.name in labels:
                name = path.relative_to(clips).as_posix()
                rows.writerow((name, labels[path.parent.name]))
    prepared = tmp_path / "set"
    words = ["prepare", str(clips), str(prepared), "--list", str(listed)]
    words += ["--short-side", "32", "--algorithm", "dis_ultrafast"]
    assert main([*words, "--workers", "1"]) == 0
    settings = {k: v for k, v in quiet(cache).items() if k != "flow"}
    found = finetune(prepared, tmp_path / "run", **settings)
    result = found.results["all"]
    assert {*result.class_names} == {*labels.values()}
    for clip, label in zip(result.clips, result.labels, strict=True):
        wanted = next(x for word, x in labels.items() if word in clip)
        assert result.class_names[label] == wanted
    clip = next(clips.glob("red_left/*"))
    capsys.readouterr()
    assert main(["predict", str(clip), "--model", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().out
    assert all(label in told for label in labels.values())


def test_one_clip_of_each_class_gives_a_model_and_no_figure(
    clips, cache, tmp_path, caplog
):
    folder = copies(clips, tmp_path / "data", {"a": 1, "b": 1})
    found = finetune(folder, tmp_path / "run", **quiet(cache))
    assert not found.results
    assert "no class has two clips" in caplog.text
    assert (tmp_path / "run" / "model.keras").is_file()


def test_one_class_is_one_sentence(clips, tmp_path, capsys):
    folder = copies(clips, tmp_path / "data", {"alone": 3})
    assert main(["finetune", str(folder), "--run", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "one class only (alone)" in said[-1]
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_command_says_what_it_chose_and_how_good_it_is(
    clips, cache, tmp_path, capsys
):
    words = ["finetune", str(clips), "--run", str(tmp_path / "run")]
    words += ["--backbone", "vgg_tiny", "--image-size", "32", "32"]
    words += ["--frames", "3", "--flow-frames", "2", "--epochs", "1"]
    assert main([*words, "--cache-dir", str(cache)]) == 0
    said = capsys.readouterr().out
    assert "red_left and red_right are mirror images" in said
    assert "of 12 clips (95 % interval" in said
    assert "late fusion of these two" in said
    assert "keras-twostream predict CLIP --model" in said


def test_its_report_is_about_the_cross_validation(tuned, cache, tmp_path):
    found, run = tuned
    page = write_report(
        run,
        html=tmp_path / "page.html",
        cache_dir=str(cache),
        workers=1,
        verbose=False,
    )
    html = page.read_text(encoding="utf-8")
    right = int(found.results["all"].right.sum())
    assert f"{right} of 12 clips right" in html
    assert "leaving out one of 4 folds" in html
    assert "late fusion of these two" in html
    wrong = 12 - right
    assert html.count("taken for") == min(wrong, 8)


def test_folds_are_probed_without_what_they_learnt_from(tuned, cache):
    found, run = tuned
    options = {"cache_dir": str(cache), "workers": 1, "verbose": 0}
    assert is_to_be_probed(run)
    probed = probe_run(run, **options)
    assert not is_to_be_probed(run)
    whole = found.results["all"]
    np.testing.assert_allclose(probed["intact"].scores, whole.scores, atol=1e-5)
    assert {*probed} == {*PROBES}
    for name, result in probed.items():
        assert result.made["probe"] == name
        compare(whole, result)
    moved = np.abs(probed["reversed"].scores - whole.scores).max()
    assert moved > 1e-4
    wrong = [whole.clips[i] for i in np.flatnonzero(~whole.right)]
    heat = load_heat(run / "results" / "heat.npz")
    assert wrong
    assert sorted(heat) == sorted(wrong)
    for by_stream in heat.values():
        assert {*by_stream} == {"rgb", "flow"}
        assert all(len(x) == 3 for x in by_stream.values())  # frames
    # One frame's flow, and that of another clip, are not its own.
    assert np.abs(probed["flow zeroed"].scores - whole.scores).max() > 1e-4
    other = probed["flow of another clip"].scores
    assert np.abs(other - whole.scores).max() > 1e-4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "conv_relu9"], "did you mean the network conv_relu5"),
        (["--devices", "0"], "`devices` must be an integer above zero"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(words, said, clips, capsys):
    assert main(["finetune", str(clips), *words]) == 2
    assert said in capsys.readouterr().err.strip().splitlines()[-1]
