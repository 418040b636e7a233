"""Crops that follow the motion, where it is known what moves.

A block of one colour crosses a grey frame or stands there and waves; its flow
is known, all else is still.
"""

import numpy as np
import pytest
import tensorflow as tf
from clips import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.data import Clips, CropSpec, clips_dataset
from keras_twostream.data.decoding import frame_size, parse_record
from keras_twostream.data.regions import regions_of
from keras_twostream.flow import FlowSpec, estimators
from keras_twostream.preparation.motion import GRID, profile
from keras_twostream.preparation.records import make_record

HEIGHT, WIDTH, LENGTH, BOUND = 96, 160, 31, 16.0
HIGH, WIDE, TOP = 24, 16, 40
SPEED = np.float32([4, 1])
CROP = CropSpec(region="motion", center=1.0)


def corner(frame):
    """Returns top and left of the block, which moves by `SPEED`."""
    return TOP + int(SPEED[1]) * frame, 8 + int(SPEED[0]) * frame


def field(top, left, speed=SPEED):
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[top : top + HIGH, left : left + WIDE] = speed
    return flow


def moving():
    return [field(*corner(k)) for k in range(LENGTH - 1)]


def boxes(fields, centers=None, crop=CROP, size=(64, 64)):
    centers = range(len(fields) + 1) if centers is None else centers
    profiles = tf.constant([profile(x, BOUND) for x in fields])
    args = tf.constant([*centers]), HEIGHT, WIDTH, size, crop
    return regions_of(profiles, *args).numpy()


@pytest.fixture
def clip(tmp_path, monkeypatch):
    frames = np.full((LENGTH, HEIGHT, WIDTH, 3), 128, np.uint8)
    for number, frame in enumerate(frames):
        top, left = corner(number)
        frame[top : top + HIGH, left : left + WIDE] = (255, 0, 0)
    encode(tmp_path / "clip.mkv", frames, "ffv1", "bgr0")  # without loss
    fields = iter(moving())
    monkeypatch.setitem(
        estimators.ESTIMATORS, "known", lambda: lambda *_: next(fields)
    )
    return Clips([tmp_path / "clip.mkv"], [0], ["only"])


def sample(clip, cache, crop, augment=False, size=(64, 64)):
    dataset = clips_dataset(
        clip,
        batch_size=None,
        image_size=size,
        seed=5,
        flow=FlowSpec(algorithm="known", short_side=None, bound=BOUND),
        flow_frames=1,
        frames=5,
        crop=crop,
        augment=augment,
        cache_dir=cache,
        verbose=False,
    )
    inputs, _ = next(iter(dataset))
    return {stream: x.numpy() for stream, x in inputs.items()}


def block(rgb):
    """Returns where a frame is red."""
    return rgb[..., 0] - rgb[..., 1] > 120


def test_windows_of_one_size_follow_what_moves():
    found = boxes(moving())
    assert (found[:, 2:] == found[0, 2:]).all()
    assert found[0, 2] == found[0, 3] < HEIGHT
    for frame, (top, left, high, wide) in enumerate(found):
        y, x = corner(min(frame, LENGTH - 2))
        assert top <= y
        assert left <= x
        assert y + HIGH <= top + high
        assert x + WIDE <= left + wide


def test_windows_are_as_long_as_the_spread_says():
    still = [field(TOP, 64)] * 20
    free = CropSpec(region="motion", keep_aspect=False, center=1.0)
    top, left, high, wide = boxes(still, crop=free)[7]
    # The deviation of a uniform distribution is its length over sqrt(12).
    assert abs(high - 5 * HIGH / 12**0.5) <= 2
    assert abs(wide - 5 * WIDE / 12**0.5) <= 2
    assert abs(top + high / 2 - (TOP + HIGH / 2)) <= 1
    assert abs(left + wide / 2 - (64 + WIDE / 2)) <= 1
    kept = boxes(still)[7]
    assert kept[2] == kept[3] == high
    twice = CropSpec(region="motion", keep_aspect=False, spread=2.5)
    assert abs(boxes(still, crop=twice)[7][3] - wide / 2) <= 1


def test_two_who_move_are_both_inside():
    pair = [field(30, 10) + field(40, 120)] * 20
    for top, left, high, wide in boxes(pair):
        assert top <= 30
        assert left <= 10
        assert top + high >= 40 + HIGH
        assert left + wide >= 120 + WIDE


def test_clips_without_motion_are_seen_whole():
    still = [np.zeros((HEIGHT, WIDTH, 2), np.float32)] * 5
    noise = [x + np.float32(0.3) for x in still]
    for fields in (still, noise):
        free = CropSpec(region="motion", keep_aspect=False)
        for crop in (CROP, free):
            assert (boxes(fields, crop=crop) == (0, 0, HEIGHT, WIDTH)).all()


def test_one_wild_field_does_not_decide():
    fields = moving()
    expected = boxes(fields)
    fields[12] = np.full((HEIGHT, WIDTH, 2), BOUND, np.float32)
    assert np.abs(boxes(fields) - expected).max() <= 12


def test_where_nothing_moves_the_window_rests():
    rest = [np.zeros((HEIGHT, WIDTH, 2), np.float32)] * 20
    found = boxes([field(TOP, 64)] * 20 + rest)
    assert np.abs(found[-1] - found[5]).max() <= 2


def test_unknown_flow_does_not_move():
    flow = field(TOP, 64)
    unknown = flow.copy()
    unknown[:10, :10] = np.nan
    assert profile(unknown, BOUND) == profile(flow, BOUND)


@given(
    energy=st.lists(
        st.lists(st.floats(0, 20, width=16), min_size=2, max_size=2),
        min_size=1,
        max_size=9,
    ),
    height=st.integers(2, 200),
    width=st.integers(2, 200),
    keep=st.booleans(),
    spread=st.floats(0.1, 20),
)
@settings(max_examples=40, deadline=None)
def test_windows_lie_within_frames(energy, height, width, keep, spread):
    cells = np.zeros((len(energy), 2, GRID), "<f2")
    cells[:, :, ::7] = np.array(energy)[:, :, None]
    crop = CropSpec(region="motion", keep_aspect=keep, spread=spread)
    found = regions_of(
        tf.constant([x.tobytes() for x in cells]),
        tf.range(len(energy) + 1),
        tf.constant(height),
        tf.constant(width),
        (24, 32),
        crop,
    ).numpy()
    assert found[:, :2].min() >= 0
    assert found[:, 2:].min() >= 1
    assert (found[:, :2] + found[:, 2:] <= (height, width)).all()


@pytest.mark.parametrize("size", [(64, 64), (32, 80)])
@pytest.mark.parametrize("keep", [True, False])
def test_vectors_grow_with_the_window(clip, tmp_path, size, keep):
    crop = CropSpec(region="motion", keep_aspect=keep, center=1.0)
    window = boxes(moving(), crop=crop, size=size)[0, 2:]
    made = sample(clip, tmp_path, crop, size=size)
    scale = np.array(size) / window
    for rgb, flow in zip(made["rgb"], made["flow"], strict=True):
        inside = block(rgb) & (np.abs(flow[..., 0]) > scale[1])
        # Both streams show the block at one place, as large as it is there.
        expected = HIGH * WIDE * scale.prod()
        assert inside.sum() == pytest.approx(expected, rel=0.2)
        u, v = np.median(flow[inside], axis=0)
        assert u == pytest.approx(SPEED[0] * scale[1], rel=0.1)
        assert v == pytest.approx(SPEED[1] * scale[0], rel=0.2)


def test_training_crops_lie_in_the_window(clip, tmp_path):
    crop = CropSpec(region="motion", scales=(0.9,), center=1.0)
    whole = CropSpec(scales=(0.9,))
    for rgb, full in zip(
        sample(clip, tmp_path, crop, augment=True)["rgb"],
        sample(clip, tmp_path, whole, augment=True)["rgb"],
        strict=True,
    ):
        assert block(rgb).sum() > 1.2 * block(full).sum()


def test_the_window_walks_with_a_real_person(test_data):
    path = test_data / "clips/weizmann/walk/ido_walk.avi"
    clip = parse_record(make_record(path, FlowSpec()))
    height, width = frame_size(clip).numpy()
    centers = tf.range(8, tf.size(clip["frames"]) - 8)
    found = regions_of(
        clip["motion"], centers, height, width, (64, 64), CROP
    ).numpy()
    left, wide = found[:, 1], found[0, 3]
    assert wide < width * 3 / 4
    steps = np.sign(left[-1] - left[0]) * np.diff(left)
    assert abs(left[-1] - left[0]) > width / 6
    assert (steps >= 0).mean() > 0.9
    assert np.abs(steps).max() < width / 10


@pytest.mark.parametrize("wrong", [{"region": "person"}, {"spread": 0}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CropSpec(**wrong)
