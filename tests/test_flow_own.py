"""Estimators that users write: named by what they type, by nothing else."""

import json
import os
import sys

import clips
import numpy as np
import pytest

from keras_twostream.flow import FlowSpec, add_estimator, estimators
from keras_twostream.preparation.records import make_record
from keras_twostream.video import write_video

MODULE = '''
import pathlib
import numpy as np

pathlib.Path(__file__).with_name("imported").touch()


def steady(previous, following):
    """Everything moves by (3, -2)."""
    flow = np.zeros((*previous.shape, 2))
    return flow + [3.0, -2.0]


class Network:
    def __call__(self, previous, following):
        return np.ones((*previous.shape, 2), np.float32)


network = Network()


def too_small(previous, following):
    return np.zeros((2, 2, 2), np.float32)


def whole_numbers(previous, following):
    return np.zeros((*previous.shape, 2), np.int64)


number = 3
'''
NAME = "flows_of_a_user"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of a user's, and a table that forgets what is added."""
    (tmp_path / f"{NAME}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    table = dict(estimators.ESTIMATORS)
    monkeypatch.setattr(estimators, "ESTIMATORS", table)
    monkeypatch.setattr("keras_twostream.flow.own.ESTIMATORS", table)
    yield tmp_path / "imported"
    sys.modules.pop(NAME, None)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    write_video(path, clips.moving_frames(3, 20, 24), codec="ffv1")
    return path


GRAY = np.zeros((20, 24), np.uint8)


def test_a_function_is_found_by_its_path(module, video):
    path = f"{NAME}:steady"
    assert add_estimator(path) == path
    assert add_estimator(path) == path  # again
    flow = estimators.get(path)(GRAY, GRAY)
    assert flow.dtype == np.float32
    np.testing.assert_array_equal(flow[0, 0], [3, -2])
    # Smaller frames than any estimator has to bear.
    assert estimators.get(path)(GRAY[:3, :5], GRAY[:3, :5]).shape == (3, 5, 2)
    record = make_record(video, FlowSpec(algorithm=path, short_side=None))
    assert path.encode() in record


def test_a_function_has_its_path(module):
    import flows_of_a_user as own  # noqa: PLC0415

    path = add_estimator(own.steady)
    assert path == f"{NAME}:steady"
    assert FlowSpec(algorithm=path).algorithm == path
    assert estimators.get(path)(GRAY, GRAY)[0, 0, 0] == 3
    add_estimator(f"{NAME}:network")
    assert estimators.get(f"{NAME}:network")(GRAY, GRAY).max() == 1


def test_known_names_stay_what_they_are(module):
    assert add_estimator("dis_fast") == "dis_fast"
    for wrong in ("raft", "module:function()", "a:b:c", ""):
        with pytest.raises(ValueError, match="Unknown flow algorithm"):
            add_estimator(wrong)


def test_nothing_is_imported_that_was_only_read(module, video):
    spec = FlowSpec.from_dict({"algorithm": f"{NAME}:steady"})
    assert FlowSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    for use in (
        lambda: estimators.get(spec.algorithm),
        lambda: make_record(video, spec),
    ):
        with pytest.raises(ValueError, match="not imported because a file"):
            use()
    assert not module.exists()
    add_estimator(spec.algorithm)
    assert module.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("number", "must be a function `number`"),
        ("missing", "must be a function `missing`"),
    ],
)
def test_what_is_no_function_is_refused(module, name, message):
    with pytest.raises(ValueError, match=message):
        add_estimator(f"{NAME}:{name}")


def test_a_module_that_is_not_there_is_named(module):
    with pytest.raises(ImportError, match=r"'no_such_module:f'.*PYTHONPATH"):
        add_estimator("no_such_module:f")


def test_functions_that_others_cannot_import_are_refused():
    def local(previous, following):
        return None

    for function in (local, lambda a, b: None, np.add.reduce):
        with pytest.raises(ValueError, match="module of its own"):
            add_estimator(function)


@pytest.mark.parametrize("name", ["too_small", "whole_numbers"])
def test_an_estimator_that_returns_something_else_is_named(module, name):
    path = add_estimator(f"{NAME}:{name}")
    with pytest.raises(ValueError, match=rf"{path}.*must return float"):
        estimators.get(path)(GRAY, GRAY)


def test_worker_processes_follow_the_path(tmp_path, run_python):
    """From a program whose main module they cannot import."""
    (tmp_path / f"{NAME}.py").write_text(MODULE)
    for number in range(3):
        frames = clips.moving_frames(4, 20, 24, seed=number)
        write_video(tmp_path / f"{number}.avi", frames, codec="ffv1")
    program = f"""
from pathlib import Path
from keras_twostream.preparation.cache import cache_clips
from keras_twostream.flow import FlowSpec, add_estimator, restore_field
folder = Path({str(tmp_path)!r})
spec = FlowSpec(
    algorithm=add_estimator("{NAME}:steady"), short_side=None, encoding="png"
)
paths = sorted(folder.glob("*.avi"))
done = cache_clips(paths, spec, folder / "cache", workers=2, verbose=False)
assert not done.skipped, done.skipped
print([b"{NAME}:steady" in path.read_bytes() for path in done.records])
"""
    search = [str(tmp_path), os.environ.get("PYTHONPATH", "")]
    printed = run_python("-c", program, PYTHONPATH=os.pathsep.join(search))
    assert printed.split("\n")[-2] == "[True, True, True]"
