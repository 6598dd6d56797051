"""MoTrPAC: rats that ran on a treadmill for one to eight weeks, and rats that did not.

A rat is one animal of one training group; from each came one sample of a tissue. So the groups
are compared between rats, never within one, and a tissue stands where other cohorts have a phase.
Metabolites of three tissues make the cohort. Gene counts are read a tissue at a time, since they
are twenty times as many values and take a method for counts.

Traps handled here: only the eight-week group ran beside the sedentary rats (the dates of their
tests say so: the four-week group was tested two months later, the one- and two-week groups half a
year later), so no other group has a contrast of a training effect; metabolites come as logarithms
to base 2 with gaps that the source filled in, seldom telling which; a metabolite measured by
several methods gets its canonical id once; ``labelid`` is garbage and samples are joined by the
rat; muscle calls a gene Bmal1 that fat calls Arntl, so genes are kept by their Ensembl id; the
list of nineteen tissues holds regulated metabolites alone. Dates, comments and colony numbers are
not carried over.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Failure, Misuse, closest, listed
from exercisebook.sources.rfiles import read_r_frame, read_r_objects, slot

TISSUES = {"gastrocnemius": "GN", "vastus": "VL", "fat": "EXP"}
"""Names of tissues, and how the source's objects end; the fat lies under the skin."""

ARMS = {"SED": "sedentary", "1W": "1w", "2W": "2w", "4W": "4w", "8W": "8w"}
SEDENTARY, CONCURRENT = "sedentary", "8w"
NOT_CONCURRENT = ("1w", "2w", "4w")
"""Groups whose rats ran when no sedentary rat was there to be compared with."""

CAMPAIGN = {"sedentary": "first", "8w": "first", "4w": "second", "1w": "third", "2w": "third"}
"""In which of three campaigns a group's rats were tested and trained, by the dates of VO2MAX."""

HOURS_SINCE_BOUT = 48.0
"""Of trained rats, as the paper has it; the files do not say."""

RATS = 50
RELATIVE = "relative (2 to the source's log2)"

CANONICAL = {
    "betaine": ("betaine",),
    "choline": ("choline",),
    "dimethylglycine": ("dimethylglycine",),
    "glutathione": ("glutathione reduced",),
    "glycine": ("glycine",),
    "lactate": ("lactate",),
    "methionine": ("methionine",),
    "proline_betaine": ("proline-betaine",),
    "s_adenosylhomocysteine": ("s-adenosylhomocysteine",),
    "s_adenosylmethionine": ("s-adenosylmethionine",),
    "sarcosine": ("sarcosine",),
    "trimethylamine_oxide": ("trimethylamine-n-oxide",),
}
"""Our ids, and what the source calls them in small letters. Homocysteine is not among them."""

_METHOD_ORDER = ("metab-t-amines", "metab-t-tca", "metab-t-nuc", "metab-u-hilicpos")
"""Methods in the order in which they get the canonical id: targeted ones first."""

_QUALITY = ("rin", "pct_globin", "pct_umi_dup", "median_5_3_bias")
_WEEKS = (1, 2, 4, 8)

REGULATED = pa.DataFrameSchema(
    {
        "tissue": pa.Column(str),
        "metabolite": pa.Column(str),
        "platform": pa.Column(str),
        "training_q": pa.Column(float, pa.Check.in_range(0, 0.05)),
        "sex": pa.Column(str, pa.Check.isin(("female", "male"))),
        "weeks": pa.Column(int, pa.Check.isin(_WEEKS)),
        "concurrent": pa.Column(bool),
        "z": pa.Column(float, pa.Check.in_range(-8, 8), nullable=True),
    },
    unique=["tissue", "metabolite", "platform", "sex", "weeks"],
    strict=True,
    ordered=True,
    name="regulated metabolites",
)
"""z of a group against the sedentary rats, cut at 8; NaN where the source gives none."""

VO2MAX = pa.DataFrameSchema(
    {
        "subject": pa.Column(str, unique=True),
        "age_months": pa.Column(float, pa.Check.isin((6.0, 18.0))),
        "sex": pa.Column(str, pa.Check.isin(("female", "male"))),
        "arm": pa.Column(str, pa.Check.isin(tuple(ARMS.values()))),
        "pre_day": pa.Column(float, pa.Check.ge(0), nullable=True),
        "post_day": pa.Column(float, pa.Check.ge(0), nullable=True),
        "pre_body_mass": pa.Column(float, pa.Check.gt(0), nullable=True),
        "post_body_mass": pa.Column(float, pa.Check.gt(0), nullable=True),
        "pre_vo2max": pa.Column(float, pa.Check.gt(0), nullable=True),
        "post_vo2max": pa.Column(float, pa.Check.gt(0), nullable=True),
    },
    strict=True,
    ordered=True,
    name="rats' VO2max",
)
"""Days from the first test of all, body mass in g, VO2max in mL/kg/min; a row a rat."""


@dataclass(frozen=True)
class Expression:
    """Gene counts of one tissue.

    Attributes
    ----------
    counts : DataFrame, shape (rats, genes)
        Whole numbers, not normalised; columns are Ensembl ids of the rat.
    samples : DataFrame, the index of ``counts``
        subject, sex, arm, phase (the tissue), batch (the campaign) and the source's four
        measures of quality, centred and scaled by it.
    genes : DataFrame, index the columns of ``counts``
        symbol as this tissue's table has it, and human_symbol, empty where there is none.
    """

    counts: pd.DataFrame
    samples: pd.DataFrame
    genes: pd.DataFrame


def read_motrpac_rat(files: dict[str, Path]) -> Cohort:
    """Return the rats' metabolites in three tissues.

    Parameters
    ----------
    files : dict of str to Path
        ``METAB_GN.rda``, ``METAB_VL.rda`` and ``METAB_EXP.rda``.

    Returns
    -------
    Cohort
        50 rats; the arm is the training group, five rats of each sex in each, and the phase is
        the tissue; metabolites are relative amounts. The contrasts are of 8 weeks against
        sedentary, tissue by tissue: between rats, so by a method for two groups.

    Raises
    ------
    Failure
        If a file does not hold the objects, rats, groups or metabolites that were described, or
        the tissues disagree on a rat.
    """
    tissues = {tissue: _tissue(files, tissue) for tissue in TISSUES}
    samples = pd.concat([_samples(of.rats, tissue) for tissue, of in tissues.items()])
    features = pd.concat([_features(of.named) for of in tissues.values()])
    return Cohort(
        "motrpac-rat",
        _subjects(samples),
        samples.drop(columns="sex").reset_index(drop=True),
        features.drop_duplicates("feature").reset_index(drop=True),
        contrasts_frame([(f"{t}-8w", "training", t, t, CONCURRENT, SEDENTARY) for t in TISSUES]),
        {"metabolites": _measured(tissues)},
        {
            "title": "MoTrPAC rats: eight weeks of treadmill training",
            "licenses": [{"name": "MIT"}],
            "design": "Between rats: one sample a rat and tissue; the phase is the tissue. "
            "Groups of 1, 2 and 4 weeks have no concurrent sedentary rats, and no contrast. "
            "Rats were six months old at the start; the files give no age of one rat.",
        },
    )


def unconcurrent_contrasts() -> pd.DataFrame:
    """Return the contrasts of 1, 2 and 4 weeks, to be shown greyed and never to be judged.

    Their kind is ``group``, so that none of them meets a claim about training.
    """
    return contrasts_frame(
        [(f"{t}-{arm}", "group", t, t, arm, SEDENTARY) for t in TISSUES for arm in NOT_CONCURRENT]
    )


def rat_expression(files: dict[str, Path], tissue: str) -> Expression:
    """Return the gene counts of one tissue.

    Parameters
    ----------
    files : dict of str to Path
        ``TRNSCRPT_GN.rda``, ``TRNSCRPT_VL.rda`` or ``TRNSCRPT_EXP.rda``, and
        ``RAT_TO_HUMAN.rda``.
    tissue : str
        One of ``TISSUES``.

    Returns
    -------
    Expression
        50 rats of the gastrocnemius, 48 of the others; genes that the source found expressed.

    Raises
    ------
    Misuse
        If there is no such tissue.
    Failure
        If a file does not hold what was described, or its counts are no counts.
    """
    if tissue not in TISSUES:
        raise Misuse(f"no tissue {tissue!r}; {closest(tissue, TISSUES)}")
    path = files[f"TRNSCRPT_{TISSUES[tissue]}.rda"]
    values, rats, genes = _expression_set(path)
    _check_names(path, values.columns, rats["viallabel"].astype(str))
    table = values.to_numpy(float)
    bad = ~np.isfinite(table) | (table < 0) | (table != np.floor(table))
    if bad.any():
        raise Failure(f"{path.name}: {listed(table[bad], 3)} where counts were expected")
    _expect(path, "phenoData", rats, _QUALITY)
    samples = _samples(_rats(path, rats), tissue).set_index("sample_id")
    samples[list(_QUALITY)] = rats[list(_QUALITY)].to_numpy(float)
    counts = pd.DataFrame(table.T, samples.index, pd.Index(values.index.astype(str), name="gene"))
    return Expression(counts, samples, _genes(path, genes, files["RAT_TO_HUMAN.rda"]))


def regulated_metabolites(files: dict[str, Path]) -> pd.DataFrame:
    """Return the metabolites that training changed in one of nineteen tissues, as listed.

    A metabolite that a tissue does not list was not significant there, *if* it was measured; the
    list does not say which were. So no row is no evidence of no change.

    Parameters
    ----------
    files : dict of str to Path
        ``differential_metabolites_1.txt``.

    Returns
    -------
    DataFrame
        ``REGULATED``: eight rows a tissue, metabolite and platform. ``training_q`` is over all
        groups and both sexes, those without concurrent controls among them.

    Raises
    ------
    Failure
        If a column is absent.
    """
    path = files["differential_metabolites_1.txt"]
    raw = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str)
    columns = {f"{sex}_{w}w": (sex, w) for sex in ("female", "male") for w in _WEEKS}
    key = {"tissue": "tissue", "feature_ID": "metabolite", "platform": "platform"}
    _expect(path, "table", raw, (*key, "training_q", *columns))
    table = raw.rename(columns=key).assign(training_q=pd.to_numeric(raw["training_q"]))
    long = table.melt([*key.values(), "training_q"], list(columns), "group", "z")
    sex, weeks = zip(*long["group"].map(columns), strict=True)
    long = long.assign(sex=sex, weeks=weeks, z=pd.to_numeric(long["z"].replace("NA", None)))
    long["concurrent"] = long["weeks"] == max(_WEEKS)
    ordered = long.sort_values(["metabolite", "tissue", "sex", "weeks"], kind="stable")
    return REGULATED.validate(ordered[list(REGULATED.columns)].reset_index(drop=True))


def rat_vo2max(files: dict[str, Path]) -> pd.DataFrame:
    """Return the rats' VO2max before and after, 6 and 18 months old.

    Parameters
    ----------
    files : dict of str to Path
        ``VO2MAX.rda``.

    Returns
    -------
    DataFrame
        ``VO2MAX``, a row a rat. The 1- and 2-week groups have no test afterwards.

    Raises
    ------
    Failure
        If a column is absent, or a group is new.
    """
    path = files["VO2MAX.rda"]
    raw = read_r_frame(path, "VO2MAX")
    pairs = {"body_mass": "body_mass", "vo2max_ml_kg_min": "vo2max"}
    times = [f"{when}_t_start" for when in ("pre", "post")]
    measured = {f"{w}_{a}": f"{w}_{b}" for a, b in pairs.items() for w in ("pre", "post")}
    _expect(path, "VO2MAX", raw, ("pid", "age", "sex", "group", *times, *measured))
    days = raw[times].astype(float) / 86_400
    days = np.floor(days - np.floor(days.min().min()))
    arm = _arms(path, raw["group"])
    table = pd.DataFrame(
        {
            "subject": raw["pid"].astype(str),
            "age_months": raw["age"].astype(str).str.rstrip("M").astype(float),
            "sex": raw["sex"].astype(str).str.lower(),
            "arm": arm,
            **{f"{when}_day": days[f"{when}_t_start"] for when in ("pre", "post")},
            **{ours: raw[theirs].astype(float) for theirs, ours in measured.items()},
        }
    )
    return VO2MAX.validate(table)


@dataclass(frozen=True)
class _Tissue:
    """log2 values (metabolites by rats), the rats, and what each metabolite is called."""

    values: pd.DataFrame
    rats: pd.DataFrame
    named: pd.DataFrame


def _tissue(files: dict[str, Path], tissue: str) -> _Tissue:
    path = files[f"METAB_{TISSUES[tissue]}.rda"]
    values, rats, features = _expression_set(path)
    _check_names(path, values.columns, rats["pid"].astype(str))
    found = _rats(path, rats)
    if len(found) != RATS:
        raise Failure(f"{path.name}: {len(found)} rats; {RATS} were expected")
    return _Tissue(values, found, _named(path, values.index, features))


def _expression_set(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return values (features by samples), samples and features of an R ExpressionSet."""
    held = _of_file(path, read_r_objects(path), path.stem)
    environment = _of_file(path, held, "assayData")
    try:
        values = environment["exprs"]
    except (KeyError, TypeError):
        raise Failure(f"{path.name}: no assayData/exprs") from None
    if not hasattr(values, "to_pandas"):
        raise Failure(f"{path.name}: assayData/exprs is no matrix with names")
    samples = _of_file(path, held, "phenoData", "data")
    features = _of_file(path, held, "featureData", "data")
    _expect(path, "phenoData", samples, ("pid", "sex", "timepoint"))
    table = values.to_pandas()
    if list(table.index) != list(features.index):
        raise Failure(f"{path.name}: featureData describes other rows than those of exprs")
    return table, samples, features


def _of_file(path: Path, held: Any, *steps: str) -> Any:
    try:
        return slot(held, *steps)
    except KeyError as absent:
        raise Failure(f"{path.name}: no {absent.args[0]}") from None


def _check_names(path: Path, columns: pd.Index, names: pd.Series) -> None:
    """Raise Failure unless the columns of a matrix are its samples, in their order."""
    odd = [str(c) for c, name in zip(columns, names, strict=False) if str(c) != name]
    if odd or len(columns) != len(names):
        raise Failure(f"{path.name}: exprs and phenoData name other samples: {listed(odd)}")


def _rats(path: Path, pheno: pd.DataFrame) -> pd.DataFrame:
    """Return subject, sex and arm."""
    rats = pd.DataFrame(
        {
            "subject": pheno["pid"].astype(str).to_numpy(),
            "sex": pheno["sex"].astype(str).str.lower().to_numpy(),
            "arm": _arms(path, pheno["timepoint"]).to_numpy(),
        }
    )
    twice = rats.loc[rats["subject"].duplicated(), "subject"]
    if len(twice):
        raise Failure(f"{path.name}: phenoData, column pid: twice {listed(twice)}")
    odd = sorted(set(rats["sex"]) - {"female", "male"})
    if odd:
        raise Failure(f"{path.name}: phenoData, column sex: {listed(odd)}: new")
    return rats


def _arms(path: Path, groups: pd.Series) -> pd.Series:
    names = groups.astype(str)
    odd = sorted(set(names) - set(ARMS))
    if odd:
        raise Failure(f"{path.name}: column {groups.name}: {listed(odd)}: new; known: {[*ARMS]}")
    return names.map(ARMS)


def _samples(rats: pd.DataFrame, tissue: str) -> pd.DataFrame:
    trained = rats["arm"] != SEDENTARY
    return pd.DataFrame(
        {
            "sample_id": "R" + rats["subject"] + "-" + tissue,
            "subject": rats["subject"],
            "arm": rats["arm"],
            "phase": tissue,
            "day": np.nan,
            "time_h": np.nan,
            "hours_since_bout": np.where(trained, HOURS_SINCE_BOUT, np.nan),
            "fasting": "unknown",
            "batch": rats["arm"].map(CAMPAIGN),
            "sex": rats["sex"],
        }
    )


def _subjects(samples: pd.DataFrame) -> pd.DataFrame:
    """Return the rats; Failure where a tissue has another group or sex of one than the rest."""
    rats = samples[["subject", "sex", "arm"]].drop_duplicates()
    odd = rats.loc[rats["subject"].duplicated(), "subject"]
    if len(odd) or len(rats) != RATS:
        raise Failure(f"motrpac-rat: the tissues disagree on the rats {listed(odd)}")
    rats = rats[["subject", "sex"]].sort_values("subject", ignore_index=True)
    return rats.assign(age=np.nan)


def _named(path: Path, rows: pd.Index, features: pd.DataFrame) -> pd.DataFrame:
    """Return what each row of a tissue is: source, feature, canonical_id."""
    _expect(path, "featureData", features, ("dataset",))
    written = "metabolite" if "metabolite" in features else "feature_ID"
    _expect(path, "featureData", features, (written,))
    table = pd.DataFrame({"source": rows.astype(str), "method": features["dataset"].astype(str)})
    ids = {name: ours for ours, names in CANONICAL.items() for name in names}
    name = features[written].astype(str).str.lower()
    table["canonical_id"] = name.map(ids).to_numpy()
    rank = table["method"].map({method: k for k, method in enumerate(_METHOD_ORDER)})
    first = table.assign(rank=rank).dropna(subset=["rank", "canonical_id"]).sort_values("rank")
    chosen = first.drop_duplicates("canonical_id").index
    table.loc[~table.index.isin(chosen), "canonical_id"] = None
    table["feature"] = table["canonical_id"].fillna(table["source"])
    twice = table.loc[table["feature"].duplicated(), "feature"]
    if len(twice):
        raise Failure(f"{path.name}: two rows for {listed(twice)}")
    if "betaine" not in set(table["feature"]):
        raise Failure(f"{path.name}: no betaine by a known method")
    return table.reset_index(drop=True)


def _features(named: pd.DataFrame) -> pd.DataFrame:
    rows = [("metabolites", name, "", RELATIVE, np.nan) for name in named["feature"]]
    return features_frame(rows).assign(canonical_id=named["canonical_id"].to_numpy(object))


def _measured(tissues: dict[str, _Tissue]) -> pd.DataFrame:
    """Return amounts: the source's logarithms to base 2 undone, so that contrasts take ratios."""
    tables = []
    for tissue, of in tissues.items():
        ids = _samples(of.rats, tissue)["sample_id"]
        m, n = of.values.shape
        tables.append(
            measured_frame(
                pd.Series(np.tile(ids.to_numpy(), m)),
                pd.Series(np.repeat(of.named["feature"].to_numpy(), n)),
                pd.Series(np.exp2(of.values.to_numpy(float)).ravel()),
            )
        )
    return pd.concat(tables, ignore_index=True)


@cache
def _human_symbols(path: Path) -> pd.Series:
    """Return the human symbol by Ensembl id of the rat; read once for all tissues."""
    known = read_r_frame(path, "RAT_TO_HUMAN")
    _expect(path, "RAT_TO_HUMAN", known, ("ensembl", "human_symbol", "support_n"))
    # of several human genes the one that most databases name
    best = known.dropna(subset="ensembl").sort_values(
        ["support_n", "human_symbol"], ascending=[False, True], kind="stable"
    )
    return best.drop_duplicates("ensembl").set_index("ensembl")["human_symbol"].astype(str)


def _genes(path: Path, genes: pd.DataFrame, orthologs: Path) -> pd.DataFrame:
    """Return symbol and human_symbol by Ensembl id of the rat."""
    _expect(path, "featureData", genes, ("gene_symbol",))
    human = _human_symbols(orthologs)
    ids = pd.Index(genes.index.astype(str), name="gene")
    symbol = genes["gene_symbol"].astype(object).where(genes["gene_symbol"].notna(), "")
    return pd.DataFrame(
        {
            "symbol": symbol.astype(str).to_numpy(),
            "human_symbol": human.reindex(ids).fillna("").to_numpy(),
        },
        index=ids,
    )


def _expect(path: Path, what: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    absent = [column for column in columns if column not in table]
    if absent:
        raise Failure(
            f"{path.name}: {what}: no column {', '.join(absent)}; found {list(table.columns)}"
        )
