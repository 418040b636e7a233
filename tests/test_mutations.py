"""What becomes of 200 damaged and strange files, see `broken_videos`.

None crashes, hangs or is lost: each is used with the right number of frames,
or refused with a reason.
"""

import json
import subprocess
import sys
import time

import av
import broken_videos
import pytest
from strange_makers import FRAMES, encode, moving

from keras_twostream import build
from keras_twostream.cli import main
from keras_twostream.data import Clips, Local, open_prepared, prepare
from keras_twostream.flow import FlowSpec, add_estimator
from keras_twostream.preparation.executors import Here
from keras_twostream.video import VideoError, open_video

SPEC = FlowSpec(short_side=32, algorithm="dis_ultrafast")


@pytest.fixture(scope="session")
def broken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    files = broken_videos.write_broken(folder / "files")
    yield files
    for odd in files:
        if odd.path.name == "locked.mp4":
            odd.path.chmod(0o600)


def outcome(path):
    """Returns the number of frames of a file, or why it cannot be read."""
    try:
        with open_video(path) as video:
            return sum(1 for _ in video)
    except VideoError as error:
        return error.reason


def simply_counted(path):
    """Returns the number of frames that FFmpeg gives without any check."""
    with av.open(str(path), metadata_errors="replace") as file:
        return sum(1 for _ in file.decode(file.streams.video[0]))


def check(odd, result):
    """Compares what became of a file with what had to."""
    place = odd.path.name, result
    if isinstance(odd.expected, int):
        assert result == odd.expected, place
    elif isinstance(result, str):
        assert (odd.expected or "") in result, place
        assert result, place
        assert "\n" not in result, place
    else:
        assert odd.expected is None, place
        assert result == simply_counted(odd.path), place
        # What is cut is refused unless only an index is gone.
        assert not odd.path.name.startswith("cut") or result == FRAMES, place


def sample(broken):
    """Forty of them, all kinds of no file included."""
    no_files = [odd for odd in broken if not odd.path.is_file()]
    files = [odd for odd in broken if odd.path.is_file()]
    return files[3::5][: 40 - len(no_files)] + no_files


def test_there_are_200_and_always_the_same(broken, tmp_path):
    assert len(broken) == 200
    assert len({odd.path for odd in broken}) == 200
    whole = broken[0].path.parents[2] / "whole"
    for source in ("plain.mkv", "plain.avi"):
        again = broken_videos.mutants(whole / source, tmp_path / source)
        for odd in again:
            kind = odd.path.suffix[1:]
            first = whole.parent / "plain" / kind / odd.path.name
            assert odd.path.read_bytes() == first.read_bytes()


def test_each_is_read_whole_or_refused_with_a_reason(broken):
    results = [outcome(odd.path) for odd in broken]
    for odd, result in zip(broken, results, strict=True):
        check(odd, result)
    used = sum(isinstance(result, int) for result in results)
    assert 55 < used < 75


def test_a_sample_is_prepared_here(broken, tmp_path):
    odd_ones = sample(broken)
    assert len(odd_ones) == 40
    check_prepared(odd_ones, tmp_path / "set", Here())


def check_prepared(odd_ones, folder, executor):
    clips = Clips(tuple(odd.path for odd in odd_ones))
    made = prepare(clips, folder, SPEC, executor=executor, verbose=False)
    results = {clip.path: clip.frames for clip in made.manifest.clips}
    bad = dict(made.manifest.quarantined)
    assert not results.keys() & bad.keys()
    results |= bad
    assert results.keys() == {odd.path.as_posix() for odd in odd_ones}
    for odd in odd_ones:
        result = results[odd.path.as_posix()]
        if odd.path.is_dir():
            assert isinstance(result, str)
        else:
            check(odd, result)
    report = (folder / "report.txt").read_text("utf-8")
    assert report.startswith(f"{len(made)} of {len(odd_ones)} clips")
    assert all(reason in report for reason in bad.values())
    assert open_prepared(folder).manifest == made.manifest


@pytest.mark.slow
def test_all_are_prepared_by_workers(broken, tmp_path):
    check_prepared(broken, tmp_path / "set", Local(2, time_limit=60))


PROGRAM = """
import resource, sys
from keras_twostream.cli import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@pytest.mark.slow
def test_the_command_line_tells_of_each_and_stays_small(broken, tmp_path):
    """Exit status 1 says that some cannot be used."""
    source = broken[0].path.parents[2]
    flow = ["--short-side", "32", "--algorithm", "dis_ultrafast"]
    work = ["--workers", "2", "--time-limit", "60", "--json"]
    command = [sys.executable, "-c", PROGRAM, "prepare", source]
    done = subprocess.run(
        [*command, tmp_path / "set", *flow, *work],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    figures, _, kilobytes = done.stdout.strip().rpartition("\n")
    assert json.loads(figures)["clips"] > 55
    assert int(kilobytes) < 600_000
    made = open_prepared(tmp_path / "set").manifest
    told = {clip.path for clip in made.clips} | {x for x, _ in made.quarantined}
    report = (tmp_path / "set" / "report.txt").read_text("utf-8")
    for odd in broken:
        name = odd.path.relative_to(source).as_posix()
        assert odd.path.is_dir() or name in told or name in report, name


SLEEPER = """
import time, numpy as np
def flow(previous, following):
    time.sleep(600)
"""


def test_a_clip_that_takes_for_ever_is_given_up(tmp_path, monkeypatch):
    """As one would whose decoder hangs: nothing in the process can end it."""
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    clip = tmp_path / "clip.mp4"
    encode(clip, moving(3), "libx264")
    spec = FlowSpec(short_side=32, algorithm=add_estimator("sleeper:flow"))
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"it took longer than 2 s"):
        prepare(
            Clips((clip,)),
            tmp_path / "set",
            spec,
            executor=Local(1, time_limit=2),
            verbose=False,
        )
    assert time.monotonic() - began < 60


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "tiny.keras"
    model = build(
        "conv_relu5",
        num_classes=3,
        backbone="vgg_tiny",
        input_shape=(64, 64),
        flow=SPEC,
    )
    model.save(path)
    return path


def predict(paths, network, capsys):
    command = ["predict", *map(str, paths), "--model", str(network)]
    status = main([*command, "--views", "1", "--json"])
    return status, *capsys.readouterr()


def check_predicted(odd, network, capsys):
    status, said, error = predict([odd.path], network, capsys)
    result = outcome(odd.path)
    if isinstance(result, int):
        assert status == 0, error
        assert len(json.loads(said)) == 3
        return
    assert status == 2, odd.path
    assert "keras-twostream: error: " in error, odd.path
    assert "Traceback" not in error, odd.path
    assert odd.path.name in error
    assert result in error or not odd.path.is_file()


def test_a_few_are_predicted(broken, network, capsys):
    names = {"cut_75.avi", "turned_90.mp4", "pipe.mp4"}
    for odd in broken:
        if odd.path.name in names and odd.path.parent.name != "pictures":
            check_predicted(odd, network, capsys)


@pytest.mark.slow
def test_a_sample_is_predicted(broken, network, capsys):
    for odd in sample(broken):
        check_predicted(odd, network, capsys)
