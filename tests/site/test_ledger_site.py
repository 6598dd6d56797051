"""The ledger in the built site, and both verdicts together on every page of it."""

import csv
import json
import re
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from exercisebook.claims.claims import claims
from exercisebook.claims.ledger import COLUMNS
from exercisebook.claims.verdict import (
    CONTRADICTED,
    ELSEWHERE,
    INCONCLUSIVE,
    NO_PRACTICAL,
    NO_VERDICT,
    NOT_MEASURED,
    OBSERVED,
    SUPPORTED,
)
from exercisebook.publish.checks import check_site
from exercisebook.publish.ledger import PAGE
from exercisebook.publish.notebooks import chapter_slugs, files_of, table_of_contents
from exercisebook.publish.pdf import browser
from exercisebook.publish.sphinx_extension.ledger_html import CAUSES

PAGES = [f"{name}.html" for name in files_of(table_of_contents())]
LEDGER = f"{PAGE}.html"
SECTION = "what-the-data-say-about-the-claims"

JUDGING = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NO_PRACTICAL, ELSEWHERE, NO_VERDICT)
"""Verdicts whose words say something of a claim wherever they stand."""

WORDS = re.compile(r"\b(" + "|".join(JUDGING) + r")\b", re.IGNORECASE)
UNMEASURED = re.compile(rf"\b{NOT_MEASURED}\b", re.IGNORECASE)
CLAIM = re.compile(r"\bS\d-\d\d\b")
CAUSE = re.compile(
    r"identified by the design|not identified|not asked|the cause identified"
    r"|can the design name the cause(?!\?)"
)
CAUSE_HEAD = "can the design name the cause?"
BLOCKS = ("p", "li", "dd", "dt", "figcaption", "caption", "summary", "pre", "form", "blockquote",
          "h1", "h2", "h3", "h4", "div", "section", "title")  # fmt: skip

OF_NO_CLAIM = (
    "book/how_to_read.html",
    "book/faq.html",
    "notebooks/appendix/A3_operating_characteristics.html",
)
"""Pages whose verdicts, where no claim is named, are none on a claim: the one that defines the
words, and the one that judges the rule itself on simulated studies."""

NO_VERDICTS = re.compile(
    r"contradicted by a value of the same assay|no verdict on any claim|not supported yet"
)
"""Words that only look like a verdict: of potencies, of simulated cohorts, and of formats."""


def blocks(soup):
    """Yield each smallest block of text of a page, a row of a table whole, and every caption."""
    for text in soup.find_all(string=re.compile(r"\S")):
        if text.find_parent(["script", "style"]):
            continue
        block = text.find_parent("tr") or text.find_parent(BLOCKS)
        if block is not None:
            yield block, " ".join(block.get_text(" ").split())
    for element in soup.find_all(["img", "meta"]):
        yield element, element.get("alt") or element.get("content") or ""
    for element in soup.select("[aria-label], [title]"):
        yield element, f"{element.get('aria-label', '')} {element.get('title', '')}"
    for script in soup.select("script.vl-spec"):
        spec = json.loads(script.get_text())
        yield script, spec["description"]
        yield script, spec.get("usermeta", {}).get("caption", "")
        for row in (r for rows in spec.get("datasets", {}).values() for r in rows):
            yield script, " ; ".join(f"{value}" for value in row.values())


def alone(soup, page):
    """Return the blocks of a page in which an observed verdict stands without one on the cause."""
    found = []
    for block, text in blocks(soup):
        of_claim = (
            CLAIM.search(text)
            or block.find_parent("table", class_="ledger")
            or "is it there?" in _heads(block)
        )
        judging = WORDS.search(NO_VERDICTS.sub("", text))
        told = judging and (of_claim or page not in OF_NO_CLAIM)
        told = told or (of_claim and UNMEASURED.search(text))
        if told and not CAUSE.search(text) and not _says_the_kind(block, text):
            found.append(text)
    return list(dict.fromkeys(found))


def _heads(block):
    table = block.find_parent("table")
    return [head.get_text() for head in table.select("thead th")] if table else []


def _says_the_kind(block, text):
    """Return whether the kind of the cause stands beside the verdict, or above a count of it.

    Beside it in a row of a chart's data; above in a table with a column for each kind.
    """
    if block.name == "script":
        return "identified" in text.split(" ; ")
    heads = _heads(block)
    if CAUSE_HEAD in heads and block.name == "tr":
        cells = [cell.get_text() for cell in block.find_all(["th", "td"])]
        return cells[heads.index(CAUSE_HEAD)] in CAUSES
    return {f"cause {kind}" for kind in CAUSES} <= set(heads)


def soup_of(site, page):
    return BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def ledger(site):
    return soup_of(site, LEDGER)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_an_observed_verdict_alone(site, page):
    assert alone(soup_of(site, page), page) == []


ALONE = {
    "a row": ("<table><tr><td>{id}</td><td>{word}</td></tr></table>", 1),
    "a paragraph": ("<p>{id} is <em>{word}</em> by rats.</p>", 1),
    "a sentence without the id": ("<p>The claim is {word} by rats.</p>", 1),
    "a caption": ("<figure><figcaption><span>{word}: {id}</span></figcaption></figure>", 1),
    "a badge": ("<div><span>{word}</span></div>", 1),
    "an alternative": ('<img alt="Dots. {id} {word}." src="x">', 1),
    "bare text": ("<section>{word}, says {id}</section>", 1),
    "a row with its cause": (
        "<table><tr><td>{word}</td><td>not identified: x</td></tr></table>",
        0,
    ),
    "a row of a chart's data with its cause": (
        "<table><thead><tr><th>is it there?</th><th>can the design name the cause?</th></tr>"
        "</thead><tr><td>{word}</td><td>identified</td></tr></table>",
        0,
    ),
    "a row of a chart's data without its cause": (
        "<table><thead><tr><th>is it there?</th><th>can the design name the cause?</th></tr>"
        "</thead><tr><td>{word}</td><td>–</td></tr></table>",
        1,
    ),
    "a count under each kind of cause": (
        "<table><thead><tr><th>x</th><th>cause identified</th><th>cause not identified</th>"
        "<th>cause not asked</th></tr></thead><tr><th>{word}</th><td>3</td></tr></table>",
        0,
    ),
    "a count under some kinds of cause": (
        "<table><thead><tr><th>x</th><th>cause identified</th><th>rows</th></tr></thead>"
        "<tr><th>{word}</th><td>3</td></tr></table>",
        1,
    ),
    "the cause in the next row": (
        "<table><tr><td>{id} {word}</td></tr><tr><td>not identified: x</td></tr></table>",
        1,
    ),
}


@pytest.mark.parametrize("word", JUDGING)
@pytest.mark.parametrize("what", ALONE)
def test_the_rule_finds_a_verdict_that_stands_alone(what, word):
    text, expected = ALONE[what]
    soup = BeautifulSoup(text.format(id="S1-34", word=word), "html.parser")
    assert len(alone(soup, "notebooks/05_betaine_metabolism.html")) == expected


def test_the_rule_finds_what_is_not_measured_where_a_claim_is_named():
    page = "notebooks/05_betaine_metabolism.html"
    named = BeautifulSoup("<p>S1-34 is not measured.</p>", "html.parser")
    prose = BeautifulSoup("<p>Indirect bilirubin was not measured apart.</p>", "html.parser")
    assert len(alone(named, page)) == 1
    assert alone(prose, page) == []


def test_the_rule_finds_a_doctored_chart():
    spec = {"description": "x", "datasets": {"a": [{"claim_id": "S1-34", "observed": SUPPORTED}]}}
    soup = BeautifulSoup(f'<script class="vl-spec">{json.dumps(spec)}</script>', "html.parser")
    assert len(alone(soup, LEDGER)) == 1
    spec["datasets"]["a"][0]["cause"] = "identified"
    soup = BeautifulSoup(f'<script class="vl-spec">{json.dumps(spec)}</script>', "html.parser")
    assert alone(soup, LEDGER) == []


JUDGED = [f"notebooks/{slug}.html" for slug in chapter_slugs()[1:]]
"""Chapters with claims that were or could be measured; those of the first describe."""


@pytest.mark.parametrize("page", [LEDGER, *JUDGED])
def test_a_real_page_without_its_causes_is_refused(site, page):
    text = (site / page).read_text(encoding="utf-8")
    doctored = re.sub(r"not identified|identified by the design|not asked", "–", text)
    assert len(alone(BeautifulSoup(doctored, "html.parser"), page)) > len(
        alone(BeautifulSoup(text, "html.parser"), page)
    )


def test_every_claim_has_a_row_with_both_verdicts(ledger):
    rows = ledger.select("table.ledger tbody tr")
    assert {row.select_one(".claim-id").get_text() for row in rows} == set(claims()["claim_id"])
    for row in rows:
        assert row.select_one(".observed").get_text() in OBSERVED
        assert CAUSE.search(row.select_one(".cause").get_text())


def test_the_files_of_the_ledger_hold_the_rows_of_the_page(site, ledger):
    shown = [
        (row.select_one(".claim-id").get_text(), row["data-dataset"])
        for row in ledger.select("table.ledger tbody tr")
    ]
    with (site / "ledger.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    records = json.loads((site / "ledger.json").read_text(encoding="utf-8"))
    for rows in (table, records):
        assert [(row["claim_id"], row["dataset"]) for row in rows] == shown
        for row in rows:
            assert list(row) == COLUMNS
            assert row["observed"] in OBSERVED
            assert CAUSE.search(row["cause"])
            assert row["reason"]
    assert {a["href"] for a in ledger.find_all("a", download=True)} == {
        "../ledger.csv",
        "../ledger.json",
    }


def test_without_the_file_the_site_would_be_refused(site, tmp_path):
    (tmp_path / "html" / "book").mkdir(parents=True)
    (tmp_path / "stage").mkdir()
    text = (site / LEDGER).read_text(encoding="utf-8")
    (tmp_path / "html" / LEDGER).write_text(text, encoding="utf-8")
    toc = f"format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: {PAGE}\n"
    (tmp_path / "stage" / "_toc.yml").write_text(toc)
    told = check_site(tmp_path / "html", tmp_path / "stage")
    assert any(line.startswith("ledger.csv: not made") for line in told)
    assert any(line.startswith("ledger.json: not made") for line in told)


@pytest.mark.parametrize("slug", chapter_slugs())
def test_rows_of_a_chapter_link_to_the_ledger_and_its_claims_link_back(site, ledger, slug):
    page = soup_of(site, f"notebooks/{slug}.html")
    # a claim that repeats another is judged where that one is
    first = claims()[claims()["same_as"].isna()]
    own = set(first.query(f"chapter == '{int(slug[:2])}'")["claim_id"])
    linked = {
        a.get_text(): a["href"]
        for a in page.select("table.book-table th[scope=row] a")
        if CLAIM.fullmatch(a.get_text())
    }
    assert own <= set(linked)
    for claim_id in own:
        place = f"claim-{claim_id.lower()}"
        assert linked[claim_id] == f"../book/ledger.html#{place}"
        back = f"../notebooks/{slug}.html#{SECTION}"
        assert ledger.find(id=place).find("a", href=back) is not None
    assert page.find(id=SECTION) is not None


def test_without_a_release_the_page_says_so(ledger):
    from exercisebook.claims.changes import last_release

    text = ledger.find(id="changed-since-the-last-release").get_text()
    release = last_release()
    assert (release.version if release else "No release of this book has been made yet") in text


# fmt: off
# fmt: on
SHOWN = "table.ledger tbody tr:visible"
in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(browser() is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def visit(chromium, site):
    """Return a function that opens the ledger in a window of its own."""
    opened = []

    def go(hash_="", script=True, width=1280):
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            is_mobile=width < 600,
        )
        opened.append(context)
        page = context.new_page()
        page.goto((site / LEDGER).as_uri() + hash_)
        return page

    yield go
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def rows(ledger):
    return ledger.select("table.ledger tbody tr")


def having(rows, **values):
    return [r for r in rows if all(r[f"data-{name}"] == v for name, v in values.items())]


class TestInABrowser:
    pytestmark = in_browser

    def test_without_scripts_all_rows_are_there_and_no_dead_form(self, visit, rows):
        page = visit(script=False)
        assert page.locator(SHOWN).count() == len(rows)
        assert not page.locator("form.ledger-filter").is_visible()

    def test_a_search_keeps_the_rows_with_every_word_and_tells_how_many(self, visit, rows):
        page = visit()
        page.get_by_label("Search", exact=True).last.fill("Betaine  RAISE")
        wanted = [r for r in rows if all(w in r.get_text().lower() for w in ("betaine", "raise"))]
        assert 0 < len(wanted) < len(rows)
        assert page.locator(SHOWN).count() == len(wanted)
        told = page.locator(".ledger-count")
        assert told.inner_text() == f"{len(wanted)} of {len(rows)} rows shown"
        assert told.get_attribute("aria-live") == "polite"

    @pytest.mark.parametrize(
        ("name", "value"),
        [("chapter", "5"), ("observed", INCONCLUSIVE), ("cause", "not asked"),
         ("dataset", "motrpac-rat"), ("document", "review")],
    )  # fmt: skip
    def test_each_filter_keeps_its_rows_and_stands_in_the_address(self, visit, rows, name, value):
        page = visit()
        page.locator(f"form.ledger-filter select[name={name}]").select_option(value)
        wanted = having(rows, **{name: value})
        assert 0 < len(wanted) < len(rows)
        assert page.locator(SHOWN).count() == len(wanted)
        again = visit("#" + page.url.partition("#")[2])
        assert again.locator(SHOWN).count() == len(wanted)
        assert again.locator(f"form.ledger-filter select[name={name}]").input_value() == value

    def test_filters_and_search_narrow_together_and_one_button_shows_all(self, visit, rows):
        page = visit("#q=betaine&chapter=5&cause=not+identified")
        wanted = [
            r
            for r in having(rows, chapter="5", cause="not identified")
            if "betaine" in r.get_text().lower()
        ]
        assert page.locator(SHOWN).count() == len(wanted)
        page.get_by_role("button", name="Show all").click()
        page.wait_for_function("!location.hash")
        assert page.locator(SHOWN).count() == len(rows)

    def test_an_address_with_an_unknown_filter_shows_all(self, visit, rows):
        assert visit("#chapter=99&nonsense=1").locator(SHOWN).count() == len(rows)

    def test_when_nothing_fits_the_page_says_so(self, visit):
        page = visit("#q=" + quote("no such word anywhere"))
        assert page.locator(SHOWN).count() == 0
        assert "no row fits" in page.locator(".ledger-count").inner_text()
        page.get_by_role("button", name="Show all rows").click()
        page.wait_for_function("!location.hash")
        assert page.locator(SHOWN).count() > 0
        assert page.get_by_role("button", name="Show all rows").count() == 0

    @pytest.mark.parametrize(
        ("asked", "claim_id"),
        [("CRP", "S1-14"), ("hs-CRP", "S1-14"), ("IL6", "S1-07"), ("IL 6", "S1-07"),
         ("TNFa", "S1-07"), ("TNF-alpha", "S1-07"), ("tnf α", "S1-07"), ("IFNγ", "S1-07"),
         ("c reactive protein", "S1-14"), ("White Blood-Cells", "S1-08")],
    )  # fmt: skip
    def test_a_search_knows_the_other_names_of_a_feature(self, visit, rows, asked, claim_id):
        page = visit("#q=" + quote(asked))
        assert page.locator(f"#claim-{claim_id.lower()}").is_visible()
        assert 0 < page.locator(SHOWN).count() < len(rows) / 4

    def test_a_claims_number_may_lack_its_nought(self, visit):
        page = visit("#q=S1-7")
        assert page.locator("#claim-s1-07").is_visible()
        assert not page.locator("#claim-s1-70").is_visible()

    def test_the_menu_holds_every_verdict_with_its_count(self, visit, rows):
        told = visit().locator("form.ledger-filter select[name=observed] option").all_inner_texts()
        counts = [f"{name} ({len(having(rows, observed=name))})" for name in OBSERVED]
        assert told == ["all", *counts]

    def test_a_claims_address_shows_its_row_though_a_filter_hid_it(self, visit, rows):
        page = visit("#chapter=1")
        page.evaluate("location.hash = '#claim-s1-34'")
        page.wait_for_function("document.getElementById('claim-s1-34').checkVisibility()")
        assert page.locator(SHOWN).count() == len(rows)
        # the theme scrolls smoothly, so the row arrives a little later
        page.wait_for_function(
            "document.getElementById('claim-s1-34').getBoundingClientRect().bottom < 800"
        )

    def test_it_works_by_keyboard(self, visit, rows):
        page = visit()
        page.locator("form.ledger-filter input[name=q]").focus()
        page.keyboard.type("betaine")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "chapter"
        page.keyboard.type("5")
        wanted = [r for r in having(rows, chapter="5") if "betaine" in r.get_text().lower()]
        assert page.locator(SHOWN).count() == len(wanted)
        names = []
        for _ in range(5):
            page.keyboard.press("Tab")
            names.append(
                page.evaluate("document.activeElement.name || document.activeElement.type")
            )
        assert names == ["observed", "cause", "dataset", "document", "reset"]
        page.keyboard.press("Enter")
        page.wait_for_function("!location.hash")
        assert page.locator(SHOWN).count() == len(rows)

    @pytest.mark.parametrize("width", [360, 720])
    def test_nothing_reaches_beyond_a_narrow_window_and_rows_become_cards(self, visit, width):
        page = visit(width=width)
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) <= 0
        for cell in page.locator("table.ledger tbody td").all()[:60]:
            box = cell.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width + 1
        stacked = page.locator("table.ledger tbody tr").first.evaluate(
            "row => getComputedStyle(row).display"
        )
        assert stacked == ("block" if width <= 640 else "table-row")

    def test_it_asks_nothing_of_the_network(self, chromium, site):
        context = chromium.new_context()
        page = context.new_page()
        asked, errors = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto((site / LEDGER).as_uri())
        page.locator("form.ledger-filter input[name=q]").fill("crp")
        assert [u for u in asked if not u.startswith(("file:", "data:", "blob:"))] == []
        assert errors == []
        context.close()
