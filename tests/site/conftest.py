import pytest

from exercisebook.paths import BUILD


@pytest.fixture(scope="session")
def site():
    html = BUILD / "html"
    if not (html / "index.html").exists():
        pytest.fail("there is no site to test; run: exercisebook build")
    return html
