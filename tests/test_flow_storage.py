"""Fields as images, and back; what shrinking does to them."""

import dataclasses
import json

import clips
import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.flow import (
    FlowSpec,
    dequantize,
    estimators,
    quantize,
    restore_field,
    store_field,
)
from keras_twostream.flow.storage import encode_image, plane_size
from keras_twostream.preparation.records import BLOCK, make_record
from keras_twostream.video import write_video

EXACT = FlowSpec(encoding="png", bound=10, shrink=1)
sides = st.integers(1, 40)


def noise(height, width, seed=0, largest=8.0):
    """Returns a smooth field."""
    rng = np.random.default_rng(seed)
    field = rng.uniform(-1, 1, (height, width, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), 3)
    return field * np.float32(largest / np.abs(field).max())


def means(flow, shrink):
    """Returns the means of squares, the edges repeated."""
    height, width = flow.shape[:2]
    more = [(0, -height % shrink), (0, -width % shrink), (0, 0)]
    rows, columns = -(-height // shrink), -(-width // shrink)
    squares = np.pad(flow, more, mode="edge").reshape(
        rows, shrink, columns, shrink, 2
    )
    return squares.mean(axis=(1, 3))


def stored_planes(image, rows):
    both = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_UNCHANGED)
    half = len(both) // 2
    assert half % BLOCK == 0
    return np.stack([both[:rows], both[half : half + rows]], axis=-1)


@given(sides, sides, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_what_is_stored_is_the_mean_of_each_square(height, width, shrink):
    flow = noise(height, width)
    spec = dataclasses.replace(EXACT, shrink=shrink)
    rows, columns = plane_size(height, width, shrink)
    planes = stored_planes(store_field(flow, spec), rows)
    assert planes.shape == (rows, columns, 2)
    expected = means(flow, shrink)
    # Half a level, and what float32 adds to it.
    assert np.abs(dequantize(planes, spec) - expected).max() <= 10 / 254 + 1e-4


@given(sides, sides, st.sampled_from([1, 2, 3, 4]))
@settings(max_examples=40, deadline=None)
def test_even_motion_comes_back_whatever_the_size(height, width, shrink):
    """Vectors are in pixels of the frame, however small they are stored."""
    flow = np.zeros((height, width, 2), np.float32) + np.float32([5, -7.5])
    spec = dataclasses.replace(EXACT, shrink=shrink)
    restored = restore_field(store_field(flow, spec), spec, height, width)
    assert restored.shape == flow.shape
    assert restored.dtype == np.float32
    np.testing.assert_allclose(restored, flow, atol=10 / 254 + 1e-4)


@pytest.mark.parametrize("shrink", [1, 2, 3, 4])
def test_a_slope_comes_back_where_it_was(shrink):
    """Linear motion, so that a shift by half a square would be seen."""
    y, x = np.mgrid[:48, :60].astype(np.float32)
    flow = np.stack([0.1 * x - 3, 0.05 * x + 0.1 * y - 4], axis=-1)
    spec = dataclasses.replace(EXACT, shrink=shrink, bound=5)
    restored = restore_field(store_field(flow, spec), spec, 48, 60)
    inner = (slice(shrink, -shrink), slice(shrink, -shrink))
    np.testing.assert_allclose(restored[inner], flow[inner], atol=0.03)


def test_unshrunk_fields_are_quantised_and_no_more():
    flow = noise(30, 44)
    planes = stored_planes(store_field(flow, EXACT), 30)
    np.testing.assert_array_equal(planes, quantize(flow, EXACT))
    restored = restore_field(store_field(flow, EXACT), EXACT, 30, 44)
    np.testing.assert_array_equal(restored, dequantize(planes, EXACT))


def test_unknown_and_endless_flow_spoils_no_mean():
    flow = np.full((8, 8, 2), 2, np.float32)
    flow[0, 0] = np.nan
    flow[4, 4] = np.inf
    spec = dataclasses.replace(EXACT, shrink=4)
    with np.errstate(all="raise"):
        planes = stored_planes(store_field(flow, spec), 2)
    found = dequantize(planes, spec)[..., 0]
    # 15 of 16 pixels of 2; 15 of 2 and one at the bound.
    expected = [[30 / 16, 2], [2, 40 / 16]]
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_the_smaller_the_fewer_bytes_and_the_larger_the_error():
    flow = noise(120, 160)
    sizes, errors = [], []
    for shrink in (1, 2, 4, 8):
        spec = FlowSpec(shrink=shrink)
        image = store_field(flow, spec)
        sizes.append(len(image))
        error = restore_field(image, spec, 120, 160) - flow
        errors.append(float(np.sqrt(np.square(error).mean())))
    assert sizes == sorted(sizes, reverse=True)
    assert errors == sorted(errors)


def test_what_is_no_field_of_that_size_is_refused():
    spec = FlowSpec(shrink=2)
    image = store_field(noise(30, 44), spec)
    with pytest.raises(ValueError, match=r"\(32, 23\).*\(32, 22\)"):
        restore_field(image, spec, 30, 46)
    with pytest.raises(ValueError, match="no image"):
        restore_field(image[:20], spec, 30, 44)
    with pytest.raises((ValueError, cv2.error)):
        encode_image(np.zeros((0, 4), np.uint8), "png")


# --- In records


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.avi"
    write_video(path, clips.moving_frames(5, 50, 70), codec="ffv1")
    return path


def features_of(record):
    found = tf.train.Example.FromString(record).features.feature
    return {name: list(found[name].bytes_list.value) for name in found}


@pytest.mark.parametrize("shrink", [1, 2, 3])
def test_records_hold_shrunk_flow_of_whole_frames(video, shrink):
    spec = FlowSpec(short_side=None, shrink=shrink, encoding="png", bound=30)
    features = features_of(make_record(video, spec))
    meta = json.loads(features["meta"][0])
    assert (meta["height"], meta["width"]) == (50, 70)
    assert meta["flow"]["shrink"] == shrink
    whole = dataclasses.replace(spec, shrink=1)
    plain = features_of(make_record(video, whole))
    assert features["frames"] == plain["frames"]
    # How flow is stored does not change where it moves.
    assert features["motion"] == plain["motion"]
    for small, large in zip(features["flow"], plain["flow"], strict=True):
        rows = plane_size(50, 70, shrink)[0]
        found = dequantize(stored_planes(small, rows), spec)
        truth = means(restore_field(large, whole, 50, 70), shrink)
        # Both are rounded, and the bound is beyond all motion.
        assert np.abs(found - truth).max() <= 2 * 30 / 254 + 1e-4


@pytest.mark.parametrize("shrink", [1, 2])
def test_the_same_video_gives_the_same_bytes(video, shrink):
    spec = FlowSpec(short_side=40, shrink=shrink, camera="homography")
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        first = make_record(video, spec)
        cv2.setNumThreads(4)
        assert make_record(video, spec) == first
    finally:
        cv2.setNumThreads(threads)


def test_the_camera_is_subtracted_before_anything_is_stored(video, monkeypatch):
    """The profile of motion is that of what is left."""
    pan = np.zeros((50, 70, 2), np.float32) + np.float32([4, -3])
    monkeypatch.setitem(estimators.ESTIMATORS, "known", lambda: lambda *_: pan)
    spec = FlowSpec(algorithm="known", short_side=None, encoding="png")
    kept = features_of(make_record(video, spec))
    moving = np.frombuffer(kept["motion"][0], "<f2")
    np.testing.assert_allclose(moving, 4.5, atol=0.01)
    for camera in ("mean", "homography"):
        still = dataclasses.replace(spec, camera=camera)
        features = features_of(make_record(video, still))
        flow = restore_field(features["flow"][0], still, 50, 70)
        assert not flow.any()
        assert not np.frombuffer(features["motion"][0], "<f2").any()
