"""A search from clips to a winner: whole, killed, by several processes."""

import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import search_runs
from search_runs import rows_of, searched

import keras_twostream
from keras_twostream.cli import main
from keras_twostream.cli.searching import seconds
from keras_twostream.evaluation import Result, compare
from keras_twostream.search.answers import Answers
from keras_twostream.search.setting import Setting
from keras_twostream.video.synthetic import write_dataset

CLASSES = ("blue_left", "red_left", "red_right")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three classes of five clips."""
    folder = write_dataset(tmp_path_factory.mktemp("clips"), 5)
    for path in folder.iterdir():
        if path.is_dir() and path.name not in CLASSES:
            shutil.rmtree(path)
    return folder


@pytest.fixture(scope="module")
def found(clips, cache, tmp_path_factory):
    """A search that nobody disturbed, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "search"
    return searched(clips, folder, cache), folder


def started(clips, folder, cache, processes=1):
    """Returns a process that searches."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [
            sys.executable,
            search_runs.__file__,
            *map(str, (clips, folder, cache, processes)),
        ],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def networks(folder):
    """Returns how many networks have answered."""
    answers = Answers(folder / "answers")
    names = (path.name.split(".") for path in answers.folder.glob("[!.]*.npz"))
    return sum(len(answers.of(key, int(seed))) for key, seed, _ in names)


def wait_for(done, process, seconds=300):
    ends = time.monotonic() + seconds
    while not done():
        assert process.poll() is None, process.stderr.read()[-3000:]
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.slow
def test_a_search_ends_with_all_that_it_promises(found, clips):
    tuned, folder = found
    assert {path.name for path in folder.iterdir()} >= {
        *("leaderboard.csv", "leaderboard.json", "search.html", "row.py"),
        *("results", "winner", "search.json", "answers"),
    }
    rows = tuned.board["rows"]
    assert rows[0]["winner"]
    assert sum(row["winner"] for row in rows) == 1
    assert [row["default"] for row in rows].count(True) == 1
    for row in rows:
        if row["accuracy"] is not None:
            assert row["low"] <= row["accuracy"] <= row["high"]
    assert {*tuned.results} == {"winner", "default", "rgb", "flow", "late"}
    for name, result in tuned.results.items():
        saved = Result.load(folder / "results" / f"{name}.json")
        np.testing.assert_array_equal(saved.scores, result.scores)
        assert len(saved) == 15
        compare(result, tuned.results["default"])
    beside = {row["name"] for row in tuned.board["unseen"]["others"]}
    assert beside >= {"late fusion of these two", "default conv_relu5"}
    assert "Spec(" in (folder / "row.py").read_text()
    page = (folder / "search.html").read_text()
    assert rows[0]["name"] in page
    assert "the search had seen" in page


@pytest.mark.slow
def test_every_verb_takes_the_winner(found, clips, tmp_path, capsys):
    _, folder = found
    run = str(folder / "winner")
    clip = next((clips / "red_left").iterdir())
    assert main(["predict", str(clip), "--model", run]) == 0
    assert main(["evaluate", str(clips), "--model", run]) == 0
    zoo = ["--to", str(tmp_path / "zoo"), "--name", "conv_relu5.mine"]
    assert main(["publish", run, *zoo]) == 0
    answer = keras_twostream.predict(clip, run)
    clip_classes = {row["label"] for row in answer}
    assert clip_classes == {*CLASSES}
    assert "red" in capsys.readouterr().out


@pytest.mark.slow
def test_a_second_call_trains_nothing(found, clips, cache, monkeypatch):
    tuned, folder = found
    monkeypatch.setattr(
        "keras_twostream.search.judge.Judge.crossing",
        lambda *_: pytest.fail("trained again"),
    )
    again = searched(clips, folder, cache)
    assert again.recipe == tuned.recipe
    for name, result in tuned.results.items():
        np.testing.assert_array_equal(again.results[name].scores, result.scores)


@pytest.mark.slow
def test_another_search_is_not_mixed_in(found, clips, cache):
    _, folder = found
    with pytest.raises(ValueError, match="holds a search with other space"):
        searched(clips, folder, cache, batch_size=4)


@pytest.mark.slow
def test_killed_searches_end_like_one_that_was_not(
    found, clips, cache, tmp_path, rng
):
    """kill -9 at moments by chance, then the same command."""
    _, folder = found
    killed = tmp_path / "killed"
    total = networks(folder)
    for share in sorted(rng.uniform(0.05, 0.95, 3)):
        process = started(clips, killed, cache)
        wait_for(lambda s=share: networks(killed) >= s * total, process)
        process.kill()
        process.wait()
    before = networks(killed)
    assert 0 < before < total
    process = started(clips, killed, cache)
    assert process.wait(300) == 0, process.stderr.read()[-3000:]
    assert rows_of(killed) == rows_of(folder)
    assert networks(killed) == total
    for path in (folder / "results").iterdir():
        ours = Result.load(killed / "results" / path.name)
        np.testing.assert_array_equal(ours.scores, Result.load(path).scores)


def crew(process):
    """Returns KerasTuner's name -> process of those that a search began."""
    found = {}
    for child in psutil.Process(process.pid).children():
        try:
            name = child.environ().get("KERASTUNER_TUNER_ID")
        except psutil.Error:
            continue
        found |= {name: child} if name else {}
    return found


@pytest.mark.slow
def test_a_chief_and_two_workers_find_the_same(found, clips, cache, tmp_path):
    """A worker is killed in the middle, later the chief."""
    _, folder = found
    shared, total = tmp_path / "shared", networks(folder)
    process = started(clips, shared, cache, processes=2)
    try:
        wait_for(lambda: networks(shared) > 0.2 * total, process)
        workers = crew(process)
        assert {*workers} == {"chief", "tuner0", "tuner1"}
        # Nobody but this machine can reach the chief.
        listens = workers["chief"].net_connections(kind="tcp")
        places = {x.laddr.ip for x in listens if x.status == "LISTEN"}
        places = {place.removeprefix("::ffff:") for place in places}
        assert places == {"127.0.0.1"}
        workers["tuner1"].send_signal(signal.SIGKILL)
        wait_for(lambda: networks(shared) > 0.6 * total, process)
        crew(process)["chief"].send_signal(signal.SIGKILL)
        assert process.wait(300) == 0, process.stderr.read()[-3000:]
    finally:
        process.kill()
    assert rows_of(shared) == rows_of(folder)
    assert networks(shared) == total


@pytest.mark.slow
def test_workers_end_with_the_one_that_watches_them(clips, cache, tmp_path):
    process = started(clips, tmp_path / "orphans", cache, processes=2)
    wait_for(lambda: len(crew(process)) == 3, process)
    children = [*crew(process).values()]
    time.sleep(3)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


@pytest.mark.slow
def test_what_there_is_no_memory_for_is_passed_over(
    clips, cache, tmp_path, monkeypatch
):
    """It is marked, never chosen, and the search goes on."""
    trained = []

    def trains(self, recipe, nets, seed):
        if recipe.model == "sum_relu5":
            raise MemoryError("no room for a map")
        trained.append(recipe.model)
        rng = np.random.default_rng(len(trained))
        for net in nets:
            yield net, rng.dirichlet(np.ones(3), len(net.answers))

    monkeypatch.setattr("keras_twostream.search.judge.Judge._on_maps", trains)
    monkeypatch.setattr(
        "keras_twostream.search.searching._trained", lambda *_: None
    )
    columns = search_runs.COLUMNS | {
        "location": ["relu5", "softmax"],
        "learning_rate": 0.002,
    }
    tuned = searched(
        clips, tmp_path / "search", cache, columns=columns, trials=None
    )
    rows = {row["name"]: row for row in tuned.board["rows"]}
    assert rows["sum_relu5"]["status"] == "failed"
    assert rows["sum_relu5"]["why"] == "out of memory"
    assert rows["conv_relu5"]["status"] == "complete"
    assert "sum_softmax" in rows
    assert len(rows) == 3
    text = (tmp_path / "search" / "leaderboard.json").read_text()
    assert "out of memory" in json.dumps(json.loads(text)["rows"])


WRONG = {
    "location=relu9": "has no 'relu9'",
    "fusion": "a column is NAME=VALUE",
    "colour=red": "colour",
}


@pytest.mark.parametrize(("told", "word"), WRONG.items())
def test_wrong_columns_are_one_clear_error(
    told, word, clips, cache, tmp_path, capsys
):
    command = ["search", str(clips), "--run", str(tmp_path / "search")]
    command += ["--backbone", "vgg_tiny", "--cache-dir", str(cache)]
    try:
        status = main([*command, "--column", told])
    except SystemExit as error:  # argparse's own
        status = error.code
    assert status == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert word in said


TOO_LITTLE = [
    ("--trials=0", "trials must be at least 1. Received: 0"),
    ("--budget=0", "budget must be at least 1. Received: 0"),
    ("--seeds=0", "seeds must be at least 1. Received: 0"),
    ("--end-to-end=-1", "end_to_end must be at least 0. Received: -1"),
    ("--workers=0", "--workers, must be at least 1. Received: 0"),
]


@pytest.mark.parametrize(("flag", "said"), TOO_LITTLE)
def test_amounts_that_are_too_little_are_refused(
    clips, tmp_path, capsys, flag, said
):
    run = tmp_path / "run"
    assert main(["search", str(clips), "--run", str(run), flag]) == 2
    assert said in capsys.readouterr().err
    assert not run.exists()


def test_times_are_told_as_people_do():
    times = {"90s": 90, "20m": 1200, "1h30m": 5400, "2d": 172800, "45": 45}
    assert {text: seconds(text) for text in times} == times
    for wrong in ("", "soon", "5x", "m"):
        with pytest.raises(Exception, match="a time is such as"):
            seconds(wrong)


def test_without_keras_tuner_one_line_says_what_to_install(
    clips, monkeypatch, capsys
):
    usual = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *more: (
            None if name == "keras_tuner" else usual(name, *more)
        ),
    )
    assert main(["search", str(clips)]) == 2
    assert "pip install 'keras_twostream[search]'" in capsys.readouterr().err


def test_a_folder_that_is_no_search_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="not a search"):
        Setting.open(pathlib.Path(tmp_path))
