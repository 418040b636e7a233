"""The official splits of UCF101 and HMDB51."""

import collections

import pytest

from keras_twostream.clips.lists import read_clips, read_list

UCF101, HMDB51 = "ucfTrainTestlist", "hmdb51_testTrainMulti_7030_splits"


def count(entries):
    return collections.Counter(entry.split for entry in entries)


@pytest.fixture
def ucf101(tmp_path):
    """A UCF101 of two classes, with the traps of the real one."""
    lists = tmp_path / "lists"
    lists.mkdir()
    files = {
        "classInd.txt": "1 Archery\r\n2 HandstandPushups\r\n",
        "trainlist01.txt": (
            "Archery/v_Archery_g08_c01.avi 1\r\n"
            "HandstandPushups/v_HandStandPushups_g09_c01.avi 2\r\n"
        ),
        "testlist01.txt": "HandstandPushups/v_HandStandPushups_g01_c02.avi\r\n",
        "trainlist02.txt": "Archery/v_Archery_g01_c01.avi 1\r\n",
        "testlist02.txt": "Archery/v_Archery_g08_c01.avi\r\n",
    }
    for name, text in files.items():
        (lists / name).write_bytes(text.encode())
    clips = tmp_path / "clips"
    for name in (
        "Archery/v_Archery_g08_c01.avi",
        "HandStandPushups/v_HandStandPushups_g09_c01.avi",
        "HandStandPushups/v_HandStandPushups_g01_c02.avi",
    ):
        (clips / name).parent.mkdir(parents=True, exist_ok=True)
        (clips / name).touch()
    return clips, lists


@pytest.fixture
def hmdb51(tmp_path):
    lists, clips = tmp_path / "lists", tmp_path / "clips"
    lists.mkdir()
    names = {
        "chew": [
            "#2_Gum_chew_h_nm_np1_fr_med_0.avi 1 ",
            "#2_Gum_chew_h_nm_np1_fr_med_1.avi 0 ",
            "Mr._Bean_[HD]_avi_chew_h_nm_np1_fr_med_0.avi 2 ",
        ],
        "climb_stairs": ["A_climb_stairs_f_cm_np10_le_bad_2.avi 1 "],
    }
    for name, rows in names.items():
        text = "\n".join(rows) + "\n"
        (lists / f"{name}_test_split1.txt").write_text(text)
        (clips / name).mkdir(parents=True)
        for row in rows:
            (clips / name / row.split()[0]).touch()
    return clips, lists


def test_ucf101(ucf101):
    clips = read_clips(*ucf101, verbose=False)
    assert clips.class_names == ("Archery", "HandstandPushups")
    assert clips.labels == (0, 1, 1)
    assert clips.splits == ("train", "train", "test")
    assert clips.groups == (
        "Archery/g08",
        "HandstandPushups/g09",
        "HandstandPushups/g01",
    )
    assert clips.skipped == ()


def test_other_splits_and_single_lists(ucf101):
    root, lists = ucf101
    second = read_clips(root, lists, split=2, verbose=False)
    assert second.splits == ("test",)
    assert [path.name for path, _ in second.skipped] == [
        "v_Archery_g01_c01.avi",
        "clips",
    ]
    alone = read_clips(root, lists / "testlist02.txt", verbose=False)
    assert (alone.splits, alone.labels) == (("test",), (0,))
    assert alone.class_names == ("Archery", "HandstandPushups")
    assert (
        read_list(lists, split="2").entries == read_list(lists, split=2).entries
    )
    for wrong in (4, "train"):
        with pytest.raises(ValueError, match=r"one of \[1, 2\]"):
            read_clips(root, lists, split=wrong)


def test_hmdb51(hmdb51):
    root, lists = hmdb51
    clips = read_clips(*hmdb51, verbose=False)
    assert [path.name[:3] for path in clips.paths] == ["#2_", "Mr.", "A_c"]
    assert clips.class_names == ("chew", "climb_stairs")
    assert clips.labels == (0, 0, 1)
    assert clips.splits == ("train", "test", "train")
    assert clips.groups == (
        "chew/#2_Gum",
        "chew/Mr._Bean_[HD]_avi",
        "climb_stairs/A",
    )
    assert clips.skipped == (
        (root, "1 clips of the list: split 1 leaves them out"),
    )
    (lists / "chew_test_split1.txt").write_text("a.avi 1\nb.avi 3\n")
    with pytest.raises(ValueError, match="line 2: .* flag of 0, 1 or 2"):
        read_clips(*hmdb51)


def test_clips_of_hmdb51_may_lie_in_one_folder(hmdb51, tmp_path):
    root, lists = hmdb51
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in root.rglob("*.avi"):
        path.rename(flat / path.name)
    clips = read_clips(flat, lists, verbose=False)
    assert (len(clips), clips.labels) == (3, (0, 0, 1))


@pytest.mark.parametrize(
    ("number", "train", "test"),
    [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)],
)
def test_the_real_lists_of_ucf101(test_data, number, train, test):
    listed = read_list(test_data / "annotations" / UCF101, split=number)
    assert count(listed.entries) == {"train": train, "test": test}
    labels = listed.labels
    assert (len(labels.names), labels.base) == (101, 1)
    assert {*labels.indices} == {*range(101)}
    for entry, label in zip(listed.entries, labels.indices, strict=True):
        assert entry.path.startswith(f"{labels.names[label]}/")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_real_lists_of_hmdb51(test_data, number):
    listed = read_list(test_data / "annotations" / HMDB51, split=number)
    assert count(listed.entries) == {"train": 3570, "test": 1530, None: 1666}
    labels = listed.labels
    assert (len(labels.names), labels.base) == (51, None)
    for part, each in (("train", 70), ("test", 30)):
        pairs = zip(listed.entries, labels.indices, strict=True)
        found = collections.Counter(i for x, i in pairs if x.split == part)
        assert {*found.values()} == {each}


def test_no_group_of_hmdb51_is_in_both_parts(test_data, tmp_path):
    lists = test_data / "annotations" / HMDB51
    for entry in read_list(lists).entries:
        path = tmp_path / entry.path
        if path.name < "C" and not entry.unused:
            path.parent.mkdir(exist_ok=True)
            path.touch()
    clips = read_clips(tmp_path, lists, verbose=False)
    parts = {}
    for group, split in zip(clips.groups, clips.splits, strict=True):
        assert parts.setdefault(group, split) == split
    assert 100 < len(parts) < len(clips) / 2


def test_the_real_clips_of_ucf101(test_data):
    lists = test_data / "annotations" / UCF101
    clips = read_clips(test_data / "clips" / "ucf101", lists, verbose=False)
    assert len(clips) == 72
    assert len(clips.skipped) == 13320 - 72
    assert len(clips.class_names) == 101
    for path, label, group, split in zip(
        clips.paths, clips.labels, clips.groups, clips.splits, strict=True
    ):
        assert path.parent.name == clips.class_names[label]
        number = int(group.partition("/g")[2])
        # Split 1 tests on the first seven groups of each class.
        assert split == ("test" if number <= 7 else "train")
