"""Every field of a FlowSpec, from a video file to the samples of a dataset."""

import itertools
import json

import clips
import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_twostream.data import Clips, CropSpec, clips_dataset
from keras_twostream.flow import FlowSpec, estimators
from keras_twostream.flow.spec import CODEC_RANGES, QUANTIZATIONS
from keras_twostream.preparation.records import make_record
from keras_twostream.video import Reader, VideoError, write_video
from keras_twostream.video.synthetic import clip_scene, render

HEIGHT, WIDTH = 48, 64
WHOLE = CropSpec(keep_aspect=False, center=1.0)


def features_of(path, **fields):
    """Returns what a record holds: its lists of bytes, and its `meta`."""
    record = make_record(path, FlowSpec(**({"shrink": 1} | fields)))
    found = tf.train.Example.FromString(record).features.feature
    lists = {name: list(found[name].bytes_list.value) for name in found}
    return lists, json.loads(lists["meta"][0])


def decode(image, flag=cv2.IMREAD_UNCHANGED):
    return cv2.imdecode(np.frombuffer(image, np.uint8), flag)


def samples(path, tmp_path, size=(HEIGHT, WIDTH), **fields):
    """Returns the frame and the one field of a dataset's only sample."""
    dataset = clips_dataset(
        Clips([path]),
        label_mode=None,
        batch_size=None,
        image_size=size,
        crop=WHOLE,
        flow=FlowSpec(**({"shrink": 1} | fields)),
        flow_frames=1,
        cache_dir=tmp_path,
        verbose=False,
    )
    (sample,) = dataset.as_numpy_iterator()
    return sample["rgb"], sample["flow"]


@pytest.fixture
def video(tmp_path):
    """Twelve numbered frames at 24 per second."""
    path = tmp_path / "clip.mp4"
    write_video(path, clips.moving_frames(12, HEIGHT, WIDTH), fps=24)
    return path


@pytest.fixture
def known(monkeypatch, rng):
    """Makes all flow a field of smooth noise of up to 10 pixels; returns it."""
    field = rng.uniform(-1, 1, (HEIGHT, WIDTH, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), 2)
    field *= 10 / np.abs(field).max()
    monkeypatch.setitem(
        estimators.ESTIMATORS, "known", lambda: lambda *_: field
    )
    return field


# --- How it is stored


def test_the_form_of_old_is_what_it_has_always_been(video, known):
    lists, meta = features_of(video, algorithm="known", short_side=None)
    levels = np.rint(np.clip(known * np.float32(127 / 20), -127, 127)) + 128
    planes = [*np.moveaxis(levels.astype(np.uint8), -1, 0)]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
    _, expected = cv2.imencode(".jpg", np.concatenate(planes), quality)
    assert lists["flow"] == [expected.tobytes()] * 11
    assert (meta["version"], meta["fps"]) == (2, 24.0)


@pytest.mark.parametrize(
    ("quantization", "codec_range", "encoding"),
    itertools.product(QUANTIZATIONS, CODEC_RANGES, ["png", "jpeg100"]),
)
def test_every_form_of_storage_gives_the_flow_back(
    video, known, tmp_path, quantization, codec_range, encoding
):
    _, flow = samples(
        video,
        tmp_path,
        algorithm="known",
        short_side=None,
        bound=10.0,
        quantization=quantization,
        codec_range=codec_range,
        encoding=encoding,
    )
    # Half a level, and one more where JPEG is not exact.
    level = 10 / 127 * (255 / 219 if codec_range == "limited" else 1)
    tolerance = level * (0.51 if encoding == "png" else 1.51)
    assert np.abs(flow - known).max() <= tolerance


def test_png_is_exact_and_jpeg_the_smaller_and_the_worse(video, known):
    stored = {}
    for encoding in ("png", "jpeg95", "jpeg30"):
        lists, _ = features_of(
            video, algorithm="known", short_side=None, encoding=encoding
        )
        stored[encoding] = lists["flow"][0]
        assert decode(lists["frames"][0]).shape == (HEIGHT, WIDTH, 3)
        assert lists["frames"][0][:2] == b"\xff\xd8"  # JPEG, as always
    sizes = [len(image) for image in stored.values()]
    assert sizes == sorted(sizes, reverse=True)
    exact, good, poor = map(decode, stored.values())
    errors = [
        np.abs(np.float32(image) - exact).mean() for image in (good, poor)
    ]
    assert 0 < errors[0] < errors[1] / 2


def test_a_crop_of_png_is_that_of_jpeg(video, tmp_path):
    """Crops that begin elsewhere than at the corner, at an odd height."""
    crops = [
        clips_dataset(
            Clips([video]),
            label_mode=None,
            image_size=24,
            flow=FlowSpec(short_side=33, bound=4, encoding=encoding),
            flow_frames=2,
            frames=2,
            cache_dir=tmp_path,
            verbose=False,
        )
        for encoding in ("png", "jpeg100")
    ]
    png, jpeg = (next(crop.as_numpy_iterator())["flow"] for crop in crops)
    assert png.shape == (1, 2, 24, 24, 4)
    assert np.abs(png).max() > 0.5
    np.testing.assert_allclose(png, jpeg, atol=0.05)


# --- At which size


@pytest.mark.parametrize(
    ("short_side", "ratio"), [(48, 0.5), (144, 1.5), (None, 1.0)]
)
def test_flow_resized_is_the_flow_of_resized_frames(
    tmp_path, rng, short_side, ratio
):
    """A smooth texture that moves by (5, -4) pixels a frame."""
    texture = cv2.GaussianBlur(rng.uniform(size=(160, 200)), (0, 0), 3)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    frames = [
        texture[20 + 4 * k : 116 + 4 * k, 40 - 5 * k : 168 - 5 * k]
        for k in range(5)
    ]
    frames = np.repeat(np.uint8(frames)[..., None], 3, axis=-1)
    path = tmp_path / "clip.avi"
    write_video(path, frames, codec="ffv1")
    size = (round(96 * ratio), round(128 * ratio))
    before, after = (
        samples(path, tmp_path, size, short_side=short_side, resize=when)[1]
        for when in ("before", "after")
    )
    inner = (slice(12, -12), slice(12, -12))
    truth = np.float32([5, -4]) * ratio
    for flow in (before, after):
        assert np.abs(flow[inner] - truth).mean() < 0.25
    assert np.abs(before - after)[inner].mean() < 0.25


def test_flow_of_the_whole_size_is_stored_at_the_size_of_frames(video):
    lists, meta = features_of(video, short_side=20, resize="after")
    assert (meta["height"], meta["width"]) == (20, 27)
    assert decode(lists["frames"][0]).shape == (20, 27, 3)
    assert decode(lists["flow"][0]).shape == (2 * 24, 27)


def test_vectors_follow_each_axis_of_the_size(video, known, tmp_path):
    """No side of 64 x 48 is divided alike at 20 rows: 27 columns."""
    fields = {"algorithm": "known", "short_side": 20, "resize": "after"}
    lists, _ = features_of(video, **fields, encoding="png", bound=10)
    planes = np.float32(decode(lists["flow"][0]))
    expected = cv2.resize(known, (27, 20), interpolation=cv2.INTER_AREA)
    expected *= [27 / 64, 20 / 48]
    for plane, truth in zip(
        (planes[:20], planes[24:44]), cv2.split(expected), strict=True
    ):
        np.testing.assert_allclose((plane - 128) * 10 / 127, truth, atol=0.04)


# --- At which rate


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [
        (None, list(range(12))),
        (24, list(range(12))),
        (12, [0, 2, 4, 6, 8, 10]),
        (20, [0, 1, 2, 4, 5, 6, 7, 8, 10, 11]),
        (0.5, [0]),
        # A little faster than the video: no frame repeats in half a second.
        (25, list(range(12))),
    ],
)
def test_frames_are_the_nearest_in_time(video, fps, numbers):
    lists, meta = features_of(video, fps=fps, short_side=None)
    frames = [decode(x, cv2.IMREAD_COLOR_RGB) for x in lists["frames"]]
    assert clips.frame_numbers(np.stack(frames)) == numbers
    assert len(lists["flow"]) == max(1, len(numbers) - 1)
    assert (meta["frames"], meta["fps"]) == (len(numbers), float(fps or 24))


def test_a_slightly_slower_video_repeats_a_frame(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(path, clips.moving_frames(30, HEIGHT, WIDTH), fps=24)
    lists, _ = features_of(path, fps=25, short_side=None)
    frames = [decode(x, cv2.IMREAD_COLOR_RGB) for x in lists["frames"]]
    numbers = clips.frame_numbers(np.stack(frames))
    assert len(numbers) == 31
    assert (np.diff(numbers) == 0).sum() == 1


def test_a_rate_that_a_video_does_not_have_is_refused(
    video, tmp_path, monkeypatch
):
    message = "it has 24 frames per second, and `fps` asks for 30"
    with pytest.raises(VideoError, match=message):
        make_record(video, FlowSpec(fps=30))
    # In a folder such a clip is skipped, and the reason is told.
    with pytest.raises(ValueError, match=message):
        samples(video, tmp_path, fps=30)
    nothing = property(lambda self: None, lambda self, value: None)
    monkeypatch.setattr(Reader, "fps", nothing, raising=False)
    with pytest.raises(VideoError, match="an unknown number of frames"):
        make_record(video, FlowSpec(fps=20))


def test_at_half_the_rate_vectors_are_twice_as_long(tmp_path):
    """On a procedural video, whose motion is known exactly."""
    scene = clip_scene("red_left", 3, frames=9)
    frames, truth = render(scene)
    path = tmp_path / "clip.avi"
    write_video(path, frames, fps=25, codec="ffv1")
    fields = {"short_side": None, "bound": 20.0, "algorithm": "dis_medium"}
    speeds = {}
    for fps in (25, 12.5):
        lists, _ = features_of(path, **fields, fps=fps, encoding="png")
        u = np.float32(decode(lists["flow"][0])[:64]) - 128
        # Well inside of what moves in the first frame.
        moving = cv2.erode(np.uint8(truth[0, ..., 0] != 0), np.ones((7, 7)))
        speeds[fps] = np.median(u[moving > 0]) * 20 / 127
    assert speeds[25] < -0.7
    assert speeds[12.5] / speeds[25] == pytest.approx(2, rel=0.15)
