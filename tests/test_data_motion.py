"""Frames and flow through the whole pipeline, where the answer is known.

Every frame says by its colours where each of its pixels was (red: column,
green: row) and which frame it is (blue), and the flow is a field that is
linear in column, row and time. So the frames of a sample tell which part of
the clip it shows and how it was mirrored and stretched, and from that follows
what its flow must be.
"""

import numpy as np
import pytest
from clips import encode

from keras_twostream.data import Clips, CropSpec, clips_dataset
from keras_twostream.flow import FlowSpec, estimators

HEIGHT, WIDTH, LENGTH = 90, 130, 24
SIZE = (40, 48)
FIELDS, FRAMES = 4, 3
BOUND = 16.0
# Levels of colour per pixel (red, green) and per frame (blue).
RED, GREEN, BLUE = 1.9, 2.7, 10.0


def motion(x, y, k):
    """Returns u and v, in pixels of the clip, of field `k`."""
    return 2 + 0.04 * x - 0.02 * y + 0.2 * k, -3 - 0.03 * x + 0.05 * y - 0.1 * k


@pytest.fixture
def clip(tmp_path, monkeypatch):
    y, x, t = np.meshgrid(
        np.arange(HEIGHT), np.arange(WIDTH), np.arange(LENGTH), indexing="ij"
    )
    colours = np.stack([RED * x, GREEN * y, BLUE * t], axis=-1)
    frames = np.moveaxis(np.rint(colours).astype(np.uint8), 2, 0)
    encode(tmp_path / "clip.mkv", frames, "ffv1", "bgr0")  # without loss
    fields = iter(range(LENGTH))

    def known(previous, following):
        u, v = motion(x[..., 0], y[..., 0], next(fields))
        return np.stack([u, v], axis=-1).astype(np.float32)

    monkeypatch.setitem(estimators.ESTIMATORS, "known", lambda: known)
    return Clips([tmp_path / "clip.mkv"], [0], ["only"])


def samples(clip, tmp_path, count, **settings):
    dataset = clips_dataset(
        clip,
        batch_size=None,
        image_size=SIZE,
        seed=3,
        flow=FlowSpec(
            algorithm="known", short_side=None, bound=BOUND, shrink=1
        ),
        flow_frames=FIELDS,
        frames=FRAMES,
        cache_dir=tmp_path,
        verbose=False,
        **settings,
    )
    for inputs, _ in dataset.repeat(count).as_numpy_iterator():
        yield inputs["rgb"], inputs["flow"]


def fit(values, axis):
    """Returns offset and slope along `axis` of `(T, H, W)`, away from edges."""
    values = values[:, 4:-4, 4:-4].mean(axis=(0, 3 - axis))
    slope, offset = np.polyfit(4 + np.arange(len(values)), values, 1)
    return offset, slope


def geometry(rgb):
    """Returns where pixel (row, column) of a sample was, by its colours."""
    x0, dx = fit(rgb[..., 0] / RED, 2)
    y0, dy = fit(rgb[..., 1] / GREEN, 1)
    return x0, dx, y0, dy


def expected_flow(rgb):
    """Returns the flow that the frames imply."""
    x0, dx, y0, dy = geometry(rgb)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    x, y = x0 + dx * columns, y0 + dy * rows
    times = np.rint(rgb[..., 2].mean(axis=(1, 2)) / BLUE)
    flow = []
    for time in times:
        for k in time - FIELDS // 2 + np.arange(FIELDS):
            u, v = motion(x, y, k)
            # Dividing by a negative `dx` turns u around, as a mirror does.
            flow += [u / dx, v / dy]
    flow = np.moveaxis(np.array(flow), 0, -1).reshape(*SIZE, FRAMES, -1)
    return np.moveaxis(flow, 2, 0)


def check(rgb, flow):
    inner = (slice(None), slice(3, -3), slice(3, -3))
    error = np.abs(flow - expected_flow(rgb))[inner]
    # Stored in steps of 0.13 pixels, and JPEG at its finest.
    assert error.mean() < 0.08
    assert error.max() < 0.5


def test_augmented_flow_is_the_motion_of_augmented_frames(clip, tmp_path):
    seen = []
    for rgb, flow in samples(clip, tmp_path, 24, augment=True):
        assert (rgb.shape, flow.shape) == ((3, 40, 48, 3), (3, 40, 48, 8))
        assert (rgb.dtype, flow.dtype) == ("float32", "float32")
        check(rgb, flow)
        seen.append(geometry(rgb))
    _, dx, _, dy = np.transpose(seen)
    assert (dx < 0).any()
    assert (dx > 0).any()
    assert (dy > 0).all()
    # Several scales, and heights and widths that differ in scale.
    assert np.ptp(np.abs(dx)) > 0.3
    assert np.ptp(np.abs(dx) / dy) > 0.2


def test_all_frames_of_a_sample_share_one_crop(clip, tmp_path):
    for rgb, _ in samples(clip, tmp_path, 10, augment=True):
        place = rgb[..., :2]
        assert np.abs(place - place.mean(axis=0)).max() < 6


def test_frames_are_jittered_within_their_thirds(clip, tmp_path):
    times = np.array(
        [
            np.rint(rgb[..., 2].mean(axis=(1, 2)) / BLUE)
            for rgb, _ in samples(clip, tmp_path, 30, augment=True)
        ]
    )
    # Centres whose stack fits: 2 to 21, in thirds.
    assert times.min() >= 2
    assert times.max() <= 21
    assert (np.ptp(times, axis=0) >= 4).all()
    assert (np.diff(times, axis=1) > 0).all()


def test_evaluation_takes_the_same_centre_crop_always(clip, tmp_path):
    (rgb, flow), (again, _) = samples(clip, tmp_path, 2)
    np.testing.assert_array_equal(rgb, again)
    check(rgb, flow)
    # The largest window of 40 to 48 is 90 x 108; 7/8 of it, in the middle.
    high, wide = 79, 94
    x0, dx, y0, dy = geometry(rgb)
    np.testing.assert_allclose([dx, dy], [wide / 48, high / 40], rtol=0.01)
    left, top = 18 - 0.5, 6 - 0.5  # half of what is left over, rounded
    np.testing.assert_allclose(
        [x0, y0], [left + dx / 2, top + dy / 2], atol=0.2
    )


def test_squashed_frames_stretch_both_components_their_own_way(clip, tmp_path):
    crop = CropSpec(keep_aspect=False, center=1.0)
    ((rgb, flow),) = samples(clip, tmp_path, 1, crop=crop)
    check(rgb, flow)
    _, dx, _, dy = geometry(rgb)
    np.testing.assert_allclose([dx, dy], [WIDTH / 48, HEIGHT / 40], rtol=0.01)


def test_views_are_consecutive_and_later_and_later(clip, tmp_path):
    found = list(samples(clip, tmp_path, 1, views=4))
    assert len(found) == 4
    times = [rgb[..., 2].mean(axis=(1, 2)) / BLUE for rgb, _ in found]
    assert (np.diff(np.rint(times), axis=0) > 0).all()
    for rgb, flow in found:
        check(rgb, flow)
