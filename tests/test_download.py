"""Downloads from a server that truncates, corrupts, stalls and redirects."""

import fcntl
import hashlib
import random
import subprocess
import sys
import threading
import time

import pytest
from zoo_server import serving

from keras_twostream.remote import download, web
from keras_twostream.remote.download import fetch

CONTENT = random.Random(0).randbytes(300_000)
HASH = hashlib.sha256(CONTENT).hexdigest()
HALF = 131_072
OTHER = random.Random(1).randbytes(300_000)
SCRIPT = """
import sys
from pathlib import Path
from keras_twostream.remote.download import fetch
fetch([sys.argv[1]], Path(sys.argv[2]), sha256=sys.argv[3] or None)
"""


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("KERAS_TWOSTREAM_OFFLINE", raising=False)


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def target(tmp_path):
    return tmp_path / "files" / "a.weights.h5"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def wait_until(true, seconds=15):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def part_of(target):
    parts = [*target.parent.glob(".*.part")] if target.parent.exists() else []
    return parts[0] if parts else None


def test_a_whole_file_is_in_its_place_alone(server, target):
    address = server.put("a", CONTENT)
    found = fetch([address], target, sha256=HASH, size=len(CONTENT))
    assert found == target
    assert target.read_bytes() == CONTENT
    assert names_in(target.parent) == [target.name]
    assert server.asked[0].headers["User-Agent"].startswith("keras_twostream/")


@pytest.mark.parametrize("sha256", [HASH, None])
def test_what_breaks_off_is_continued(server, target, sha256):
    address = server.put("a", CONTENT, {"cut": HALF}, {"cut": 50_000}, {})
    fetch([address], target, sha256=sha256)
    assert target.read_bytes() == CONTENT
    assert server.sent == [HALF, 50_000, len(CONTENT) - HALF - 50_000]
    assert server.asked[1].headers["Range"] == f"bytes={HALF}-"
    assert server.asked[1].headers["If-Range"].startswith('"')
    assert names_in(target.parent) == [target.name]


@pytest.mark.parametrize("sha256", [HASH, None])
@pytest.mark.parametrize("chunked", [False, True])
def test_what_always_breaks_off_is_never_in_place(
    server, target, sha256, chunked
):
    plan = {"cut": HALF, "ranges": False, "chunked": chunked}
    address = server.put("a", CONTENT, plan)
    with pytest.raises(ValueError, match="a.weights.h5 could not") as caught:
        fetch([address], target, sha256=sha256)
    assert address in str(caught.value)
    assert not target.exists()
    assert len(server.asked) == 2


def test_a_flipped_byte_is_found_and_nothing_is_left(server, target):
    address = server.put("a", CONTENT, flip=7)
    with pytest.raises(ValueError, match=HASH) as caught:
        fetch([address], target, sha256=HASH)
    flipped = bytes([*CONTENT[:7], CONTENT[7] ^ 1]) + CONTENT[8:]
    assert hashlib.sha256(flipped).hexdigest() in str(caught.value)
    assert names_in(target.parent) == []


@pytest.mark.parametrize(
    "plan",
    [
        {"status": 404},
        {"status": 500},
        {"flip": 0},
        {"cut": 1000, "ranges": False},
        {"cut": 0},
        {"hold": 0},
        {"status": 302, "location": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_the_next_mirror_is_tried(server, target, plan, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    addresses = server.put("a", CONTENT, plan), server.put("b", CONTENT)
    fetch(addresses, target, sha256=HASH)
    assert target.read_bytes() == CONTENT
    assert names_in(target.parent) == [target.name]


def test_a_mirror_continues_what_another_began(server, target, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    first = server.put("a", CONTENT, {"hold": HALF}, {"hold": 0})
    second = server.put("b", CONTENT, etag='"of the mirror"')
    fetch([first, second], target, sha256=HASH)
    assert target.read_bytes() == CONTENT
    assert server.asked[-1].sent == len(CONTENT) - HALF
    assert "If-Range" not in server.asked[-1].headers


def test_all_reasons_are_told(server, target, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    with serving() as dead:
        gone = f"{dead.base}/a"
    addresses = {
        server.put("a", status=404): "404",
        server.put("b", status=500): "500",
        server.put("c", CONTENT, hold=0): "sent nothing for 0.3 seconds",
        gone: "refused",
        "http://[::bad/a": "",
        f"{server.base}/with space": "",
    }
    with pytest.raises(ValueError, match="could not be downloaded") as caught:
        fetch(list(addresses), target, sha256=HASH)
    lines = str(caught.value).splitlines()[1:]
    for line, (address, reason) in zip(lines, addresses.items(), strict=True):
        assert f"{address}: " in line
        assert reason in line
    assert names_in(target.parent) == []


def test_the_size_is_checked_before_and_while(server, target):
    for plan in ({}, {"sized": False}, {"chunked": True}):
        address = server.put("a", CONTENT, plan)
        with pytest.raises(ValueError, match="1,000 "):
            fetch([address], target, size=1000)
        assert names_in(target.parent) == []
    with pytest.raises(ValueError, match="400,000 are wanted"):
        fetch([server.put("a", CONTENT, sized=False)], target, size=400_000)
    assert not target.exists()


def test_without_a_hash_more_is_asked_of_a_server(server, target):
    fetch([server.put("a", CONTENT, chunked=True)], target)
    assert target.read_bytes() == CONTENT
    with pytest.raises(ValueError, match="does not tell the size"):
        fetch([server.put("a", CONTENT, sized=False)], target)
    with pytest.raises(ValueError, match="web page"):
        fetch([server.put("a", CONTENT, kind="text/html")], target)
    assert target.read_bytes() == CONTENT


def kill_halfway(server, address, target, sha256):
    """Begins a download in a process and kills that in the middle."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, address, str(target), sha256 or ""]
    )
    try:
        wait_until(lambda: part_of(target))
        wait_until(lambda: part_of(target).stat().st_size >= HALF // 2)
    finally:
        process.kill()
        process.wait()
    assert not target.exists()
    return part_of(target).stat().st_size


@pytest.mark.parametrize("sha256", [HASH, None])
def test_a_kill_in_the_middle_costs_only_the_rest(server, target, sha256):
    address = server.put("a", CONTENT, {"hold": HALF}, {})
    there = kill_halfway(server, address, target, sha256)
    fetch([address], target, sha256=sha256)
    assert target.read_bytes() == CONTENT
    assert server.asked[1].sent == len(CONTENT) - there
    assert names_in(target.parent) == [target.name]


@pytest.mark.parametrize(
    "plan", [{"ranges": False}, {"etag": ""}, {"etag": 'W/"weak"'}], ids=str
)
def test_all_is_asked_again_if_need_be(server, target, plan, monkeypatch):
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    address = server.put("a", CONTENT, plan | {"cut": HALF}, plan)
    with pytest.raises(ValueError, match="broke off"):
        fetch([address], target)
    assert part_of(target).stat().st_size == HALF
    fetch([address], target)
    assert target.read_bytes() == CONTENT
    assert server.asked[1].sent == len(CONTENT)


@pytest.mark.parametrize("sha256", [hashlib.sha256(OTHER).hexdigest(), None])
def test_parts_of_different_files_never_mix(server, target, sha256):
    address = server.put("a", CONTENT, cut=HALF, ranges=False)
    with pytest.raises(ValueError, match="broke off"):
        fetch([address], target, sha256=sha256)
    server.put("a", OTHER)
    fetch([address], target, sha256=sha256)
    assert target.read_bytes() == OTHER


def test_what_a_bad_mirror_began_is_begun_anew(server, target):
    bad = server.put("a", OTHER, cut=HALF, ranges=False)
    fetch([bad, server.put("b", CONTENT)], target, sha256=HASH)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("excess", [0, 1000])
def test_a_part_that_is_all_or_more(server, target, excess):
    address = server.put("a", CONTENT)
    target.parent.mkdir()
    part = target.with_name(f".{target.name}.{HASH[:16]}.part")
    part.write_bytes(CONTENT + bytes(excess))
    fetch([address], target, sha256=HASH)
    assert target.read_bytes() == CONTENT
    assert len(server.asked) == (2 if excess else 0)
    assert names_in(target.parent) == [target.name]


@pytest.fixture
def locked_part(target):
    """A part file that another process seems to have."""
    target.parent.mkdir()
    path = target.with_name(f".{target.name}.{HASH[:16]}.part")
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path


def test_the_download_of_another_process_is_waited_for(
    server, target, locked_part
):
    address = server.put("a", CONTENT)
    thread = threading.Thread(
        target=fetch, args=([address], target), kwargs={"sha256": HASH}
    )
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    locked_part.write_bytes(CONTENT)
    locked_part.replace(target)
    thread.join(10)
    assert not thread.is_alive()
    assert target.read_bytes() == CONTENT
    assert server.asked == []


def test_a_process_that_does_not_get_on_is_left_alone(
    server, target, locked_part, monkeypatch
):
    monkeypatch.setattr(web, "TIMEOUT", 0.2)
    fetch([server.put("a", CONTENT)], target, sha256=HASH)
    assert target.read_bytes() == CONTENT
    assert names_in(target.parent) == sorted([target.name, locked_part.name])
    assert locked_part.read_bytes() == b""
