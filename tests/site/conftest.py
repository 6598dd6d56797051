import pytest

from exercisebook.paths import BUILD
from exercisebook.publish.pdf import browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site():
    html = BUILD / "html"
    if not (html / "index.html").exists():
        pytest.fail("there is no site to test; run: exercisebook build")
    return html


@pytest.fixture(scope="session")
def chromium():
    """Return one browser for all tests of the site: a second one beside it cannot be started."""
    if browser() is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        yield made
        made.close()
