"""List files in many formats -> clips of a folder."""

import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from list_files import Folder, classes_of, names_of

from keras_twostream.clips.classes import resolve
from keras_twostream.clips.entries import ListFile
from keras_twostream.clips.lists import read_clips, read_list
from keras_twostream.clips.parsing import PARSERS, sniff


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "kind", "base"),
    [
        ("run/a.avi 0\nsit/b.avi 1\n", "mmaction", 0),
        ("run/a.avi 1\r\nsit/b.avi 2\r\n", "mmaction", 1),
        ("run/a.avi 163 1\nsit/b.avi 122 2\n", "mmaction", 1),
        ("run/a.avi run\nsit/b.avi sit\n", "mmaction", None),
        ("\ufeff# clips\n\nrun\\a.avi\t0\n  ./sit/b.avi 1  \n", "mmaction", 0),
        ("\"run/a.avi\" 0\n'sit/b.avi' 1\n", "mmaction", 0),
        ("run/a.avi\nsit/b.avi\n", "mmaction", None),
        ("path,label\nrun/a.avi,run\nsit/b.avi,sit\n", "csv", None),
        ("Label;Frames;Video Path\n1;9;run/a.avi\n2;9;sit/b.avi", "csv", 1),
        (
            "path,label,class name\nrun/a.avi,0,run\nsit/b.avi,1,sit",
            "csv",
            None,
        ),
        ("run/a.avi,0\nsit/b.avi,1\n", "csv", 0),
        ("run,run/a.avi\nsit,sit/b.avi\n", "csv", None),
        ('"run/a.avi",run,train\n"sit/b.avi",sit,val\n', "csv", None),
        ("run/a.avi\t5\t0\nsit/b.avi\t7\t1\n", "mmaction", 0),
    ],
)
def test_formats_are_told_by_their_contents(folder, text, kind, base):
    folder.touch("run/a.avi", "sit/b.avi")
    listed = read_list(folder.write("list.txt", text))
    assert (listed.format, listed.labels.base) == (kind, base)
    clips = folder.read(text)
    assert names_of(clips) == ["a.avi", "b.avi"]
    assert classes_of(clips) == ["run", "sit"]
    assert clips.skipped == ()


def test_paths_may_have_spaces_commas_quotes_signs_and_other_scripts(folder):
    names = [
        "a b.avi",
        "c, d.avi",
        "#2_e.avi",
        '"f" g.avi',
        "h.avi i.avi",
        "動画 é.avi",
        "it's.avi",
    ]
    folder.touch(*names)
    clips = folder.read("# comment\n#\n" + "".join(f"{x} 4\n" for x in names))
    assert names_of(clips) == names
    quoted = "".join('"{}",x\n'.format(x.replace('"', '""')) for x in names)
    assert names_of(folder.read(f"path,label\n{quoted}")) == names


def test_tables_say_split_and_group(folder):
    folder.touch(*"abc")
    folder.touch("a.avi", "b.avi", "c.avi")
    clips = folder.read(
        "subset,actor,file,note,action\n"
        "training,ida,a.avi,,run\nvalidate,bob,b.avi,x,run\nTEST,,c.avi,,sit\n"
    )
    assert clips.splits == ("train", "validation", "test")
    assert clips.groups == ("ida", "bob", str(folder.path / "c.avi"))
    assert names_of(clips.of_split("test")) == ["c.avi"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.txt", "train"),
        ("kinetics400_val_list_videos.txt", "validation"),
        ("testlist.csv", "test"),
        ("trainers.txt", None),
        ("train_test.txt", None),
    ],
)
def test_the_name_of_a_list_says_what_it_is_for(folder, name, split):
    folder.touch("a.avi")
    assert folder.read("a.avi 3\n", name).splits == (split and (split,))
    told = folder.read("a.avi 3\n", name, split="test")
    assert told.splits == ("test",)


def test_several_lists_are_one(folder):
    folder.touch("a.avi", "b.avi", "c.avi")
    lists = [
        folder.write("train.txt", "a.avi 1\nb.avi 2\n"),
        folder.write("test.txt", "c.avi 3\n"),
    ]
    clips = read_clips(folder.path, lists, verbose=False)
    assert clips.splits == ("train", "train", "test")
    assert (clips.labels, clips.class_names) == ((0, 1, 2), ("1", "2", "3"))
    whole = read_clips(folder.path, lists[0].parent, verbose=False)
    assert {*whole.paths} == {*clips.paths}


def test_a_list_stands_for_its_own_folder(tmp_path):
    (tmp_path / "a.avi").touch()
    (tmp_path / "list.txt").write_text("a.avi 1")
    assert read_clips(tmp_path / "list.txt", verbose=False).paths == (
        tmp_path / "a.avi",
    )


def test_kinetics(folder):
    folder.touch(
        "air drumming/abcdefghijk_000012_000022.mp4",
        "yoga_/-_456789012.webm",
        "ABCDEFGHIJK_000000_000010.mp4",
    )
    clips = folder.read(
        "label,youtube_id,time_start,time_end,split,is_cc\n"
        "air drumming,abcdefghijk,12,22,train,0\n"
        '"yoga",-_456789012,3.0,13.0,validate,0\n'
        "yoga,ABCDEFGHIJK,0,10,test,0\n"
        "yoga,gone3456789,0,10,test,0\n"
    )
    assert len(clips) == 3
    assert classes_of(clips) == ["air drumming", "yoga", "yoga"]
    assert clips.splits == ("train", "validation", "test")
    assert clips.groups == ("abcdefghijk", "-_456789012", "ABCDEFGHIJK")
    [(path, reason)] = clips.skipped
    assert path.as_posix() == "yoga/gone3456789_000000_000010.mp4"
    assert "the folder has not" in reason


def test_what_is_missing_on_either_side_is_reported(folder):
    folder.touch("a.avi", "b.avi", "c.avi", "x/d.avi", "y/d.avi")
    clips = folder.read("a.avi 0\nzz.avi 0\na.avi 0\nz/d.avi 0\nd.avi 0\n")
    assert names_of(clips) == ["a.avi"]
    reasons = {path.as_posix(): why for path, why in clips.skipped}
    again = reasons[(folder.path / "a.avi").as_posix()]
    assert again == "the list has it again (list.txt, line 3)"
    assert "the folder has not" in reasons["zz.avi"]
    for name in ("d.avi", "z/d.avi"):
        assert "'x/d.avi', 'y/d.avi'" in reasons[name]
    last, count = clips.skipped[-1]
    assert last == folder.path
    assert count.startswith("4 clips in it are not in the list")


def test_paths_of_another_machine_are_found_by_their_ends(folder):
    folder.touch("run/a.avi", "b.avi")
    clips = folder.read("/home/me/ucf/Run/a.avi 0\nD:\\old\\b.AVI 0\n")
    assert names_of(clips) == ["a.avi", "b.avi"]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("z.avi 1", {}, "None of the 1 clips .* has 1 clips, such as 'a.avi'"),
        ("", {}, "is empty"),
        ("# a\n", {}, "only comments"),
        ("path,label\n", {}, "only a header"),
        ("a.avi 1 2 3", {}, "line 1: a clip must have one label"),
        ("a.avi 1\na.avi 2", {}, "one label.*'1' .*line 1.*'2' .*line 2"),
        ("path,split\na.avi,train\na.avi,test", {}, "one split.*'train'"),
        ("path,split\na.avi,7", {}, "split must be one of .*'7'"),
        ("path,label\na.avi,1\nb,c.avi,2", {}, "line 3: a row must have 2"),
        ("a.avi,1,2,3,4", {}, "not clear what the columns"),
        ("a.avi 200001", {}, "from 0 to 100000. Received: 200001"),
        ("a.avi 7", {"class_names": ["x"]}, "do not fit the 1 classes"),
        ("a.avi pull", {"class_names": ["push"]}, r"\['push'\].*'pull'"),
        ("a.avi 1", {"class_names": ["x", "x"]}, "each class once"),
        ("a.avi 1", {"format": "xml"}, "`format` must be one of"),
        ("a.avi 1", {"format": "ucf101"}, "no lists of ucf101"),
        ("a.avi 1", {"split": 2}, "no numbered splits"),
        ("a.avi 1", {"split": "rest"}, "`split`: the split must be one of"),
        ("a.avi", {"class_names": ["x"]}, "has no labels"),
    ],
)
def test_what_is_wrong_is_said(folder, text, arguments, message):
    folder.touch("a.avi")
    with pytest.raises(ValueError, match=message):
        folder.read(text, **arguments)


def test_other_files_are_refused(folder):
    folder.touch("a.avi")
    latin = folder.write("latin.txt", "a.avi 1\né.avi 1", "latin-1")
    with pytest.raises(ValueError, match="UTF-8.*from line 2 on"):
        read_clips(folder.path, latin)
    with pytest.raises(ValueError, match="must exist"):
        read_clips(folder.path, "gone.txt")
    with pytest.raises(ValueError, match="which is not there"):
        read_clips(folder.path / "gone", latin)
    wide = folder.write("wide.txt", "a.avi 1\r\n", "utf-16")
    assert len(read_clips(folder.path, wide, verbose=False)) == 1


def test_without_a_list_folders_are_classes(folder):
    folder.touch("run/a.avi", "sit/b.avi")
    assert read_clips(folder.path).class_names == ("run", "sit")
    with pytest.raises(ValueError, match="needs a `list_file`"):
        read_clips(folder.path, format="csv")
    with pytest.raises(ValueError, match="no extracted clips"):
        read_clips(folder.path, format="layout")


def test_how_a_list_was_read_is_told(folder, capsys):
    folder.touch("a.avi", "b.avi")
    path = folder.write(
        "c.csv", "path,group,split\na.avi,g,train\nb.avi,g,test"
    )
    read_clips(folder.path, path)
    told = capsys.readouterr().err
    assert "c.csv: format csv; there are no labels. Found 2 of 2" in told
    assert "1 groups have clips in several splits, such as 'g'" in told


WORDS = st.text("abéЖ動 _-,.#'", min_size=1, max_size=9).map(str.strip)
PATHS = st.lists(WORDS.filter(bool), min_size=1, max_size=3).map("/".join)
ROWS = st.lists(
    st.tuples(PATHS.map(lambda x: f"x{x}.avi"), st.integers(0, 50)),
    min_size=1,
    max_size=8,
)


@given(ROWS, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read(rows, end):
    spaced = [f"{path} {label}" for path, label in rows]
    table = ["path,label", *(f'"{path}",{label}' for path, label in rows)]
    for lines, kind in ((spaced, "mmaction"), (table, "csv")):
        numbered = enumerate(end.join(lines).split(end), start=1)
        file = ListFile(pathlib.Path("list.txt"), tuple(numbered))
        assert sniff(file) == kind
        entries = PARSERS[kind](file)
        assert [(x.path, x.label) for x in entries] == rows


@given(st.text("ab1 ,;\t\n\"'#./\\:-_é", max_size=60), st.sampled_from([0, 1]))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_a_reason(text, header):
    lines = (["path,label", "youtube_id,time_start"][header] + text).split("\n")
    for rows in (lines, lines[1:]):
        kept = [(n, x.strip()) for n, x in enumerate(rows) if x.strip()]
        file = ListFile(pathlib.Path("list.txt"), tuple(kept))
        said = "a list"
        try:
            resolve(PARSERS[sniff(file)](file), None)
        except ValueError as error:
            said = str(error)
        assert "list" in said or "row" in said
