"""Small files behind addresses, https, offline mode, the progress bar."""

import json

import pytest
from zoo_server import make_certificate, serving

from keras_twostream.remote import web
from keras_twostream.remote.cache import weights_dir
from keras_twostream.remote.download import fetch, is_remote, read_remote

PAGE = json.dumps(["spatial.test"]).encode()


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_TWOSTREAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("KERAS_TWOSTREAM_OFFLINE", raising=False)


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


def test_addresses_are_told_from_names():
    assert is_remote("https://a.b/c")
    assert is_remote("HTTP://a.b/c")
    for text in ("file:///c", "hf://a/b", "https:/a", "spatial.test", "a/b"):
        assert not is_remote(text)


def test_a_small_file_is_read_every_time(server):
    address = server.put("index.json", PAGE)
    assert read_remote(address) == PAGE
    server.put("index.json", b"[]")
    assert read_remote(address) == b"[]"


def test_a_small_file_is_read_offline_if_it_was_before(server, monkeypatch):
    seen, unseen = server.put("a", PAGE), server.put("b", PAGE)
    read_remote(seen)
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "1")
    assert read_remote(seen) == PAGE
    with pytest.raises(ValueError, match="KERAS_TWOSTREAM_OFFLINE") as caught:
        read_remote(unseen)
    assert unseen in str(caught.value)
    assert len(server.asked) == 1


def test_a_cache_that_cannot_be_written_does_not_matter(server, monkeypatch):
    weights_dir().parent.mkdir()
    weights_dir().write_bytes(b"no folder")
    assert read_remote(server.put("a", PAGE)) == PAGE


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"status": 404}, "answers 404"),
        ({"cut": 3}, "broke off after 3 of 16 bytes"),
        ({"hold": 3}, "sent nothing for 0.3 seconds"),
        ({"status": 302, "location": "file:///etc/passwd"}, "leads to file:"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named(server, plan, words, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT", 0.3)
    address = server.put("index.json", PAGE, plan)
    with pytest.raises(ValueError, match=words) as caught:
        read_remote(address)
    assert str(caught.value).startswith(f"{address} cannot be read: ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirections_are_followed(server, status):
    server.put("b", PAGE)
    address = server.put("a", status=status, location="/b")
    assert read_remote(address) == PAGE


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("a", "leads on more than 5 times"),
        ("file:///etc/passwd", "leads to file:///etc/passwd"),
        ("ftp://127.0.0.1/a", "leads to ftp"),
        ("data:text/plain,hello", "leads to data"),
        ("http://[", "Invalid IPv6"),
    ],
)
def test_some_redirections_are_not_followed(server, location, words):
    address = server.put("a", status=302, location=location)
    with pytest.raises(ValueError, match=words):
        read_remote(address)


def test_a_large_file_is_not_read_into_memory(server):
    address = server.put("a", bytes(100_000), chunked=True)
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        read_remote(address, limit=1000)
    assert read_remote(address, limit=100_000) == bytes(100_000)


def test_a_compressed_answer_is_refused(server):
    address = server.put("a", PAGE, headers={"Content-Encoding": "gzip"})
    with pytest.raises(ValueError, match="another encoding"):
        read_remote(address)


def test_a_secure_server_must_be_who_it_says(certificate):
    with serving(certificate) as server:
        address = server.put("a", PAGE)
        with pytest.raises(ValueError, match="CERTIFICATE_VERIFY_FAILED"):
            read_remote(address)
    assert server.asked == []


def test_https_never_leads_to_http(server, secure_server, tmp_path):
    plain = server.put("a", PAGE)
    address = secure_server.put("a", status=302, location=plain)
    with pytest.raises(ValueError, match="https alone is allowed"):
        fetch([address], tmp_path / "a", size=len(PAGE))
    assert server.asked == []


def test_http_may_lead_to_https(server, secure_server, tmp_path):
    address = server.put("a", status=302, location=secure_server.put("a", PAGE))
    assert fetch([address], tmp_path / "a").read_bytes() == PAGE


def test_nothing_is_downloaded_offline(server, tmp_path, monkeypatch):
    address = server.put("a", PAGE)
    monkeypatch.setenv("KERAS_TWOSTREAM_OFFLINE", "true")
    with pytest.raises(ValueError, match="KERAS_TWOSTREAM_OFFLINE") as caught:
        fetch([address], tmp_path / "a", title="spatial.test")
    assert "spatial.test would have to be downloaded" in str(caught.value)
    assert server.asked == []


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_for_terminals(
    server, tmp_path, monkeypatch, capsys, terminal
):
    for name in ("NO_COLOR", "TTY_COMPATIBLE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    fetch([server.put("a", PAGE)], tmp_path / "a", title="[these] weights")
    out, err = capsys.readouterr()
    assert out == ""
    assert ("[these] weights" in err) == terminal
    assert terminal or err == ""
