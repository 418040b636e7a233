"""Folders of videos -> batches."""

import os
import pathlib

import clips
import keras
import numpy as np
import pytest

from keras_twostream.data import (
    Clips,
    clips_dataset,
    video_dataset_from_directory,
)
from keras_twostream.flow import FlowSpec
from keras_twostream.video import write_video

SPEC = FlowSpec(short_side=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes with seven clips each."""
    root = tmp_path_factory.mktemp("videos")
    for number in range(21):
        path = root / "abc"[number % 3] / f"{number:02}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_video(path, clips.moving_frames(13, 40, 56, number))
    return root


@pytest.fixture(scope="module")
def load(folder, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")

    def load(directory=folder, **settings):
        settings = {
            "image_size": 32,
            "batch_size": 4,
            "flow": SPEC,
            "flow_frames": 2,
            "cache_dir": cache,
            "verbose": False,
        } | settings
        return video_dataset_from_directory(directory, **settings)

    return load


def drain(dataset):
    """Returns all samples and labels of an epoch."""
    batches = list(dataset.as_numpy_iterator())
    inputs = {
        name: np.concatenate([batch[0][name] for batch in batches])
        for name in batches[0][0]
    }
    return inputs, np.concatenate([batch[1] for batch in batches])


def test_batches_have_the_documented_form(load, folder):
    dataset = load(shuffle=False)
    inputs, labels = drain(dataset)
    assert inputs["rgb"].shape == (21, 32, 32, 3)
    assert inputs["flow"].shape == (21, 32, 32, 4)
    assert labels.dtype == "int32"
    assert labels.tolist() == dataset.labels == [0] * 7 + [1] * 7 + [2] * 7
    assert 0 <= inputs["rgb"].min() < 60
    assert 180 < inputs["rgb"].max() <= 255
    assert len(dataset) == 6
    assert dataset.class_names == ["a", "b", "c"]
    assert dataset.file_paths == sorted(map(str, folder.glob("*/*")))
    assert dataset.skipped == []
    assert dataset.flow_spec == SPEC
    assert dataset.element_spec[0]["flow"].shape == (None, 32, 32, 4)


def test_frames_add_an_axis_for_time(load):
    dataset = load(frames=3)
    assert dataset.element_spec[0]["rgb"].shape == (None, 3, 32, 32, 3)
    inputs, _ = drain(dataset)
    assert inputs["flow"].shape == (21, 3, 32, 32, 4)


@pytest.mark.parametrize("stream", ["rgb", "flow"])
def test_streams_can_be_left_out(load, stream):
    alone, _ = drain(load(streams=(stream,), shuffle=False))
    both, _ = drain(load(shuffle=False))
    assert list(alone) == [stream]
    np.testing.assert_array_equal(alone[stream], both[stream])


def test_labels_come_as_asked(load):
    _, one_hot = drain(load(label_mode="categorical", shuffle=False))
    np.testing.assert_array_equal(
        one_hot, np.eye(3)[[0] * 7 + [1] * 7 + [2] * 7]
    )
    assert list(load(label_mode=None).element_spec) == ["rgb", "flow"]
    assert list(load(labels=None).element_spec) == ["rgb", "flow"]
    assert load(batch_size=None).element_spec[1].shape == ()


def test_the_same_seed_gives_the_same_epochs_which_differ(load):
    def epochs(seed):
        dataset = load(augment=True, seed=seed)
        return [drain(dataset) for _ in range(2)]

    (one, labels), (two, others) = epochs(5)
    (same, same_labels), (also, _) = epochs(5)
    (different, _), _ = epochs(6)
    np.testing.assert_array_equal(labels, same_labels)
    for name in ("rgb", "flow"):
        np.testing.assert_array_equal(one[name], same[name])
        np.testing.assert_array_equal(two[name], also[name])
        assert np.abs(one[name] - different[name]).max() > 1
    assert labels.tolist() != others.tolist()
    assert sorted(labels) == sorted(others)


def test_epochs_without_shuffling_are_augmented_anew(load):
    dataset = load(augment=True, shuffle=False, seed=1)
    (one, _), (two, _) = drain(dataset), drain(dataset)
    changed = np.abs(one["rgb"] - two["rgb"]).max(axis=(1, 2, 3)) > 1
    assert changed.sum() > 15


def test_subsets_share_no_clip_and_only_training_is_augmented(load):
    settings = {"validation_split": 0.3, "seed": 2}
    training, validation = load(subset="both", **settings)
    assert training.sample_spec.augment
    assert not validation.sample_spec.augment
    assert len(training.file_paths) == 15
    assert sorted(validation.labels) == [0, 0, 1, 1, 2, 2]
    assert not {*training.file_paths} & {*validation.file_paths}
    for subset, other in (("training", training), ("validation", validation)):
        alone = load(subset=subset, **settings)
        assert alone.file_paths == other.file_paths
        assert alone.sample_spec == other.sample_spec
    first, second = drain(validation), drain(validation)
    np.testing.assert_array_equal(first[0]["rgb"], second[0]["rgb"])
    np.testing.assert_array_equal(first[1], validation.labels)


@pytest.mark.parametrize("cache", [False, True])
def test_views_follow_one_another(load, cache):
    single, _ = drain(load(shuffle=False))
    dataset = load(views=3, shuffle=False, cache=cache)
    inputs, labels = drain(dataset)
    assert len(dataset) == 16
    assert labels.reshape(21, 3).tolist() == [[n] * 3 for n in dataset.labels]
    middle = inputs["flow"].reshape(21, 3, 32, 32, 4)[:, 1]
    np.testing.assert_array_equal(middle, single["flow"])
    shuffled, mixed = drain(load(views=3, shuffle=True, seed=1, cache=cache))
    assert (np.ptp(mixed.reshape(21, 3), axis=1) == 0).all()
    assert mixed.tolist() != labels.tolist()


def test_networks_are_fitted_and_used_as_they_are(load):
    inputs = {
        "rgb": keras.Input((32, 32, 3), name="rgb"),
        "flow": keras.Input((32, 32, 4), name="flow"),
    }
    pooled = map(keras.layers.GlobalAveragePooling2D(), inputs.values())
    scores = keras.layers.Dense(3)(keras.layers.concatenate([*pooled]))
    model = keras.Model(inputs, scores)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    training, validation = load(subset="both", validation_split=0.3, seed=1)
    history = model.fit(
        training, validation_data=validation, shuffle=False, verbose=0
    )
    assert np.isfinite(history.history["val_loss"]).all()
    views = load(label_mode=None, shuffle=False, views=2)
    assert model.predict(views, verbose=0).shape == (42, 3)


def test_holding_clips_in_memory_changes_nothing(load):
    for settings in ({"shuffle": False}, {"augment": True, "seed": 4}):
        plain, cached = load(**settings), load(cache=True, **settings)
        for _ in range(2):
            (one, labels), (two, others) = drain(plain), drain(cached)
            np.testing.assert_array_equal(labels, others)
            np.testing.assert_array_equal(one["flow"], two["flow"])


def test_strange_files_among_clips(load, tmp_path, capsys):
    folder = tmp_path / "set"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    sizes = {
        "even": (40, 56),
        "odd": (33, 47),
        "tiny": (2, 2),
        "wide": (8, 400),
    }
    for name, size in sizes.items():
        write_video(folder / "a" / f"{name}.avi", clips.moving_frames(4, *size))
    write_video(folder / "b" / "still.mp4", clips.moving_frames(1, 40, 56))
    write_video(folder / "b" / "pair.mp4", clips.moving_frames(2, 40, 56))
    write_video(folder / "b" / "turned.mp4", clips.moving_frames(5, 40, 56))
    clips.rotate(folder / "b" / "turned.mp4", 90)
    clips.encode(
        folder / "b" / "grey.mkv",
        clips.moving_frames(5, 40, 56),
        "ffv1",
        "gray",
    )
    bad = clips.bad_files(folder / "a")
    dataset = load(folder, shuffle=False, verbose="auto", workers=1)
    inputs, _ = drain(dataset)
    names = [pathlib.Path(path).stem for path in dataset.file_paths]
    assert names == [
        *("even", "odd", "tiny", "wide"),
        *("grey", "pair", "still", "turned"),
    ]
    assert all(np.isfinite(value).all() for value in inputs.values())
    assert not inputs["flow"][names.index("still")].any()
    grey = inputs["rgb"][names.index("grey")]
    assert np.abs(grey - grey.mean(axis=-1, keepdims=True)).max() < 2
    strip = inputs["rgb"][names.index("turned"), 4:-4]
    assert np.ptp(strip.mean(axis=(0, 2))) > 0
    reported = {pathlib.Path(path).name for path, _ in dataset.skipped}
    files = {path.name for path, _ in bad.values() if path.is_file()}
    assert files == reported
    said = capsys.readouterr().out
    assert "Found 8 clips belonging to 2 classes." in said
    assert "1 of them have a single frame: their flow is zero." in said
    assert f"Skipped {len(files)}:" in said
    assert "notes.txt: .txt is not a video suffix" in said


def test_nothing_usable_is_an_error_that_says_why(load, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.mp4").touch()
    with pytest.raises(ValueError, match=r"None of the clips.*\n.*zero bytes"):
        load(tmp_path)
    with pytest.raises(ValueError, match="the list is empty"):
        clips_dataset(Clips([]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"label_mode": "binary"}, "Received: label_mode='binary'"),
        ({"image_size": (1, 2, 3)}, "Invalid `image_size`"),
        ({"image_size": 0}, "Invalid `image_size`"),
        ({"flow_frames": 0}, "Received: flow_frames=0"),
        ({"frames": -1}, "Received: frames=-1"),
        ({"views": 0}, "Received: views=0"),
        ({"streams": ("rgb", "depth")}, "`streams` must be"),
        ({"validation_split": 0.2}, "If `subset` is set"),
    ],
)
def test_wrong_settings_are_refused(load, settings, message):
    with pytest.raises(ValueError, match=message):
        load(**settings)


@pytest.mark.parametrize("name", ["ut_interaction", "ucf101"])
def test_real_clips(load, name, tmp_path):
    if (root := os.environ.get("KERAS_TWOSTREAM_TEST_DATA")) is None:
        pytest.skip("KERAS_TWOSTREAM_TEST_DATA is not set")
    folders = sorted((pathlib.Path(root) / "clips" / name).iterdir())
    for folder in folders[:3]:
        (tmp_path / folder.name).mkdir()
        clip = min(folder.iterdir(), key=lambda path: path.stat().st_size)
        (tmp_path / folder.name / clip.name).symlink_to(clip)
    dataset = load(tmp_path, flow_frames=10)
    inputs, labels = drain(dataset)
    assert dataset.skipped == []
    assert sorted(labels) == [0, 1, 2]
    assert np.isfinite(inputs["flow"]).all()
    assert np.abs(inputs["flow"]).mean() > 0.01
