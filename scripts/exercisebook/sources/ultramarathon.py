"""Eleven runners of a 50 km race: blood before, after the first lap, at the finish, a day later.

Traps handled here: the sheet "Delta" treats a blank as 0, so the runners' own columns beside the
plate reader's output are read; no detection limit is written, so what the reader makes of four
tubes that belong to no runner, and hold next to nothing, is taken for it; age, sex and race
columns are dropped on reading; the unit of the cytokines is not written. Whether a runner
finished is not recorded: three without cytokines at the finish have a creatine kinase there, so
a missing value is not a drop-out.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure
from exercisebook.sources.features import feature_table

PHASES = ("before", "lap 1", "finish", "24h after")
SCREENING = "screening"
CYTOKINES = {"TNFa": "tnf", "IL-8": "cxcl8", "IL-6": "il6", "IL1B": "il1b"}
_ASSAYS = {
    "TNF-α (Human)": "tnf",
    "IL-8 (Human)": "cxcl8",
    "IL-6 (Human)": "il6",
    "IL-1β (Human)": "il1b",
}
_WELLS = ("Sample", "Assay", "Calc. Concentration", "Calc. Conc. Mean")
BLOOD = {
    "CK": ("clinical", "creatine_kinase"),
    "Hct": ("blood_count", "haematocrit"),
    "Hb": ("blood_count", "haemoglobin"),
    "RC": ("blood_count", "red_cells"),
    "WC": ("blood_count", "leukocytes"),
}
_VISITS = {"V1": SCREENING, "V2b": PHASES[0], "V2L1": PHASES[1], "V2F": PHASES[2], "V3": PHASES[3]}
RUNNERS = 11
_SHEET_COLUMNS = ("Baseline", "Lap1", "Finish", "Post")


def read_ultramarathon(files: dict[str, Path]) -> Cohort:
    """Return the cohort of the 50 km race.

    Parameters
    ----------
    files : dict of str to Path
        ``Inflammatory_factors.xlsx`` and ``CK_and_WBCs.xlsx``.

    Returns
    -------
    Cohort
        11 subjects in one arm; phases screening, before, lap 1, finish, 24h after; cytokines
        (presumably pg/mL), creatine kinase (U/L), red and white cells.

    Raises
    ------
    Failure
        If a sheet does not have the layout described.
    """
    plate = _plate(files["Inflammatory_factors.xlsx"])
    cytokines = _cytokines(plate)
    limits = _limits(plate, cytokines)
    long = pd.concat([cytokines, _blood(files["CK_and_WBCs.xlsx"])])
    samples = _samples(long)
    long = long.assign(sample_id=_sample_id(long["subject"], long["phase"]))
    long = long.reset_index(drop=True)
    limit = long["feature"].map(limits)
    measurements = {
        str(modality): measured_frame(t["sample_id"], t["feature"], t["value"], limit[t.index])
        for modality, t in long.groupby("modality")
    }
    subjects = pd.DataFrame({"subject": sorted(set(long["subject"]), key=int)})
    return Cohort(
        "ultramarathon",
        subjects.assign(sex="unknown", age=np.nan),
        samples,
        _features(limits),
        _contrasts(),
        measurements,
        {"title": "50 km race", "licenses": [{"name": "CC0-1.0"}]},
    )


def _plate(path: Path) -> pd.DataFrame:
    with pd.ExcelFile(path) as book:
        if "Raw Data" not in book.sheet_names:
            raise Failure(f"{path.name}: no sheet 'Raw Data'; found {book.sheet_names}")
        return book.parse("Raw Data", header=None)


def _cytokines(sheet: pd.DataFrame) -> pd.DataFrame:
    """Read a block a cytokine: its name, a row of four phases, then a row a runner."""
    tops = sheet.index[sheet.eq("Baseline").sum(axis=1) == len(CYTOKINES)]
    if len(tops) == 0:
        raise Failure(
            f"Inflammatory_factors.xlsx: no row where 'Baseline' stands {len(CYTOKINES)} times"
        )
    top = tops[0]
    header = sheet.loc[top]
    blocks = []
    for first in header.index[header == "Baseline"]:
        found = tuple(header.loc[first : first + 3])
        name = next(iter(sheet.loc[top - 1, [first - 1, first]].dropna()), None)
        if name not in CYTOKINES or found != _SHEET_COLUMNS:
            raise Failure(f"Inflammatory_factors.xlsx: block {name!r} with columns {found}")
        block = sheet.loc[top + 1 : top + RUNNERS, first : first + 3].astype(float)
        block.columns = list(PHASES)
        block.insert(0, "subject", sheet.loc[top + 1 : top + RUNNERS, first - 1])
        blocks.append(_long(block, "cytokines", CYTOKINES[name]))
    return pd.concat(blocks)


def _limits(sheet: pd.DataFrame, cytokines: pd.DataFrame) -> dict[str, float]:
    """Return each cytokine's highest well among the tubes that belong to no runner.

    The reader's list names tubes (U001, ...) and not runners; a tube is a runner's if one of its
    mean concentrations is a runner's value.
    """
    wells = _wells(sheet)
    seen = cytokines.loc[cytokines["value"] > 0, "value"]
    of_runners = set(seen.round(9))
    is_runners = wells["Calc. Conc. Mean"].round(9).isin(of_runners).groupby(wells["Sample"])
    nobodys = wells[~is_runners.transform("any")]
    limits = nobodys.groupby(nobodys["Assay"].map(_ASSAYS))["Calc. Concentration"].max()
    if set(limits.index) != set(CYTOKINES.values()):
        raise Failure(
            "Inflammatory_factors.xlsx: sheet 'Raw Data': no tube of no runner was read for "
            f"{sorted(set(CYTOKINES.values()) - set(limits.index))}, so no detection limit is known"
        )
    return {str(feature): float(limit) for feature, limit in limits.items()}


def _wells(sheet: pd.DataFrame) -> pd.DataFrame:
    """Read the plate reader's list, a row a well, of tubes and not of standards."""
    headers = sheet.index[sheet.eq("Calc. Concentration").any(axis=1)]
    if len(headers) == 0:
        raise Failure("Inflammatory_factors.xlsx: no row of headers with 'Calc. Concentration'")
    top = headers[0]
    place = {name: sheet.columns[sheet.loc[top].eq(name)] for name in _WELLS}
    absent = [name for name, columns in place.items() if len(columns) != 1]
    if absent:
        raise Failure(f"Inflammatory_factors.xlsx: row {top + 1}: no column {', '.join(absent)}")
    wells = sheet.loc[top + 1 :, [columns[0] for columns in place.values()]]
    wells = wells.set_axis(list(_WELLS), axis=1)
    wells = wells[wells["Sample"].astype(str).str.fullmatch(r"U\d+")]
    return wells.astype({"Calc. Concentration": float, "Calc. Conc. Mean": float})


def _blood(path: Path) -> pd.DataFrame:
    """Read the first sheet's columns by name (visit-analyte); other columns are left unread."""
    sheet = pd.read_excel(path, header=1)
    if "Subject ID" not in sheet:
        raise Failure(f"{path.name}: no column Subject ID in the second row of the first sheet")
    sheet = sheet[sheet["Subject ID"].astype(str).str.startswith("ULTRA_")]
    subject = sheet["Subject ID"].str.removeprefix("ULTRA_").astype(int)
    blocks = []
    for analyte, (modality, feature) in BLOOD.items():
        columns = {f"{visit}-{analyte}": phase for visit, phase in _VISITS.items()}
        absent = [column for column in columns if column not in sheet]
        if absent:
            raise Failure(f"{path.name}: no column {', '.join(absent)}")
        block = sheet[list(columns)].astype(float).rename(columns=columns)
        block.insert(0, "subject", subject)
        blocks.append(_long(block, modality, feature))
    return pd.concat(blocks)


def _long(block: pd.DataFrame, modality: str, feature: str) -> pd.DataFrame:
    long = block.melt("subject", var_name="phase", value_name="value")
    subject = long["subject"].astype(int).astype(str)
    return long.assign(subject=subject, modality=modality, feature=feature)


def _sample_id(subject: pd.Series, phase: pd.Series) -> pd.Series:
    return "R" + subject.str.zfill(2) + "-" + phase.str.replace(" ", "-")


def _samples(long: pd.DataFrame) -> pd.DataFrame:
    samples = long[["subject", "phase"]].drop_duplicates()
    place = {phase: i for i, phase in enumerate((SCREENING, *PHASES))}
    samples = samples.assign(
        sample_id=_sample_id(samples["subject"], samples["phase"]),
        arm="race",
        day=samples["phase"].map({PHASES[0]: 0, PHASES[1]: 0, PHASES[2]: 0, PHASES[3]: 1.0}),
        time_h=np.nan,
        hours_since_bout=samples["phase"].map({PHASES[2]: 0.0, PHASES[3]: 24.0}),
        fasting="unknown",
        batch="unknown",
        order=samples["subject"].astype(int) * 10 + samples["phase"].map(place),
    ).sort_values("order")
    columns = ["sample_id", "subject", "arm", "phase", "day", "time_h", "hours_since_bout"]
    return samples[[*columns, "fasting", "batch"]].reset_index(drop=True)


def _features(limits: dict[str, float]) -> pd.DataFrame:
    units = feature_table()["unit"]
    rows = [("cytokines", f, f, "pg/mL (presumed)", limits[f]) for f in CYTOKINES.values()]
    rows += [(modality, f, f, units[f], np.nan) for modality, f in BLOOD.values()]
    return features_frame(rows)


def _contrasts() -> pd.DataFrame:
    before, lap, finish, day_after = PHASES
    rows = [
        ("lap 1", "acute", lap, before, "race", "race"),
        ("finish", "acute", finish, before, "race", "race"),
        ("24h after", "recovery", day_after, before, "race", "race"),
    ]
    return contrasts_frame(rows)
