"""Every disease of a folder of videos is found, with its fix; no other is."""

import argparse
import json
import shutil

import numpy as np
import pytest
from clips import moving_frames
from doctor_sets import DISEASES, infect, moving_square

from keras_twostream.cli import doctor as verbs
from keras_twostream.doctor import KINDS, examine
from keras_twostream.doctor.cases import Case, Cases
from keras_twostream.doctor.crew import do_all
from keras_twostream.doctor.likeness import alike, describe, shrink
from keras_twostream.doctor.set_rules import classes
from keras_twostream.video import write_video
from keras_twostream.video.synthetic import write_dataset


@pytest.fixture(scope="session")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor") / "healthy"
    return write_dataset(folder, 5, seed=1, verbose=False)


def run(name, *args):
    """Calls a verb as the command line does."""
    call, add_arguments = verbs.VERBS[name]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return call(**vars(parser.parse_args([str(arg) for arg in args])))


def ids(report):
    return {finding.id for finding in report.findings}


@pytest.mark.parametrize("quick", [False, True])
def test_a_healthy_set_is_silent(healthy, quick, capsys):
    report = examine(healthy, workers=1, quick=quick, verbose=False)
    assert report.findings == ()
    report.print()
    assert capsys.readouterr().out == "No findings in 30 clips.\n"
    assert report.status == 0
    assert report.summary["classes"] == "6"


@pytest.mark.parametrize("disease", DISEASES)
def test_every_disease_is_found_with_its_fix(healthy, tmp_path, disease):
    _, expected, words = DISEASES[disease]
    folder = infect(healthy, tmp_path / "a set", disease)
    report = examine(folder, workers=1, verbose=False)
    assert ids(report) == expected
    first = report.findings[0]
    assert words in first.fix
    assert len(first.notes) == len(first.files)
    is_error = any(KINDS[kind].severity == "error" for kind in expected)
    assert report.status == int(is_error)
    # A shell must be able to take what a fix says.
    if "{root}" in KINDS[first.id].fix:
        assert f"'{folder}'" in first.fix


def test_workers_of_their_own_find_the_same(healthy, tmp_path):
    folder = infect(healthy, tmp_path / "set", "noise")
    here = examine(folder, workers=1, verbose=False)
    assert examine(folder, workers=2, verbose=False) == here


def test_a_worker_that_hangs_costs_its_clip_only(healthy):
    clip = next(healthy.rglob("*.avi"))
    job = {"do": "examine", "kind": "video", "path": str(clip), "quick": False}
    (answer,) = [found for _, found in do_all([job], 2, seconds=0.01)]
    assert answer["problem"] == "unreadable"
    assert "longer than 0.01 s" in answer["reason"]


def test_workers_import_neither_keras_nor_tensorflow(run_python):
    code = (
        "import sys, keras_twostream.doctor.member\n"
        "print({'keras', 'tensorflow'} & {*sys.modules})"
    )
    assert run_python("-c", code).strip() == "set()"


def split_set(folder, test_group):
    for split, group in (("train", 1), ("test", test_group)):
        for number in range(5):
            place = folder / split / "Run"
            place.mkdir(parents=True, exist_ok=True)
            path = place / f"v_Run_g{group:02d}_c{number:02d}.avi"
            seed = 10 * group + number + 100 * (split == "test")
            write_video(path, moving_square(seed)[0])


def test_groups_and_copies_must_not_straddle_splits(tmp_path):
    split_set(tmp_path / "good", test_group=2)
    assert examine(tmp_path / "good", workers=1).healthy
    split_set(tmp_path / "torn", test_group=1)
    report = examine(tmp_path / "torn", workers=1)
    assert ids(report) == {"group_leakage"}
    assert "--validation-split" in report.findings[0].fix
    clip = tmp_path / "good/train/Run/v_Run_g01_c00.avi"
    shutil.copy(clip, tmp_path / "good/test/Run/v_Run_g03_c00.avi")
    report = examine(tmp_path / "good", workers=1)
    assert ids(report) == {"duplicate_splits"}
    assert {*report.findings[0].files} == {
        "train/Run/v_Run_g01_c00.avi",
        "test/Run/v_Run_g03_c00.avi",
    }


LISTS = {
    "from 1": ((1, 2), {"label_base"}, "awk"),
    "with gaps": ((0, 3), {"label_gaps"}, "without gaps"),
    "good": ((0, 1), set(), ""),
}


@pytest.mark.parametrize("case", LISTS)
def test_labels_of_lists(healthy, tmp_path, case):
    numbers, expected, words = LISTS[case]
    names = sorted(path.name for path in healthy.iterdir() if path.is_dir())
    lines = [
        f"{path.relative_to(healthy)} {number}"
        for number, name in zip(numbers, names, strict=False)
        for path in sorted((healthy / name).iterdir())
    ]
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(lines))
    report = examine(healthy, listed, workers=1)
    assert ids(report) == expected
    assert all(words in finding.fix for finding in report.findings)


def test_a_listed_file_may_be_missing(healthy, tmp_path):
    listed = tmp_path / "list.txt"
    names = [path.relative_to(healthy) for path in healthy.rglob("*.avi")]
    lines = [f"{name} {name.parts[0]}" for name in names]
    listed.write_text("\n".join([*lines, f"gone.avi {names[0].parts[0]}"]))
    report = examine(healthy, listed, workers=1)
    assert "missing" in ids(report)
    assert report.findings[0].files == ("gone.avi",)


def test_imbalance():
    clips = [Case(name=f"{n}", job={}, label=int(n > 54)) for n in range(60)]
    cases = Cases(
        root="x", kind="folder", clips=tuple(clips), class_names=("a", "b")
    )
    (finding,) = classes(cases)
    assert finding.id == "imbalance"
    assert "11 times" in finding.what
    assert "class_weight" in finding.fix


def test_likeness_survives_encoding_and_tells_motions_apart():
    def likeness(frames):
        return describe([shrink(frame.mean(axis=-1)) for frame in frames])

    clip = moving_frames(20, 64, 64, seed=3)
    darker = np.uint8(0.8 * clip[:, ::2, ::2])
    still = np.repeat(clip[:1], 20, axis=0)
    seen = [likeness(x) for x in (clip, darker, still, still, clip[::-1])]
    pairs = [(one, two) for one, two, _ in alike([*seen, ""])]
    assert pairs == [(0, 1), (2, 3)]


def test_json_has_stable_keys_and_the_exit_status(healthy, tmp_path, capsys):
    folder = infect(healthy, tmp_path / "set", "zero bytes")
    assert run("doctor", folder, "--json", "--workers", 1) == 1
    told = json.loads(capsys.readouterr().out)
    keys = "version path kind clips healthy counts summary findings"
    assert " ".join(told) == keys
    assert told["counts"] == {"error": 1, "warning": 0, "note": 0}
    (finding,) = told["findings"]
    assert [*finding] == ["id", "severity", "what", "fix", "files", "notes"]
    assert run("doctor", healthy, "--json", "--workers", 1) == 0


def test_text_survives_names_that_look_like_markup(tmp_path, capsys):
    (tmp_path / "[red]").mkdir()
    (tmp_path / "[red]" / "[b].mp4").write_bytes(b"")
    assert run("doctor", tmp_path, "--workers", 1) == 1
    assert "[red]/[b].mp4" in capsys.readouterr().out


def test_the_page_needs_nothing_else_and_escapes_names(
    healthy, tmp_path, capsys
):
    folder = infect(healthy, tmp_path / "set", "in two classes")
    (folder / "blue_left" / "<script>alert(1)<.mp4").write_bytes(b"")
    page = tmp_path / "page.html"
    assert run("doctor", folder, "--html", page, "--workers", 2) == 1
    html = page.read_text()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert html.count("data:image/jpeg;base64,") >= 4
    for outside in ("http://", "https://", "<link", "@import", 'src="/'):
        assert outside not in html
    assert str(page) in capsys.readouterr().out


def test_wrong_usage_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="nothing"):
        examine(tmp_path / "nothing")
    with pytest.raises(ValueError, match="workers"):
        examine(tmp_path, workers=0)


def test_real_clips_are_healthy(test_data):
    report = examine(test_data / "clips" / "weizmann", verbose=False)
    assert report.findings == ()
    assert report.clips == 90
