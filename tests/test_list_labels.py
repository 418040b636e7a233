"""Labels of lists -> names of classes."""

import json

import pytest
from list_files import Folder, classes_of, names_of

from keras_twostream.clips.lists import read_list


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "name", "names", "base"),
    [
        ("run\nsit\nwalk\n", "label_map.txt", ("run", "sit", "walk"), 0),
        ("1 run\r\n2 sit\r\n", "classInd.txt", ("run", "sit"), 1),
        ("sit,8\nrun,7\n", "my_label_map_2.txt", ("run", "sit"), 7),
    ],
)
def test_numbers_get_their_names_from_a_label_map(
    folder, text, name, names, base
):
    folder.touch("a.avi", "b.avi")
    folder.write(name, text)
    clips = folder.read(f"a.avi {base}\nb.avi {base + 1}\n")
    assert (clips.class_names, clips.labels) == (names, (0, 1))


def test_label_maps_can_be_given(folder):
    folder.touch("a.avi", "b.avi")
    text = "a.avi 3\nb.avi 1\n"
    for names in (
        ["x", "y", "z"],
        folder.write("names.json", '["x", "y", "z"]'),
        folder.write("ids.json", json.dumps({"z": 3, "x": "1", "y": 2})),
        folder.write("places.json", '{"1": "x", "2": "y", "3": "z"}'),
    ):
        clips = folder.read(text, class_names=names)
        assert classes_of(clips) == ["z", "x"]


def test_folders_decide_from_where_numbers_count(folder):
    folder.touch("B/1.avi", "C/2.avi")
    listed = {"class_names": ["A", "B", "C", "D"]}
    for base in (0, 1):
        clips = folder.read(
            f"B/1.avi {1 + base}\nC/2.avi {2 + base}\n", **listed
        )
        assert classes_of(clips) == ["B", "C"]
    path = folder.write("list.txt", "1.avi 1\n2.avi 2\n")
    unsure = read_list(path, **listed).labels
    assert (unsure.base, "1 would fit as well" in unsure.note) == (0, True)
    with pytest.raises(ValueError, match=r"line 1: .* is 'D' .* folder 'B'"):
        folder.read("B/1.avi 3\nC/2.avi 2\n", **listed)


def test_spellings_of_a_class_are_one(folder):
    folder.touch("HandstandPushups/a.avi", "jump_rope/b.avi")
    clips = folder.read(
        "HandStandPushups/a.avi HandStandPushups\nJump Rope/b.avi Jump Rope\n"
    )
    assert clips.class_names == ("HandStandPushups", "Jump Rope")
    assert names_of(clips) == ["a.avi", "b.avi"]
