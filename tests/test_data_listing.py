"""Folders -> lists of clips -> training and validation clips."""

import os
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.clips.splits import check_split
from keras_twostream.data import Clips, list_clips, split_clips


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names_of(clips):
    return [path.name for path in clips.paths]


def test_classes_are_the_sorted_sub_folders(tmp_path):
    touch(tmp_path, "run/b.avi", "run/a.MP4", "dig/deep/c.mkv", "_sit/d.mov")
    clips = list_clips(tmp_path)
    assert clips.class_names == ("_sit", "dig", "run")
    assert names_of(clips) == ["d.mov", "c.mkv", "a.MP4", "b.avi"]
    assert clips.labels == (0, 1, 2, 2)
    assert clips.groups is None
    assert clips.skipped == ()


def test_what_is_left_out_is_reported(tmp_path):
    touch(tmp_path, "run/a.avi", "run/notes.txt", "run/.hidden.avi", "x.mp4")
    touch(tmp_path, ".git/z.avi", "run/.cache/y.avi", "run/README", "list.json")
    (tmp_path / "sit").mkdir()
    clips = list_clips(tmp_path)
    assert names_of(clips) == ["a.avi"]
    assert clips.class_names == ("run", "sit")
    assert {path.name: reason for path, reason in clips.skipped} == {
        "x.mp4": "it is not in the folder of a class",
        "notes.txt": ".txt is not a video suffix",
        "README": "no suffix is not a video suffix",
        "sit": "this class folder has no videos",
    }


def test_class_names_choose_and_order(tmp_path):
    touch(tmp_path, "a/1.avi", "b/2.avi", "c/3.avi")
    clips = list_clips(tmp_path, class_names=["c", "a"])
    assert (names_of(clips), clips.labels) == (["3.avi", "1.avi"], (0, 1))


def test_labels_can_be_given_or_left_out(tmp_path):
    touch(tmp_path, "a/1.avi", "b/2.avi", "3.avi")
    given = list_clips(tmp_path, labels=[7, 5, 7])
    assert names_of(given) == ["3.avi", "1.avi", "2.avi"]
    assert (given.labels, given.class_names) == ((1, 0, 1), ("5", "7"))
    assert list_clips(tmp_path, labels=None).labels is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["a", "z"]}, "Expected: .'a', 'b'. .*'z'"),
        ({"class_names": ["a", "a"]}, "did not match"),
        ({"labels": [1]}, "each of the 2 video files"),
        ({"labels": "guess"}, "Received: 'guess'"),
        ({"labels": [1, 2], "class_names": ["a"]}, 'labels="inferred"'),
        ({"group": "(a)(b)"}, "exactly one group"),
        ({"group": "(a"}, "exactly one group"),
        ({"group": "_(g.)_"}, "does not fit '1.avi'"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, arguments, message):
    touch(tmp_path, "a/1.avi", "b/2.avi")
    with pytest.raises(ValueError, match=message):
        list_clips(tmp_path, **arguments)


def test_folders_without_videos_are_refused(tmp_path):
    touch(tmp_path, "file.avi", "none/a.txt")
    (tmp_path / "empty").mkdir()
    for path, message in [
        (tmp_path / "absent", "nothing of that name"),
        (tmp_path / "file.avi", "which is a file"),
        (tmp_path / "empty", "has no sub-folder"),
        (tmp_path, "No videos found in directory .*such as 'file.avi'"),
    ]:
        with pytest.raises(ValueError, match=message):
            list_clips(path)


def test_one_class_is_allowed(tmp_path):
    touch(tmp_path, "only/1.avi")
    assert list_clips(tmp_path).class_names == ("only",)


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (
            ["Run/v_Run_g01_c02.avi", "Run/v_Run_g12_c01.avi"],
            ["Run/g01", "Run/g12"],
        ),
        (["hug/17_3_1.avi", "kick/4_3_2.avi"], ["3", "3"]),
        (["bend/ida_bend.avi", "run/ida_run1.avi"], ["ida", "ida"]),
        (["jog/person01_jog_d2_uncomp.avi"], ["person01"]),
        (["jog/a.avi", "jog/b.avi"], None),
    ],
)
def test_groups_are_read_from_the_names_of_known_sets(tmp_path, names, groups):
    touch(tmp_path, *names)
    found = list_clips(tmp_path).groups
    assert found == (groups and tuple(groups))


def test_a_stray_file_does_not_undo_the_groups(tmp_path):
    touch(
        tmp_path, "Run/v_Run_g01_c02.avi", "Run/v_Run_g01_c03.avi", "Run/x.avi"
    )
    groups = list_clips(tmp_path).groups
    assert groups == ("Run/g01", "Run/g01", str(tmp_path / "Run" / "x.avi"))


def test_groups_can_be_told(tmp_path):
    touch(tmp_path, "a/s1-x.avi", "a/s2-y.avi", "b/s1-z.avi")
    assert list_clips(tmp_path, group=r"^(s\d)").groups == ("s1", "s2", "s1")
    told = list_clips(tmp_path, group=lambda path: path.stem[-1])
    assert told.groups == ("x", "y", "z")
    assert list_clips(tmp_path, group=None).groups is None


def make_clips(labels, groups=None):
    return Clips(
        paths=[f"{index}.avi" for index in range(len(labels))],
        labels=labels,
        class_names=[str(label) for label in range(max(labels) + 1)],
        groups=groups and [str(group) for group in groups],
    )


def halves(clips, share, seed=0):
    return [
        split_clips(clips, share, part, seed)
        for part in ("training", "validation")
    ]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=2, max_size=60
    ),
    share=st.sampled_from([0.1, 0.25, 0.5]),
    seed=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None)
def test_splits_are_disjoint_complete_and_without_leaks(rows, share, seed):
    labels = np.unique([label for label, _ in rows], return_inverse=True)[1]
    clips = make_clips(labels.tolist(), [group for _, group in rows])
    try:
        training, validation = halves(clips, share, seed)
    except ValueError:
        # Nothing can be spared, for which there is a test below.
        return
    assert {*training.paths} | {*validation.paths} == {*clips.paths}
    assert len(training) + len(validation) == len(clips)
    assert not {*training.groups} & {*validation.groups}
    assert {*training.labels} == {*clips.labels}


def test_splits_are_stratified():
    clips = make_clips([0] * 20 + [1] * 100)
    training, validation = halves(clips, 0.25)
    assert np.bincount(validation.labels).tolist() == [5, 25]
    assert np.bincount(training.labels).tolist() == [15, 75]


def test_many_small_classes_still_give_their_share():
    clips = make_clips([label for label in range(30) for _ in range(2)])
    training, validation = halves(clips, 0.2)
    assert len(validation) == 12
    assert len({*training.labels}) == 30


def test_shared_groups_are_held_out_whole():
    clips = make_clips(
        [label for label in range(6) for _ in range(10)], [*range(10)] * 6
    )
    _, validation = halves(clips, 0.2)
    assert len({*validation.groups}) == 2
    assert np.bincount(validation.labels).tolist() == [2] * 6


def test_seeds_decide():
    clips = make_clips([0] * 40)
    drawn = [halves(clips, 0.25, seed)[1].paths for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_clip_of_each_class_cannot_be_split():
    with pytest.raises(ValueError, match="leaves no clip for validation"):
        halves(make_clips([0, 1]), 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5, "training", True, 1), "between 0 and 1, received: 1.5"),
        ((0, "training", True, 1), "between 0 and 1, received: 0"),
        ((0.2, None, True, 1), "If `subset` is set"),
        ((None, "both", True, 1), "If `subset` is set"),
        ((0.2, "test", True, 1), "received: 'test'"),
        ((0.2, "both", True, None), "provide a `seed`"),
    ],
)
def test_wrong_splits_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_split(*arguments)


def test_clips_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="`labels` must have one entry"):
        Clips(["a.avi"], labels=[0, 1], class_names=["x", "y"])
    with pytest.raises(ValueError, match="Received: 2"):
        Clips(["a.avi"], labels=[2], class_names=["x", "y"])


def test_real_sets_have_the_groups_of_their_authors():
    if (root := os.environ.get("KERAS_TWOSTREAM_TEST_DATA")) is None:
        pytest.skip("KERAS_TWOSTREAM_TEST_DATA is not set")
    sets = pathlib.Path(root) / "clips"
    ut = list_clips(sets / "ut_interaction")
    assert (len(ut), len(ut.class_names), len({*ut.groups})) == (60, 6, 10)
    ucf = list_clips(sets / "ucf101")
    assert len(ucf) == 72
    assert all("/g" in group for group in ucf.groups)
    weizmann = list_clips(sets / "weizmann")
    assert (len(weizmann), len({*weizmann.groups})) == (90, 9)
