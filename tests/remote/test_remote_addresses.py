"""Addresses, whoever opens them."""

import os
import pathlib
import pickle

import clips
import numpy as np
import pytest

from keras_twostream.remote import (
    Address,
    as_path,
    borrowing,
    is_remote,
    local_copy,
    stamp,
)
from keras_twostream.remote.copies import copies_dir
from keras_twostream.remote.stores import schemes, store_of
from keras_twostream.video import VideoError, open_video, read_video


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("s3://bucket/a.mp4", True),
        ("HTTPS://host/a.mp4", True),
        ("file:///tmp/a.mp4", False),
        ("/tmp/a.mp4", False),
        ("a:b.avi", False),
        ("C:\\videos\\a.avi", False),
        ("s3:/bucket/a.mp4", False),
        (pathlib.Path("videos"), False),
    ],
)
def test_what_is_an_address(text, remote):
    assert is_remote(text) is remote
    assert isinstance(as_path(text), Address) is remote


def test_what_pathlib_has_destroyed_is_refused():
    with pytest.raises(ValueError, match="given as text"):
        as_path(pathlib.Path("s3://bucket/a.mp4"))


def test_a_file_address_is_a_path():
    assert as_path("file:///a%20b/c.mp4") == pathlib.Path("/a b/c.mp4")


def test_an_address_has_the_parts_of_a_path():
    address = as_path("s3://bucket/set/clip one.MP4")
    assert os.fspath(address) == str(address) == "s3://bucket/set/clip one.MP4"
    assert (address.name, address.stem) == ("clip one.MP4", "clip one")
    assert address.suffix == ".MP4"
    assert str(address.parent / "b.avi") == "s3://bucket/set/b.avi"
    assert address.relative_to("s3://bucket").parts == ("set", "clip one.MP4")
    assert not address.is_relative_to("s3://other")
    assert not address.is_relative_to("/bucket")
    assert address.absolute() is address
    assert as_path(address) is address
    assert pickle.loads(pickle.dumps(address)) == address  # noqa: S301
    assert len({address, as_path(str(address))}) == 1


def test_names_in_web_addresses_are_quoted():
    address = as_path("https://host:81/a%20b/c%23.mp4?key=1#top")
    assert (address.name, address.parent.name) == ("c#.mp4", "a b")
    assert str(address.parent / "d e#.mp4") == (
        "https://host:81/a%20b/d%20e%23.mp4"
    )


def test_a_joined_path_may_be_whole():
    address = as_path("s3://bucket/set")
    assert address / "/tmp/a" == pathlib.Path("/tmp/a")
    assert str(address / "gs://other/a") == "gs://other/a"


def test_a_folder_is_listed(store):
    assert store.is_dir()
    assert not store.is_file()
    assert sorted(path.name for path in store.iterdir()) == ["3.bin", "a"]
    found = {path.name: path.is_dir() for path in store.iterdir()}
    assert found == {"3.bin": False, "a": True}
    below = [str(path.relative_to(store)) for path in store.rglob("*.txt")]
    assert sorted(below) == ["a/1.txt", "a/b/2.txt"]
    assert [path.name for path in store.glob("*.bin")] == ["3.bin"]


def test_a_file_is_read(store):
    path = store / "a" / "1.txt"
    assert path.is_file()
    assert path.stat().st_size == stamp(path)[0] == 7
    assert path.read_text() == "a/1.txt"
    with path.open("rb") as file:
        assert file.read(1) == b"a"
    assert local_copy(path).read_bytes() == b"a/1.txt"


def test_what_is_missing_is_said(store):
    path = store / "none.txt"
    assert not path.exists()
    assert not path.is_dir()
    assert not path.is_file()
    for read in (path.read_bytes, path.stat, lambda: local_copy(path)):
        with pytest.raises(FileNotFoundError, match="none.txt"):
            read()
    with pytest.raises(IsADirectoryError):
        local_copy(store)


def test_who_opens_it_is_said():
    assert "file" in schemes()
    with pytest.raises(ValueError, match="no extra of keras_twostream") as told:
        store_of("nonsense")
    text = str(told.value)
    assert "nonsense://" in text
    assert "TensorFlow" in text
    assert "fsspec" in text
    with pytest.raises(ValueError, match=r"keras_twostream\[tfio\]"):
        raise ValueError(_reason("viewfs"))


def _reason(scheme):
    from keras_twostream.remote import stores  # noqa: PLC0415

    return stores._nothing_opens(scheme)


def test_a_folder_of_the_web_is_listed(web):
    folder, base, _ = web
    (folder / "a b").mkdir()
    (folder / "a b" / "c#1.txt").write_text("one")
    (folder / "d.txt").write_text("two")
    there = as_path(base)
    assert {path.name: path.is_dir() for path in there.iterdir()} == {
        "a b": True,
        "d.txt": False,
    }
    assert as_path(f"{base}/a%20b").is_dir()
    found = {path.name: path.read_text() for path in there.rglob("*.txt")}
    assert found == {"c#1.txt": "one", "d.txt": "two"}


def test_a_video_of_the_web_is_decoded(web):
    folder, base, asked = web
    frames = clips.moving_frames(5)
    clips.write_video(folder / "v 1.mp4", frames)
    wanted = read_video(folder / "v 1.mp4")
    address = f"{base}/v%201.mp4"
    np.testing.assert_array_equal(read_video(address), wanted)
    before = [part for _, part in asked if part is None]
    with open_video(address) as video:
        assert str(video.path) == address
        assert video.count() == 5
    assert [part for _, part in asked if part is None] == before


def test_a_broken_video_is_called_by_its_address(web):
    folder, base, _ = web
    (folder / "text.mp4").write_text("nothing but words")
    for name, reason in (("text.mp4", "text"), ("none.mp4", "no such file")):
        with pytest.raises(VideoError, match=reason) as told:
            open_video(f"{base}/{name}")
        assert f"{base}/{name}" in str(told.value)
    with pytest.raises(VideoError, match="Nothing here opens nonsense"):
        open_video("nonsense://a.mp4")


def test_a_changed_file_is_copied_anew(web):
    folder, base, _ = web
    (folder / "a").write_bytes(b"one")
    first = local_copy(f"{base}/a")
    assert first.read_bytes() == b"one"
    assert local_copy(f"{base}/a") == first
    (folder / "a").write_bytes(b"two")
    assert local_copy(f"{base}/a").read_bytes() == b"two"
    assert not first.exists()


def test_offline_takes_the_copy_that_is_there(web, monkeypatch):
    folder, base, asked = web
    (folder / "a").write_bytes(b"one")
    local_copy(f"{base}/a")
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    count = len(asked)
    assert local_copy(f"{base}/a").read_bytes() == b"one"
    assert len(asked) == count
    with pytest.raises(ValueError, match="KERAS_TWOSTREAM_OFFLINE"):
        local_copy(f"{base}/b")


def test_borrowed_copies_are_gone_afterwards(web):
    folder, base, asked = web
    (folder / "a").write_bytes(b"one")
    with borrowing():
        copy = local_copy(f"{base}/a")
        count = len(asked)
        assert local_copy(f"{base}/a") == copy
        assert len(asked) == count
    assert not copy.exists()
    assert not list((copies_dir() / "borrowed").iterdir())


def test_workers_need_no_tensorflow(web, run_python):
    folder, base, _ = web
    clips.write_video(folder / "v.mp4", clips.moving_frames(3))
    code = (
        "import sys; from keras_twostream.video import read_video;"
        f"print(len(read_video('{base}/v.mp4')), 'tensorflow' in sys.modules,"
        "'keras' in sys.modules)"
    )
    assert run_python("-c", code).split() == ["3", "False", "False"]
