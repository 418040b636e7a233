"""Taking motion or appearance away has known answers on procedural clips."""

import json

import numpy as np
import pytest

import keras_twostream
from keras_twostream.cli import main
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.probes import INTACT, PROBES, probe
from keras_twostream.evaluation.sweep import moments, view_sweep
from keras_twostream.models.subset import keep_streams
from keras_twostream.video.synthetic import write_dataset


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_dataset(folder, 3, split="test", verbose=False)
    return folder


@pytest.fixture(scope="module")
def looks(clips, tmp_path_factory):
    return Looks(
        clips,
        keras_twostream.load("conv_relu5.demo"),
        protocol="quick",
        cache_dir=tmp_path_factory.mktemp("cache"),
        workers=1,
        verbose=False,
    )


@pytest.fixture(scope="module")
def model():
    return keras_twostream.load("conv_relu5.demo")


@pytest.fixture(scope="module")
def found(looks, model):
    """A network that tells colours by frames and directions by flow."""
    results = probe(looks, model)
    assert results[INTACT].accuracy == 1
    return results


def parts(result, words):
    """Returns for each clip which of the words its answer and class have."""

    def of(name):
        return {word for word in words if word in name.split("_")}

    names = result.class_names
    return [
        (of(names[answer]), of(names[label]))
        for answer, label in zip(result.answers, result.labels, strict=True)
    ]


@pytest.mark.parametrize("name", ["reversed", "flow of opposite sign"])
def test_who_goes_backwards_goes_the_other_way(found, name):
    result = found[name]
    swap = {"left": "right", "right": "left"}
    for answer, label in zip(result.answers, result.labels, strict=True):
        words = result.class_names[label].split("_")
        opposite = "_".join(swap.get(word, word) for word in words)
        assert result.class_names[answer] == opposite


def test_steady_motion_needs_no_order(found):
    assert found["frames shuffled"].accuracy == 1


@pytest.mark.parametrize("name", ["frozen", "flow zeroed"])
def test_without_motion_colours_are_left(found, name):
    pairs = parts(found[name], ("red", "blue"))
    assert all(answer == label for answer, label in pairs)
    assert found[name].accuracy < 0.75


def test_without_pictures_directions_are_left(found):
    pairs = parts(found["frames of one colour"], ("left", "right"))
    assert np.mean([answer == label for answer, label in pairs]) >= 0.8


def test_other_frames_are_believed(found):
    """Half the set away nobody has both colours and directions."""
    assert found["frames of another clip"].accuracy == 0


def test_every_result_says_what_was_changed(found):
    assert {*found} == {*PROBES}
    assert {x.made["probe"] for x in found.values()} == {*PROBES}
    assert len({x.split for x in found.values()}) == 1


def test_one_stream_has_fewer_probes(looks, model):
    alone = probe(looks, keep_streams(model, "rgb"))
    assert {*alone} == {
        name for name, x in PROBES.items() if "flow" not in x.streams
    }
    # Frames do not say who goes where.
    assert alone["reversed"].right.tolist() == alone[INTACT].right.tolist()


def test_unknown_probes_are_refused(looks, model):
    with pytest.raises(KeyError):
        probe(looks, model, ["upside down"])


def test_a_sweep_has_what_each_protocol_would_give(clips, model, tmp_path):
    told = {"cache_dir": tmp_path, "workers": 1, "verbose": False}
    rows = view_sweep(clips, model, (1, 3), protocol="ten_by_three", **told)
    assert [x["samples"] for x in rows] == [1, 3, 3, 9]
    whole = keras_twostream.evaluation.Protocol(views=3, places="three")
    result = keras_twostream.evaluate(clips, model, protocol=whole, **told)
    assert rows[-1]["accuracy"] == pytest.approx(result.accuracy)
    assert rows[-1]["seconds"] == pytest.approx(9 * rows[0]["seconds"])
    middle = keras_twostream.evaluate(clips, model, protocol="quick", **told)
    assert rows[0]["accuracy"] == pytest.approx(middle.accuracy)


def test_fewer_moments_lie_in_the_middle_of_their_parts():
    assert moments(1, 5).tolist() == [2]
    assert moments(5, 25).tolist() == [2, 7, 12, 17, 22]
    assert moments(25, 25).tolist() == [*range(25)]


def test_the_command_measures_and_draws_what_looks_cost(
    clips, model, tmp_path, capsys
):
    model.save(tmp_path / "model.keras")
    words = ["sweep", str(clips), "--model", str(tmp_path / "model.keras")]
    words += ["--counts", "1", "2", "--cache-dir", str(tmp_path / "cache")]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["samples"] for row in rows] == [1, 2]
    picture = tmp_path / "sweep.png"
    assert main([*words, "--png", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "s a clip" in capsys.readouterr().out
