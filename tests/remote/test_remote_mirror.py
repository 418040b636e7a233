"""Folders behind addresses that are made here first."""

import pytest

from keras_twostream.remote import as_path, mirrored
from keras_twostream.remote.stores import store_of

LAST = ("report.txt", "manifest.json")


def test_a_mirror_shows_what_is_there_and_copies_what_is_new(store, tmp_path):
    address = f"{store}/set"
    with mirrored(address, LAST) as folder:
        assert not list(folder.iterdir())
        (folder / "shards").mkdir()
        (folder / "shards" / "0").write_bytes(b"zero")
        (folder / ".staging").write_bytes(b"hidden")
        (folder / "manifest.json").write_bytes(b"1")
    assert not folder.exists()
    there = as_path(address)
    names = [str(path.relative_to(there)) for path in there.rglob("*")]
    assert sorted(names) == ["manifest.json", "shards/0"]
    with mirrored(address, LAST) as folder:
        assert (folder / "manifest.json").read_bytes() == b"1"
        # It stands in for what is there, and is not copied back.
        assert (folder / "shards" / "0").read_bytes() == b"\0\0\0\0"
        (folder / "shards" / "1").write_bytes(b"one")
    assert (there / "shards" / "0").read_bytes() == b"zero"
    assert (there / "shards" / "1").read_bytes() == b"one"
    with mirrored(address, LAST) as folder:
        (folder / "shards" / "0").unlink()
    assert not (there / "shards" / "0").exists()


def test_an_interrupted_mirror_goes_on(store, monkeypatch):
    address = f"{store}/set"
    there = as_path(address)
    files = store_of(store.scheme)
    put = type(files).put

    def fail(self, source, target):
        if "manifest" in target:
            raise OSError("gone")
        put(self, source, target)

    monkeypatch.setattr(type(files), "put", fail)
    with (  # noqa: PT012
        pytest.raises(OSError, match="gone"),
        mirrored(address, LAST) as folder,
    ):
        (folder / "0").write_bytes(b"zero")
        (folder / "1").write_bytes(b"one")
        (folder / "manifest.json").write_bytes(b"1")
    assert not (there / "manifest.json").exists()
    monkeypatch.setattr(type(files), "put", put)
    files.remove(f"{address}/1")
    with mirrored(address, LAST) as folder:
        assert (folder / "manifest.json").read_bytes() == b"1"
        assert (folder / "0").exists()
        # What was lost there meanwhile is to be made again.
        assert not (folder / "1").exists()
    assert (there / "manifest.json").read_bytes() == b"1"


def test_a_mirror_that_another_machine_overtook_is_refused(store, tmp_path):
    address = f"{store}/set"
    with pytest.raises(KeyError), mirrored(address, LAST):
        raise KeyError
    other = tmp_path / "other"
    other.write_bytes(b"other")
    store_of(store.scheme).put(other, f"{address}/manifest.json")
    with (
        pytest.raises(ValueError, match="changed elsewhere"),
        mirrored(address, LAST),
    ):
        pass


def test_the_web_cannot_be_written(web):
    with (
        pytest.raises(OSError, match="can only be read"),
        mirrored(f"{web[1]}/set", LAST),
    ):
        pass
