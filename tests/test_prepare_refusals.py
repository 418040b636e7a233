"""What cannot be prepared is said in one sentence, and nothing is lost."""

import dataclasses
import json

import pytest
import sets
from sets import SPEC, Nobody, contents, listed

from keras_twostream.data import Clips, open_prepared, prepare
from keras_twostream.flow import FlowSpec
from keras_twostream.preparation.executors import Here
from keras_twostream.preparation.locking import only_run


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return sets.write_source(tmp_path_factory.mktemp("videos"), count=2)


@pytest.fixture(scope="module")
def made(source, tmp_path_factory):
    return run(source, tmp_path_factory.mktemp("made"), executor=Here()).folder


def run(source, folder, given=None, flow=SPEC, **settings):
    settings = {
        "root": source,
        "verbose": False,
        "executor": Nobody(),
    } | settings
    return prepare(given or listed(source), folder, flow, **settings)


def refused(source, folder, message, *args, **settings):
    before = contents(folder)
    with pytest.raises(ValueError, match=message):
        run(source, folder, *args, **settings)
    assert contents(folder) == before


def test_another_flow_is_refused(source, made):
    flow = FlowSpec(short_side=32, bound=9, step=2)
    refused(
        *(source, made, "`bound` is 8.0 there, and 9.0 was asked for, `step`"),
        flow=flow,
    )


def test_another_list_is_refused(source, made):
    given = listed(source)
    fewer = given.take([0, 1, 3])
    refused(source, made, "list no longer has 'b/00.mp4'", fewer)
    swapped = dataclasses.replace(given, labels=(1, 0, 1, 1))
    refused(source, made, "'a/00.mp4': its class name was 'a' and", swapped)
    splits = dataclasses.replace(given, splits=("test", *[None] * 3))
    refused(source, made, "its split was None and is 'test'", splits)


def test_another_opencv_is_refused_where_flow_is_missing(
    source, made, tmp_path
):
    """A set that has all its flow needs none."""
    (tmp_path / "shards").mkdir()
    for name, data in contents(made).items():
        (tmp_path / name).write_bytes(data)
    manifest = json.loads((made / "manifest.json").read_text())
    old = json.dumps(manifest | {"opencv": "4.0.1"})
    (tmp_path / "manifest.json").write_text(old)
    assert len(run(source, tmp_path)) == 4
    (tmp_path / "shards" / "00000.tfrecord").unlink()
    refused(source, tmp_path, "was prepared with OpenCV 4.0.1")


def test_a_begun_set_is_gone_on_with_as_it_was_begun(source, tmp_path):
    class Interrupted:
        def run(self, jobs, spec):
            yield from list(Here().run(jobs[:2], spec))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path, executor=Interrupted())
    with pytest.raises(FileNotFoundError, match="has begun but not ended"):
        open_prepared(tmp_path)
    refused(source, tmp_path, "with 32 clips per shard", clips_per_shard=2)
    refused(source, tmp_path, "`bound` is 8.0", flow=FlowSpec(short_side=32))
    fewer = listed(source).take([0, 1, 2])
    refused(source, tmp_path, "no longer has 'b/01.mp4'", fewer)
    (tmp_path / ".staging" / "plan.json").write_text("{}")
    refused(source, tmp_path, r"plan.json cannot be read .* Delete")


def test_clips_that_come_while_a_set_is_made_are_added(tmp_path):
    source = sets.write_source(tmp_path / "videos", "a", 2)

    class Interrupted:
        def run(self, jobs, spec):
            yield from list(Here().run(jobs[:1], spec))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "set", executor=Interrupted())
    sets.write_source(source, "a", 3)
    made = run(source, tmp_path / "set", executor=Here())
    shards = [clip.shard for clip in made.manifest.clips]
    assert shards == ["shards/00000.tfrecord"] * 2 + ["shards/00001.tfrecord"]


def test_two_runs_on_one_folder_are_refused(source, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    with only_run(folder), pytest.raises(BlockingIOError, match="Another run"):
        run(source, folder)


def test_records_of_another_opencv_are_refused(source, tmp_path, monkeypatch):
    monkeypatch.setattr("cv2.__version__", "4.0.1")

    class Elsewhere:
        def run(self, jobs, spec):
            for answer in Here().run(jobs, spec):
                monkeypatch.setattr("cv2.__version__", "4.0.2")
                yield answer

    with pytest.raises(ValueError, match=r"OpenCV 4.0.2, and this.*4.0.1"):
        run(source, tmp_path, executor=Elsewhere(), clips_per_shard=2)


def test_workers_that_see_another_disk_are_noticed(source, tmp_path):
    class Elsewhere:
        def run(self, jobs, spec):
            yield from ((index, None) for index in range(len(jobs)))

    with pytest.raises(OSError, match="Do all workers see the folder"):
        run(source, tmp_path, executor=Elsewhere())


def test_folders_that_are_something_else_are_refused(source, tmp_path, made):
    (tmp_path / "mine.txt").write_text("mine")
    refused(source, tmp_path, "no prepared set, and holds other.*'mine.txt'")
    with pytest.raises(ValueError, match="inside of its source"):
        run(source, source / "set")
    assert not (source / "set").exists()
    with pytest.raises(FileNotFoundError, match="has no manifest.json"):
        open_prepared(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clips_per_shard": 0}, "`clips_per_shard` must be at least 1"),
        ({"workers": 0, "executor": None}, "`workers` must be at least 1"),
        ({"time_limit": 0, "executor": None}, "`time_limit` must be"),
        ({"flow": FlowSpec(algorithm="magic")}, "Received: 'magic'"),
    ],
)
def test_wrong_arguments_are_refused(source, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        run(source, tmp_path / "set", **settings)
    assert not (tmp_path / "set").exists()


def test_a_clip_that_is_listed_twice_is_refused(source, tmp_path):
    path = source / "a" / "00.mp4"
    with pytest.raises(ValueError, match=r"'a/00.mp4' more than once"):
        run(source, tmp_path / "set", Clips((path, path)))


def test_an_empty_list_is_refused(source, tmp_path):
    with pytest.raises(ValueError, match="the list is empty"):
        prepare(Clips(()), tmp_path / "set", SPEC, executor=Nobody())
