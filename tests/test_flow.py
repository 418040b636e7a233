import os
import pathlib
import threading

import clips
import cv2
import numpy as np
import pytest

from keras_twostream.flow import dequantize, quantize, read_flo, to_gray
from keras_twostream.flow.estimators import ESTIMATORS, get

HAS_CONTRIB = hasattr(cv2, "optflow")
AVAILABLE = [name for name in ESTIMATORS if name != "tvl1" or HAS_CONTRIB]


def texture(height, width, seed=0):
    """Returns a smooth random grey texture."""
    noise = np.random.default_rng(seed).uniform(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype("uint8")


def end_point_error(flow, truth):
    return float(np.nanmean(np.linalg.norm(flow - truth, axis=-1)))


@pytest.mark.parametrize("name", AVAILABLE)
@pytest.mark.parametrize("motion", [(3, 0), (0, -2), (-2, 3)])
def test_motion_of_a_shifted_texture(name, motion):
    u, v = motion
    first = texture(201, 259)
    second = np.roll(first, (v, u), axis=(0, 1))
    flow = get(name)(first, second)
    assert flow.shape == (201, 259, 2)
    assert flow.dtype == np.float32
    inner = flow[16:-16, 16:-16]
    assert end_point_error(inner, np.float32(motion)) < 0.25


@pytest.mark.parametrize("name", AVAILABLE)
@pytest.mark.parametrize(
    "size", [(1, 1), (2, 400), (7, 5), (24, 400), (17, 33), (400, 16)]
)
def test_any_size_works(name, size):
    first, second = texture(*size), texture(*size, seed=1)
    flow = get(name)(first, second)
    assert flow.shape == (*size, 2)
    assert np.isfinite(flow).all()


@pytest.mark.parametrize("name", [n for n in AVAILABLE if "dis" in n])
@pytest.mark.parametrize("size", [(12, 12), (32, 90), (90, 32), (64, 64)])
def test_small_frames_leave_no_trace_in_what_follows(name, size):
    # OpenCV's object, used directly, changes its settings for good here.
    small = texture(*size), texture(*size, seed=1)
    large = texture(130, 170), texture(130, 170, seed=1)
    estimate = get(name)
    once, twice = estimate(*small), estimate(*small)
    np.testing.assert_array_equal(once, twice)
    np.testing.assert_array_equal(estimate(*large), get(name)(*large))
    np.testing.assert_array_equal(estimate(*small), once)


@pytest.mark.parametrize("name", AVAILABLE)
def test_a_still_picture_does_not_move(name):
    frame = texture(40, 50)
    inner = get(name)(frame, frame)[8:-8, 8:-8]  # Farneback errs at borders
    assert np.abs(inner).max() < 1e-3


def test_estimators_can_be_shared_by_threads():
    estimate = get("dis_fast")
    pairs = [(texture(64, 80, s), texture(64, 80, s + 50)) for s in range(8)]
    expected = [get("dis_fast")(*pair) for pair in pairs]
    found = [[] for _ in range(3)]

    def work(results):
        results.extend(estimate(*pair) for pair in pairs)

    threads = [threading.Thread(target=work, args=(r,)) for r in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for results in found:
        np.testing.assert_array_equal(results, expected)


def test_get_resolves_names_and_callables():
    assert get(end_point_error) is end_point_error
    with pytest.raises(ValueError, match=r"'raft'.*'dis_fast'.*callable"):
        get("raft")
    gray, color = texture(20, 20), clips.moving_frames(1)[0]
    for pair in [(gray, texture(20, 21)), (color, color), (gray / 255,) * 2]:
        with pytest.raises(ValueError, match="Flow is estimated between"):
            get("dis_fast")(*pair)
    assert to_gray(color).shape == (48, 64)


@pytest.mark.skipif(HAS_CONTRIB, reason="this OpenCV has TV-L1")
def test_tvl1_says_how_to_get_it():
    with pytest.raises(ImportError, match=r"pip install .*\[tvl1\]"):
        get("tvl1")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("dis_ultrafast", 0.2, 0.6),
        ("dis_fast", 0.2, 0.45),
        ("dis_medium", 0.17, 0.28),
        ("farneback", 0.28, 0.4),
    ],
)
def test_error_on_real_motion(name, low, high):
    root = os.environ.get("KERAS_TWOSTREAM_TEST_DATA")
    if not root:
        pytest.skip("KERAS_TWOSTREAM_TEST_DATA is not set")
    folder = pathlib.Path(root, "flow", "middlebury_RubberWhale")
    truth = read_flo(folder / "flow10.flo")
    names = ["frame10.png", "frame11.png"]
    pair = [cv2.imread(str(folder / n), cv2.IMREAD_GRAYSCALE) for n in names]
    assert end_point_error(0, truth) == pytest.approx(1.256, abs=1e-3)
    flow = get(name)(*pair)
    error = end_point_error(flow, truth)
    assert low < error < high
    stored = dequantize(quantize(flow, 20), 20)
    assert end_point_error(stored, truth) == pytest.approx(error, abs=0.02)
