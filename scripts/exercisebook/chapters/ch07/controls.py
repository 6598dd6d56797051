"""Negative controls: what a study finds where it can find nothing, and p values against that.

Simulated proteins that nothing moves teach the method; rest days, height, a food marker and
outcomes dealt at random are the controls that open data hold. Many questions at once are the
affair of ``many``.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from exercisebook.chapters.ch01.analyses import ANALYSES as OF_CHAPTER_1
from exercisebook.chapters.ch03.analyses import ANALYSES as OF_CHAPTER_3
from exercisebook.chapters.ch05.analyses import ANALYSES as OF_CHAPTER_5
from exercisebook.chapters.ch05.rats import CONTROL
from exercisebook.chapters.ch07 import many
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.wording import certain, count, direction, listed, none_or, one, share
from exercisebook.figures import causes as draw
from exercisebook.figures.tables import NARROW, Table, interval, number, percent, whole
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.latents import LAST
from exercisebook.simulate.worlds import loadings, world
from exercisebook.sources.features import label
from exercisebook.stats.linear import p_of_t
from exercisebook.stats.negative_controls import EmpiricalNull, calibrated_p, empirical_null
from exercisebook.stats.power import detectable_from_se

Floats = NDArray[np.float64]

ANALYSES: dict[str, Analysis] = {
    name: where[name]
    for where, names in (
        (OF_CHAPTER_1, ("rest_day", "before_after", "against_rest_day")),
        (OF_CHAPTER_3, ("white_cells",)),
        (OF_CHAPTER_5, ("rat_one_carbon", "bmi_chd_control")),
    )
    for name in names
}

LEVEL = 0.05
STUDIES = 150

LADDER = ("unadjusted", "+ age, sex, ethnicity", "+ schooling, income, smoking")
"""What is held when height is asked for, each step with those before it."""

ROWS = {
    "nothing happens": ("null", None),
    "plates by phase": ("batch", None),
    "blood thinned": ("reference", None),
    "a season": ("season", None),
    "a season: CCL25": ("season", "ccl25"),
}
"""Situations with their world, and the one protein that is looked at; else all unmoved ones."""

BEFORE, AFTER = "p as it stands", "p, calibrated"


@dataclass(frozen=True)
class Study:
    """One study's estimates of proteins, log2, with their errors; those told too little left out.

    Attributes
    ----------
    estimate, se, p_value : ndarray, shape (features,)
    df : ndarray, shape (features,)
    told : ndarray of bool, shape (features,)
    """

    estimate: Floats
    se: Floats
    df: Floats
    p_value: Floats
    told: NDArray[np.bool_]


@cache
def unmoved() -> NDArray[np.bool_]:
    """Return which proteins no cause of any world reaches: by law, not by looking at results."""
    proteins = world("reference").block("proteins")
    effects = proteins[["log2_acute", "log2_late", "log2_training"]]
    reached = set(loadings().query("block == 'proteins'")["feature"])
    return (effects.eq(0).all(axis=1) & ~proteins["feature"].isin(reached)).to_numpy()


def _halves() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which unmoved proteins are controls, and which stand for the questions."""
    place = np.flatnonzero(unmoved())
    controls, asked = (np.isin(np.arange(len(unmoved())), place[k::2]) for k in (0, 1))
    return controls, asked


def paired(differences: Floats) -> Study:
    """Return paired t of each protein; shape (people, features), NaN where one is missing."""
    n = np.isfinite(differences).sum(axis=0)
    told = n >= max(4, 0.6 * len(differences))
    df = np.where(told, n - 1, 1)
    filled = np.where(np.isfinite(differences), differences, 0.0)
    mean = filled.sum(axis=0) / np.maximum(n, 1)
    squares = np.where(np.isfinite(differences), (differences - mean) ** 2, 0.0).sum(axis=0)
    se = np.sqrt(squares / df / np.maximum(n, 1))
    se = np.where(told, se, np.nan)
    return Study(mean, se, df.astype(float), p_of_t(mean / se, df), told)


def as_normal(estimate: Floats, se: Floats, p_value: Floats) -> Floats:
    """Return the errors with which a normal test would give these p values of Student's t.

    The empirical null is normal, and thirteen people's errors are not known but estimated.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        matched = np.abs(estimate) / stats.norm.isf(p_value / 2)
    return np.where(np.isfinite(matched) & (matched > 0), matched, se)


def study_null(study: Study, chosen: NDArray[np.bool_]) -> tuple[Floats, EmpiricalNull]:
    """Return a study's errors as those of normal tests, and the null of its chosen controls."""
    se = as_normal(study.estimate, study.se, study.p_value)
    use = chosen & study.told
    return se, empirical_null(study.estimate[use], se[use])


@cache
def calibrations(people: int, seed: int) -> pd.DataFrame:
    """Return false alarms before and after calibration, a row a situation.

    Every second unmoved protein is a control, the others stand for the questions.

    Returns
    -------
    DataFrame
        row, plain and calibrated (shares of p at most .05), with ``plain_error`` and
        ``calibrated_error`` (Monte-Carlo), mean and sd of the null (log2), error and wider (the median protein's standard
        error without and with the spread of the null), and what these can detect, ``detectable``
        and ``detectable_calibrated`` (log2); all means over studies.
    """
    rows = []
    controls, asked = _halves()
    for row, (name, feature) in ROWS.items():
        names = world(name).block("proteins")["feature"]
        targets = asked if feature is None else names.eq(feature).to_numpy()
        each = [_calibrated(study, controls, targets) for study in _studies(name, people, seed)]
        table = pd.DataFrame(each)
        errors = table[["plain", "calibrated"]].std() / np.sqrt(len(table))
        usual = table.mean()
        plain, wider = detectable_from_se(usual[["error", "wider"]].to_numpy(float), people - 1)
        rows.append(
            {
                "row": row,
                **usual,
                "plain_error": errors["plain"],
                "calibrated_error": errors["calibrated"],
                "detectable": plain,
                "detectable_calibrated": wider,
            }
        )
    return pd.DataFrame(rows)


@cache
def _studies(name: str, people: int, seed: int) -> tuple[Study, ...]:
    rng = np.random.default_rng(seed)
    values = simulate_arrays(world(name), people, rng, ("proteins",), STUDIES)["proteins"]
    logs = np.log2(values)
    return tuple(paired(d) for d in logs[:, :, LAST] - logs[:, :, 0])


def _calibrated(
    study: Study, controls: NDArray[np.bool_], targets: NDArray[np.bool_]
) -> dict[str, float]:
    se, null = study_null(study, controls)
    use = targets & study.told
    after = calibrated_p(study.estimate[use], se[use], null)
    return {
        "plain": float((study.p_value[use] <= LEVEL).mean()),
        "calibrated": float((after <= LEVEL).mean()),
        "mean": null.mean,
        "sd": null.sd,
        "error": float(np.median(study.se[use])),
        "wider": float(np.median(np.hypot(study.se[use], null.sd))),
    }


def control_estimates(chapter: Chapter) -> pd.DataFrame:
    """Return estimate and error, log2, of the controls of one study whose plates went by phase."""
    p = chapter.parameters
    study = _studies("batch", p.people, p.seed)[0]
    use = _halves()[0] & study.told
    return pd.DataFrame({"estimate": study.estimate[use], "se": study.se[use]})


def of(chapter: Chapter) -> pd.DataFrame:
    """Return the calibrations at this page's parameters."""
    return calibrations(chapter.parameters.people, chapter.parameters.seed)


def controls_chart(chapter: Chapter) -> Any:
    """Return false alarms before and after calibration in each situation."""
    table = of(chapter)
    parts = []
    for column, name in (("plain", BEFORE), ("calibrated", AFTER)):
        half = 1.96 * table[f"{column}_error"]
        values = {
            "estimate": 100 * table[column],
            "low": 100 * (table[column] - half).clip(lower=0),
            "high": 100 * (table[column] + half).clip(upper=1),
        }
        told = [percent(v) for v in table[column]]
        parts.append(pd.DataFrame({"row": table["row"], "group": name, "label": told, **values}))
    batch, same = (one(table, row=list(ROWS)[k]) for k in (1, 4))
    caption = (
        f"Simulated, {count(chapter.parameters.people)} people and {whole(STUDIES)} studies: proteins that nothing moves take the false alarms of plates from {percent(batch['plain'])} to {percent(batch['calibrated'])}, and leave a season's false alarm about CCL25 at {percent(same['calibrated'])} (before: {percent(same['plain'])}), because the season does not touch the controls "
        "(95 % Monte-Carlo intervals)."
    )
    text = "Dot plot of false alarms in five situations, before and after p values are set against negative controls, with a line at 5 %; calibration brings the second and third to the line and leaves the last where it was."
    rows = pd.concat(parts, ignore_index=True)
    return draw.false_alarms(rows, list(ROWS), 100 * LEVEL, (caption, text))


def rest_calibration(chapter: Chapter) -> pd.DataFrame:
    """Return the single arm's effects with p values against the rest day's, and against rest.

    Returns
    -------
    DataFrame
        feature, contrast, alone, calibrated, rest (p values); attributes of the null as columns
        ``mean`` and ``sd``.
    """
    rest, alone, against = (chapter[n] for n in ("rest_day", "before_after", "against_rest_day"))
    null = empirical_null(*_as_normal_frame(rest))
    return pd.DataFrame(
        {
            "feature": alone["feature"],
            "contrast": against["contrast"],
            "alone": alone["p_value"],
            "calibrated": calibrated_p(*_as_normal_frame(alone), null),
            "rest": against["p_value"],
            "mean": null.mean,
            "sd": null.sd,
        }
    )


def _as_normal_frame(effects: pd.DataFrame) -> tuple[Floats, Floats]:
    estimate, se, p = (effects[c].to_numpy(float) for c in ("estimate", "se", "p_value"))
    return estimate, as_normal(estimate, se, p)


def controls_table(chapter: Chapter) -> Table:
    """Return the negative controls that open data hold, and what each can and cannot catch."""
    rest = one(chapter["rest_day"], feature="lymphocytes", contrast="P1-1.5h")
    bare, born, held = (_centimetres(step) for step in heights(chapter))
    food = one(
        chapter["rat_one_carbon"], canonical_id=CONTROL, contrast="gastrocnemius-8w", stratum="all"
    )
    dealt = chapter["bmi_chd_control"]
    rows = [
        (
            "Survey: habitual activity",
            "height",
            f"{bare} with nothing held; {born} with age, sex and ethnicity; {held} with schooling, income and smoking too",
            "sex, age, origin and childhood",
            "illness that keeps people from moving",
        ),
        (
            "GRINTA: an hour of cycling",
            "the same men and hours, at rest",
            f"{label('lymphocytes')} × {number(2 ** rest['estimate'], 2)} at an hour and a half ({interval(2 ** rest['ci_low'], 2 ** rest['ci_high'])})",
            "time of day, meals, the needle",
            "what the bout brings with it, such as heat or lost water",
        ),
        (
            "Rats: eight weeks of running",
            "proline betaine, from food alone",
            f"× {number(2 ** food['estimate'], 3)} in the gastrocnemius ({interval(2 ** food['ci_low'], 2 ** food['ci_high'], 3)})",
            "what and how much was eaten",
            "the stress of being made to run",
        ),
        (
            "Genes: body mass and the heart",
            "outcomes dealt at random",
            f"{percent((dealt['p_value'] < LEVEL).mean())} of {whole(len(dealt))} “significant”",
            "a wrong standard error",
            "variants that act by another road",
        ),
        (
            "The thirteen men",
            "none that we read of",
            "two draws 25 days apart, within the 45 days of baseline, would be one",
            "habit, the needle, an assay that drifts over weeks",
            "a season that turns between baseline and training",
        ),
    ]
    columns = ["asked of", "negative control", "what it did", "it catches", "it cannot catch"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Negative controls in our data: outcomes or days that the exposure cannot have moved, with 95 % intervals; the last row is what the study could have had.",
        stacked=True,
    )


def heights(chapter: Chapter) -> list[pd.Series]:
    """Return the active people's height less the inactive people's at each step of adjustment."""
    return [one(chapter["white_cells"], feature="height", stratum=step) for step in LADDER]


def _centimetres(effect: pd.Series) -> str:
    return f"{number(effect['estimate'])} cm ({interval(effect['ci_low'], effect['ci_high'])})"


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on controls and on many questions."""
    return {
        "controls_hand": _by_library(chapter),
        "controls": _controls(chapter),
        "untouched": _untouched(chapter),
        "held_controls": _held(chapter),
        "rest_null": _rest_null(chapter),
        **many.sentences(chapter),
    }


def _by_library(chapter: Chapter) -> str:
    own = control_estimates(chapter)
    null = empirical_null(own["estimate"], own["se"])
    return (
        f"The library weighs each control by its own error, and finds a mean of {number(null.mean)} and a spread of {number(null.sd)} for these {whole(len(own))} (log2). "
        "A p value is then taken of the distance from that mean, with both errors under it {footcite}`schuemie2014`."
    )


def _controls(chapter: Chapter) -> str:
    null, batch, thinned = (one(of(chapter), row=name) for name in list(ROWS)[:3])
    way = direction(thinned["mean"], "up", "down")
    return (
        f"Where nothing happens, {percent(null['plain'])} of the proteins asked about sound an alarm before and {percent(null['calibrated'])} after, so that the method costs little when there is nothing to correct. "
        f"Plates of their own scatter every protein, the controls too (by {percent(2 ** batch['sd'] - 1)}, one standard deviation, on average over the studies), and false alarms go from {percent(batch['plain'])} to {percent(batch['calibrated'])}. "
        f"New plasma moves all of them one way though none is made or lost, {way} by {percent(abs(2 ** thinned['mean'] - 1))}, and there too the controls show by how much ({percent(thinned['plain'])} before, {percent(thinned['calibrated'])} after). "
        f"The price on the plates: the median protein must change by {percent(2 ** batch['detectable_calibrated'] - 1)} to be seen in four studies of five, where {percent(2 ** batch['detectable'] - 1)} would do without the plates' scatter."
    )


def _untouched(chapter: Chapter) -> str:
    others, same = (one(of(chapter), row=name) for name in list(ROWS)[3:])
    return (
        f"Then the season: training does nothing, and CCL25 “falls” in {percent(same['plain'])} of studies. "
        f"The controls are silent ({percent(others['plain'])}), and with them the study still finds it in {percent(same['calibrated'])}. "
        "A negative control speaks only about errors that it shares with the question. "
        "For a season that moves betaine and inflammation, one would need a control that the season moves and exercise does not."
    )


def _held(chapter: Chapter) -> str:
    bare, born, held = heights(chapter)
    first = (
        f"stand {number(abs(bare['estimate']))} cm {direction(bare['estimate'], 'taller', 'shorter')}"
        if certain(bare)
        else "are about as tall"
    )
    rest = (
        "so that the difference is not gone" if certain(held) else "so that the difference is gone"
    )
    food = one(
        chapter["rat_one_carbon"], canonical_id=CONTROL, contrast="gastrocnemius-8w", stratum="all"
    )
    return (
        f"Activity in adults cannot make anyone taller; the active {first} all the same. "
        f"Holding age, sex and ethnicity leaves {_centimetres(born)}, and holding schooling, income and smoking too {_centimetres(held)}, {rest}. "
        f"The rats' food marker {'moved, which is a warning' if certain(food) else 'shows no clear change in the calf'}. "
        "A silent control is no acquittal: it clears the biases in its own row, and no other. "
        "The last row costs nothing but two tubes of blood."
    )


def _drifts(rest: pd.DataFrame) -> str:
    """Return why one null for all cells mends no estimate: cells drift apart, if they do."""
    ways = rest.groupby("feature")["estimate"].mean()
    up, down = (sorted(ways.index[sign * ways > 0]) for sign in (1, -1))
    if not up or not down:
        return "One null for all cells mends p values and no estimate. "
    return f"One null for all cells mends p values and no estimate: at rest {listed(up)} drift up and {listed(down)} down, and only the rest day knows by how much. "


def _rest_null(chapter: Chapter) -> str:
    table = rest_calibration(chapter)
    rest = chapter["rest_day"]
    by = {name: table[name] < LEVEL for name in ("alone", "calibrated", "rest")}
    m = len(table)
    same = int((by["calibrated"] == by["rest"]).sum())
    lost = table[by["alone"] & ~by["calibrated"]]
    told = listed(
        [
            f"{label(r.feature).lower()} at {r.contrast.rsplit('-', 1)[1].removesuffix('h')} h"
            for r in lost.itertuples()
        ]
    )
    return (
        f"GRINTA lets us hold calibration against the same rest day read hour by hour: white cells of the same {whole(rest['n_subjects'].max())} men, at the same hours, without a bout. "
        f"At rest {share((rest['p_value'] < LEVEL).sum(), m)} changes are “significant” at 5{NARROW}%; taken together they have a mean of {percent(2 ** table['mean'].iloc[0] - 1, signed=True)} and a spread of {percent(2 ** table['sd'].iloc[0] - 1)}. "
        f"The exercise day alone gives {share(by['alone'].sum(), m)}; against that null {none_or(count(by['calibrated'].sum()))} are left"
        + (f" (gone: {told})" if len(lost) else "")
        + f", and against the rest day itself, hour by hour, {none_or(count(by['rest'].sum()))}. "
        f"Both use the same readings, so that they agree about {share(same, m)} says {'that pooling lost little here' if same > 0.9 * m else 'how much pooling lost here'}, not that the null is right; and the day of rest was the first of the days for every man. "
        + _drifts(rest)
        + "The hours are not independent, the men being the same, so the null is a description. "
        "All of this is about hours around a bout, and none of it about 25 days."
    )
