"""Servers of this machine that stand for those of the world."""

import contextlib
import functools
import http.server
import pathlib
import re
import threading
import urllib.request


class _Handler(http.server.SimpleHTTPRequestHandler):
    """A folder with pages of links, parts of files, and ETags."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            super().do_GET()
            return
        content = path.read_bytes()
        part, status = content, 200
        if found := re.fullmatch(
            r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")
        ):
            first, last = int(found[1]), int(found[2] or len(content) - 1)
            if first >= len(content):
                self.send_error(416)
                return
            part, status = content[first : last + 1], 206
        self.send_response(status)
        if status == 206:
            end = first + len(part) - 1
            told = f"bytes {first}-{end}/{len(content)}"
            self.send_header("Content-Range", told)
        stamp = path.stat().st_mtime_ns
        self.send_header("ETag", f'"{stamp}-{len(content)}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(part)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Says nothing: clients may close a connection early."""


@contextlib.contextmanager
def serving(folder):
    """Yields the address of a folder, and the list of requests to come."""
    handler = functools.partial(_Handler, directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.asked
        finally:
            server.shutdown()
            thread.join()


def s3_environment(port):
    """Returns the variables by which clients find an S3 server here."""
    place = f"127.0.0.1:{port}"
    return {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # fsspec reads the first, tensorflow-io the other.
        "AWS_ENDPOINT_URL": f"http://{place}",
        "S3_ENDPOINT": f"http://{place}",
    }


@contextlib.contextmanager
def serving_s3(bucket):
    """Yields the port of an S3 server with an empty bucket; needs moto."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    try:
        place = f"http://127.0.0.1:{port}/{bucket}"
        request = urllib.request.Request(place, method="PUT")
        urllib.request.urlopen(request).close()
        yield port
    finally:
        server.stop()
