"""Weigh the built site, and time its painting on a slow line and a slow processor.

``make bench`` prints, for each page and window, what a first visit loads before anyone scrolls
and when it is painted, and writes it to ``_build/bench/site.csv``. The pages come gzipped from a
server of this program's own; the browser is Chromium with the line and the processor slowed
down. Paint times belong to the machine they were taken on, weights do not.
"""

import argparse
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pandas as pd
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from exercisebook.cohort.tables import write_csv
from exercisebook.paths import BUILD
from exercisebook.publish.notebooks import files_of, table_of_contents
from exercisebook.publish.pdf import browser

BITS_PER_SECOND, ROUND_TRIP_MS, SLOWED = 1.6e6, 150, 4
"""The line and the processor: a common telephone on a weak mobile network."""

WINDOWS = {"phone": (390, 844), "desktop": (1280, 900)}
LIMITS = {
    "first visit": (1500.0, "kB"),
    "page alone": (400.0, "kB"),
    "first paint": (2.0, "s"),
    "largest paint": (3.0, "s"),
    "layout shift": (0.02, "of 1"),
}
"""At most: what a first visit loads, gzipped; of that, text, figures and their data of this page;
the first and the largest contentful paint; the cumulative shift of a reading to the end."""

_SHARED = ("/_static/", "/favicon.ico")
_PACKED = {".html", ".css", ".js", ".json", ".svg", ".csv", ".ipynb", ".md", ".txt"}

WATCH = """() => {
  window.seen = {shift: 0, largest: 0};
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.largest = entry.startTime;
  }).observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.shift += entry.value;
  }).observe({type: "layout-shift", buffered: true});
}"""
FIRST = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000"
SCROLL = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += 300) {
    window.scrollTo({top: y, behavior: "instant"});
    await new Promise((done) => setTimeout(done, 120));
  }
}"""


@cache
def packed(path: Path) -> bytes:
    """Return a file as a server sends it."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


class _Handler(SimpleHTTPRequestHandler):
    """A folder over HTTP/1.1; text is gzipped, and may be kept by the browser."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        text = path.suffix in _PACKED
        body = packed(path) if text else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if text:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder; yield its address."""

    def handler(*given: Any) -> _Handler:
        return _Handler(*given, directory=str(site))

    server = ThreadingHTTPServer(("127.0.0.1", 0), cast(Any, handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def slowed(page: Page) -> CDPSession:
    """Slow down the line and the processor of a page; return the session that holds them so."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BITS_PER_SECOND / 8,
            "uploadThroughput": BITS_PER_SECOND / 8,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    return session


def visit(chromium: Browser, address: str, site: Path, name: str, window: str) -> dict[str, Any]:
    """Return what a first visit to a page weighs, and when it is painted.

    Weights are taken before anyone scrolls; layout shift is that of reading to the end.
    """
    wide, high = WINDOWS[window]
    context = chromium.new_context(
        viewport={"width": wide, "height": high}, is_mobile=window == "phone"
    )
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    slowed(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(address + name, wait_until="networkidle", timeout=120_000)
    page.wait_for_function(f"{FIRST} > 0", timeout=60_000)
    page.wait_for_timeout(1000)
    weights = {path: weight(site, path) for path in dict.fromkeys(asked)}
    first, seen = page.evaluate(FIRST), page.evaluate("window.seen")
    page.evaluate(SCROLL)
    shift = page.evaluate("window.seen.shift")
    context.close()
    own = sum(kb for path, kb in weights.items() if not path.startswith(_SHARED))
    return {
        "page": name,
        "window": window,
        "requests": len(weights),
        "first visit": sum(weights.values()),
        "page alone": own,
        "first paint": first,
        "largest paint": seen["largest"] / 1000,
        "layout shift": shift,
    }


def weight(site: Path, path: str) -> float:
    """Return the kilobytes that a server sends of an address, gzipped where that helps."""
    file = site / unquote(path).lstrip("/")
    if not file.is_file():
        return 0.0
    return (len(packed(file)) if file.suffix in _PACKED else file.stat().st_size) / 1000


def measured(site: Path, names: list[str], windows: list[str]) -> pd.DataFrame:
    """Return a row a page and window."""
    rows = []
    with (
        sync_playwright() as playwright,
        served(site) as address,
        Progress(console=Console(stderr=True)) as progress,
    ):
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        wanted = [(name, window) for name in names for window in windows]
        for name, window in progress.track(wanted, description="visiting"):
            rows.append(visit(chromium, address, site, name, window))
        chromium.close()
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table and write it; say what lies above a limit."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--site", type=Path, default=BUILD / "html")
    words.add_argument("--window", choices=list(WINDOWS), action="append")
    words.add_argument("--out", type=Path, default=BUILD / "bench" / "site.csv")
    words.add_argument("pages", nargs="*", help="as in the site; all of them where none is named")
    given = words.parse_args()
    names = given.pages or [f"{name}.html" for name in files_of(table_of_contents())]
    rows = measured(given.site, names, given.window or list(WINDOWS))
    console = Console(width=150)
    table = Table("page", "window", "requests", *(f"{n} ({u})" for n, (_, u) in LIMITS.items()),
                  box=None)  # fmt: skip
    for row in rows.to_dict("records"):
        told = [_told(row[name], most) for name, (most, _) in LIMITS.items()]
        table.add_row(row["page"], row["window"], str(row["requests"]), *told)
    table.add_row("at most", "", "", *(f"{most:g}" for most, _ in LIMITS.values()))
    console.print(table)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_csv(rows, given.out, digits=4)
    console.print(f"written: {given.out}")


def _told(value: float, most: float) -> str:
    text = f"{value:.0f}" if most >= 100 else f"{value:.2f}" if most >= 1 else f"{value:.3f}"
    return f"[bold]{text} ![/bold]" if value > most else text


if __name__ == "__main__":
    main()
