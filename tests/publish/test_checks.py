"""Each check of a site finds its own fault, and nothing in a sound page."""

import pytest

from exercisebook.publish.checks import check_site

TOC = """\
format: jb-book
root: index
parts:
  - caption: Chapters
    chapters:
      - file: notebooks/one
"""
SOUND = '<html><body><h1 id="top">A</h1>{}<img src="a.svg" alt="A chart."></body></html>'


@pytest.fixture
def site(tmp_path):
    html, staged = tmp_path / "html", tmp_path / "stage"
    (html / "notebooks").mkdir(parents=True)
    staged.mkdir()
    (staged / "_toc.yml").write_text(TOC)
    (html / "a.svg").write_text("<svg/>")
    (html / "index.html").write_text(SOUND.format('<a href="notebooks/one.html#top">one</a>'))
    (html / "notebooks" / "one.html").write_text(SOUND.format(""))

    def check(body=None):
        if body is not None:
            (html / "notebooks" / "one.html").write_text(SOUND.format(body))
        return check_site(html, staged)

    check.html = html
    return check


def test_a_sound_site_passes(site):
    assert site() == []


def test_a_page_of_the_contents_that_was_not_made(site):
    (site.html / "notebooks" / "one.html").unlink()
    (site.html / "index.html").write_text(SOUND.format(""))
    assert site() == ["notebooks/one.html: in the table of contents, but not made"]


def test_a_page_that_is_not_in_the_contents(site):
    (site.html / "stray.html").write_text(SOUND.format(""))
    assert site() == ["stray.html: made, but not in the table of contents"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<pre>Traceback (most recent call last): x</pre>", "shows a traceback"),
        ('<div class="output traceback">x</div>', "shows a traceback"),
        ('<div class="output stderr">a warning</div>', "shows standard error: a warning"),
        ('<script src="https://cdn.example/x.js"></script>', "asks https://cdn.example/x.js"),
        ('<script src="//cdn.example/x.js"></script>', "asks //cdn.example/x.js"),
        ('<link rel="stylesheet" href="https://f.example/a.css">', "asks https://f.example"),
        ('<iframe src="https://v.example/"></iframe>', "<iframe> asks"),
        ("<style>@import 'https://f.example/a.css';</style>", "a style asks"),
        ('<p style="background: url(https://i.example/a.png)">x</p>', "a style asks"),
        ('<img src="b.png">', "an image has no text alternative: b.png"),
        ('<img src="b.png" alt=" ">', "an image has no text alternative"),
        ('<script class="vl-spec" type="application/json">{}</script>', "has no description"),
        ('<a href="nowhere.html">x</a>', "a link leads nowhere: nowhere.html"),
        ('<a href="../index.html#gone">x</a>', "a place that is not there"),
        ('<a href="#gone">x</a>', "a place that is not there: #gone"),
    ],
)
def test_a_fault_is_found_and_its_page_named(site, body, told):
    found = site(body)
    assert any(told in line and line.startswith("notebooks/one.html") for line in found)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://doi.org/10.1/x">a link for people asks nothing</a>',
        '<link rel="canonical" href="https://book.example/">',
        '<a href="mailto:a@b.example">x</a>',
        '<img src="data:image/png;base64,xx" alt="x">',
    ],
)
def test_what_asks_for_nothing_passes(site, body):
    assert site(body) == []


def test_a_style_sheet_that_asks_the_network(site):
    (site.html / "x.css").write_text("body { background: url('https://i.example/a.png') }")
    assert site() == ["x.css: asks https://i.example/a.png"]
