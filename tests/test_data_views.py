"""Which crop of which frame, mirrored or not, a sample is; at which scale."""

import json

import clips
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.data import CropSpec, SampleSpec, augment, fitting
from keras_twostream.data.composing import moments_of
from keras_twostream.data.decoding import parse_record
from keras_twostream.data.views import view_box, view_parts
from keras_twostream.flow import FlowSpec, codec, estimators
from keras_twostream.flow.spec import CODEC_RANGES, QUANTIZATIONS
from keras_twostream.preparation.records import make_record

HEIGHT, WIDTH = 48, 80


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Returns a function of fields of a FlowSpec -> parsed record, spec."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    frames = clips.moving_frames(24, HEIGHT, WIDTH)
    clips.encode(path, frames, "ffv1", "bgr0")

    def make(**fields):
        spec = FlowSpec(**({"short_side": None, "bound": 8.0} | fields))
        return parse_record(make_record(path, spec)), spec

    return make


@pytest.fixture(scope="module")
def plain(record):
    return record()


def sample(parsed, view=0, seed=(1, 2), **settings):
    clip, flow = parsed
    spec = SampleSpec(
        **({"image_size": 32, "flow_frames": 4} | settings), flow=flow
    )
    made = spec(clip, tf.constant(view, tf.int64), tf.constant(seed, tf.int64))
    return {name: value.numpy() for name, value in made.items()}


# --- Views


def test_views_are_moments_times_crops_times_mirror_images():
    spec = SampleSpec(views=25, view_places="corners", view_flips=True)
    assert spec.samples == 250  # as in Simonyan and Zisserman (2014)
    parts = [
        tuple(int(part) for part in view_parts(tf.constant(n), "corners", True))
        for n in range(250)
    ]
    assert parts == [
        (t, p, f) for t in range(25) for p in range(5) for f in (0, 1)
    ]
    assert view_parts(7, "center", False) == (7, 0, False)


def test_crops_lie_at_their_places():
    def boxes(places, height, width, count):
        spec = CropSpec(center=0.5)
        return [
            view_box(tf.constant(n), places, height, width, (32, 32), spec)
            .numpy()[:2]
            .tolist()
            for n in range(count)
        ]

    assert boxes("center", 48, 80, 1) == [[12, 28]]
    assert boxes("three", 48, 80, 3) == [[12, 0], [12, 28], [12, 56]]
    assert boxes("three", 80, 48, 3) == [[0, 12], [28, 12], [56, 12]]
    assert sorted(boxes("corners", 48, 80, 5)) == [
        [0, 0],
        [0, 56],
        [12, 28],
        [24, 0],
        [24, 56],
    ]


def test_a_mirrored_view_is_the_mirror_image_of_the_view_before(plain):
    settings = {"view_places": "three", "view_flips": True, "views": 2}
    for number in (0, 4, 10):
        view = sample(plain, number, **settings)
        mirrored = sample(plain, number + 1, **settings)
        expected = augment.flip(view)
        for name in ("rgb", "flow"):
            np.testing.assert_allclose(
                mirrored[name], expected[name], atol=1e-3
            )
            assert np.abs(view[name] - mirrored[name]).max() > 1


def test_frames_of_dense_samples_are_those_of_their_numbers(plain):
    crop = CropSpec(scales=(1.0,), center=1.0, keep_aspect=False, flip=False)
    dense = {
        "image_size": (HEIGHT, WIDTH),
        "crop": crop,
        "frames": 4,
        "sampling": "dense",
    }
    middle = sample(plain, tau=3, **dense)["rgb"]
    assert clips.frame_numbers(np.uint8(middle)) == [7, 10, 13, 16]
    found = set()
    for seed in range(25):
        made = sample(plain, seed=(seed, 0), tau=(1, 4), augment=True, **dense)
        steps = np.diff(clips.frame_numbers(np.uint8(made["rgb"])))
        assert (steps == steps[0]).all()
        found.add(int(steps[0]))
    assert found == {1, 2, 3, 4}


def test_a_spec_travels_as_json():
    spec = SampleSpec(
        sampling="dense",
        tau=(1, 10),
        short="loop",
        frames=5,
        view_places="corners",
        flow=FlowSpec(bound=9),
        crop=CropSpec(center=1),
    )
    text = json.dumps(spec.to_dict())
    assert SampleSpec.from_dict(json.loads(text)).to_dict() == spec.to_dict()
    assert SampleSpec.from_dict({"tau": 3}).tau == (3, 3)


@given(length=st.integers(1, 40), frames=st.integers(1, 6), data=st.data())
@settings(max_examples=25, deadline=None)
def test_samples_of_any_length_exist(length, frames, data):
    """Of every sampling, policy and step, without decoding anything."""
    spec = SampleSpec(
        frames=frames,
        flow_frames=data.draw(st.integers(1, 6)),
        flow=FlowSpec(step=data.draw(st.integers(1, 3))),
        sampling=data.draw(st.sampled_from(["segments", "dense"])),
        tau=data.draw(st.sampled_from([1, 4, (2, 9)])),
        short=data.draw(st.sampled_from(["repeat", "loop"])),
        augment=data.draw(st.booleans()),
        views=2,
    )
    centers, stacks = moments_of(
        spec, tf.constant(length), 1, tf.constant([length, 3], tf.int64)
    )
    centers, stacks = centers.numpy(), stacks.numpy()
    assert centers.shape == (frames,)
    assert stacks.shape == (frames, spec.flow_frames)
    assert centers.min() >= 0
    assert centers.max() < length
    assert stacks.min() >= 0
    assert stacks.max() < max(length - spec.flow.step, 1)


# --- What is done to decoded crops


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("codec_range", CODEC_RANGES)
def test_fitting_bytes_equals_augmenting_floats(
    rng, mirrored, quantization, codec_range
):
    spec = FlowSpec(quantization=quantization, codec_range=codec_range)
    levels = rng.integers(0, 256, (2, 10, 14, 6), np.uint8)
    flow = codec.dequantize(levels, spec)
    expected = augment.resize({"flow": tf.constant(flow)}, (12, 9))
    expected = augment.flip(expected) if mirrored else expected
    flag = tf.constant(True) if mirrored else False
    found = fitting.fit_levels(
        tf.constant(levels), tf.constant([10, 14]), (12, 9), flag, spec
    )
    assert found.shape == (2, 12, 9, 6)
    np.testing.assert_allclose(found, expected["flow"], atol=2e-4)


@pytest.mark.parametrize("size", [(24, 30), (8, 10), (16, 9), (10, 30)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_fitting_frames_equals_augmenting_floats(rng, size, mirrored):
    frames = rng.integers(0, 256, (2, 16, 20, 3), np.uint8)
    expected = augment.resize({"rgb": tf.constant(frames)}, size)
    expected = augment.flip(expected) if mirrored else expected
    flag = tf.constant(True) if mirrored else False
    found = fitting.fit_frames(tf.constant(frames), size, flag)
    np.testing.assert_allclose(found, expected["rgb"], atol=1e-3)


# --- Flow that is stored smaller than the frames


@pytest.mark.parametrize("shrink", [2, 3])
def test_shrunk_flow_has_the_vectors_of_the_frames(record, plain, shrink):
    """A pattern that drifts one pixel a frame, whatever the crop."""
    shrunk = record(shrink=shrink, encoding="png")
    for cut in (
        {"image_size": (HEIGHT, WIDTH), "crop": CropSpec(center=1.0)},
        {"image_size": (40, 40)},
        {"image_size": (40, 40), "augment": True, "seed": (5, 5)},
    ):
        small, large = sample(shrunk, **cut), sample(plain, **cut)
        assert small["flow"].shape == large["flow"].shape
        error = np.abs(small["flow"] - large["flow"])[4:-4, 4:-4]
        assert error.mean() < 0.1 * np.abs(large["flow"]).mean() + 0.05


def test_crops_of_shrunk_flow_lie_where_the_frames_do(record, monkeypatch):
    """A field whose vectors say where they are."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype("float32")
    field = np.stack([x, y], -1) / 16
    monkeypatch.setitem(
        estimators.ESTIMATORS, "place", lambda: lambda *_: field
    )
    parsed = record(algorithm="place", shrink=4, encoding="png", bound=8.0)
    for view in range(5):
        made = sample(
            parsed,
            view,
            image_size=(24, 24),
            crop=CropSpec(center=0.5),
            view_places="corners",
        )
        flow = made["flow"][..., :2] * 16
        # The crop has the size of the image: its vectors stay as they are.
        inner = flow[4:-4, 4:-4]
        assert np.abs(np.diff(inner[..., 0], axis=1) - 1).max() < 1.3
        top, left = np.round(inner[0, 0, ::-1] - 4)
        places = {(0, 0), (0, 56), (24, 0), (24, 56), (12, 28)}
        nearest = min(
            max(abs(top - row), abs(left - column)) for row, column in places
        )
        assert nearest <= 1
