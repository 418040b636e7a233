"""A web server on this machine that can do all that goes wrong."""

import hashlib
import re
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keras_twostream.weights import Weights

CHUNK = 1 << 14


@dataclass
class Page:
    """What is behind a name, and how it is answered for.

    Attributes:
        content: The bytes.
        status: HTTP status of the whole.
        location: Where it leads to, with a status of redirection.
        etag: What tells one content from another; `None` makes one.
        ranges: Whether parts can be asked for.
        cut: Closes the connection after so many bytes of an answer.
        hold: Waits after so many bytes of an answer until `Server.go` is set.
        flip: Index of a byte that is sent wrong.
        sized: Whether the number of bytes is told.
        chunked: Whether the end is told by chunks instead.
        kind: Content type.
        headers: Further headers of the answer.
    """

    content: bytes
    status: int = 200
    location: str | None = None
    etag: str | None = None
    ranges: bool = True
    cut: int | None = None
    hold: int | None = None
    flip: int | None = None
    sized: bool = True
    chunked: bool = False
    kind: str = "application/octet-stream"
    headers: dict = field(default_factory=dict)

    @property
    def tag(self):
        if self.etag is not None:
            return self.etag
        return f'"{hashlib.md5(self.content).hexdigest()}"'


@dataclass
class Asked:
    """One request, and how many bytes of content went out for it."""

    name: str
    headers: dict
    sent: int = 0


@dataclass
class Server:
    """Handle of a running server.

    Attributes:
        base: Its address, without a slash at the end.
        asked: The requests so far.
        holding: Set when an answer has come to its `hold`.
        go: Lets such an answer go on.
    """

    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    holding: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    pages: dict[str, list[Page]] = field(default_factory=dict)

    def put(self, name, content=b"", *plans, **options):
        """Puts a page behind a name and returns its address.

        Args:
            name: Of the page.
            content: Its bytes.
            *plans: Dicts of options, one for each request, the last of which
                stays; instead of `options` for all of them.
            **options: Attributes of `Page`.
        """
        plans = plans or (options,)
        self.pages[name] = [Page(content, **plan) for plan in plans]
        return f"{self.base}/{name}"

    @property
    def sent(self):
        return [asked.sent for asked in self.asked]

    def take(self, name):
        """Returns the page for the next request, or `None`."""
        pages = self.pages.get(name)
        if pages is None:
            return None
        return pages.pop(0) if len(pages) > 1 else pages[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True
        owner = self.server.owner
        name = self.path.lstrip("/")
        asked = Asked(name, dict(self.headers))
        owner.asked.append(asked)
        page = owner.take(name)
        try:
            if page is None:
                self.send_error(404)
            elif page.location is not None or page.status >= 400:
                self._refuse(page)
            else:
                self._answer(page, asked, owner)
        except OSError:
            # The other side has gone.
            pass

    def log_message(self, *_):
        pass

    def _refuse(self, page):
        self.send_response(page.status)
        if page.location is not None:
            self.send_header("Location", page.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, page, asked, owner):
        size, start = len(page.content), self._start(page)
        if start > 0 and start >= size:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            told = f"bytes {start}-{size - 1}/{size}"
            self.send_header("Content-Range", told)
        if page.sized and not page.chunked:
            self.send_header("Content-Length", str(size - start))
        if page.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Content-Type", page.kind)
        for header in {"ETag": page.tag, **page.headers}.items():
            self.send_header(*header)
        self.end_headers()
        self._send(page, start, asked, owner)

    def _start(self, page):
        """Returns from where on the content is wanted, and can be had."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", page.tag) == page.tag
        return int(found[1]) if found and page.ranges and same else 0

    def _send(self, page, start, asked, owner):
        body = bytearray(page.content)
        if page.flip is not None:
            body[page.flip] ^= 1
        body = bytes(body[start:])
        stops = {page.cut, page.hold} - {None}
        edges = {*range(0, len(body), CHUNK), len(body), *stops}
        edges = sorted(edge for edge in edges if edge <= len(body))
        for begin, end in zip(edges, edges[1:], strict=False):
            if begin == page.hold:
                owner.holding.set()
                owner.go.wait(20)
            if begin == page.cut:
                return
            # Before they are sent: nobody has them and finds them uncounted.
            asked.sent = end
            self._write(body[begin:end], page.chunked)
        if page.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, block, chunked):
        if chunked:
            block = b"%x\r\n%s\r\n" % (len(block), block)
        self.wfile.write(block)
        self.wfile.flush()


class _Threading(ThreadingHTTPServer):
    daemon_threads = True


@contextmanager
def serving(certificate=None):
    """Yields a `Server`, by https if there is a certificate.

    Args:
        certificate: Pair (certificate, key) of PEM files.
    """
    http = _Threading(("127.0.0.1", 0), _Handler)
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
        scheme = "https"
    owner = Server(base=f"{scheme}://127.0.0.1:{http.server_address[1]}")
    http.owner = owner
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield owner
    finally:
        owner.go.set()
        http.shutdown()
        thread.join()
        http.server_close()


def make_certificate(folder):
    """Returns the PEM files (certificate, key) of this machine, made anew."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, which makes a certificate")
    paths = folder / "certificate.pem", folder / "key.pem"
    options = (
        "req -x509 -nodes -days 2 -newkey ec -pkeyopt "
        "ec_paramgen_curve:prime256v1 -subj /CN=127.0.0.1 -addext "
        "subjectAltName=IP:127.0.0.1 -addext "
        "keyUsage=critical,digitalSignature,keyCertSign"
    )
    made = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run(
        ["openssl", *options.split(), *made], check=True, capture_output=True
    )
    return paths


def entry(*urls, **file):
    """Returns an entry of which only the file matters.

    Args:
        *urls: Addresses and names of the file.
        **file: Other attributes of `WeightsFile`.
    """
    return Weights(
        name="spatial.test",
        description="",
        file={"urls": urls} | file,
        network={"name": "spatial"},
        class_names=None,
        flow={},
        licence="CC0-1.0",
        unverified="All of it.",
    )


def nowhere(name):
    raise AssertionError(name)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
