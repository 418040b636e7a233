"""Lists of clips -> prepared sets."""

import dataclasses
import hashlib
import json

import clips
import cv2
import numpy as np
import pytest
import sets
import tensorflow as tf
from sets import SPEC, Nobody, contents, listed

from keras_twostream.data import (
    Clips,
    Local,
    is_prepared,
    open_prepared,
    prepare,
)
from keras_twostream.flow import FlowSpec
from keras_twostream.preparation.executors import Here
from keras_twostream.preparation.records import make_record
from keras_twostream.video import write_video


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return sets.write_source(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def made(source, tmp_path_factory):
    """A set of six clips in three shards."""
    folder = tmp_path_factory.mktemp("made")
    return make(source, folder)


def make(source, folder, **settings):
    facts = {"groups": [str(n // 2) for n in range(6)]}
    facts["splits"] = ["train", "test", None] * 2
    settings = {"root": source, "clips_per_shard": 2, "verbose": False} | {
        "executor": Here(),
        **settings,
    }
    return prepare(listed(source, **facts), folder, SPEC, **settings)


def features_of(record):
    found = tf.train.Example.FromString(record).features.feature
    return {name: list(found[name].bytes_list.value) for name in found}


def record_of(prepared, index):
    """Returns a record by its place in the manifest's table."""
    data = open(prepared.files[index], "rb").read()  # noqa: SIM115, PTH123
    start = prepared.offsets[index]
    return data[start : start + prepared.lengths[index]]


def test_a_set_is_a_manifest_a_report_and_shards(made):
    names = {"manifest.json", "report.txt"}
    names |= {f"shards/0000{n}.tfrecord" for n in range(3)}
    assert {*contents(made.folder)} == names
    assert (made.folder / "report.txt").read_text() == (
        "6 of 6 clips are in this set.\n"
    )
    assert len(made) == 6
    assert made.flow == SPEC
    assert made.frame_counts == (5,) * 6
    assert is_prepared(made.folder)
    assert open_prepared(made.folder).manifest == made.manifest


def test_the_table_and_tensorflow_find_the_same_records(made):
    files = dict.fromkeys(made.files)
    dataset = tf.data.TFRecordDataset([*files])
    in_order = list(dataset.as_numpy_iterator())
    assert in_order == [record_of(made, index) for index in range(6)]


def test_records_are_those_of_the_videos_and_say_what_they_are(source, made):
    for index, path in enumerate(sorted(source.glob("*/*"))):
        stored = features_of(record_of(made, index))
        direct = features_of(make_record(path, SPEC))
        meta, alone = (json.loads(x.pop("meta")[0]) for x in (stored, direct))
        assert stored == direct
        name = path.relative_to(source).as_posix()
        data = path.read_bytes()
        clip = made.manifest.clips[index]
        assert (clip.path, clip.frames, clip.height) == (name, 5, 32)
        assert clip.sha256 == hashlib.sha256(data).hexdigest()
        assert meta == alone | {
            "class": path.parent.name,
            "group": str(index // 2),
            "split": ["train", "test", None][index % 3],
            "source": {
                "path": name,
                "bytes": len(data),
                "sha256": clip.sha256,
            },
        }


def test_the_list_comes_back(source, made):
    names = [p.relative_to(source).as_posix() for p in source.glob("*/*")]
    assert [str(path) for path in made.clips.paths] == sorted(names)
    assert made.clips.class_names == ("a", "b")
    assert made.clips.labels == (0, 0, 0, 1, 1, 1)
    assert made.clips.groups == ("0", "0", "1", "1", "2", "2")
    test = made.of_split("test")
    assert [str(path) for path in test.clips.paths] == ["a/01.mp4", "b/01.mp4"]
    assert record_of(test, 1) == record_of(made, 4)
    with pytest.raises(ValueError, match=r"no clips for 'validation'. Found"):
        made.of_split("validation")


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_makes_the_same_set(
    source, made, tmp_path, workers
):
    make(source, tmp_path / "set", executor=Local(workers))
    assert contents(tmp_path / "set") == contents(made.folder)


def test_a_finished_set_is_only_looked_at(source, made):
    before = {path: path.stat().st_mtime_ns for path in made.folder.rglob("*")}
    again = make(source, made.folder, executor=Nobody())
    assert again.manifest == made.manifest
    after = {path: path.stat().st_mtime_ns for path in made.folder.rglob("*")}
    assert after == before


def test_figures_are_per_hour_of_video(made):
    figures = made.figures()
    assert (figures["clips"], figures["frames"]) == (6, 30)
    assert figures["hours"] == pytest.approx(30 / 25 / 3600)
    assert figures["bytes"] == sum(made.lengths)
    per_hour = figures["bytes"] / figures["hours"]
    assert figures["bytes_per_hour"] == pytest.approx(per_hour)


def test_bad_files_are_quarantined_with_their_reason(tmp_path):
    """And tried again when that is asked for."""
    folder = tmp_path / "videos" / "bad"
    folder.mkdir(parents=True)
    bad = dict(clips.bad_files(folder).values())
    bad[folder / "folder.mp4"] = "no images"
    good = sets.write_source(tmp_path / "videos", "g", 3)
    paths = sorted([*bad, *good.glob("g/*")])
    given = Clips(tuple(paths), skipped=((folder / "x.doc", "no video"),))

    def run(**settings):
        return prepare(
            given,
            tmp_path / "set",
            SPEC,
            root=tmp_path / "videos",
            clips_per_shard=3,
            verbose=False,
            **settings,
        )

    made = run()
    assert len(made) == 3
    quarantined = dict(made.manifest.quarantined)
    assert [*quarantined] == [f"bad/{p.name}" for p in paths if p in bad]
    report = (tmp_path / "set" / "report.txt").read_text()
    for path, word in bad.items():
        reason = quarantined[f"bad/{path.name}"]
        assert word.lower() in reason.lower()
        assert f"  bad/{path.name}: {reason}\n" in report
    assert "  bad/x.doc: no video\n" in report
    assert made.clips.skipped[0][0].name == "cut.mp4"

    write_video(folder / "cut.mp4", clips.moving_frames(4, 40, 48))
    assert len(run(executor=Nobody())) == 3
    mended = run(retry=True)
    assert mended.frame_counts == (4, 5, 5, 5)
    assert len(mended.manifest.quarantined) == len(bad) - 1
    assert run(executor=Nobody()).manifest == mended.manifest


def test_no_usable_clip_is_an_error_with_a_report(tmp_path):
    source = tmp_path / "videos"
    source.mkdir()
    (source / "empty.mp4").touch()
    given = Clips((source / "empty.mp4",))
    for _ in range(2):
        with pytest.raises(ValueError, match="None of the clips can be used"):
            prepare(given, tmp_path / "set", SPEC, root=source, verbose=0)
        report = (tmp_path / "set" / "report.txt").read_text()
        assert "0 of 1 clips are in this set" in report
        assert "  empty.mp4: " in report
        assert not is_prepared(tmp_path / "set")


def test_new_clips_are_added_in_further_shards(tmp_path):
    source = sets.write_source(tmp_path / "videos", "bc", 2)
    settings = {"root": source, "clips_per_shard": 3, "verbose": False}
    settings["executor"] = Here()
    first = prepare(listed(source), tmp_path / "set", SPEC, **settings)
    assert first.clips.labels == (0, 0, 1, 1)
    before = contents(tmp_path / "set" / "shards")
    # A class that comes first in the alphabet moves all the labels.
    sets.write_source(source, "abc", 2)
    (source / "b" / "00a.mp4").write_bytes(
        (source / "c" / "00.mp4").read_bytes()
    )
    grown = prepare(listed(source), tmp_path / "set", SPEC, **settings)
    assert grown.clips.class_names == ("a", "b", "c")
    assert grown.clips.labels == (0, 0, 1, 1, 1, 2, 2)
    after = contents(tmp_path / "set" / "shards")
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
    known = dict(zip(first.clips.paths, range(4), strict=True))
    for index, path in enumerate(grown.clips.paths):
        if path in known:
            assert record_of(grown, index) == record_of(first, known[path])
        name = tf.io.parse_single_example(
            record_of(grown, index),
            {"meta": tf.io.FixedLenFeature([], "string")},
        )["meta"]
        assert json.loads(name.numpy())["source"]["path"] == str(path)


@pytest.mark.parametrize("size", [None, 100])
def test_lost_and_shortened_shards_are_made_again(source, tmp_path, size):
    made = make(source, tmp_path / "set")
    records = [record_of(made, index) for index in range(6)]
    victim = tmp_path / "set" / "shards" / "00001.tfrecord"
    if size is None:
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:size])
    with pytest.raises(ValueError, match="1 shards .*00001.*makes them again"):
        open_prepared(tmp_path / "set")
    healed = make(source, tmp_path / "set")
    assert [record_of(healed, index) for index in range(6)] == records
    assert {*healed.files} == {
        str(path) for path in (tmp_path / "set" / "shards").iterdir()
    }


def test_folders_of_frames_and_flow_are_clips_too(tmp_path, rng):
    folder = tmp_path / "videos" / "a" / "clip"
    folder.mkdir(parents=True)
    names = [f"img_{k:05}.jpg" for k in (1, 2, 3)]
    flow = [f"flow_{axis}_{k:05}.jpg" for axis in "xy" for k in (1, 2)]
    for name in (*names, *flow):
        image = rng.integers(0, 256, (32, 40), np.uint8)
        cv2.imwrite(str(folder / name), image)
    root = tmp_path / "videos"
    made = prepare(
        *(listed(root), tmp_path / "set", SPEC),
        root=root,
        executor=Here(),
        verbose=False,
    )
    assert made.manifest.quarantined == ()
    digest, size = hashlib.sha256(), 0
    for name in (*names, *flow):
        data = (folder / name).read_bytes()
        digest.update(name.encode() + b"\0" + data)
        size += len(data)
    clip = made.manifest.clips[0]
    assert (clip.path, clip.frames) == ("a/clip", 3)
    assert clip.sha256 == digest.hexdigest()
    meta = json.loads(features_of(record_of(made, 0))["meta"][0])
    assert meta["source"]["bytes"] == size


def test_what_has_no_labels_has_none(source, tmp_path):
    given = Clips(tuple(sorted(source.glob("a/*"))))
    made = prepare(
        given, tmp_path, FlowSpec(short_side=None), executor=Here(), verbose=0
    )
    assert made.clips.labels is None
    assert made.clips.paths == given.paths
    assert np.all(np.array(made.frame_counts) == 5)
    assert dataclasses.replace(made.clips, skipped=()) == given
