"""The verb `prepare`, called as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sets

from keras_twostream.cli import main
from keras_twostream.data import open_prepared
from keras_twostream.flow import FlowSpec

FLOW = ["--short-side", "32", "--bound", "8", "--algorithm", "dis_ultrafast"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return sets.write_source(tmp_path_factory.mktemp("videos"))


def prepare(*arguments):
    return main(["prepare", *map(str, arguments), *FLOW, "--workers", "1"])


def test_a_folder_becomes_a_set(source, tmp_path, capsys):
    assert prepare(source, tmp_path / "set", "--clips-per-shard", 4) == 0
    said = capsys.readouterr().out
    assert "holds 6 clips of 2 classes" in said
    for line in ("clips 6", "frames 30", "quarantined 0"):
        assert line in " ".join(said.split())
    made = open_prepared(tmp_path / "set")
    assert made.flow == FlowSpec(
        short_side=32, bound=8, algorithm="dis_ultrafast"
    )
    assert [str(path) for path in made.clips.paths][:2] == [
        "a/00.mp4",
        "a/01.mp4",
    ]
    assert {*made.files} == {
        str(tmp_path / "set" / "shards" / f"0000{n}.tfrecord") for n in (0, 1)
    }


def test_quarantined_clips_make_the_status_1(source, tmp_path, capsys):
    bad = sets.write_source(tmp_path / "videos", "a", 2)
    (bad / "a" / "00.mp4").write_text("no video")
    assert prepare(bad, tmp_path / "set", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["clips"] == 1
    [[path, reason]] = told["quarantined"]
    assert path == "a/00.mp4"
    assert "text" in reason
    assert told["bytes"] == sum(open_prepared(tmp_path / "set").lengths)
    (bad / "a" / "00.mp4").write_bytes((bad / "a" / "01.mp4").read_bytes())
    assert prepare(bad, tmp_path / "set", "--json") == 1
    assert prepare(bad, tmp_path / "set", "--json", "--retry") == 0


def test_what_cannot_be_done_makes_the_status_2(source, tmp_path, capsys):
    assert prepare(source, tmp_path / "set") == 0
    assert main(["prepare", str(source), str(tmp_path / "set")]) == 2
    assert "prepared with another FlowSpec: `algorithm`" in (
        capsys.readouterr().err
    )
    assert prepare(tmp_path / "missing", tmp_path / "x") == 2
    assert prepare(source, tmp_path / "x", "--dask", "tcp://x:1") == 2
    assert "one of --workers, --dask, --ray" in capsys.readouterr().err
    (tmp_path / "bad" / "a").mkdir(parents=True)
    (tmp_path / "bad" / "a" / "x.mp4").touch()
    assert prepare(tmp_path / "bad", tmp_path / "y") == 2
    assert "None of the clips can be used" in capsys.readouterr().err
    assert (tmp_path / "y" / "report.txt").exists()


def test_a_list_says_which_clips_and_what_they_are_for(source, tmp_path):
    (tmp_path / "train.csv").write_text("path,label,split\na/01.mp4,x,train\n")
    (tmp_path / "test.csv").write_text("path,label,split\nb/02.mp4,y,test\n")
    lists = [f"--list={tmp_path / name}.csv" for name in ("train", "test")]
    assert prepare(source, tmp_path / "set", *lists) == 0
    made = open_prepared(tmp_path / "set")
    assert made.clips.class_names == ("x", "y")
    assert made.clips.splits == ("train", "test")
    assert [str(path) for path in made.of_split("test").clips.paths] == [
        "b/02.mp4"
    ]


def test_an_estimate_writes_nothing(source, tmp_path, capsys):
    assert prepare(source, tmp_path / "set", "--estimate") == 0
    assert "dis_ultrafast" in capsys.readouterr().out
    assert not (tmp_path / "set").exists()


def test_a_fitted_bound_stays_that_of_the_set(source, tmp_path):
    command = ["prepare", str(source), str(tmp_path / "set"), "--fit-bound"]
    command += ["--short-side", "32", "--workers", "1"]
    assert main(command) == 0
    made = open_prepared(tmp_path / "set")
    assert made.flow.bound != 20
    assert main(command) == 0
    assert open_prepared(tmp_path / "set").manifest == made.manifest


def test_official_splits_of_real_clips_are_kept(test_data, tmp_path):
    lists = test_data / "annotations" / "ucfTrainTestlist"
    given = tmp_path / "videos"
    for name in ("Archery", "Punch"):
        (given / name).mkdir(parents=True)
        for path in (test_data / "clips" / "ucf101" / name).glob("*.avi"):
            (given / name / path.name).write_bytes(path.read_bytes())
    options = ["--list", lists, "--split", 1]
    assert prepare(given, tmp_path / "set", *options) == 0
    made = open_prepared(tmp_path / "set")
    assert len(made.clips.class_names) == 101
    official = {
        part: (lists / f"{part}list01.txt").read_text()
        for part in ("train", "test")
    }
    for clip in made.manifest.clips:
        assert clip.path in official[clip.split]
        assert made.clips.class_names[clip.label] == clip.path.split("/")[0]
    total = len([*given.glob("*/*")])
    assert len(made) == total
    figures = made.figures()
    assert figures["hours"] * 3600 == pytest.approx(figures["frames"] / 25, 0.2)


MEMORY = """
import os, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from keras_twostream.data import Clips, prepare
from sets import SPEC
video, target, _, count = sys.argv[1:]
folder = Path(target + "_clips")
folder.mkdir()
for number in range(int(count)):
    os.link(video, folder / f"{number}.mp4")
clips = Clips(tuple(sorted(folder.iterdir())))
prepare(clips, target, SPEC, root=folder, workers=1, verbose=False)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    print(resource.getrusage(who).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_clips(source, tmp_path):
    peaks = []
    for count in (500, 2000):
        video = source / "a" / "00.mp4"
        here = Path(__file__).parent
        arguments = [video, tmp_path / str(count), here, count]
        said = subprocess.check_output(
            [sys.executable, "-c", MEMORY, *map(str, arguments)], text=True
        )
        peaks.append([int(peak) for peak in said.split()])
    few, many = peaks
    # In KiB: the list itself takes some, a clip's record none.
    assert many[0] - few[0] < 20_000
    assert many[1] - few[1] < 10_000
