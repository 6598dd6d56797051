"""The ledger's page: every row whole in plain HTML, its files, its key, and reports without it."""

import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from exercisebook.claims.changes import Release, changes
from exercisebook.claims.claims import claims
from exercisebook.claims.ledger import COLUMNS, ledger
from exercisebook.claims.verdict import OBSERVED
from exercisebook.paths import ROOT
from exercisebook.publish.book import _write_ledger_key
from exercisebook.publish.checks import check_site
from exercisebook.publish.ledger import (
    CSV,
    JSON,
    PAGE,
    SCALE,
    SCALES,
    BookLedger,
    ledger_folder,
    read_ledger,
    write_ledger,
)
from exercisebook.publish.notebooks import files_of, table_of_contents
from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.publish.sphinx_extension.ledger import (
    changes_sentence,
    changes_table,
    counts_lines,
    counts_table,
    ledger_chart,
)
from exercisebook.publish.sphinx_extension.ledger_html import (
    CAUSES,
    kind_of_cause,
    linked_ids,
    table_html,
)
from exercisebook.publish.stage import omitted_labels, stage
from exercisebook.sources.features import label
from exercisebook.stats.schemas import as_effects

MEASURED = {"betaine": ("motrpac-rat", "training"), "body_mass_index": ("nhanes", "association")}
"""Features of real claims, with a data set that measures each."""


def effects():
    rows = [
        {
            "dataset": dataset,
            "modality": "clinical",
            "feature": name,
            "canonical_id": name,
            "contrast": "gastrocnemius-8w" if name == "betaine" else "active-inactive",
            "kind": kind,
            "method": "t",
            "n_subjects": 1200.0,
            "n_observations": 1200.0,
            "estimate": 1.0,
            "effect_scale": "log2_ratio" if name == "betaine" else "difference",
            "unit": "µmol/L" if name == "betaine" else "kg/m²",
            "se": 0.5,
            "df": 1198.0,
            "statistic": 2.0,
            "ci_low": -1.0,
            "ci_high": 2.0,
            "p_value": 0.05,
            "detectable": 2.0,
            "flag": "",
        }
        for name, (dataset, kind) in MEASURED.items()
    ]
    return as_effects(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def made():
    table = effects()
    rows = ledger(claims(), table)
    assert set(rows["dataset"]) == {"none", "motrpac-rat", "nhanes"}
    return BookLedger(rows, table[SCALE])


def section(chapter):
    return f"../notebooks/{chapter}.html#claims" if chapter != "7" else None


@pytest.fixture(scope="module")
def page(made):
    text = table_html(made.rows, claims(), made.scales, section)
    return BeautifulSoup(text, "html.parser")


@pytest.fixture(scope="module")
def shown(page):
    return page.select("table.ledger tbody tr")


def row_of(page, claim_id):
    return page.find(id=f"claim-{claim_id.lower()}")


def test_every_row_stands_in_the_table_in_order_with_its_statement(made, shown):
    statements = claims().set_index("claim_id")["statement"]
    assert len(shown) == len(made.rows)
    for tr, (_, row) in zip(shown, made.rows.iterrows(), strict=True):
        assert tr.th.get_text().startswith(f"{row['claim_id']} {statements[row['claim_id']]}")


def test_both_verdicts_stand_in_one_cell_of_every_row(made, shown):
    for tr, (_, row) in zip(shown, made.rows.iterrows(), strict=True):
        cell = tr.select_one(".observed").parent
        assert cell.name == "td"
        assert cell.select_one(".observed").get_text() == row["observed"]
        assert cell.select_one(".cause").get_text() == row["cause"]


def test_every_place_has_a_name_of_its_own_and_every_claim_one(page, shown):
    names = [tr["id"] for tr in shown]
    assert len(set(names)) == len(names)
    assert {f"claim-{i.lower()}" for i in claims()["claim_id"]} <= set(names)


def test_a_second_data_set_has_a_place_named_after_it(made):
    first = made.rows[made.rows["claim_id"] == "S1-34"]
    twice = pd.concat([made.rows, first.assign(dataset="grinta")])
    found = BeautifulSoup(table_html(twice, claims(), made.scales, section), "html.parser")
    assert found.find(id="claim-s1-34")["data-dataset"] == "motrpac-rat"
    assert found.find(id="claim-s1-34-grinta")["data-dataset"] == "grinta"


def test_a_claim_that_nothing_measured_names_what_would_decide_it(made, page):
    unmeasured = made.rows[made.rows["observed"] == "not measured"]
    assert len(unmeasured) > 50
    about = claims().set_index("claim_id", drop=False)
    for claim_id in unmeasured["claim_id"]:
        text = row_of(page, claim_id).get_text()
        assert "no open data set" in text
        # a claim that repeats another is decided by what decides that one
        first = about.loc[claim_id, "same_as"] or claim_id
        assert about.loc[first, "decided_by"] in text


def test_logarithms_are_shown_as_ratios_and_differences_with_their_unit(page):
    text = row_of(page, "S1-34").get_text()
    assert (
        "betaine, gastrocnemius, 8 weeks: ratio 2.00 (95 % interval 0.500 to 4.00), "
        "n = 1,200 rats; detectable: 0.250 or 4.00"
    ) in text
    assert (
        "body mass index, active against inactive: 1.00 kg/m² (95 % interval −1.00 to 2.00), "
        "n = 1,200 people; detectable: ±2.00 kg/m²"
    ) in row_of(page, "S1-16").get_text()


@pytest.fixture(scope="module")
def one_member():
    """Return a page with a group that one member answers, and a compound measured once."""
    common = {"method": "t", "modality": "clinical", "flag": "", "effect_scale": "log2_ratio"}
    numbers = {"n_subjects": 1.0, "n_observations": 1.0, "estimate": 1.0, "se": 0.5, "df": 9.0,
               "statistic": 2.0, "ci_low": -1.0, "ci_high": 2.0, "p_value": 0.05,
               "detectable": 2.0}  # fmt: skip
    table = as_effects(
        pd.DataFrame(
            {"dataset": d, "feature": f, "canonical_id": f, "contrast": c, "kind": k, "unit": "",
             **common, **numbers}
            for d, f, c, k in [
                ("ultramarathon", "leukocytes", "24h after", "recovery"),
                ("tbk1-chembl", "tbk1_amlexanox", "IC50 against 10 µM", "group"),
            ]
        )
    )  # fmt: skip
    text = table_html(ledger(claims(), table), claims(), table[SCALE], section)
    return BeautifulSoup(text, "html.parser")


def test_numbers_of_a_group_name_the_member_the_hour_and_the_scale(one_member):
    text = row_of(one_member, "S1-08").get_text()
    assert "leukocytes, 24 h after: ratio 2.00 (95 % interval 0.500 to 4.00)" in text
    assert "n = 1 person;" in text


def test_what_was_measured_on_nobody_is_counted_in_measurements(one_member):
    assert "n = 1 measurement;" in row_of(one_member, "S1-64").get_text()


def test_design_and_directness_stand_beside_the_data_set(made, page):
    row = made.rows.set_index("claim_id").loc["S1-34"]
    text = row_of(page, "S1-34").get_text(" ")
    assert row["design"] in text
    assert "different: species, population" in text


def test_counter_evidence_is_linked_by_its_doi(page):
    known = claims().dropna(subset=["counter_evidence_doi"])
    dois = known[known["counter_evidence_doi"].str.startswith("10.")]
    assert len(dois) > 5
    for _, claim in dois.iterrows():
        addresses = [a["href"] for a in row_of(page, claim["claim_id"]).find_all("a")]
        assert f"https://doi.org/{claim['counter_evidence_doi']}" in addresses
    for _, claim in known.iterrows():
        assert claim["counter_evidence_doi"] in row_of(page, claim["claim_id"]).get_text()


def test_a_claim_links_to_its_chapter_where_the_site_has_it(page):
    assert row_of(page, "S1-34").find("a", href=section("5")).get_text() == "chapter 5"
    home = claims().set_index("claim_id")["chapter"]
    last = next(i for i in home.index if home[i] == "7")
    assert "chapter 7" in row_of(page, last).get_text()
    assert all("notebooks" not in a["href"] for a in row_of(page, last).find_all("a"))


def test_what_a_script_filters_by_is_in_every_row_and_the_form_waits_hidden(page, shown):
    form = page.select_one("form.ledger-filter")
    assert form.has_attr("hidden")
    assert form.select_one("[role=status][aria-live=polite]") is not None
    for select in form.find_all("select"):
        counts = {o["value"]: o.get_text() for o in select.find_all("option") if o["value"]}
        held = [tr[f"data-{select['name']}"] for tr in shown]
        assert set(held) <= set(counts)
        assert counts == {value: f"{value} ({held.count(value)})" for value in counts}
        assert select.find_parent("label").get_text(strip=True)


def test_verdicts_that_no_row_has_are_in_the_menu_with_a_nought(page):
    told = [option.get_text() for option in page.select("select[name=observed] option")]
    assert [text.rsplit(" (", 1)[0] for text in told] == ["all", *OBSERVED]
    assert "supported (0)" in told


def test_a_row_can_be_searched_by_every_name_of_its_features(page):
    assert {"C-reactive protein", "CRP", "hsCRP"} <= set(
        row_of(page, "S1-14")["data-names"].split("|")
    )
    of_group = row_of(page, "S1-07")["data-names"].split("|")
    assert {"IL-6", "IL6", "TNFa", "TNF-alpha", "MCP-1"} <= set(of_group)
    assert len(of_group) == len(set(of_group))


def test_what_the_literature_says_is_not_called_against(page):
    told = [p.get_text() for p in page.select("p.aside") if "doi:" in p.get_text()]
    assert len(told) > 5
    assert all(text.startswith("From the literature: ") for text in told)


def test_text_of_the_tables_cannot_become_markup(made):
    table = claims().copy()
    table["statement"] = "<b>bold</b> & more"
    text = table_html(made.rows.assign(reason="<i>why</i>"), table, made.scales, section)
    assert "<b>" not in text
    assert "<i>" not in text


def test_the_counts_are_those_of_the_rows_and_name_both_verdicts(made):
    lead, told = counts_lines(made.rows)
    assert f"none of {len(made.rows)} rows" in lead
    frame = counts_table(made.rows).frame.set_index("is it there?")
    assert list(frame.index) == list(OBSERVED)
    assert list(frame.columns) == [f"cause {name}" for name in CAUSES]
    kinds = made.rows["cause"].map(kind_of_cause)
    for observed in OBSERVED:
        for cause in CAUSES:
            wanted = ((made.rows["observed"] == observed) & (kinds == cause)).sum()
            assert frame.loc[observed, f"cause {cause}"] == wanted
    assert frame.to_numpy().sum() == len(made.rows)
    assert told.endswith(
        "None is *supported* or *contradicted* as a whole, "
        "with the cause identified by the design or not."
    )


def test_the_counts_follow_the_rows(made):
    rows = made.rows.copy()
    rows.loc[rows.index[:2], ["observed", "cause"]] = ["supported", "identified by the design"]
    lead, told = counts_lines(rows)
    assert f"identified by the design: 2 of {len(rows)} rows" in lead
    assert "None is *contradicted* as a whole" in told
    frame = counts_table(rows).frame.set_index("is it there?")
    assert frame.loc["supported", "cause identified"] == 2


def test_the_counts_name_the_groups_with_a_member_that_is_supported(made):
    rows = made.rows.copy()
    rows.loc[rows["claim_id"] == "S1-07", "reason"] = "inconclusive for IL-6; supported for TNF"
    told = counts_lines(rows)[1]
    assert told.endswith("Single members of a group are *supported*: see the reasons of S1-07.")


def test_the_charts_words_follow_the_rows(made):
    spec = ledger_chart(made.rows).to_dict()
    caption, told = spec["usermeta"]["caption"], spec["description"]
    assert f"Of {len(claims())} claims" in caption
    assert "supported with the cause identified by the design: none" in caption
    assert f"n = {len(made.rows)} rows" in caption
    assert "S1-34 measured elsewhere only, cause not identified" in told


def test_rows_named_by_a_claim_link_to_the_ledger_and_nothing_else_does():
    body = (
        '<th scope="row">S1-34: A claim.</th><th scope="row">S1-07, TNF</th>'
        '<th scope="row">S9-99: none</th><th scope="row">TNF</th><td>S1-34</td><p>S1-34</p>'
    )
    linked = linked_ids(body, {"S1-34", "S1-07"}, "../book/ledger.html")
    soup = BeautifulSoup(linked, "html.parser")
    assert soup.get_text() == BeautifulSoup(body, "html.parser").get_text()
    assert [(a.get_text(), a["href"]) for a in soup.find_all("a")] == [
        ("S1-34", "../book/ledger.html#claim-s1-34"),
        ("S1-07", "../book/ledger.html#claim-s1-07"),
    ]


def test_the_files_hold_the_same_rows_in_the_columns_promised(made, tmp_path):
    write_ledger(made, tmp_path)
    table = pd.read_csv(tmp_path / CSV, dtype=str, keep_default_na=False)
    records = json.loads((tmp_path / JSON).read_text(encoding="utf-8"))
    assert list(table.columns) == COLUMNS
    assert len(table) == len(records) == len(made.rows)
    for (_, row), record in zip(table.iterrows(), records, strict=True):
        assert list(record) == COLUMNS
        assert all((record[name] is None) == (row[name] == "") for name in COLUMNS)
        assert row["n_subjects"] == ("" if record["n_subjects"] is None else "1200")


def test_a_written_ledger_is_read_as_it_was(made, tmp_path):
    made.scales.to_csv(tmp_path / SCALES, index=False)
    write_ledger(made, tmp_path)
    again = read_ledger(tmp_path)
    pd.testing.assert_frame_equal(again.rows, made.rows, check_dtype=False)
    assert changes(again.rows, made.rows).empty
    assert again.scales.values.tolist() == made.scales.values.tolist()


def test_writing_twice_gives_the_same_bytes(made, tmp_path):
    for place in ("a", "b"):
        write_ledger(made, tmp_path / place)
    for name in (CSV, JSON):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.fixture
def site(made, tmp_path):
    """Return a site of a first page and the ledger's, sound, and what its checks say."""
    html, staged = tmp_path / "html", tmp_path / "stage"
    (html / "book").mkdir(parents=True)
    staged.mkdir()
    toc = f"format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: {PAGE}\n"
    (staged / "_toc.yml").write_text(toc)
    (html / "index.html").write_text("<html><body><h1>A</h1></body></html>")
    table = table_html(made.rows, claims(), made.scales, lambda chapter: None)
    (html / f"{PAGE}.html").write_text(f"<html><body><h1>B</h1>{table}</body></html>")
    write_ledger(made, html)

    def check():
        return check_site(html, staged)

    check.html = html
    assert check() == []
    return check


@pytest.mark.parametrize("name", [CSV, JSON])
def test_a_site_without_a_file_of_the_ledger_is_refused(site, name):
    (site.html / name).unlink()
    assert site() == [f"{name}: not made, though the ledger's page offers it"]


def test_files_with_a_row_less_than_the_page_are_refused(site, made):
    write_ledger(BookLedger(made.rows[1:], made.scales), site.html)
    n = len(made.rows)
    assert site() == [f"{name}: holds {n - 1} rows, the page {n}" for name in (CSV, JSON)]


def test_files_with_other_columns_or_a_missing_verdict_are_refused(site, made):
    write_ledger(BookLedger(made.rows.assign(more="x"), made.scales), site.html)
    assert [line.split(" are not")[0] for line in site()] == [
        f"{name}: its columns" for name in (CSV, JSON)
    ]
    write_ledger(BookLedger(made.rows.assign(cause=""), made.scales), site.html)
    assert site() == [f"{name}: a row lacks one of the two verdicts" for name in (CSV, JSON)]
    (site.html / JSON).write_text("{")
    assert any(line.startswith(f"{JSON}: cannot be read") for line in site())


def plan_of(tmp_path, report, key="key"):
    chapters = (ChapterPlan("01_cohort_design", key, {}, tmp_path / "x", tmp_path / "y"),)
    return Plan(ROOT, tmp_path / "out", chapters if key else (), report)


def test_the_contents_name_the_ledger_first_at_the_back():
    (back,) = (p for p in table_of_contents()["parts"] if p["caption"] == "At the back")
    assert back["chapters"][0]["file"] == PAGE


def test_a_report_has_no_ledger_and_no_link_to_it(tmp_path):
    plan = plan_of(tmp_path, report=True, key="")
    (tmp_path / "stage").mkdir()
    assert omitted_labels(plan)["claims-ledger"] == "The ledger"
    stage(plan, tmp_path / "stage")
    assert PAGE not in files_of(yaml.safe_load((tmp_path / "stage" / "_toc.yml").read_text()))
    assert not (tmp_path / "stage" / f"{PAGE}.md").exists()
    for text in (tmp_path / "stage" / "book").glob("*.md"):
        assert "(#claims-ledger)" not in text.read_text(encoding="utf-8")


def test_the_whole_book_is_staged_with_its_ledger(made, tmp_path):
    plan = plan_of(tmp_path, report=False, key="")
    made.scales.to_csv(tmp_path / "s.csv", index=False)
    ledger_folder(plan).mkdir(parents=True)
    (tmp_path / "s.csv").rename(ledger_folder(plan) / SCALES)
    write_ledger(made, ledger_folder(plan))
    stage(plan, tmp_path / "stage")
    assert len(read_ledger(tmp_path / "stage" / "ledger").rows) == len(made.rows)
    assert PAGE in files_of(yaml.safe_load((tmp_path / "stage" / "_toc.yml").read_text()))


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    for name in ("scripts", "book"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "data").mkdir()
    for name in ("_toc.yml", "data/claims.csv", "data/features.csv", "data/catalog.yml"):
        shutil.copyfile(ROOT / name, root / name)

    def key(chapter="key", report=False):
        plan = Plan(root, tmp_path, plan_of(tmp_path, report, chapter).chapters, report)
        _write_ledger_key(plan, tmp_path)
        path = tmp_path / "ledger.key"
        return (path.read_text(), path.stat().st_mtime_ns) if path.exists() else None

    key.root = root
    return key


def test_the_key_of_the_ledger_changes_with_what_it_depends_on_and_with_nothing_else(checkout):
    before = checkout()
    page = checkout.root / f"{PAGE}.md"
    page.write_text(page.read_text() + "\nOne more sentence.\n")
    assert checkout() == before
    for name in ("data/claims.csv", "scripts/exercisebook/claims/verdict.py"):
        path = checkout.root / name
        path.write_bytes(path.read_bytes() + b"\n")
        assert checkout()[0] != before[0]
        before = checkout()
    assert checkout("another result")[0] != before[0]
    assert checkout(report=True) is None


def test_without_a_release_the_page_says_so_and_with_one_what_changed(made):
    assert "No release of this book has been made yet" in changes_sentence(None, 0)
    before = made.rows.copy()
    before.loc[0, ["observed", "cause"]] = ["supported", "identified by the design"]
    release = Release("0.1.0", "2026-11-21", before)
    found = changes(made.rows, release.rows)
    assert "1 row has changed" in changes_sentence(release, len(found))
    assert "no row is new" in changes_sentence(release, 0)
    table = BeautifulSoup(changes_table(found, release)._repr_html_(), "html.parser")
    (row,) = table.select("tbody tr")
    cells = [cell.get_text() for cell in row.find_all("td")]
    assert "observed supported; cause identified by the design" in cells[2]
    assert "observed not an empirical claim; cause not asked" in cells[3]


@pytest.fixture(scope="module")
def chosen():
    """Return the effects that every chapter chose for its claims, with the ledger they make."""
    from exercisebook.chapters.ledgers import book_ledger, effects_of_chapters

    found = effects_of_chapters()
    return {int(slug[:2]): table for slug, table in found.items()}, book_ledger(found)


def test_without_a_data_set_its_rows_are_not_measured_and_no_other_changes(chosen):
    tables, whole = chosen
    measuring = sorted(set(whole["dataset"]) - {"none"})
    assert len(measuring) > 3
    for name in measuring:
        less = pd.concat(
            ledger(claims().query(f"chapter == '{chapter}'"), table[table["dataset"] != name])
            for chapter, table in tables.items()
        )
        now = whole[whole["chapter"].isin([str(chapter) for chapter in tables])]
        found = changes(less, now[now["claim_id"].isin(less["claim_id"])])
        gone = found[found["change"] == "gone"]
        new = found[found["change"] == "new"]
        assert set(found["change"]) <= {"gone", "new"}
        assert set(gone["dataset"]) == {name}
        assert len(gone) == (now["dataset"] == name).sum()
        others = now[(now["dataset"] != name) & (now["dataset"] != "none")]["claim_id"]
        assert set(new["claim_id"]) == set(gone["claim_id"]) - set(others)
        assert (new["observed_after"] == "not measured").all()
        assert new["cause_after"].str.contains("nothing measured it|not asked").all()


@pytest.fixture
def frozen_alone(monkeypatch, tmp_path):
    """Leave no original bytes at hand, and no memory of them."""
    from exercisebook.chapters.results import open_data

    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path))
    open_data.cache_clear()
    yield
    open_data.cache_clear()


def test_removing_an_entry_of_the_catalogue_changes_its_rows_alone(frozen_alone, monkeypatch):
    from exercisebook.chapters.ledgers import book_ledger
    from exercisebook.sources import catalogue

    whole = book_ledger()
    left = {name: entry for name, entry in catalogue.catalogue().items() if name != "grinta"}
    monkeypatch.setattr(catalogue, "catalogue", lambda: left)
    found = changes(book_ledger(), whole)
    assert set(found.query("change == 'gone'")["dataset"]) == {"grinta"}
    assert set(found["change"]) <= {"gone", "new"}


def test_every_number_of_the_book_has_one_scale(chosen):
    tables, whole = chosen
    scales = pd.concat(tables.values())[SCALE].drop_duplicates()
    found = BeautifulSoup(table_html(whole, claims(), scales, section), "html.parser")
    measured = whole[whole["estimate"].notna()]
    assert len(measured) > 5
    known = "|".join(re.escape(label(name)) for name in scales["canonical_id"])
    for _, row in measured.iterrows():
        trs = found.select(f"tr[id^=claim-{row['claim_id'].lower()}]")
        (tr,) = [tr for tr in trs if tr["data-dataset"] == row["dataset"]]
        assert re.match(rf"({known}), .+: .*\(95 % interval", tr.find_all("td")[-1].get_text())


def test_rows_of_a_ledger_have_no_number_without_an_interval(chosen):
    numbers = chosen[1][["estimate", "ci_low", "ci_high", "n_subjects"]].to_numpy(float)
    assert (np.isnan(numbers).all(axis=1) | ~np.isnan(numbers).any(axis=1)).all()


def test_each_chapter_chooses_its_effects_once(monkeypatch):
    from exercisebook.chapters import ledgers
    from exercisebook.publish.ledger import make_ledger

    seen = []

    def choose(slug):
        return lambda chapter: seen.append(slug) or effects()

    monkeypatch.setattr(
        ledgers,
        "CHAPTERS",
        tuple(
            SimpleNamespace(SLUG=slug, begin=lambda: None, claim_effects=choose(slug))
            for slug in ("01_first", "02_second")
        ),
    )
    made = make_ledger()
    assert seen == ["01_first", "02_second"]
    assert set(made.rows["claim_id"]) >= set(claims().query("chapter == '2'")["claim_id"])
    assert set(made.scales["dataset"]) == {"motrpac-rat", "nhanes"}


@pytest.mark.parametrize("json_wanted", [False, True], ids=["text", "json"])
def test_a_choice_without_a_row_says_so_and_what_there_is(made, json_wanted, monkeypatch, capsys):
    from exercisebook.cli import claims as command

    monkeypatch.setattr(command, "book_ledger", lambda: made.rows)
    command.print_ledger({"observed": "supported", "chapter": "2"}, json_wanted)
    out, err = capsys.readouterr()
    told = err if json_wanted else out
    assert "no row of the ledger with observed supported, chapter 2" in told
    count = int((made.rows["observed"] == "not measured").sum())
    assert f"not measured ({count})" in told
    if json_wanted:
        assert json.loads(out) == []
    else:
        assert not err


def test_a_choice_with_rows_shows_them_alone(made, monkeypatch, capsys):
    from exercisebook.cli import claims as command

    monkeypatch.setattr(command, "book_ledger", lambda: made.rows)
    command.print_ledger({"dataset": "nhanes"}, True)
    out, err = capsys.readouterr()
    assert {row["dataset"] for row in json.loads(out)} == {"nhanes"}
    assert not err
