"""Does betaine carry the fall of C-reactive protein? Within-person mediation where truth is known."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.a3.readings import percent1, rate
from exercisebook.chapters.ch07.studies import MANY, mediations
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import truth_of
from exercisebook.chapters.wording import certain, count
from exercisebook.cohort.package import Cohort, read_cohort
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.paths import REFERENCE
from exercisebook.sources.features import label
from exercisebook.stats.mediation import (
    FEWEST_PERSONS,
    Mediation,
    Path,
    sensitivity_to_confounding,
    within_person_mediation,
)

OUTCOME, MEDIATOR, CONTROL = "crp", "betaine", "proline_betaine"
"""The control is a mark of citrus fruit, which training does not touch and which does nothing."""

TRIED = ("mediated", "direct", "reverse", "diet", "null")
"""Worlds in which the same analysis is tried on many studies."""

COLUMNS = ["path", "estimate (log2)", "95 % interval", "p", "n"]

_SAMPLES, _SEED = 100_000, 20251121

_FARTHEST = 0.6
"""Largest correlation that is drawn."""


def four_values(cohort: Cohort, mediator: str = MEDIATOR) -> pd.DataFrame | None:
    """Return log2 values of mediator and outcome before and after training, a row a person.

    Returns
    -------
    DataFrame or None
        m0, m1, y0, y1, of those who have all four; None where the cohort lacks a feature or a
        contrast of training within people.
    """
    own = cohort.contrasts.query("kind == 'training' and arm == reference_arm")
    if own.empty:
        return None
    contrast = own.iloc[0]
    phases = [contrast["reference_phase"], contrast["phase"]]
    parts = []
    for letter, feature in (("m", mediator), ("y", OUTCOME)):
        known = cohort.features[cohort.features["canonical_id"] == feature]
        if known.empty:
            return None
        long = cohort.long(known["modality"].iloc[0])
        kept = (
            (long["feature"] == known["feature"].iloc[0])
            & (long["arm"] == contrast["arm"])
            & (long["value"] > 0)
        )
        logs = np.log2(long[kept].set_index(["subject", "phase"])["value"])
        wide = logs.groupby(level=["subject", "phase"]).mean().unstack("phase")
        parts.append(wide.reindex(columns=phases).set_axis([f"{letter}0", f"{letter}1"], axis=1))
    return pd.concat(parts, axis=1).dropna()


def two_changes() -> pd.DataFrame:
    """Return each simulated man's change of betaine and CRP, and his average of betaine."""
    table = four_values(_reference())
    assert table is not None
    return pd.DataFrame(
        {
            "betaine": table["m1"] - table["m0"],
            "crp": table["y1"] - table["y0"],
            "average": (table["m0"] + table["m1"]) / 2,
        }
    )


@cache
def _reference() -> Cohort:
    return read_cohort(REFERENCE)


@cache
def analysed(mediator: str = MEDIATOR) -> Mediation:
    """Return the mediation of the reference cohort's fall of CRP by a metabolite."""
    found = mediation_of(_reference(), mediator)
    assert found is not None
    return found


def mediation_of(cohort: Cohort, mediator: str = MEDIATOR) -> Mediation | None:
    """Return the mediation analysis of a cohort; None where it lacks what that needs."""
    table = four_values(cohort, mediator)
    if table is None or len(table) < FEWEST_PERSONS:
        return None
    m0, m1, y0, y1 = (table[name] for name in ("m0", "m1", "y0", "y1"))
    return within_person_mediation(m0, m1, y0, y1, np.random.default_rng(_SEED), _SAMPLES)


def truth() -> float:
    """Return the log2 change of CRP that truly passes through betaine in the reference cohort."""
    table = truth_of("reference")
    assert table is not None
    own = (table["feature"] == OUTCOME) & (table["contrast"] == "training-baseline")
    return float(table.loc[own, "log2_mediated"].iloc[0])


def paths_table(chapter: Chapter) -> Table:
    """Return the paths by library, and those of a mediator that cannot be one."""
    found, control = analysed(), analysed(CONTROL)
    rows = [
        *path_rows(found),
        _indirect(f"a × b through {label(CONTROL)}, the control", control),
    ]
    return Table(
        pd.DataFrame(rows, columns=COLUMNS),
        f"Simulated reference cohort, {count(int(found.n_subjects))} men: the mediation analysis by library (Monte-Carlo interval of a × b).{_lacking(found, control)}",
    )


def _lacking(found: Mediation, control: Mediation) -> str:
    """Return how many men fewer the control has, and why."""
    fewer = int(found.n_subjects) - int(control.n_subjects)
    if fewer <= 0:
        return ""
    return f" The control has {count(fewer)} {'man' if fewer == 1 else 'men'} fewer, for want of a value of {label(CONTROL)}."


def path_rows(found: Mediation) -> list[tuple[str, ...]]:
    """Return the paths of an analysis as rows of a table."""
    return [
        _path("a: training to betaine", found.a),
        _path("b: betaine to CRP, people compared", found.b),
        _path("direct: what is left to training", found.direct),
        _path("total: training to CRP", found.total),
        _indirect("a × b: through betaine", found),
    ]


def _path(name: str, path: Path) -> tuple[str, ...]:
    from scipy import special

    half = float(special.stdtrit(path.df, 0.975) * path.se)
    estimate = float(path.estimate)
    n = whole(float(path.df)) + " df"
    ends = interval(estimate - half, estimate + half, 3)
    return (name, number(estimate, 3), ends, p_value(float(path.p_value)), n)


def _indirect(name: str, found: Mediation) -> tuple[str, ...]:
    ends = interval(float(found.ci_low), float(found.ci_high), 3)
    p = f"{p_value(float(found.p_joint))} (joint)"
    return (name, number(float(found.indirect), 3), ends, p, f"{int(found.n_subjects)} men")


def sensitivity_chart(chapter: Chapter) -> Any:
    """Return the indirect effect under an assumed correlation that nobody measured."""
    rho = np.round(np.linspace(-_FARTHEST, _FARTHEST, 61), 2)
    found = sensitivity_to_confounding(analysed(), rho)
    frame = pd.DataFrame({"rho": rho, "indirect": found.indirect})
    zero = float(found.zero_at)
    caption = f"Simulated reference cohort: what passes through betaine is {number(float(analysed().indirect), 3)} doublings of C-reactive protein if nothing unseen moves both, nought at an assumed correlation of {number(zero)}, and of the other sign beyond (n = {int(analysed().n_subjects)}; the level line is the truth, {number(truth(), 3)}; no data of this design measure the correlation)."
    text = f"Line chart of the indirect effect by the assumed correlation of the residuals, from minus {_FARTHEST:g} to {_FARTHEST:g}: it crosses zero at {number(zero)}."
    return draw.sensitivity(frame, zero, truth(), float(analysed().indirect), (caption, text))


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {
        "mediation": _found(),
        "sensitivity": _sensitivity(),
        "mediation_worlds": _worlds(chapter),
        "proportion": _proportion(chapter),
    }


def _found() -> str:
    found, control = analysed(), analysed(CONTROL)
    ends = pd.Series({"ci_low": float(found.ci_low), "ci_high": float(found.ci_high)})
    held = ends["ci_low"] <= truth() <= ends["ci_high"]
    seen = certain(ends) and found.indirect * truth() > 0
    quiet = not (control.ci_low > 0 or control.ci_high < 0)
    told = (
        f"In truth {number(truth(), 3)} doublings of C-reactive protein pass through betaine in these men. "
        f"The interval runs from {interval(ends['ci_low'], ends['ci_high'], 3)}: it {'holds' if held else 'does not hold'} the truth, and what is there was {'found' if seen else 'missed'}. "
        f"The negative control is a mediator that cannot be one, {label(CONTROL)}, which comes with citrus fruit: it is {'rightly quiet' if quiet else 'a false alarm'}."
    )
    if quiet and not seen:
        told += " That says little, in a study that is as quiet about what is there."
    return told


def _sensitivity() -> str:
    found = analysed()
    zero = float(sensitivity_to_confounding(found, 0.0).zero_at)
    if found.ci_low <= 0 <= found.ci_high:
        told = f"The estimate reaches nought at {number(zero)}; since its interval held nought already, this shows how to read the curve, and not that a finding is fragile. "
    else:
        told = f"Here a correlation of {number(zero)} would be enough to leave nothing. "
    return (
        f"{told}"
        "A meal on the evening before, a cold, a tube that thawed: whatever moves a man's betaine and his C-reactive protein together makes such a correlation. "
        "The curve is silent about time: *every* man was later in the year on the second day, which is in *a* and in the total, and which no correlation between men shows."
    )


def _shares(chapter: Chapter) -> dict[str, float]:
    p = chapter.parameters
    found = {name: mediations(name, p.people, p.seed) for name in TRIED}
    return {name: float(np.nanmean((f.ci_low > 0) | (f.ci_high < 0))) for name, f in found.items()}


def _worlds(chapter: Chapter) -> str:
    shares = _shares(chapter)
    held = rate("mediation within people", "coverage", "betaine to crp", "mediated")["estimate"]
    return (
        f"A second rule looks at the interval of *a* times *b* alone, where the grid above asked both paths to be significant. With {count(chapter.parameters.people)} people the interval excludes zero in {percent(shares['mediated'])} of {MANY} simulated studies in which betaine carries all of the effect, which is its power. "
        f"Its false alarms stay at {percent(max(shares['direct'], shares['null']))} or less where betaine carries nothing and nothing else ties the two (training does both: {percent(shares['direct'])}; nothing happens: {percent(shares['null'])}), though where its assumptions hold its interval covers the truth in {percent1(held)} only ([](#operating-characteristics)). "
        f"By this rule it also speaks in {percent(shares['reverse'])} where inflammation moves betaine, and in {percent(shares['diet'])} where food does both and training nothing. "
        "Whether its assumptions hold it has no way of knowing."
    )


def _proportion(chapter: Chapter) -> str:
    p = chapter.parameters
    found = mediations("mediated", p.people, p.seed)
    share = found.indirect / found.total.estimate
    low, high = np.nanquantile(share, [0.05, 0.95])
    outside = float(np.nanmean((share < 0) | (share > 1)))
    return f"In the world where all of the effect passes through betaine, the proportion mediated should be one; over {MANY} studies of {count(p.people)} people its middle nine tenths run from {number(low)} to {number(high)}, and {percent(outside)} of them lie below nought or above one, which no part of a whole can {{footcite}}`mackinnon1995`."
