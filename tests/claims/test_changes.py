"""Two ledgers are compared: what is new, gone, of another verdict, or moved; and frozen whole."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.claims.changes import (
    GONE,
    MOVED,
    NEW,
    NUMBERS,
    VERDICT,
    changes,
    changes_text,
    last_release,
    write_release,
)
from exercisebook.claims.ledger import COLUMNS
from exercisebook.errors import InvalidInput, Misuse

NOT_IDENTIFIED = "not identified: session order"


def row(claim_id="S1-01", dataset="grinta", observed="inconclusive", **changed):
    known = {
        "claim_id": claim_id,
        "chapter": "2",
        "dataset": dataset,
        "observed": observed,
        "cause": NOT_IDENTIFIED,
        "design": "controlled, not randomised",
        "directness": "species same",
        "estimate": 0.5,
        "ci_low": -0.1,
        "ci_high": 1.1,
        "n_subjects": 15.0,
        "detectable": 0.7,
        "reason": "95 % interval holds no change",
    }
    return {**known, **changed}


def unmeasured(claim_id="S1-02"):
    return row(claim_id, "none", "not measured", **dict.fromkeys(NUMBERS, np.nan))


def ledger(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def one(before, after):
    found = changes(ledger(*after), ledger(*before))
    assert len(found) == 1
    return found.iloc[0]


def test_the_same_ledger_has_not_changed():
    rows = ledger(row(), unmeasured())
    assert changes(rows, rows.copy()).empty


def test_a_new_row_has_both_verdicts_now_and_none_before():
    found = one([row()], [row(), unmeasured()])
    assert (found["claim_id"], found["change"]) == ("S1-02", NEW)
    assert (found["observed_after"], found["cause_after"]) == ("not measured", NOT_IDENTIFIED)
    assert pd.isna(found["observed_before"])


def test_a_row_that_is_gone_keeps_both_verdicts_of_before():
    found = one([row(), unmeasured()], [row()])
    assert found["change"] == GONE
    assert (found["observed_before"], found["cause_before"]) == ("not measured", NOT_IDENTIFIED)


@pytest.mark.parametrize(
    "changed", [{"observed": "supported"}, {"cause": "identified by the design"}]
)
def test_either_verdict_alone_is_a_change_of_verdict(changed):
    found = one([row()], [row(**changed)])
    assert found["change"] == VERDICT
    for name in ("observed", "cause"):
        assert found[f"{name}_before"] == row()[name]
        assert found[f"{name}_after"] == row(**changed)[name]


@pytest.mark.parametrize("name", NUMBERS)
def test_any_number_that_moved_is_a_change(name):
    assert one([row()], [row(**{name: row()[name] * (1 + 2e-6)})])["change"] == MOVED


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_came_or_went_has_moved(name):
    assert one([row()], [row(**{name: np.nan})])["change"] == MOVED


@given(st.sampled_from(NUMBERS), st.floats(-5e-7, 5e-7))
def test_rounding_is_no_change(name, relative):
    after = row(**{name: row()[name] * (1 + relative)})
    assert changes(ledger(after), ledger(row())).empty


def test_words_alone_are_no_change_of_results():
    assert changes(ledger(row(reason="other words")), ledger(row())).empty


def test_the_order_of_rows_does_not_matter():
    assert changes(ledger(unmeasured(), row()), ledger(row(), unmeasured())).empty


def test_a_release_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "releases" / "ledger.csv"
    rows = ledger(row(estimate=1 / 3), unmeasured())
    write_release(rows, "0.2.0", "2026-11-21", path)
    release = last_release(path)
    assert (release.version, release.date) == ("0.2.0", "2026-11-21")
    assert list(release.rows.columns) == COLUMNS
    assert changes(rows, release.rows).empty


def test_before_the_first_release_there_is_none(tmp_path):
    assert last_release(tmp_path / "ledger.csv") is None
    assert "no release has been made" in changes_text(changes(ledger(row()), ledger(row())), None)


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "1.2.3\n", "one"])
def test_what_is_no_version_is_refused_and_nothing_is_written(tmp_path, version):
    with pytest.raises(Misuse, match="is no version"):
        write_release(ledger(row()), version, "2026-11-21", tmp_path / "ledger.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["0.10.0", "0.9.1"])
def test_a_version_that_is_not_later_is_refused_and_the_old_ledger_stands(tmp_path, version):
    path = tmp_path / "ledger.csv"
    write_release(ledger(row()), "0.10.0", "2026-11-21", path)
    before = path.read_bytes()
    with pytest.raises(Misuse, match=r"not later than 0\.10\.0"):
        write_release(ledger(unmeasured()), version, "2026-11-22", path)
    assert path.read_bytes() == before
    write_release(ledger(unmeasured()), "0.11.0", "2026-11-22", path)
    assert list(last_release(path).rows["claim_id"]) == ["S1-02"]


def test_a_write_that_fails_leaves_the_old_ledger_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "ledger.csv"
    write_release(ledger(row()), "0.1.0", "2026-11-21", path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="no space"):
        write_release(ledger(row()), "0.2.0", "2026-11-22", path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_corrupted_release_is_refused_with_row_and_column(tmp_path):
    path = tmp_path / "ledger.csv"
    write_release(ledger(row(), unmeasured()), "0.1.0", "2026-11-21", path)
    path.write_text(path.read_text().replace("0.5", "half", 1))
    with pytest.raises(InvalidInput, match="row 2, column estimate: found 'half'"):
        last_release(path)


def test_a_release_of_two_versions_is_refused(tmp_path):
    path = tmp_path / "ledger.csv"
    write_release(ledger(row(), unmeasured()), "0.1.0", "2026-11-21", path)
    path.write_text(path.read_text().replace("0.1.0", "0.2.0", 1))
    with pytest.raises(InvalidInput, match="expected one release"):
        last_release(path)


def test_changes_are_told_with_both_verdicts_before_and_now(tmp_path):
    path = tmp_path / "ledger.csv"
    write_release(ledger(row()), "0.1.0", "2026-11-21", path)
    release = last_release(path)
    found = changes(ledger(row(observed="supported"), unmeasured()), release.rows)
    told = changes_text(found, release)
    assert "since 0.1.0 (2026-11-21): 2" in told
    assert f"before: observed inconclusive; cause {NOT_IDENTIFIED}; estimate 0.5" in told
    assert f"now:    observed supported; cause {NOT_IDENTIFIED}" in told
    assert "before: no such row" in told
    for line in told.splitlines():
        assert ("observed" in line) == ("cause" in line)
    assert changes_text(changes(release.rows, release.rows), release).startswith("nothing has")
