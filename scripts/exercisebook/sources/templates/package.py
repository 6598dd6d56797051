"""The template of a cohort package: tables of one example each, and a guide to their columns.

Columns, allowed values and ranges are read from the schemas, so that the guide says what the
reader asks. Whatever is to be replaced begins with ``EXAMPLE``.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.cohort.frames import contrasts_frame, features_frame
from exercisebook.cohort.package import Cohort, whole_folder, write_cohort
from exercisebook.cohort.schemas import MEASUREMENTS, MODALITIES, TABLES
from exercisebook.sources.catalogue import DESIGNS

EXAMPLE = "EXAMPLE"
"""How every name and text of the template begins that is to be replaced."""

GUIDE = "GUIDE.md"

MEANINGS = {
    "subjects": {
        "subject": "who: a code of your own, never a name or a date of birth",
        "sex": "as recorded",
        "age": "in years; empty where unknown",
        "survey_weight": "of a survey: how many people this one stands for",
        "stratum": "of a survey",
        "psu": "of a survey: its primary sampling unit",
        "income_to_poverty": "of a survey: income over the poverty line",
    },
    "samples": {
        "sample_id": "one name a visit, the same in all tables; 001 stays 001",
        "subject": "whose it is",
        "arm": "what this person was assigned to; one word for all where there is one arm",
        "phase": "when in the study: before, after, week12; the same words for all people",
        "day": "of the study, counted from any day; empty where unknown",
        "time_h": "hours since the start of the session, for several samples in one",
        "hours_since_bout": "since the end of the last exercise; empty where unknown",
        "fasting": "at the draw",
        "batch": "plate or run of the assay; `unknown` where unknown",
        "session": "number of the person's visit, in the order they came",
        "clock_h": "hour of the day of the draw",
        "run_order": "place in the order of the assay",
        "sleep_h": "hours slept the night before",
        "diet_score": "of a questionnaire, in its own units",
    },
    "features": {
        "modality": "which table of `measurements/` holds it",
        "feature": "its name in that table",
        "canonical_id": "the book's name for it, by which it meets the claims; empty for none",
        "unit": "of its values; `relative` where they measure no amount",
        "detection_limit": "in that unit; empty where there is none",
    },
    "contrasts": {
        "contrast": "its name",
        "kind": "what lies between the two phases",
        "phase": "the later phase",
        "reference_phase": "the earlier phase, with which it is compared",
        "arm": "whose change it is",
        "reference_arm": "whose change is taken off it; the same arm where there is no control",
    },
    "measurements": {
        "sample_id": "a sample of samples.csv",
        "feature": "a feature of features.csv",
        "value": "with a point as decimal mark; the limit itself where below detection",
        "status": "what the value is",
    },
}
"""What each column of each table is, in a line."""

_STUDY = {
    "design": "one of the designs below",
    "species": "`human`, or another",
    "population": "who they are, such as `healthy young men`",
    "tissue": "what was sampled, such as `blood`; or an object that says it by modality",
    "exposure": "what people underwent, where contrasts are of the kinds group or association",
    "remains": "what else could explain a difference, in a few words",
}

_CHECKS = {
    "greater_than_or_equal_to": ("min_value", "at least"),
    "less_than_or_equal_to": ("max_value", "at most"),
}


def write_template(folder: Path) -> None:
    """Write the template and its guide into a new or empty folder, whole or not at all.

    Raises
    ------
    Misuse
        If the folder holds anything.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._") or "cohort"
    with whole_folder(folder) as staging:
        write_cohort(template(name), staging / "package")
        for path in sorted((staging / "package").iterdir()):
            path.rename(staging / path.name)
        (staging / "package").rmdir()
        (staging / GUIDE).write_text(guide(), encoding="utf-8")


def template(name: str) -> Cohort:
    """Return a cohort of one example person in two phases, valid and to be replaced."""
    who, when = f"{EXAMPLE}-1", ("before", "after")
    samples = pd.DataFrame(
        {
            "sample_id": [f"{who}-{phase}" for phase in when],
            "subject": who,
            "arm": "exercise",
            "phase": list(when),
            "day": [1.0, 85.0],
            "time_h": np.nan,
            "hours_since_bout": [np.nan, 48.0],
            "fasting": "yes",
            "batch": "unknown",
        }
    )
    feature = f"{EXAMPLE} glucose"
    columns = [samples["sample_id"], feature, [5.1, 4.9], "ok"]
    clinical = pd.DataFrame(dict(zip(MEASUREMENTS.columns, columns, strict=True)))
    return Cohort(
        name,
        pd.DataFrame({"subject": [who], "sex": "female", "age": 31.0}),
        samples,
        features_frame([("clinical", feature, "glucose", "mmol/L", np.nan)]),
        contrasts_frame([(EXAMPLE, "training", "after", "before", "exercise", "exercise")]),
        {"clinical": clinical},
        {
            "title": f"{EXAMPLE}: what the study is, in a line",
            "licenses": [{"name": f"{EXAMPLE}: CC-BY-4.0, or who may use it"}],
            "simulated": False,
            "study": {
                "design": f"{EXAMPLE}: one of the designs in {GUIDE}",
                "species": "human",
                "population": f"{EXAMPLE}: healthy adults",
                "tissue": "blood",
                "remains": f"{EXAMPLE}: order, season, diet",
            },
        },
    )


def simulated_study() -> dict[str, str]:
    """Return what the example cohort says of its design."""
    return {
        "design": "single-arm before-after",
        "species": "human",
        "population": "simulated healthy men",
        "tissue": "blood",
        "remains": "order, season, diet and regression to the mean remain",
    }


def guide() -> str:
    """Return the guide to the tables, with what the schemas allow."""
    tables = {**TABLES, "measurements": MEASUREMENTS}
    parts = [_BEGIN]
    for name, schema in tables.items():
        file = f"{name}.csv" if name in TABLES else "measurements/MODALITY.csv"
        parts.append(f"## {file}\n\n" + "\n".join(_rows(name, schema)) + "\n")
    parts.append(_modalities() + _study() + _END)
    return "\n".join(parts)


def _rows(name: str, schema: pa.DataFrameSchema) -> Iterable[str]:
    yield "| Column | It holds | Allowed |\n|---|---|---|"
    for column, rule in schema.columns.items():
        yield f"| `{column}` | {MEANINGS[name][column]} | {allowed(rule)} |"


def allowed(rule: pa.Column) -> str:
    """Return in words what a column's rule allows."""
    words = []
    for check in rule.checks:
        told = check.statistics or {}
        if check.name == "isin":
            words.append(", ".join(f"`{value}`" for value in told["allowed_values"]))
        elif check.name in _CHECKS:
            key, comparison = _CHECKS[check.name]
            words.append(f"{comparison} {told[key]:g}")
    if str(rule.dtype) == "float64":
        words.insert(0, "a number")
    elif not words:
        words.append("a text")
    if rule.unique:
        words.append("each once")
    if rule.nullable:
        words.append("may be empty")
    if not rule.required:
        words.append("the column may be absent")
    return "; ".join(words)


def _modalities() -> str:
    listed = ", ".join(f"`{name}`" for name in MODALITIES)
    return (
        f"A modality is one of {listed}.\n"
        "Single cells lie in `cells.h5ad`: raw counts, and `sample_id` for every cell.\n\n"
    )


def _study() -> str:
    rows = "\n".join(f"| `{name}` | {says} |" for name, says in _STUDY.items())
    designs = "\n".join(f"- `{design}`" for design in DESIGNS)
    return (
        "## datapackage.json\n\n"
        "`title` says what the study is, and `licenses` who may use the data, such as\n"
        '`[{"name": "CC-BY-4.0"}]` or `[{"name": "not to be shared"}]`.\n'
        "Under `study` it says what no table can, and without which no claim can be judged.\n\n"
        f"| Name | It says |\n|---|---|\n{rows}\n\n"
        f"A design is one of these:\n\n{designs}\n\n"
    )


_BEGIN = f"""# This package

One person, seen twice, stands in each table to show its form.
Everything that begins with `{EXAMPLE}` is to be replaced.

1. Write `subjects.csv`, `samples.csv` and `contrasts.csv`: these are yours to know.
2. Fill in `title`, `licenses` and `study` in `datapackage.json`.
3. Import what was measured: `exercisebook import table FILE --into DIR`, and likewise `olink`,
   `10x`, `h5ad`, `biom`, `qiime2-tsv` and `mwtab`. It writes `features.csv` and `measurements/`,
   and takes their examples out.
4. `exercisebook check DIR` says what is wrong, and what these data can answer.
5. `exercisebook run --cohort DIR` makes the book of them.

Tables are CSV in UTF-8, with commas between fields and a point as decimal mark.
Put no names, dates of birth or addresses into them.
"""

_END = """## Privacy

Nothing leaves this machine. A report made from this package shows single people's values.
"""
