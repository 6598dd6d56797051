"""Broken packages, each named for its fault: a small change of a valid one, and its code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.cohort.package import Cohort, write_cohort
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world

PEOPLE = 8
BLOCKS = ("clinical", "blood_count", "cytokines", "proteins")
PROTEINS = 60


def valid_cohort() -> Cohort:
    """Return a cohort in which a check finds no error and no warning."""
    made = simulate(world("reference"), PEOPLE, 3, blocks=BLOCKS, cells_per_sample=0).cohort
    kept = made.measurements["proteins"]["feature"].drop_duplicates()
    kept = [name for name in kept if name != "ccl25"][:PROTEINS]
    proteins = made.measurements["proteins"].query("feature in @kept").reset_index(drop=True)
    features = made.features[
        (made.features["modality"] != "proteins") | made.features["feature"].isin(kept)
    ]
    study = {
        "design": "single-arm before-after",
        "species": "human",
        "population": "healthy young men",
        "tissue": "blood",
    }
    return replace(
        made,
        features=features.reset_index(drop=True),
        measurements={**made.measurements, "proteins": proteins},
        description={"title": "Eight people", "study": study},
    )


def write_valid(folder: Path) -> None:
    """Write the valid package, with a few single cells."""
    import anndata

    cohort = valid_cohort()
    write_cohort(cohort, folder, digits=6)
    ids = np.repeat(cohort.samples["sample_id"].to_numpy(), 3)
    counts = np.random.default_rng(1).poisson(2, (len(ids), 10)).astype(np.float32)
    obs = pd.DataFrame({"sample_id": ids}, index=[f"c{i}" for i in range(len(ids))])
    anndata.AnnData(counts, obs=obs).write_h5ad(folder / "cells.h5ad")


@dataclass(frozen=True)
class Broken:
    """One entry: its name, the code it gives, and how a valid package is broken."""

    name: str
    code: str
    broken: Callable[[Path], object]


def text(file: str, old: str, new: str) -> Callable[[Path], object]:
    """Replace the first occurrence of a text."""

    def change(folder: Path) -> None:
        path = folder / file
        whole = path.read_text(encoding="utf-8")
        assert old in whole, f"{old!r} is not in {file}"
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")

    return change


def table(file: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    """Change a table, every field of which is text."""

    def changed(folder: Path) -> None:
        path = folder / file
        own = change(pd.read_csv(path, dtype=str, keep_default_na=False))
        own.to_csv(path, index=False, lineterminator="\n")

    return changed


def fields(file: str, where: str, **values: str) -> Callable[[Path], object]:
    """Set fields of the rows that a query picks."""

    def change(own: pd.DataFrame) -> pd.DataFrame:
        rows = own.query(where).index
        assert len(rows)
        for name, value in values.items():
            own.loc[rows, name] = value
        return own

    return table(file, change)


def described(**values: object) -> Callable[[Path], object]:
    """Set fields of the description; None takes one away."""

    def change(folder: Path) -> None:
        path = folder / "datapackage.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        told.update(values)
        told = {name: value for name, value in told.items() if value is not None}
        path.write_text(json.dumps(told), encoding="utf-8")

    return change


def bytes_of(file: str, content: bytes) -> Callable[[Path], object]:
    """Write other bytes in the place of a file."""
    return lambda folder: (folder / file).write_bytes(content)


def with_bytes(file: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change the bytes of a file."""
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes()))


def scaled(file: str, where: str, by: float) -> Callable[[Path], object]:
    """Multiply the values of the rows that a query picks."""

    def change(own: pd.DataFrame) -> pd.DataFrame:
        rows = own.query(where).index
        assert len(rows)
        own.loc[rows, "value"] = [f"{float(v) * by:.6g}" for v in own.loc[rows, "value"]]
        return own

    return table(file, change)


def exchanged(files: list[str], one: str, other: str) -> Callable[[Path], object]:
    """Exchange two samples in some tables of measurements."""
    turn = {one: other, other: one}

    def change(folder: Path) -> None:
        for file in files:
            table(file, lambda own: own.assign(sample_id=own["sample_id"].replace(turn)))(folder)

    return change


def copied(file: str, one: str, other: str, noise: float) -> Callable[[Path], object]:
    """Give one sample the values of another, with a little noise if wanted."""

    def change(own: pd.DataFrame) -> pd.DataFrame:
        source = own[own["sample_id"] == one].set_index("feature")
        rows = own["sample_id"] == other
        rng = np.random.default_rng(4)
        for row in own.index[rows]:
            value, status = source.loc[own.at[row, "feature"], ["value", "status"]]
            if value and noise:
                value = f"{float(value) * np.exp(noise * rng.standard_normal()):.6g}"
            own.loc[row, ["value", "status"]] = value, status
        return own

    return table(file, change)


def as_parquet(folder: Path) -> None:
    path = folder / "measurements" / "clinical.csv"
    own = pd.read_csv(path, dtype={"sample_id": str})
    numbers = {name: str(i) for i, name in enumerate(sorted(own["sample_id"].unique()))}
    own["sample_id"] = own["sample_id"].map(numbers).astype(int)
    path.unlink()
    own.to_parquet(folder / "measurements" / "clinical.parquet", index=False)
    described(resources=[])(folder)
    for file in ("samples", *(f"measurements/{m}" for m in BLOCKS[1:])):
        table(f"{file}.csv", lambda t: t.assign(sample_id=t["sample_id"].map(numbers)))(folder)


def anndata_with(change: Callable[[object], object]) -> Callable[[Path], object]:
    """Change the single cells."""

    def changed(folder: Path) -> None:
        import anndata

        cells = anndata.read_h5ad(folder / "cells.h5ad")
        change(cells)
        (folder / "cells.h5ad").unlink()
        cells.write_h5ad(folder / "cells.h5ad")

    return changed


def normalised(cells: object) -> None:
    cells.X = np.log1p(cells.X)  # type: ignore[attr-defined]


def first_cells_of(sample: str) -> Callable[[object], object]:
    def change(cells: object) -> None:
        whose = cells.obs["sample_id"].astype(str)  # type: ignore[attr-defined]
        cells.obs = cells.obs.assign(sample_id=[*[sample] * 3, *whose[3:]])  # type: ignore[attr-defined]

    return change


def second_visit_only(own: pd.DataFrame) -> pd.DataFrame:
    return own.assign(day=own["phase"].map({"baseline": "45", "acute": "46", "training": "50"}))


def in_arms(design: str) -> Callable[[Path], object]:
    """Put two people into an arm of rest, under a stated design."""

    def change(folder: Path) -> None:
        studied(design=design)(folder)
        fields(SAMPLES, "subject in ['1', '2']", arm="rest")(folder)

    return change


def studied(**values: str) -> Callable[[Path], object]:
    """State another study."""
    study = {"design": "single-arm before-after", "species": "human", "population": "healthy",
             "tissue": "blood"}  # fmt: skip
    return described(study={**study, **values})


def of_rats(orthologs: str | None) -> Callable[[Path], object]:
    """Make the people rats, with rows of a table of orthologs."""

    def change(folder: Path) -> None:
        studied(species="rat")(folder)
        if orthologs is not None:
            (folder / "orthologs.csv").write_text(f"feature,human_symbol\n{orthologs}")

    return change


CLINICAL, BLOOD = "measurements/clinical.csv", "measurements/blood_count.csv"
CYTOKINES, PROTEIN = "measurements/cytokines.csv", "measurements/proteins.csv"
SUBJECTS, SAMPLES, FEATURES, CONTRASTS = (
    f"{name}.csv" for name in ("subjects", "samples", "features", "contrasts")
)
PACKAGE, CELLS = "datapackage.json", "cells.h5ad"
ACUTE = "sample_id.str.endswith('acute')"
EVERY = [f"measurements/{block}.csv" for block in BLOCKS]

_ROWS = (
    ("no description", "T101", lambda f: (f / PACKAGE).unlink()),
    ("description cut off", "T102", with_bytes(PACKAGE, lambda b: b[:200])),
    ("description of a list", "T102", bytes_of(PACKAGE, b"[1, 2]")),
    ("description of other bytes", "T102", bytes_of(PACKAGE, b'{"name": "\xff"}')),
    ("description nested without end", "T102", bytes_of(PACKAGE, b"[" * 100_000)),
    ("description with a number beyond all", "T102", bytes_of(PACKAGE, b"9" * 5000)),
    ("name with spaces", "T103", described(name="my cohort")),
    ("simulated as a word", "T103", described(simulated="no")),
    ("resources as a number", "T103", described(resources=5)),
    ("no subjects", "T104", lambda f: (f / SUBJECTS).unlink()),
    ("table of the description not there", "T104", lambda f: (f / CLINICAL).unlink()),
    (
        "table in Latin 1",
        "T105",
        with_bytes(FEATURES, lambda b: b.decode().encode("latin-1", "replace")),
    ),
    ("table of a spreadsheet's own format", "T105", bytes_of(SAMPLES, b"PK\x03\x04\x14\x00\x00")),
    ("parquet cut off", "T105", bytes_of("measurements/taxa.parquet", b"PAR1 cut off")),
    (
        "folder in the place of a table",
        "T105",
        lambda f: ((f / CONTRASTS).unlink(), (f / CONTRASTS).mkdir()),
    ),
    ("empty file", "T106", bytes_of(BLOOD, b"")),
    ("a comma too many", "T107", text(SUBJECTS, "1,male,", "1,male,,,,")),
    (
        "commas at the ends of all rows",
        "T107",
        with_bytes(SUBJECTS, lambda b: b.replace(b"male,", b"male,,")),
    ),
    ("quotation mark left open", "T107", text(SUBJECTS, "1,male", '"1,male')),
    ("two columns of one name", "T108", text(SAMPLES, "fasting", "batch")),
    ("semicolons", "T109", with_bytes(CLINICAL, lambda b: b.replace(b",", b";"))),
    ("tabs", "T109", with_bytes(CONTRASTS, lambda b: b.replace(b",", b"\t"))),
    ("column renamed", "T110", text(SAMPLES, "sample_id", "SampleID")),
    ("column of values missing", "T110", table(CYTOKINES, lambda t: t.drop(columns="value"))),
    ("decimal comma", "T111", fields(CLINICAL, "index == 4", value="4,9")),
    ("value as below a limit", "T111", fields(CYTOKINES, "index == 4", value="<0.5")),
    ("n.d. for a value", "T111", fields(CYTOKINES, "index == 4", value="n.d.")),
    ("value without end", "T111", fields(CLINICAL, "index == 4", value="inf")),
    ("unknown sex", "T112", text(SUBJECTS, "male", "man")),
    ("unknown kind", "T112", text(CONTRASTS, ",acute,", ",sudden,")),
    ("unknown status", "T112", fields(CLINICAL, "index == 2", status="OK")),
    ("unknown modality of a feature", "T112", text(FEATURES, "clinical,", "chemistry,")),
    ("age below nothing", "T113", fields(SUBJECTS, "index == 1", age="-4")),
    ("hour of the day of 25", "T113", fields(SAMPLES, "index == 1", clock_h="25")),
    ("sample without subject", "T114", fields(SAMPLES, "index == 3", subject="")),
    ("blank row in the middle", "T114", text(SUBJECTS, "\n2,", "\n,,\n2,")),
    ("subject twice", "T115", table(SUBJECTS, lambda t: pd.concat([t, t.iloc[:1]]))),
    ("sample twice", "T115", table(SAMPLES, lambda t: pd.concat([t, t.iloc[:1]]))),
    ("value twice", "T115", table(CLINICAL, lambda t: pd.concat([t, t.iloc[:2]]))),
    ("feature twice", "T115", table(FEATURES, lambda t: pd.concat([t, t.iloc[:1]]))),
    ("name with a space at its end", "T116", text(SUBJECTS, "\n2,", "\n2 ,")),
    ("contrasts without rows", "T117", table(CONTRASTS, lambda t: t.iloc[:0])),
    (
        "no measurements",
        "T118",
        lambda f: ([(f / m).unlink() for m in EVERY], described(resources=[])(f)),
    ),
    (
        "table of no modality",
        "T119",
        lambda f: (f / CYTOKINES).rename(f / "measurements/cytokine.csv"),
    ),
    (
        "two tables of one modality",
        "T120",
        lambda f: pd.read_csv(f / BLOOD).to_parquet(f / BLOOD.replace("csv", "parquet")),
    ),
    ("leading zeros eaten", "T121", table(SAMPLES, lambda t: t.assign(subject="0" + t["subject"]))),
    ("measured sample unknown", "T121", text(BLOOD, "1-baseline", "1_baseline")),
    ("measured feature unknown", "T121", fields(CLINICAL, "feature == 'glucose'", feature="sugar")),
    ("phase of a contrast unknown", "T121", fields(CONTRASTS, "index == 0", phase="acut")),
    ("arm of a contrast unknown", "T121", fields(CONTRASTS, "index == 0", arm="control")),
    (
        "second sample of a person and phase",
        "T122",
        fields(SAMPLES, "index == 1", phase="baseline"),
    ),
    ("phase against itself", "T123", fields(CONTRASTS, "index == 0", reference_phase="acute")),
    ("phase among the measurements", "T124", table(CLINICAL, lambda t: t.assign(phase="baseline"))),
    ("value among the samples", "T124", table(SAMPLES, lambda t: t.assign(value="1"))),
    ("count below nothing", "T125", fields(BLOOD, "index == 3", value="-0.4")),
    (
        "logarithms in the place of amounts",
        "T125",
        table(
            CYTOKINES, lambda t: t.assign(value=[str(np.log2(float(v) / 9)) for v in t["value"]])
        ),
    ),
    ("ok and no value", "T126", fields(CLINICAL, "index == 3", value="")),
    ("NA and ok", "T126", fields(CLINICAL, "index == 3", value="NA")),
    (
        "import killed half-way",
        "T127",
        lambda f: (
            (f / ".import.x").mkdir(),
            (f / ".import.x/swap.json").write_text("{}"),
            (f / "datapackage.json").rename(f / ".import.x/datapackage.json"),
        ),
    ),
    (
        "row of the template",
        "T131",
        table(SUBJECTS, lambda t: pd.concat([t, t.iloc[:1].assign(subject="EXAMPLE-1")])),
    ),
    (
        "words of the template",
        "T131",
        described(
            study={
                "design": "cross-sectional",
                "species": "human",
                "population": "EXAMPLE: healthy young men",
                "tissue": "blood",
            }
        ),
    ),
    (
        "subjects alike",
        "T132",
        table(SUBJECTS, lambda t: pd.concat([t, t.iloc[:1].assign(subject="01")])),
    ),
    ("phases alike", "T132", fields(SAMPLES, "index == 1", phase="Acute")),
    ("byte-order mark", "T140", with_bytes(SAMPLES, lambda b: b"\xef\xbb\xbf" + b)),
    ("blank rows at the end", "T141", with_bytes(SUBJECTS, lambda b: b + b",,\n,,\n")),
    ("NA for an age", "T142", fields(SUBJECTS, "index == 2", age="NA")),
    ("NA for fasting", "T142", fields(SAMPLES, "index == 2", fasting="NA")),
    ("names as numbers", "T143", as_parquet),
    ("last line cut off", "T144", with_bytes(CONTRASTS, lambda b: b.rstrip())),
    ("column of the user's own", "T145", table(SAMPLES, lambda t: t.assign(freezer="A"))),
    ("cells that are none", "T151", bytes_of(CELLS, b"\x89HDF\r\n\x1a\n broken")),
    ("cells cut off", "T151", with_bytes(CELLS, lambda b: b[: len(b) // 2])),
    ("normalised cells", "T152", anndata_with(normalised)),
    (
        "cells of nobody",
        "T153",
        anndata_with(lambda c: c.obs.drop(columns="sample_id", inplace=True)),
    ),
    ("cells of an unknown sample", "T154", anndata_with(first_cells_of("x"))),
    ("sample without cells", "T155", anndata_with(first_cells_of("2-acute"))),
    ("unit that is none", "T201", fields(FEATURES, "feature == 'glucose'", unit="sugars")),
    (
        "unit of a tower of powers",
        "T201",
        fields(FEATURES, "feature == 'glucose'", unit="9^9^9^9^9 mmol/L"),
    ),
    ("unit of another kind", "T202", fields(FEATURES, "feature == 'glucose'", unit="cm")),
    ("mass for amount", "T203", fields(FEATURES, "feature == 'nefa'", unit="mg/dL")),
    ("multiple of the unit", "T204", fields(FEATURES, "feature == 'crp'", unit="mg/dL")),
    (
        "C-reactive protein of 5,000",
        "T211",
        fields(
            CLINICAL, "feature == 'crp' and sample_id == '1-baseline'", value="5000", status="ok"
        ),
    ),
    ("glucose in mg/dL said to be mmol/L", "T212", scaled(CLINICAL, "feature == 'glucose'", 18.0)),
    (
        "creatinine-like factor of a thousand",
        "T212",
        scaled(CLINICAL, "feature == 'triglycerides'", 1000.0),
    ),
    (
        "triglycerides in mg/dL said to be mmol/L",
        "T214",
        scaled(CLINICAL, "feature == 'triglycerides'", 60.0),
    ),
    (
        "point slipped",
        "T213",
        scaled(BLOOD, "feature == 'neutrophils' and sample_id == '3-acute'", 10.0),
    ),
    (
        "value below the limit",
        "T221",
        fields(CYTOKINES, "feature == 'il6' and sample_id == '2-acute'", value="0.01", status="ok"),
    ),
    (
        "half of the limit for what is below",
        "T222",
        fields(
            CYTOKINES,
            "feature == 'il6' and sample_id == '2-acute'",
            value="0.45",
            status="below_detection",
        ),
    ),
    (
        "below detection without a limit",
        "T223",
        fields(CLINICAL, "feature == 'nefa' and sample_id == '2-acute'", status="below_detection"),
    ),
    ("two features of one id", "T225", fields(FEATURES, "feature == 'tnf'", canonical_id="il6")),
    ("two assays of one id", "D318", fields(FEATURES, "feature == 'elane'", canonical_id="il6")),
    ("feature never measured", "T226", table(BLOOD, lambda t: t[t["feature"] != "monocytes"])),
    (
        "subject without samples",
        "T227",
        table(SUBJECTS, lambda t: pd.concat([t, t.iloc[:1].assign(subject="99")])),
    ),
    (
        "sample without values",
        "T228",
        lambda f: [table(m, lambda t: t[t["sample_id"] != "4-acute"])(f) for m in EVERY],
    ),
    (
        "feature copied under another name",
        "T229",
        table(
            BLOOD,
            lambda t: t.assign(
                value=t["value"].where(
                    t["feature"] != "monocytes", t.groupby("sample_id")["value"].transform("first")
                )
            ),
        ),
    ),
    ("dates of birth", "T231", table(SUBJECTS, lambda t: t.assign(date_of_birth="1990-01-01"))),
    ("subjects without sex", "D300", table(SUBJECTS, lambda t: t.drop(columns="sex"))),
    ("no study", "D301", described(study=None)),
    (
        "design that is none",
        "D302",
        described(
            study={
                "design": "crossover",
                "species": "human",
                "population": "men",
                "tissue": "blood",
            }
        ),
    ),
    (
        "study without tissue",
        "D302",
        described(study={"design": "cross-sectional", "species": "human", "population": "men"}),
    ),
    ("study that is a text", "D302", described(study="a trial")),
    ("crossover of one arm", "D303", studied(design="randomised (crossover)")),
    ("cross-section of one arm", "D303", studied(design="cross-sectional")),
    ("controlled without a control", "D303", studied(design="controlled, not randomised")),
    ("crossover in which nobody crosses over", "D304", in_arms("randomised (crossover)")),
    ("control that no contrast names", "D305", in_arms("randomised (parallel)")),
    ("rats joined by name", "D381", of_rats(None)),
    ("rat gene without ortholog", "D382", of_rats("tnf,TNF\n")),
    ("rat gene of two human genes", "T115", of_rats("tnf,TNF\ntnf,LTA\n")),
    ("two rat genes of one human gene", "D382", of_rats("tnf,TNF\nil6,TNF\n")),
    ("rat genes by a table", "D383", of_rats("tnf,TNF\nil6,IL6\n")),
    ("rat gene that is another in humans", "D384", of_rats("tnf,TNF\nil6,IL10\n")),
    (
        "kind of contrast nobody asks for",
        "D312",
        fields(CONTRASTS, "index == 1", kind="detraining"),
    ),
    ("known name without id", "D314", fields(FEATURES, "feature == 'crp'", canonical_id="")),
    ("unknown id", "D315", fields(FEATURES, "feature == 'crp'", canonical_id="c_reactive")),
    (
        "cohort that speaks to no claim",
        "D316",
        table(FEATURES, lambda t: t.assign(canonical_id="")),
    ),
    (
        "missed visit",
        "D321",
        lambda f: [
            table(m, lambda t: t[t["sample_id"] != "5-training"])(f) for m in (SAMPLES, *EVERY)
        ],
    ),
    (
        "nobody on both sides",
        "D322",
        table(SAMPLES, lambda t: t[(t["phase"] == "baseline") == t["subject"].isin(["1", "2"])]),
    ),
    ("three people", "D323", lambda f: table(SUBJECTS, lambda t: t.iloc[:3])(f)),
    ("a batch a phase", "D331", table(SAMPLES, lambda t: t.assign(batch=t["phase"]))),
    (
        "another batch for some",
        "D332",
        fields(SAMPLES, "phase == 'training' and subject in ['1', '2', '3']", batch="plate 9"),
    ),
    ("unknown batches", "D333", table(SAMPLES, lambda t: t.assign(batch="unknown"))),
    ("unknown days", "D342", table(SAMPLES, lambda t: t.assign(day=""))),
    (
        "contrast turned round",
        "D344",
        fields(CONTRASTS, "index == 0", phase="baseline", reference_phase="acute"),
    ),
    ("five days of training", "D343", table(SAMPLES, second_visit_only)),
    (
        "unknown hours after training",
        "D351",
        fields(SAMPLES, "phase == 'training'", hours_since_bout=""),
    ),
    (
        "drawn hours after the last bout",
        "D352",
        fields(SAMPLES, "phase == 'training'", hours_since_bout="6"),
    ),
    (
        "unknown hours after a bout",
        "D353",
        fields(SAMPLES, "phase == 'acute'", hours_since_bout=""),
    ),
    (
        "drawn two days after the bout",
        "D354",
        fields(SAMPLES, "phase == 'acute'", hours_since_bout="48"),
    ),
    ("breakfast before one phase", "D361", fields(SAMPLES, "phase == 'acute'", fasting="no")),
    ("fasting unknown", "D362", table(SAMPLES, lambda t: t.assign(fasting="unknown"))),
    ("morning and evening", "D363", fields(SAMPLES, "phase == 'acute'", clock_h="18")),
    ("five people", "D372", lambda f: table(SUBJECTS, lambda t: t.iloc[:5])(f)),
    ("one person", "D372", lambda f: table(SUBJECTS, lambda t: t.iloc[:1])(f)),
    ("tubes of one assay exchanged", "I401", exchanged([PROTEIN], "2-training", "6-training")),
    (
        "tubes of before and after exchanged",
        "I405",
        lambda f: [
            scaled(PROTEIN, f"{ACUTE} and feature > 'm' and value != ''", 8.0)(f),
            exchanged([PROTEIN], "2-acute", "2-baseline")(f),
        ],
    ),
    ("visits exchanged", "I402", exchanged(EVERY, "2-training", "6-training")),
    ("sample copied", "I403", copied(PROTEIN, "2-acute", "6-acute", 0.0)),
    ("tube measured twice", "I404", copied(PROTEIN, "2-acute", "6-acute", 0.01)),
    ("two people", "I412", lambda f: table(SUBJECTS, lambda t: t.iloc[:2])(f)),
)

GALLERY = [Broken(*row) for row in _ROWS]
"""Every broken package."""

OF_THE_VALID = {"T203", "D311", "D313", "D317", "D341", "D371", "D373", "I411", "I413"}
"""Codes of what is to be known of the valid package."""
