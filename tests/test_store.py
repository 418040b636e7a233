"""Where weights are used from: beside their entry, or out of the cache."""

import hashlib
import json
import random
from pathlib import Path

import pytest
from zoo_server import damage, entry, nowhere, serving

import keras_twostream
from keras_twostream.weights.index import find_zoo
from keras_twostream.weights.store import fetch_file, weights_dir

CONTENT = random.Random(0).randbytes(200_000)
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("KERAS_TWOSTREAM_OFFLINE", "KERAS_TWOSTREAM_ZOO"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with serving() as running:
        yield running


def told(**file):
    """Returns what an entry tells of `CONTENT`."""
    return {"sha256": HASH, "bytes": len(CONTENT)} | file


def names_here():
    return sorted(path.name for path in weights_dir().iterdir())


def test_the_folder_is_that_of_the_environment(tmp_path, monkeypatch):
    assert weights_dir() == tmp_path / "cache" / "weights"
    monkeypatch.delenv("KERAS_TWOSTREAM_CACHE")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    expected = tmp_path / "keras" / "keras_twostream" / "weights"
    assert weights_dir() == expected
    monkeypatch.delenv("KERAS_HOME")
    expected = Path.home() / ".keras" / "keras_twostream" / "weights"
    assert weights_dir() == expected


def test_a_file_beside_its_entry_is_used_there(tmp_path):
    path = tmp_path / "a.weights.h5"
    path.write_bytes(CONTENT)
    for known in (told(), told(bytes=None), {}):
        weights = entry(path.name, **known)
        assert fetch_file(weights, tmp_path.joinpath) == path
    assert not weights_dir().exists()


def test_a_flipped_byte_beside_an_entry_is_named(tmp_path, server):
    path = tmp_path / "a.weights.h5"
    path.write_bytes(CONTENT)
    found = damage(path)
    # Nobody wants another file in silence, even if there is a good one.
    weights = entry(path.name, server.put("a", CONTENT), **told())
    with pytest.raises(ValueError, match="is damaged") as caught:
        fetch_file(weights, tmp_path.joinpath)
    for word in (str(path), found, HASH):
        assert word in str(caught.value)
    with pytest.raises(ValueError, match="200,000 bytes where 3 are wanted"):
        fetch_file(entry(path.name, bytes=3), tmp_path.joinpath)


def test_a_file_that_is_not_beside_its_entry(tmp_path, server):
    with pytest.raises(FileNotFoundError, match=r"a\.weights\.h5"):
        fetch_file(entry("a.weights.h5"), tmp_path.joinpath)
    weights = entry("a.weights.h5", server.put("a", CONTENT), **told())
    assert fetch_file(weights, tmp_path.joinpath).parent == weights_dir()


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../a.weights.h5",
        "b/a.weights.h5",
        "b\\a.weights.h5",
        "C:a.weights.h5",
        "a..weights.h5",
        "..",
        ".",
        "",
        ".hidden",
        "file:///etc/passwd",
        "ftp://127.0.0.1/a",
        "hf://user/repository",
        "a?b",
        "a#b",
        "%2e%2e%2fa",
        "a\n",
        "a\0",
    ],
)
def test_an_entry_names_no_other_folder(name):
    with pytest.raises(ValueError, match="spatial.test must name") as caught:
        fetch_file(entry(name, **told()), nowhere)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("form", "page", "suffix"),
    [
        ("weights.h5", "a", ".weights.h5"),
        ("keras", "a.bin?x=1", ".keras"),
        ("matconvnet", "a.mat?download=1", ".mat"),
        ("pytorch", "a.pth.tar", ".tar"),
        ("pytorch", "a.%2e%2fb", ""),
    ],
)
def test_a_download_is_kept_and_checked(server, form, page, suffix):
    address = server.put(page, CONTENT)
    weights = entry(address, **told(format=form))
    path = fetch_file(weights, nowhere)
    assert path == weights_dir() / f"spatial.test.{HASH[:16]}{suffix}"
    assert path.read_bytes() == CONTENT
    assert fetch_file(weights, nowhere) == path
    assert len(server.asked) == 1
    assert names_here() == [path.name]


def test_a_damaged_download_is_replaced(server, caplog, monkeypatch):
    weights = entry(server.put("a", CONTENT), **told())
    path = fetch_file(weights, nowhere)
    found = damage(path)
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    with pytest.raises(ValueError, match="OFFLINE forbids"):
        fetch_file(weights, nowhere)
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "0")
    assert fetch_file(weights, nowhere) == path
    assert path.read_bytes() == CONTENT
    assert found in caplog.text
    path.write_bytes(CONTENT[:-1])
    assert fetch_file(weights, nowhere).read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_what_is_here_works_offline(server, monkeypatch):
    weights = entry(server.put("a", CONTENT), **told())
    path = fetch_file(weights, nowhere)
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    assert fetch_file(weights, nowhere) == path
    other = entry(server.put("b", CONTENT), sha256="0" * 64)
    with pytest.raises(ValueError, match=f"from {server.base}/b, which"):
        fetch_file(other, nowhere)
    assert len(server.asked) == 1


def test_a_zoo_may_be_behind_an_address(server, monkeypatch):
    monkeypatch.setenv("KERAS_TWOSTREAM_ZOO", f"{server.base}/zoo/")
    weights = entry("a.weights.h5", server.put("mirror", CONTENT), **told())
    server.put("zoo/index.json", json.dumps([weights.name]).encode())
    server.put(
        f"zoo/{weights.name}.json", json.dumps(weights.to_dict()).encode()
    )
    server.put("zoo/a.weights.h5", CONTENT, flip=1)
    for _ in range(2):
        assert keras_twostream.list_weights() == [weights.name]
        found = keras_twostream.get_weights(weights.name)
        assert found == weights
        path = fetch_file(found, find_zoo().address)
        assert path.read_bytes() == CONTENT
        # All of it again, from what was kept.
        monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    with pytest.raises(ValueError, match="no weights 'temporal"):
        keras_twostream.get_weights("temporal.test")
    asked = [asked.name for asked in server.asked]
    assert asked.count("zoo/a.weights.h5") == asked.count("mirror") == 1
