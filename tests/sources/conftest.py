"""A server on this machine that behaves as servers do, and the original bytes where at hand."""

import gzip
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from exercisebook.sources import fetch as fetching
from exercisebook.sources.catalogue import DataFile, dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.rfiles import read_r_frame


@dataclass
class Page:
    """One address: what it holds, and how badly it behaves."""

    content: bytes = b""
    status: int = 200
    ignores_ranges: bool = False
    compresses: bool = False
    breaks_off_after: int | None = None


@dataclass
class Server:
    """Pages by path, and the requests that came, each as path and asked-for range."""

    address: str
    pages: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def url(self, path):
        return f"{self.address}/{path}"


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = self.headers.get("Range")
            server.asked.append((self.path.lstrip("/"), asked))
            page = server.pages.get(self.path.lstrip("/"), Page(status=404))
            if page.status != 200:
                self.send_error(page.status)
                return
            body, encoding = page.content, None
            if page.compresses and "gzip" in self.headers.get("Accept-Encoding", ""):
                body, encoding = gzip.compress(body), "gzip"
            start = 0
            if asked and not page.ignores_ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if encoding:
                self.send_header("Content-Encoding", encoding)
            body = body[start:]
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body[: page.breaks_off_after])
            self.close_connection = True

        def log_message(self, *words):
            pass

    return Handler


@pytest.fixture
def server(monkeypatch):
    """Yield a server whose folder ``archive`` stands for the second source."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    described = Server("")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(described))
    described.address = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setattr(fetching, "ARCHIVE", described.url("archive/{sha256}"))
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield described
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty folder that is the cache."""
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


def data_file(content, url, name="table.csv"):
    """Return a file of the catalogue at an address that the catalogue itself would refuse."""
    sha256 = hashlib.sha256(content).hexdigest()
    return DataFile.model_construct(name=name, url=url, sha256=sha256, bytes=len(content))


def with_files(*files, name="grinta"):
    return dataset(name).model_copy(update={"files": files})


def _raw(name):
    files = locate(dataset(name))
    if files is None:
        pytest.skip(f"the bytes of {name} are not at hand (EXERCISEBOOK_DATA)")
    return files


@pytest.fixture(scope="session")
def grinta_files():
    return _raw("grinta")


@pytest.fixture(scope="session")
def ultramarathon_files():
    return _raw("ultramarathon")


@pytest.fixture(scope="session")
def nhanes_frames():
    return {name: read_r_frame(path) for name, path in _raw("nhanes").items()}


@pytest.fixture(scope="session")
def cycling_files():
    return _raw("cycling-training")
