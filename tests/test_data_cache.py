"""Video files -> records, made once, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time

import clips
import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_twostream.data import cache_clips
from keras_twostream.flow import FlowSpec, dequantize, estimators
from keras_twostream.preparation.cache import default_cache_dir, record_path
from keras_twostream.preparation.example import encode_example
from keras_twostream.preparation.records import BLOCK, make_record, read_meta
from keras_twostream.video import read_video, resize_short_side, write_video

SPEC = FlowSpec(short_side=32, bound=8, shrink=1)


def features_of(record):
    found = tf.train.Example.FromString(record).features.feature
    return {name: list(found[name].bytes_list.value) for name in found}


def decode(image, flag=cv2.IMREAD_UNCHANGED):
    return cv2.imdecode(np.frombuffer(image, np.uint8), flag)


def fields_of(record, height):
    stored = np.stack([decode(image) for image in features_of(record)["flow"]])
    u, v = stored[:, :height], stored[:, stored.shape[1] // 2 :][:, :height]
    return dequantize(np.stack([u, v], axis=-1), SPEC.bound)


@pytest.fixture
def videos(tmp_path):
    """Six short videos."""
    paths = [tmp_path / f"{number}.mp4" for number in range(6)]
    for seed, path in enumerate(paths):
        write_video(path, clips.moving_frames(5, 40, 48, seed))
    return paths


@pytest.fixture
def calls(monkeypatch):
    """Counts the flow fields that are estimated in this process."""
    made = []
    original = estimators.get("dis_fast")

    def counting(previous, following):
        made.append(previous.shape)
        return original(previous, following)

    monkeypatch.setitem(estimators.ESTIMATORS, "dis_fast", lambda: counting)
    return made


def test_any_lists_of_bytes_are_encoded_as_tensorflow_reads_them():
    features = {
        "a": [b"x" * 127, b"", b"y" * 128],
        "b": [],
        "c": [b"z" * 70000],
    }
    assert features_of(encode_example(features)) == features


def test_a_record_holds_frames_flow_and_how_they_were_made(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, clips.moving_frames(6, 60, 100), fps=12)
    record = make_record(path, SPEC)
    features = features_of(record)
    assert json.loads(features["meta"][0]) == {
        "version": 2,
        "flow": SPEC.to_dict(),
        "frames": 6,
        "height": 32,
        "width": 53,
        "fps": 12.0,
        "source": {"path": str(path), "bytes": path.stat().st_size},
        "opencv": cv2.__version__,
    }
    frames = [resize_short_side(frame, 32) for frame in read_video(path)]
    stored = [
        decode(image, cv2.IMREAD_COLOR_RGB) for image in features["frames"]
    ]
    assert np.abs(np.float32(stored) - frames).mean() < 4
    gray = [estimators.to_gray(frame) for frame in frames]
    estimate = estimators.get("dis_fast")
    flow = np.stack(
        [estimate(*pair) for pair in zip(gray, gray[1:], strict=False)]
    )
    error = np.abs(fields_of(record, 32) - np.clip(flow, -8, 8))
    assert len(features["flow"]) == 5
    assert error.mean() < 0.05


@pytest.mark.parametrize("step", [2, 3])
def test_longer_steps_pair_frames_farther_apart(tmp_path, step):
    path = tmp_path / "clip.mp4"
    write_video(path, clips.moving_frames(7, 32, 48))
    spec = FlowSpec(short_side=None, bound=8, step=step, shrink=1)
    gray = [estimators.to_gray(frame) for frame in read_video(path)]
    first = estimators.get("dis_fast")(gray[0], gray[step])
    record = make_record(path, spec)
    fields = fields_of(record, 32)
    assert len(fields) == 7 - step
    assert np.abs(fields[0] - np.clip(first, -8, 8)).mean() < 0.05


def test_u_and_v_do_not_bleed_into_one_another(tmp_path, monkeypatch):
    """At a height that is no multiple of JPEG's blocks."""
    path = tmp_path / "clip.mp4"
    write_video(path, clips.moving_frames(3, 33, 40))
    flow = np.zeros((33, 40, 2), np.float32) + np.float32([8, -8])
    monkeypatch.setitem(
        estimators.ESTIMATORS, "dis_fast", lambda: lambda *_: flow
    )
    record = make_record(path, FlowSpec(short_side=None, bound=8, shrink=1))
    assert decode(features_of(record)["flow"][0]).shape == (2 * 5 * BLOCK, 40)
    np.testing.assert_array_equal(fields_of(record, 33), [flow, flow])


def test_a_single_frame_has_no_motion(tmp_path):
    path = tmp_path / "clip.avi"
    write_video(path, clips.moving_frames(1, 33, 47))
    fields = fields_of(make_record(path, SPEC), 32)
    assert fields.shape[0] == 1
    assert not fields.any()


def test_the_second_run_computes_nothing(videos, tmp_path, calls):
    first = cache_clips(videos, SPEC, tmp_path / "cache", workers=1)
    assert len(calls) == 6 * 4
    assert cache_clips(videos, SPEC, tmp_path / "cache", workers=1) == first
    assert len(calls) == 6 * 4
    assert first.frame_counts == (5,) * 6
    assert first.kept == tuple(range(6))


def test_what_changes_the_contents_changes_the_name(videos, tmp_path):
    names = {record_path(videos[0], SPEC, tmp_path)}
    names.add(record_path(videos[1], SPEC, tmp_path))
    names.add(record_path(videos[0], FlowSpec(short_side=32), tmp_path))
    os.utime(videos[0], (1, 1))
    names.add(record_path(videos[0], SPEC, tmp_path))
    assert len(names) == 4


@pytest.mark.parametrize("size", [0, 1, 100, 5000, -1])
def test_damaged_records_are_made_again(videos, tmp_path, calls, size):
    made = cache_clips(videos[:1], SPEC, tmp_path, workers=1).records[0]
    whole = made.read_bytes()
    made.write_bytes(whole[:size])
    with pytest.raises(ValueError, match="is not a whole record"):
        read_meta(made)
    calls.clear()
    cache_clips(videos[:1], SPEC, tmp_path, workers=1)
    assert (made.read_bytes(), len(calls)) == (whole, 4)


def test_what_cannot_be_read_is_skipped_with_its_reason(videos, tmp_path):
    damaged = tmp_path / "damaged.mp4"
    write_video(damaged, clips.moving_frames(40, 64, 64))
    clips.damage(damaged, 0.3)
    bad = dict(clips.bad_files(tmp_path).values())
    bad[damaged] = "damaged"
    bad[tmp_path / "folder.mp4"] = "no images"
    made = cache_clips(
        [videos[0], *bad, videos[1]], SPEC, tmp_path / "c", verbose=0
    )
    assert made.kept == (0, len(bad) + 1)
    assert [path for path, _ in made.skipped] == list(bad)
    for path, reason in made.skipped:
        assert bad[path].lower() in reason.lower()


def test_frames_that_change_size_are_reported(tmp_path, monkeypatch, videos):
    frames = [np.zeros((40, 48, 3), np.uint8), np.zeros((48, 40, 3), np.uint8)]
    monkeypatch.setattr(
        "keras_twostream.video.reader.Reader.__iter__", lambda _: iter(frames)
    )
    made = cache_clips(videos[:1], SPEC, tmp_path / "c", verbose=0)
    assert "change size from (40, 48)" in made.skipped[0][1]


def test_an_unknown_flow_algorithm_is_refused_at_once(videos, tmp_path):
    with pytest.raises(ValueError, match="Received: 'magic'"):
        cache_clips(videos, FlowSpec(algorithm="magic"), tmp_path)
    with pytest.raises(ValueError, match="`workers` must be"):
        cache_clips(videos, SPEC, tmp_path, workers=0)


def test_a_cache_that_cannot_be_written_is_an_error(videos, tmp_path):
    folder = tmp_path / "cache"
    for path in videos:
        # In the way of the folder that the record needs.
        place = record_path(path, SPEC, folder).parent
        place.parent.mkdir(exist_ok=True)
        place.touch()
    for workers in (1, 2):
        with pytest.raises(OSError, match="exists|directory"):
            cache_clips(videos, SPEC, folder, workers=workers)


def test_worker_processes_make_the_same_records(videos, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("Not a video.")
    alone = cache_clips([*videos, text], SPEC, tmp_path / "a", workers=1)
    crew = cache_clips([*videos, text], SPEC, tmp_path / "b", workers=2)
    assert crew.skipped == alone.skipped
    assert [r.name for r in crew.records] == [r.name for r in alone.records]
    for one, other in zip(alone.records, crew.records, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_crashing_decoder_costs_one_clip(videos, tmp_path, monkeypatch):
    """The module that workers import first ends them at a certain file."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, pathlib\n"
        "original = pathlib.Path.open\n"
        "def open(path, *args, **kwargs):\n"
        "    if path.name == '2.mp4':\n"
        "        os.abort()\n"
        "    return original(path, *args, **kwargs)\n"
        "pathlib.Path.open = open\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    made = cache_clips(videos, SPEC, tmp_path / "c", workers=2)
    assert made.kept == (0, 1, 3, 4, 5)
    assert "crashed the worker (exit code -6), 2 times" in made.skipped[0][1]


PROGRAM = """
import sys
from keras_twostream.data import cache_clips
from keras_twostream.flow import FlowSpec
spec = FlowSpec(short_side=256, algorithm="dis_medium")
cache_clips(sys.argv[3:], spec, sys.argv[1], workers=int(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("workers", "end"),
    [(1, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGKILL)],
)
def test_an_interrupted_run_leaves_whole_records(
    tmp_path, videos, workers, end
):
    """The program has no `if __name__ == "__main__"`: it needs none."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    cache = tmp_path / "cache"
    command = [sys.executable, program, cache, str(workers), *videos]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(
        lambda: list(cache.glob("*/*.record")) or process.poll() is not None
    )
    process.send_signal(end)
    process.wait()
    spec = FlowSpec(short_side=256, algorithm="dis_medium")
    if end == signal.SIGINT:
        assert not list(cache.glob("*/.*"))
    done = list(cache.glob("*/*.record"))
    assert done
    assert all(read_meta(record)["frames"] == 5 for record in done)
    before = {record: record.stat().st_mtime_ns for record in done}
    made = cache_clips(videos, spec, cache, workers=2)
    assert made.kept == tuple(range(6))
    assert all(r.stat().st_mtime_ns == t for r, t in before.items())


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)


def test_workers_start_without_keras_and_tensorflow():
    program = (
        "import sys, keras_twostream.preparation.worker\n"
        "print({'keras', 'tensorflow'} & {*sys.modules})"
    )
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert said.strip() == "set()"


def test_the_default_place_is_in_the_home_of_keras(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_TWOSTREAM_CACHE", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "keras_twostream" / "clips"
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "x"))
    assert default_cache_dir() == tmp_path / "x"
