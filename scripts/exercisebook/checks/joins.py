"""What this cohort can speak to: features and contrasts joined to claims, as the ledger joins them.

Also which of several assays decides, and whether the package says its design, without which no
claim is judged; whether that design fits the arms is the affair of ``designs``.
"""

import difflib
from dataclasses import replace
from functools import cache

import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import JUDGED, contrast_told
from exercisebook.cohort.package import Cohort
from exercisebook.cohort.schemas import MODALITIES
from exercisebook.errors import InvalidInput, listed
from exercisebook.sources.catalogue import DESIGNS
from exercisebook.sources.features import feature_table, label, members
from exercisebook.sources.importers.names import UNLINKED, canonical_ids, fold
from exercisebook.sources.orthologs import with_human_names
from exercisebook.sources.study import study_of

CHAPTERS = tuple("1234567")

FUZZY = 200
"""Features up to which names are compared letter by letter."""

NEAR = 0.85
"""Likeness, of 1, from which a name is told as near."""

_PACKAGE = "datapackage.json"


def joined(cohort: Cohort) -> pd.DataFrame:
    """Return what meets what: modality, feature, canonical_id, contrast, kind, claim_id, chapter.

    One row a feature that was measured, contrast and claim of its canonical id and kind. Genes of
    another species go by those of their human orthologs.
    """
    cohort = with_human_names(cohort)
    measured = [
        cohort.features[(cohort.features["modality"] == m) & cohort.features["feature"].isin(
            table["feature"].unique())]
        for m, table in cohort.measurements.items()
    ]  # fmt: skip
    features = pd.concat(measured) if measured else cohort.features.iloc[:0]
    features = features[["modality", "feature", "canonical_id"]]
    asked = claims()
    asked = asked[asked["direction"] != "none"]
    asked = asked.assign(member=asked["canonical_id"].map(members)).explode("member")
    asked = asked[["claim_id", "chapter", "kind", "member"]]
    return features.merge(asked, left_on="canonical_id", right_on="member").merge(
        cohort.contrasts[["contrast", "kind"]], on="kind"
    )


def join_findings(cohort: Cohort) -> list[Finding]:
    """Return which features and contrasts were joined to what, and which to nothing."""
    met = joined(cohort)
    deciders = deciding(cohort, met)
    found = []
    for (modality, feature, name), rows in met.groupby(
        ["modality", "feature", "canonical_id"], sort=False
    ):
        told = f"{modality} {feature} ({label(name)}) in {listed(rows['contrast'].unique())}"
        asked = f"joined to claims {listed(rows['claim_id'].unique())}"
        others = {
            who
            for contrast in rows["contrast"].unique()
            for who in [deciders.get((contrast, name), (None, ""))[0]]
            if who not in (None, f"{modality} {feature}")
        }
        asked += f", which {listed(sorted(others))} decides" if others else ""
        found.append(finding("D311", "features.csv", told, asked, column="canonical_id"))
    return [
        *found,
        *_several_assays(met, deciders),
        *_contrasts_without(cohort, met),
        *_chapters(cohort, met),
        *_without(cohort, met),
    ]


def deciding(cohort: Cohort, met: pd.DataFrame) -> dict[tuple[str, str], tuple[str | None, str]]:
    """Return which of several features of one canonical id decides claims, and why.

    Parameters
    ----------
    cohort : Cohort
    met : DataFrame
        See ``joined``.

    Returns
    -------
    dict
        By contrast and canonical id of several features: modality and feature, None where none
        can; and the reason.
    """
    features = met[["modality", "feature", "canonical_id"]].drop_duplicates()
    several = features[features.duplicated("canonical_id", keep=False)]
    asked = met[["contrast", "canonical_id"]].drop_duplicates()
    return {
        (contrast, name): _decision(cohort, contrast, name, several[several.canonical_id == name])
        for contrast, name in asked.itertuples(index=False)
        if name in set(several["canonical_id"])
    }


def _several_assays(
    met: pd.DataFrame, deciders: dict[tuple[str, str], tuple[str | None, str]]
) -> list[Finding]:
    """Return a finding for each contrast and canonical id that several features measure."""
    found = []
    for (contrast, name), (who, why) in deciders.items():
        rows = met[(met["contrast"] == contrast) & (met["canonical_id"] == name)]
        names = (rows["modality"] + " " + rows["feature"]).unique()
        told = f"{label(name)} in {contrast!r} by {listed(names)}"
        asked = listed(rows["claim_id"].unique())
        expected = f"{who or 'none of them'} decides claims {asked}, since {why}"
        if who:
            expected += "; what others show judges nothing"
        found.append(finding("D318", "features.csv", told, expected, column="canonical_id"))
    return found


def _decision(
    cohort: Cohort, contrast: str, name: str, features: pd.DataFrame
) -> tuple[str | None, str]:
    """Return the feature that the ledger takes, None where it takes none, and why."""
    row = cohort.contrasts.set_index("contrast", drop=False).loc[contrast]
    if row["kind"] not in JUDGED:
        return None, f"a contrast of the kind {row['kind']!r} is not judged"
    told = contrast_told(_with_features(cohort, features), row, [name])
    order = [m for m in MODALITIES if m in set(features["modality"])]
    failed = [m for m in order if m in told.failures]
    if told.effects.empty:
        return None, "too few people have both values"
    effect = told.effects.iloc[0]
    who = f"{effect['modality']} {effect['feature']}"
    if len(order) == 1:
        return who, f"it stands first in {order[0]}"
    if effect["modality"] == order[0]:
        return who, f"the book takes {order[0]} before {listed(order[1:])}"
    if failed:
        return who, f"{listed(failed)} cannot be compared"
    return who, f"too few people have both values of {order[0]}"


def _with_features(cohort: Cohort, features: pd.DataFrame) -> Cohort:
    """Return the cohort with some of its features alone, so that no others are compared."""
    kept = {m: set(own["feature"]) for m, own in features.groupby("modality")}
    tables = {m: cohort.measurements[m] for m in cohort.measurements if m in kept}
    return replace(
        cohort,
        features=cohort.features.merge(features[["modality", "feature"]]),
        measurements={m: t[t["feature"].isin(kept[m])] for m, t in tables.items()},
    )


def _contrasts_without(cohort: Cohort, met: pd.DataFrame) -> list[Finding]:
    return [
        finding(
            "D312", "contrasts.csv", f"{row.contrast!r} of the kind {row.kind!r}",
            "a kind for which a claim asks about what was measured", int(row.Index) + 2, "kind",
        )
        for row in cohort.contrasts.itertuples()
        if row.contrast not in set(met["contrast"])
    ]  # fmt: skip


def _chapters(cohort: Cohort, met: pd.DataFrame) -> list[Finding]:
    if met.empty:
        told = f"features: {len(cohort.features)}, contrasts: {len(cohort.contrasts)}"
        return [finding("D316", "features.csv", told, "at least one that a claim asks about")]
    counts = met.groupby("chapter")["claim_id"].nunique()
    told = ", ".join(f"chapter {c}: {counts.get(c, 0)}" for c in CHAPTERS)
    return [finding("D317", "features.csv", f"claims by {told}", "the ledger tells which")]


def _without(cohort: Cohort, met: pd.DataFrame) -> list[Finding]:
    """Return how many features meet no claim, and those whose name the book knows."""
    linked = set(zip(met["modality"], met["feature"], strict=True))
    keys = list(zip(cohort.features["modality"], cohort.features["feature"], strict=True))
    rest = cohort.features[[key not in linked for key in keys]]
    if rest.empty:
        return []
    unnamed = rest[rest["canonical_id"].fillna("") == ""]
    found = []
    for modality, own in unnamed.groupby("modality", sort=False):
        ids = canonical_ids(own["feature"], str(modality))
        for row, name in ids[ids != UNLINKED].items():
            told = f"{own.at[row, 'feature']!r} without canonical_id"
            expected = f"{name!r}, if it is {label(name)}"
            line = int(str(row)) + 2
            found.append(finding("D314", "features.csv", told, expected, line, "canonical_id"))
    told = f"met no claim: {len(rest)}, of them without canonical_id: {len(unnamed)}"
    near = _near_names(unnamed)
    expected = f"near names: {near}" if near else "no name is near one of the book's"
    return [*found, finding("D313", "features.csv", told, expected, column="canonical_id")]


def _near_names(features: pd.DataFrame) -> str:
    """Return the names that are near one of the book's, with it; none are sought among many."""
    if len(features) > FUZZY:
        return ""
    known = _spellings()
    near = []
    for feature in features["feature"]:
        hit = difflib.get_close_matches(fold(feature), known, n=1, cutoff=NEAR)
        if hit and hit[0] != fold(feature):
            near.append(f"{feature} is like {known[hit[0]]}")
    return listed(near)


@cache
def _spellings() -> dict[str, str]:
    """Return the canonical id of every folded id, label and synonym; the first where several."""
    known: dict[str, str] = {}
    for name, row in feature_table().iterrows():
        for spelt in filter(None, (name, row["label"], *row["synonyms"].split("|"))):
            known.setdefault(fold(spelt), str(name))
    return known


def study_findings(cohort: Cohort) -> list[Finding]:
    """Return what is missing or wrong in what the package says of its design."""
    if cohort.simulated:
        return []
    try:
        study = study_of(cohort.description)
    except InvalidInput as error:
        return [
            finding("D302", _PACKAGE, problem.found, _expected(problem.expected, problem.column),
                    column=problem.column)
            for problem in error.problems
        ]  # fmt: skip
    if study is not None:
        return []
    missed = joined(cohort)["claim_id"].nunique()
    told = f"no 'study', so that {missed} claims get neither an observed verdict nor a cause"
    expected = f"study with one of the designs {listed(DESIGNS)}; species, population, tissue"
    return [finding("D301", _PACKAGE, told, expected, column="study")]


def _expected(told: str, column: str | None) -> str:
    return "one of " + listed(DESIGNS) if column == "study.design" else told
