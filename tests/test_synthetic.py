"""The procedural set: what its clips show, and what they do not give away."""

import hashlib
import json

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_twostream.flow import estimators
from keras_twostream.video import read_video, synthetic

REGISTRATION = synthetic.REGISTRATION_CLASSES
LUMA = np.array([0.299, 0.587, 0.114])
CLIPS = 40  # per class, of the files that the classifiers see


def scenes(class_names=synthetic.CLASS_NAMES, per_class=3, **sizes):
    rng = np.random.default_rng(11)
    return [
        synthetic.sample_scene(rng, name, **sizes)
        for name in class_names
        for _ in range(per_class)
    ]


def test_a_scene_knows_its_class_and_keeps_its_squares_apart():
    for name in synthetic.CLASS_NAMES:
        for scene in scenes([name], 20):
            assert scene.class_name == name
            upper, lower = sorted(scene.squares, key=lambda s: s.top)
            assert upper.top >= 0
            assert upper.top + upper.height <= lower.top
            assert lower.top + lower.height <= scene.size


def test_frames_and_flow_have_the_stated_form():
    for scene in scenes(per_class=1, frames=5, size=80):
        frames, flow = synthetic.render(scene)
        assert frames.shape == (5, 80, 80, 3)
        assert frames.dtype == np.uint8
        assert flow.shape == (4, 80, 80, 2)
        assert flow.dtype == np.float32


def test_true_flow_carries_each_frame_into_the_next():
    column = np.arange(64)
    for scene in scenes():
        frames, flow = synthetic.render(scene)
        for square in scene.squares:
            # A row well inside; subpixel motion blurs, so compare means.
            row = square.top + square.height // 2
            for t, field in enumerate(flow):
                moved = np.nonzero(field[row, :, 0])[0]
                u = square.velocity / 4
                assert np.all(field[row, moved, 0] == u)
                assert np.all(field[row, :, 1] == 0)
                shifted = np.interp(
                    column + u,
                    np.arange(-64, 128),
                    np.tile(LUMA @ frames[t + 1, row].T, 3),
                )
                error = shifted - LUMA @ frames[t, row].T
                assert np.abs(error[moved]).mean() < 8


def test_still_background_does_not_move():
    for scene in scenes():
        frames, flow = synthetic.render(scene)
        rows = np.ones(scene.size, bool)
        for square in scene.squares:
            rows[square.top : square.top + square.height] = False
        assert np.all(frames[:, rows] == frames[:1, rows])
        assert not flow[:, rows].any()


def test_registration_clip_reversed_is_the_other_class_with_equal_frames():
    for scene in scenes(REGISTRATION):
        other = scene.reverse()
        assert {scene.class_name, other.class_name} == {*REGISTRATION}
        frames, flow = synthetic.render(scene)
        reversed_frames, reversed_flow = synthetic.render(other)
        np.testing.assert_array_equal(reversed_frames[::-1], frames)
        # The flow of the way back starts where the way there ended.
        np.testing.assert_array_equal(reversed_flow[:0:-1], -flow[1:])


def test_registration_clip_with_swapped_colours_has_equal_luma_and_flow():
    for scene in scenes(REGISTRATION):
        other = scene.swap_colours()
        assert {scene.class_name, other.class_name} == {*REGISTRATION}
        frames, flow = synthetic.render(scene)
        other_frames, other_flow = synthetic.render(other)
        np.testing.assert_array_equal(other_flow, flow)
        assert np.abs((frames - 1.0 * other_frames) @ LUMA).max() <= 1
        grey, other_grey = (
            np.stack([estimators.to_gray(frame) for frame in video])
            for video in (frames, other_frames)
        )
        assert np.abs(grey - 1.0 * other_grey).max() <= 1


def test_scenes_are_those_of_earlier_releases():
    for name, index, known in (
        ("red_left_blue_right", 3, "7dd8fcc23f8d547e"),
        ("blue_left", 0, "f41da4b08ab97847"),
    ):
        scene = synthetic.clip_scene(name, index, seed=1, split="test")
        frames, flow = synthetic.render(scene)
        drawn = hashlib.sha256(frames.tobytes() + flow.tobytes())
        assert drawn.hexdigest().startswith(known)


def test_small_squares_pass_each_other_closely():
    for scene in scenes(per_class=20, size=88, sides=(8, 9), apart=2):
        upper, lower = scene.squares
        gap = lower.top - upper.top - upper.height
        assert 0 <= gap <= 2
        assert upper.top >= 0
        assert lower.top + lower.height <= scene.size
        # Twice their centres halfway, in subpixels.
        centres = [
            2 * s.start + s.velocity * (scene.frames - 1) + s.width * 4
            for s in scene.squares
        ]
        circle = 2 * 4 * scene.size
        offset = (centres[1] - centres[0] + circle // 2) % circle - circle // 2
        assert abs(offset) <= 2 * 4 * 2 + 1
        for square in scene.squares:
            assert {square.height, square.width} <= {8, 9}


def test_no_colour_is_clipped():
    for scene in scenes():
        frames, _ = synthetic.render(scene)
        assert frames.min() > 0
        assert frames.max() < 255


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_name": "green_left"}, "class_name must be one of"),
        ({"class_name": "red_left", "frames": 1}, "frames must be at least 2"),
        ({"class_name": "red_left", "size": 32}, "size at least 48"),
        ({"class_name": "red_left", "sides": (9, 8)}, "sides must be"),
        ({"class_name": "red_left", "sides": (8, 33)}, "sides must be"),
        ({"class_name": "red_left", "apart": -1}, "apart must not be"),
    ],
)
def test_wrong_scenes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        synthetic.sample_scene(np.random.default_rng(0), **arguments)


def test_files_are_complete_readable_and_known(tmp_path):
    folder = synthetic.write_dataset(tmp_path / "set", 2, seed=3, verbose=False)
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == [
        *synthetic.CLASS_NAMES
    ]
    for name in synthetic.CLASS_NAMES:
        paths = sorted((folder / name).iterdir())
        assert [p.name for p in paths] == ["clip_00000.mp4", "clip_00001.avi"]
        for index, path in enumerate(paths):
            scene = synthetic.clip_scene(name, index, seed=3)
            frames, _ = synthetic.render(scene)
            decoded = np.stack(read_video(path))
            assert decoded.shape == frames.shape
            assert np.abs((decoded - 1.0 * frames) @ LUMA).mean() < 2


def test_writing_goes_on_where_it_stopped(tmp_path):
    write = {"directory": tmp_path, "clips_per_class": 2, "verbose": False}
    synthetic.write_dataset(**write)
    clips = {path: path.read_bytes() for path in tmp_path.rglob("clip_*")}
    lost, *kept = clips
    lost.unlink()
    times = [path.stat().st_mtime_ns for path in kept]
    synthetic.write_dataset(**write)
    assert lost.read_bytes() == clips[lost]
    assert [path.stat().st_mtime_ns for path in kept] == times


def test_another_set_is_not_mixed_into_a_folder(tmp_path):
    synthetic.write_dataset(tmp_path, 1, frames=2, verbose=False)
    with pytest.raises(ValueError, match="holds a set written with"):
        synthetic.write_dataset(tmp_path, 1, frames=2, seed=1, verbose=False)


def test_a_set_of_some_classes_remembers_how_it_was_drawn(tmp_path):
    told = {"frames": 2, "sides": (8, 9), "apart": 0, "verbose": False}
    told |= {"classes": REGISTRATION[::-1]}
    folder = synthetic.write_dataset(tmp_path / "some", 1, **told)
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == [
        *REGISTRATION
    ]
    synthetic.write_dataset(folder, 1, **told)
    for other in (
        {"apart": 1},
        {"sides": (8, 8)},
        {"classes": REGISTRATION[:1]},
    ):
        with pytest.raises(ValueError, match="holds a set written with"):
            synthetic.write_dataset(folder, 1, **(told | other))


def test_a_set_without_choices_is_recorded_as_ever(tmp_path):
    synthetic.write_dataset(tmp_path, 1, frames=2, verbose=False)
    assert json.loads((tmp_path / ".synthetic.json").read_text()) == {
        "seed": 0,
        "split": "train",
        "frames": 2,
        "size": 64,
        "clips_per_class": 1,
    }


@pytest.mark.parametrize(
    "arguments", [{"split": "val"}, {"clips_per_class": 0}, {"frames": 1}]
)
def test_wrong_sets_are_refused_before_anything_is_made(tmp_path, arguments):
    with pytest.raises(ValueError, match=f"{[*arguments][0]} must be"):
        synthetic.write_dataset(tmp_path / "set", **arguments)
    assert not (tmp_path / "set").exists()


def test_splits_and_seeds_share_no_texture():
    seeds = [
        seed
        for split in synthetic.SPLITS
        for number in (0, 1)
        for name in synthetic.CLASS_NAMES
        for index in range(50)
        for scene in [
            synthetic.clip_scene(name, index, seed=number, split=split)
        ]
        for seed in (scene.background, *(s.texture for s in scene.squares))
    ]
    assert len(set(seeds)) == len(seeds)


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    """Class names, and of every decoded clip the middle frame and flow."""
    folder = tmp_path_factory.mktemp("synthetic")
    synthetic.write_dataset(folder, CLIPS, split="test", verbose=False)
    estimate = estimators.get("dis_fast")
    names, frames, fields = [], [], []
    for path in sorted(folder.glob("*/clip_*")):
        video = read_video(path)
        grey = [estimators.to_gray(frame) for frame in video[8:10]]
        names.append(path.parent.name)
        frames.append(video[8])
        fields.append(estimate(*grey))
    return np.array(names), np.stack(frames), np.stack(fields)


def blocks(images):
    """Means over blocks of 8 x 8 pixels, as one vector per image."""
    count, height, width, channels = images.shape
    shape = count, height // 8, 8, width // 8, 8, channels
    return images.reshape(shape).mean((2, 4)).reshape(count, -1)


def tints(frames):
    """Redness and blueness of each pixel, `(N, H, W, 2)`."""
    luma = frames @ LUMA
    return np.stack([np.maximum(frames[..., k] - luma, 0) for k in (0, 2)], -1)


def edges(frames):
    """How colour and detail follow one another along the rows.

    A trail that a moving square left in its file would show here, wherever
    the square is.
    """
    luma = (frames @ LUMA).astype("float32")
    detail = np.stack([abs(x - cv2.GaussianBlur(x, (0, 0), 2)) for x in luma])
    signals = np.concatenate([tints(frames), detail[..., None]], -1)
    products = [
        signals[..., i] * np.roll(signals[..., j], shift, axis=2)
        for shift in range(-9, 10)
        for i in (0, 1)
        for j in (0, 1, 2)
    ]
    return np.stack([p.mean((1, 2)) for p in products], -1)


def accuracy(features, labels):
    """Cross-validated accuracy of a linear classifier."""
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
    )
    return cross_val_score(model, features, labels, cv=5).mean()


@pytest.fixture(scope="module")
def features(decoded):
    _, frames, fields = decoded
    motion = np.maximum(fields[..., :1] * [1, -1], 0)
    together = tints(frames)[..., :, None] * motion[..., None, :]
    return {
        "frame": blocks(frames),
        "colour": tints(frames).mean((1, 2)),
        "edges": edges(frames),
        "flow": blocks(fields),
        "motion": motion.mean((1, 2)),
        "together": together.mean((1, 2)).reshape(len(frames), -1),
    }


@pytest.mark.parametrize("what", ["frame", "colour", "edges", "flow", "motion"])
def test_one_frame_or_one_field_does_not_tell_registration_classes_apart(
    decoded, features, what
):
    chosen = np.isin(decoded[0], REGISTRATION)
    # Chance, 0.5, and three standard errors; what is learnt of noise is as
    # often wrong, so there is no lower limit.
    assert accuracy(features[what][chosen], decoded[0][chosen]) < 0.67


def test_the_classifier_would_find_a_faint_trail():
    clips = scenes(REGISTRATION, CLIPS)
    videos = [synthetic.render(scene)[0] for scene in clips]
    trailing = np.stack([0.9 * v[8] + 0.1 * v[7] for v in videos])
    assert accuracy(edges(trailing), [c.class_name for c in clips]) > 0.75


def test_frame_and_field_together_place_by_place_tell_all_classes(
    decoded, features
):
    assert accuracy(features["together"], decoded[0]) > 0.95


def test_a_frame_tells_colours_and_a_field_tells_directions(decoded, features):
    for what, words in (
        ("colour", ("red", "blue")),
        ("motion", ("left", "right")),
    ):
        shown = ["+".join(w for w in words if w in n) for n in decoded[0]]
        assert accuracy(features[what], shown) > 0.95
