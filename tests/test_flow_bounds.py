"""The bound that fits the motion at hand."""

import clips
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.clips.clips import Clips
from keras_twostream.flow import FlowSpec, bound_of, estimators
from keras_twostream.flow.bounds import Magnitudes
from keras_twostream.preparation.estimate import fit_bound
from keras_twostream.video import write_video


def test_the_bound_lets_all_but_one_in_200_through():
    flow = np.zeros((100, 100, 2), np.float32)
    flow.flat[:99] = -7.3  # of 20,000
    assert bound_of([flow]) == 1
    flow.flat[:101] = -7.3
    assert bound_of([flow]) == 8
    assert bound_of([flow], percentile=99) == 1
    assert bound_of([flow, flow * 0]) == 1
    assert bound_of([flow, flow * 2], percentile=99.9) == 15


def test_unknown_flow_does_not_count():
    flow = np.full((10, 10, 2), np.nan, np.float32)
    with pytest.raises(ValueError, match="No displacement is known"):
        bound_of([flow])
    with pytest.raises(ValueError, match="No displacement is known"):
        bound_of([])
    flow[0, 0] = [2.5, 0]
    assert bound_of([flow]) == 3
    flow[0, 0] = np.inf
    assert bound_of([flow]) == 4096


@given(st.integers(0, 2**32), st.floats(1, 95))
@settings(max_examples=20, deadline=None)
def test_percentiles_are_those_of_numpy(seed, percent):
    values = np.random.default_rng(seed).normal(0, 5, 5000)
    counted = Magnitudes()
    for part in np.array_split(values, 7):
        counted.add(part)
    expected = np.percentile(np.abs(values), percent, method="inverted_cdf")
    # To a bin, and one number more or less.
    assert counted.percentile(percent) == pytest.approx(expected, abs=0.1)


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Clips of which flow is known: the frame's number, in pixels."""
    paths = [tmp_path / f"{number}.avi" for number in range(4)]
    for path in paths:
        write_video(path, clips.moving_frames(6, 24, 40), codec="ffv1")

    def known(previous, following):
        flow = np.zeros((*previous.shape, 2), np.float32)
        flow[: len(flow) // 2, :, 1] = -5.5
        return flow

    monkeypatch.setitem(estimators.ESTIMATORS, "known", lambda: known)
    return Clips(paths)


def test_a_bound_is_fitted_to_clips(listed):
    spec = FlowSpec(algorithm="known", short_side=None)
    assert fit_bound(listed, spec) == 6
    # At half the size vectors are half as long.
    half = FlowSpec(algorithm="known", short_side=12, resize="after")
    assert fit_bound(listed, half) == 3
    assert fit_bound(listed, spec, percentile=70) == 1
    still = FlowSpec(algorithm="known", short_side=None, camera="mean")
    assert fit_bound(listed, still) == 3


def test_the_same_seed_fits_the_same_bound(listed):
    spec = FlowSpec(short_side=None)
    bounds = {fit_bound(listed, spec, sample=2, seed=5) for _ in range(2)}
    assert len(bounds) == 1


def test_clips_that_cannot_be_read_are_passed_over_or_named(listed, tmp_path):
    (tmp_path / "bad.avi").write_bytes(b"")
    spec = FlowSpec(algorithm="known", short_side=None)
    bad = tmp_path / "bad.avi"
    assert fit_bound(Clips([bad, *listed.paths]), spec) == 6
    with pytest.raises(ValueError, match=r"None of the 1 .*bad\.avi.*empty"):
        fit_bound(Clips([bad]), spec)
    with pytest.raises(ValueError, match="25 frames per second"):
        fit_bound(listed, FlowSpec(fps=60))
    with pytest.raises(ValueError, match="There is no clip"):
        fit_bound(Clips([]), spec)
    with pytest.raises(ValueError, match="Unknown flow algorithm"):
        fit_bound(listed, FlowSpec(algorithm="raft"))
