"""The ledger of the book: made once, after the chapters, and written whole.

Called as a program by the Snakefile: ``python -m exercisebook.publish.ledger PLAN``. How a page
shows it stands in the Sphinx extension.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from exercisebook.claims.changes import DIGITS, NUMBERS
from exercisebook.claims.ledger import COLUMNS
from exercisebook.cohort.tables import whole_file, write_csv
from exercisebook.errors import BookError
from exercisebook.publish.events import tell
from exercisebook.publish.notebooks import files_of, table_of_contents
from exercisebook.publish.plan import ONE_THREAD, Plan, read_plan

PAGE = "book/ledger"
CSV = "ledger.csv"
JSON = "ledger.json"
SCALES = "scales.csv"

SCALE = ["dataset", "canonical_id", "kind", "effect_scale", "unit", "contrast"]


@dataclass(frozen=True)
class BookLedger:
    """The ledger, and on which scale and of which contrast each data set's numbers are."""

    rows: pd.DataFrame
    scales: pd.DataFrame


def has_ledger(plan: Plan) -> bool:
    """Return whether a plan's site has the page; a report has not: it is less than the book."""
    return not plan.report and PAGE in files_of(table_of_contents(plan.root))


def ledger_folder(plan: Plan) -> Path:
    """Return where the ledger of a plan's site is kept."""
    return plan.out / ".work" / "ledger"


def make_ledger() -> BookLedger:
    """Return the ledger: computed where the bytes are at hand, from frozen results elsewhere."""
    # the chapters import everything, which a build with nothing to do need not wait for
    from exercisebook.chapters.ledgers import book_ledger, effects_of_chapters

    chosen = effects_of_chapters()
    scales = pd.concat(chosen.values(), ignore_index=True)[SCALE].drop_duplicates()
    return BookLedger(book_ledger(chosen), scales.reset_index(drop=True))


def write_ledger(made: BookLedger, folder: Path) -> None:
    """Write the ledger as CSV and as JSON, each file whole."""
    rows = made.rows.astype({"n_subjects": "Int64"})
    with whole_file(folder / JSON) as temporary:
        temporary.write_text(_as_json(rows), encoding="utf-8")
    write_csv(rows, folder / CSV, DIGITS)


def read_ledger(folder: Path) -> BookLedger:
    """Return a written ledger."""
    text = {name: str for name in COLUMNS if name not in NUMBERS}
    rows = pd.read_csv(
        folder / CSV, dtype=text, keep_default_na=False, na_values=dict.fromkeys(NUMBERS, "")
    )
    return BookLedger(rows, pd.read_csv(folder / SCALES, keep_default_na=False))


def _as_json(rows: pd.DataFrame) -> str:
    records = [
        {name: _plain(value) for name, value in row.items()} for row in rows.to_dict("records")
    ]
    return json.dumps(records, indent=1, ensure_ascii=False) + "\n"


def _plain(value: object) -> object:
    if pd.isna(value):
        return None
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def main(arguments: list[str]) -> int:
    """Make the ledger of a plan; return the exit status."""
    started = time.monotonic()
    os.environ.update(ONE_THREAD)
    tell(event="started", chapter="ledger")
    try:
        made, folder = make_ledger(), ledger_folder(read_plan(Path(arguments[0])))
        write_csv(made.scales, folder / SCALES)
        write_ledger(made, folder)
    except BookError as error:
        tell(event="failed", chapter="ledger", message=f"the ledger: {error}")
        return 1
    tell(event="done", chapter="ledger", seconds=round(time.monotonic() - started, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
