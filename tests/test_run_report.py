"""One page says how good a network is, and holds all that it shows."""

import json
import re

import pytest
from tiny_runs import RECIPE

from keras_twostream import training
from keras_twostream.cli import main
from keras_twostream.evaluation import Result
from keras_twostream.report.writing import write_report


@pytest.fixture(scope="module")
def quiet(cache):
    return {"cache_dir": str(cache), "workers": 1}


@pytest.fixture(scope="module")
def run(clips, quiet, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    training.train(clips, folder, RECIPE, verbose=0, **quiet)
    return folder


def text_of(page):
    """Returns the words of a page, without its tags and scripts."""
    html = page.read_text(encoding="utf-8")
    html = re.sub(r"<(script|style)>.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture(scope="module")
def page(run, quiet, tmp_path_factory):
    pngs = tmp_path_factory.mktemp("pngs")
    options = {"protocol": "quick", "verbose": False, **quiet}
    return write_report(run, pngs=pngs, **options), pngs


def test_it_is_about_the_clips_that_were_held_back(page, run):
    held_back = json.loads((run / "config.json").read_text())
    held_back = held_back["validation_clips"]
    result = Result.load(next((run / "results").glob("*.all.json")))
    assert len(result) == len(held_back) == 6
    assert all(any(x.endswith(y) for x in held_back) for y in result.clips)
    said = text_of(page[0])
    right = int(result.right.sum())
    assert f"{right} of 6 clips right" in said
    assert f"{100 * result.accuracy:.1f} %" in said
    assert str(result.protocol) in said


def test_it_has_every_part(page):
    said = text_of(page[0])
    for part in (
        "Does the other stream help?",
        "RGB alone",
        "Training",
        "Confusion",
        "Classes",
        "Calibration",
        "Motion or appearance?",
        "flow of opposite sign",
        "The surest errors",
        "keras-twostream report",
    ):
        assert part in said, part


def test_it_needs_no_other_file(page):
    html = page[0].read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert addresses
    assert all(x.startswith("data:") for x in addresses)
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_figures_are_files_too(page):
    names = {path.name for path in page[1].iterdir()}
    assert {"training.png", "confusion.png", "calibration.png"} <= names
    for path in page[1].iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_every_probe_is_a_result_of_its_own(page, run):
    found = [Result.load(x) for x in (run / "results").glob("*.json")]
    probes = {x.made["probe"] for x in found if "probe" in x.made}
    assert "frozen" in probes
    assert len({x.split for x in found}) == 1


def test_the_command_says_where_it_is(run, clips, quiet, tmp_path, capsys):
    target = tmp_path / "page.html"
    words = ["report", str(run), "--html", str(target), "--protocol", "quick"]
    words += ["--cache-dir", quiet["cache_dir"], "--no-probes"]
    assert main(words) == 0
    assert str(target) in capsys.readouterr().out
    assert "Motion or appearance?" not in text_of(target)


def test_without_clips_that_were_held_back_it_asks_for_some(
    clips, quiet, tmp_path, capsys
):
    recipe = training.Recipe(
        **(vars(RECIPE) | {"validation_split": 0.0, "epochs": 1})
    )
    training.train(clips, tmp_path / "run", recipe, verbose=0, **quiet)
    assert main(["report", str(tmp_path / "run")]) == 2
    assert "no clips that were held back" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 2
    assert "not a run folder" in capsys.readouterr().err
