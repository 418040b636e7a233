"""The same stream of batches, however it is read, cut, divided or resumed."""

import dataclasses
import itertools

import clips
import numpy as np
import pytest
import tensorflow as tf

from keras_twostream.data import (
    Clips,
    clips_dataset,
    open_prepared,
    prepare,
    video_dataset_from_directory,
)
from keras_twostream.flow import FlowSpec
from keras_twostream.flow.contract import FlowMismatchError
from keras_twostream.preparation.executors import Here
from keras_twostream.video import write_video

SPEC = FlowSpec(short_side=40, bound=8.0)
LENGTHS = (13, 20, 9, 5, 1, 16, 11)
SAMPLE = {
    "image_size": 16,
    "flow_frames": 4,
    "frames": 2,
    "augment": True,
    "verbose": False,
}


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Seven clips of two classes, in groups, for training and for testing."""
    root = tmp_path_factory.mktemp("videos")
    paths = []
    for number, length in enumerate(LENGTHS):
        paths.append(root / "ab"[number > 3] / f"{number}.mp4")
        paths[-1].parent.mkdir(exist_ok=True)
        write_video(paths[-1], clips.moving_frames(length, 40, 56, number))
    return Clips(
        paths,
        [0, 0, 0, 0, 1, 1, 1],
        ["a", "b"],
        groups=[*"pqprstu"],
        splits=["train", "train", "test", "train", "train", "train", "test"],
    )


@pytest.fixture(scope="module")
def prepared(listed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    root = listed.paths[0].parents[1]
    rest = {"root": root, "clips_per_shard": 3, "verbose": False}
    return prepare(listed, folder, SPEC, executor=Here(), **rest)


@pytest.fixture(scope="module")
def load(listed, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")

    def load(source=listed, **settings):
        settings = SAMPLE | {"batch_size": 3, "seed": 4} | settings
        if isinstance(source, Clips):
            settings |= {"flow": SPEC, "cache_dir": cache, "workers": 1}
        return clips_dataset(source, **settings)

    return load


def drain(dataset):
    return [
        (inputs["rgb"], inputs["flow"], labels)
        for inputs, labels in dataset.as_numpy_iterator()
    ]


def same(one, two):
    assert len(one) == len(two)
    for left, right in zip(one, two, strict=True):
        for mine, other in zip(left, right, strict=True):
            np.testing.assert_array_equal(mine, other)


def rows(batches):
    """Returns samples as bytes, in order."""
    return [
        b"".join(part.tobytes() for part in sample)
        for batch in batches
        for sample in zip(*batch, strict=True)
    ]


@pytest.fixture(scope="module")
def stream(load):
    """The batches of three epochs, three in each, the last a single one."""
    dataset = load(shuffle=True)
    return [batch for _ in range(3) for batch in drain(dataset)]


def test_prepared_sets_cached_clips_and_memory_give_the_same(
    load, prepared, stream
):
    for source in (
        load(prepared, shuffle=True),
        load(prepared, shuffle=True, cache=True),
        load(shuffle=True, cache=True),
    ):
        same(drain(source) + drain(source), stream[:6])
    assert source.labels == [0, 0, 0, 0, 1, 1, 1]


def test_parallelism_changes_nothing(load, stream):
    for threads in (1, 7):
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        options.autotune.enabled = threads > 1
        same(drain(load(shuffle=True).with_options(options)), stream[:3])
    same(drain(load(shuffle=True, prefetch=0)), stream[:3])


@pytest.mark.parametrize("start", [1, 3, 5])
def test_what_is_resumed_goes_on_as_if_nothing_had_been(load, stream, start):
    dataset = load(shuffle=True, start=start)
    assert len(dataset) == 3
    found = drain(dataset) + (drain(dataset) if start < 4 else [])
    same(found, stream[start : start + len(found)])


def test_an_endless_stream_has_full_batches_and_resumes(load, stream):
    dataset = load(shuffle=True, repeat=True)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    found = drain(dataset.take(5))
    same(found, [stream[step] for step in (0, 1, 3, 4, 6)])
    resumed = load(shuffle=True, repeat=True, start=3)
    same(drain(resumed.take(2)), found[3:])


def test_an_epoch_ends_with_its_last_batch_only(load, stream):
    """To look at the first batch, as Keras does, is not to use it."""
    dataset = load(shuffle=True)
    for _ in range(2):
        same(drain(dataset.take(1)), stream[:1])
    same(drain(dataset), stream[:3])
    same(drain(dataset.repeat(2)), stream[3:])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_are_disjoint_and_complete(load, stream, count):
    """And a sample does not depend on the shard that it is in."""
    parts = [
        load(shuffle=True, shard=(index, count), batch_size=2)
        for index in range(count if count < 7 else 1)
    ]
    sizes = [len(part.file_paths) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    found = [row for part in parts for row in rows(drain(part))]
    whole = rows(stream[:3])
    assert len({*found}) == len(found) == sum(sizes)
    assert {*found} <= {*whole}
    if count < 7:
        assert {*found} == {*whole}


def test_views_may_begin_in_the_middle_of_a_clip(load):
    settings = {"augment": False, "views": 3, "batch_size": 4}
    whole = drain(load(**settings))
    same(drain(load(**settings, start=2))[:4], whole[2:])
    alone = drain(load(augment=False, views=3, batch_size=None))
    assert rows(whole) == rows([tuple(x[None] for x in row) for row in alone])


def test_drop_remainder_leaves_out_the_last_batch(load, stream):
    dataset = load(shuffle=True, drop_remainder=True)
    assert dataset.element_spec[1].shape == (3,)
    same(drain(dataset) + drain(dataset), [stream[x] for x in (0, 1, 3, 4)])
    with pytest.raises(ValueError, match="`batch_size` must be at most 7"):
        load(batch_size=8, drop_remainder=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": -1}, "`start` must not be negative"),
        ({"shard": (2, 2)}, "`shard` must be a pair"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"sampling": "random"}, "`sampling` must be one of"),
        ({"tau": (3, 2)}, "`tau` must be an integer"),
        ({"short": "pad"}, "`short` must be one of"),
        ({"view_flips": True}, "samples without chance"),
    ],
)
def test_wrong_settings_are_refused(load, settings, message):
    with pytest.raises(ValueError, match=message):
        load(**settings)


# --- Clips that are too short


def test_short_clips_are_left_out_or_refused(load, prepared):
    """A sample needs two frames and the four fields around each."""
    dataset = load(prepared, short="drop")
    assert dataset.skipped == [
        ("a/3.mp4", "it has 5 frames, and a sample needs 6"),
        ("b/4.mp4", "it has 1 frames, and a sample needs 6"),
    ]
    assert len(dataset.file_paths) == 5
    with pytest.raises(ValueError, match=r"2 clips.*a/3\.mp4: it has 5 frames"):
        load(prepared, short="raise")
    assert len(load(short="drop", flow_frames=1).file_paths) == 6


def test_short_clips_play_again(load, listed):
    short = listed.take([3])
    settings = {"augment": False, "batch_size": None, "frames": 8}
    (looped,) = drain(load(short, short="loop", **settings))
    (repeated,) = drain(load(short, short="repeat", **settings))
    # Five frames at most differ, and all do in a clip played twice.
    assert len({frame.tobytes() for frame in looped[0]}) == 5
    order = [frame.tobytes() for frame in looped[0]]
    assert order != sorted(order, key=order.index)
    assert len({frame.tobytes() for frame in repeated[0]}) < 5


# --- Prepared sets in place of folders


def test_the_front_door_takes_a_prepared_set(prepared, load):
    dataset = video_dataset_from_directory(
        prepared.folder, shuffle=False, batch_size=3, **SAMPLE | {"seed": 4}
    )
    same(drain(dataset), drain(load()))
    assert dataset.flow_spec == SPEC
    assert dataset.class_names == ["a", "b"]
    assert dataset.file_paths[0] == "a/0.mp4"


def test_a_prepared_set_has_its_own_splits_groups_and_classes(prepared):
    load = {"batch_size": 3, **SAMPLE, "seed": 4}
    folder = prepared.folder
    test = video_dataset_from_directory(
        folder, split="test", class_names=["b", "a"], shuffle=False, **load
    )
    assert test.file_paths == ["a/2.mp4", "b/6.mp4"]
    assert test.labels == [1, 0]
    only = video_dataset_from_directory(folder, class_names=["b"], **load)
    assert only.labels == [0, 0, 0]
    load.pop("augment")
    pair = video_dataset_from_directory(
        folder, validation_split=0.4, subset="both", view_flips=True, **load
    )
    names = [{*part.file_paths} for part in pair]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 7
    # The first and the third clip are of one group.
    assert any({"a/0.mp4", "a/2.mp4"} <= part for part in names)
    assert [part.sample_spec.samples for part in pair] == [1, 2]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"flow": dataclasses.replace(SPEC, bound=9.0)},
            FlowMismatchError,
            "`bound`: asked for is 9.0, the set holds 8.0",
        ),
        ({"class_names": ["c"]}, ValueError, r"Expected: \['a', 'b'\]"),
        ({"split": "validation"}, ValueError, "no clips for 'validation'"),
        ({"labels": [0] * 7}, ValueError, "knows the labels"),
    ],
)
def test_what_a_prepared_set_is_not_is_refused(
    prepared, settings, error, message
):
    with pytest.raises(error, match=message):
        video_dataset_from_directory(prepared.folder, **SAMPLE, **settings)


def test_splits_are_for_prepared_sets(listed):
    folder = listed.paths[0].parents[1]
    with pytest.raises(ValueError, match="`split` is for prepared sets"):
        video_dataset_from_directory(folder, split="test", **SAMPLE)


def test_a_damaged_record_is_an_error(prepared, load, tmp_path):
    for path in prepared.folder.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(prepared.folder)
            copy.parent.mkdir(exist_ok=True, parents=True)
            copy.write_bytes(path.read_bytes())
    damaged = open_prepared(tmp_path)
    clip = damaged.manifest.clips[1]
    shard = bytearray((tmp_path / clip.shard).read_bytes())
    shard[clip.offset + clip.length // 2] ^= 1
    (tmp_path / clip.shard).write_bytes(shard)
    batches = iter(load(damaged, batch_size=1))
    next(batches)
    with pytest.raises(tf.errors.DataLossError):
        next(batches)
    assert list(itertools.islice(load(damaged.take([2])), 1))
