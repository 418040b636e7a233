"""What nobody has told the hash of, and addresses of `.keras` files."""

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from zoo_server import damage, entry, make_certificate, nowhere, serving

from keras_twostream.weights.store import (
    fetch_address,
    fetch_file,
    weights_dir,
)

CONTENT = random.Random(0).randbytes(200_000)
OTHER = random.Random(1).randbytes(200_000)
HASH = hashlib.sha256(CONTENT).hexdigest()
SCRIPT = """
import sys
from keras_twostream.weights.store import fetch_address
print("ready", flush=True)
print(fetch_address(sys.argv[1]), flush=True)
"""


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secure_server(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(certificate) as running:
        yield running


def names_here():
    return sorted(path.name for path in weights_dir().iterdir())


def test_nobody_vouches_for_plain_http(server):
    address = server.put("a.keras", CONTENT)
    for fetched in (
        lambda: fetch_file(entry(address), nowhere),
        lambda: fetch_address(address),
    ):
        with pytest.raises(ValueError, match="is not https"):
            fetched()
    assert server.asked == []


def test_the_first_download_is_trusted_and_recorded(
    server, secure_server, caplog
):
    plain = server.put("a.mat", OTHER)
    address = secure_server.put("a.mat", CONTENT)
    weights = entry(plain, address, format="matconvnet")
    path = fetch_file(weights, nowhere)
    assert path.read_bytes() == CONTENT
    assert path.suffix == ".mat"
    record = path.with_name(f"{path.name}.json")
    assert json.loads(record.read_text())["sha256"] == HASH
    (message,) = [r for r in caplog.records if r.name == "keras_twostream"]
    assert HASH in message.getMessage()
    assert fetch_file(weights, nowhere) == path
    assert len(secure_server.asked) == 1
    assert names_here() == [path.name, record.name]


def test_arrays_of_others_come_by_plain_http_too(server, caplog):
    address = server.put("a.mat", CONTENT)
    weights = entry(address, format="matconvnet")
    path = fetch_file(weights, nowhere)
    assert path.read_bytes() == CONTENT
    assert HASH in caplog.text
    server.put("a.mat", OTHER)
    path.unlink()
    with pytest.raises(ValueError, match="first downloaded"):
        fetch_file(weights, nowhere)


def test_a_later_download_must_be_as_the_first(secure_server):
    address = secure_server.put("a.keras", CONTENT)
    path = fetch_address(address)
    damage(path)
    assert fetch_address(address).read_bytes() == CONTENT
    secure_server.put("a.keras", OTHER)
    path.unlink()
    record = path.with_name(f"{path.name}.json")
    with pytest.raises(ValueError, match=HASH) as caught:
        fetch_address(address)
    assert f"delete {record} to trust other bytes" in str(caught.value)
    assert not path.exists()
    record.write_text("{}")
    with pytest.raises(ValueError, match="must hold the sha256"):
        fetch_address(address)
    record.unlink()
    assert fetch_address(address).read_bytes() == OTHER


def test_an_address_may_tell_its_hash(server):
    address = server.put("my%20model.v2.keras", CONTENT)
    path = fetch_address(f"{address}#sha256={HASH.upper()}")
    assert path.name == f"my_20model_v2.{HASH[:16]}.keras"
    server.put("my%20model.v2.keras", OTHER)
    path.unlink()
    with pytest.raises(ValueError, match=HASH):
        fetch_address(f"{address}#sha256={HASH}")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.b/c.h5",
        "https://a.b/",
        "file:///c.keras",
        "https://a.b/c.keras#",
        "https://a.b/c.keras#sha256=12",
        "https://a.b/c.keras#md5=12",
        f"https://a.b/c.keras#{HASH}",
        f"https://a.b/c.keras#sha256={HASH}0",
    ],
)
def test_a_wrong_address_is_named(address):
    with pytest.raises(ValueError, match="Received") as caught:
        fetch_address(address)
    assert repr(address) in str(caught.value)


def test_two_processes_download_once(server):
    page = server.put("a.keras", CONTENT, {"hold": 65_536}, {})
    command = [sys.executable, "-c", SCRIPT, f"{page}#sha256={HASH}"]
    processes = []
    try:
        for _ in range(2):
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            processes.append(process)
            assert process.stdout.readline() == b"ready\n"
            assert server.holding.wait(15)
        server.go.set()
        answers = [process.communicate(timeout=15)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert answers[0] == answers[1]
    path = Path(answers[0].decode().strip())
    assert path.read_bytes() == CONTENT
    assert names_here() == [path.name]
    assert len(server.asked) == 1
