"""How strong an unseen cause would have to be to make our own effects, and where that question ends."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch01.analyses import ADJUSTMENTS, habitual_activity
from exercisebook.chapters.ch03.analyses import SOCIAL, resting_markers, white_cells
from exercisebook.chapters.ch05.rats import BETAINE, rat_one_carbon
from exercisebook.chapters.ch07.mediation import analysed
from exercisebook.chapters.ch07.studies import BLOCKS
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.wording import certain, direction, one
from exercisebook.cohort.package import Cohort
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import Table, interval, number, percent
from exercisebook.simulate.latents import log_sd
from exercisebook.simulate.worlds import assumptions, world
from exercisebook.sources.features import label
from exercisebook.stats.power import ALPHA, detectable_from_se
from exercisebook.stats.unmeasured_confounding import (
    bounding_factor,
    confounder_shift_needed,
    e_value,
    e_value_of_limit,
    limit_near_zero,
    risk_ratio_of_standardised,
    robustness_value,
)

FULL = list(ADJUSTMENTS)[-1]
"""Chapter 1's fullest adjustment: age, sex, cycle, ethnicity, smoking and body mass index."""

HEIGHT = "height"

SURVEYED = (
    ("white_cells", "neutrophils", SOCIAL),
    ("resting_markers", "triglycerides", SOCIAL),
    ("white_cells", HEIGHT, SOCIAL),
    ("habitual_activity", "total_bilirubin", FULL),
    ("habitual_activity", HEIGHT, FULL),
)
"""Associations of the survey whose rivals are asked about; no activity makes height."""

HELD = {SOCIAL: "schooling and income", FULL: "body mass index"}
"""What an adjustment holds beside age, sex, ethnicity, cycle and smoking."""

TISSUE = "gastrocnemius-8w"
RATS = ("dimethylglycine", BETAINE)
_RATS_A_GROUP = 10

OUTCOMES = {
    "neutrophils": "blood_count",
    "triglycerides": "clinical",
    "total_bilirubin": "clinical",
}


def outcome_spreads(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return the standard deviation between people of each outcome, weighted as the survey is."""
    weights = cohort.subjects.set_index("subject")["survey_weight"]
    rows = []
    for feature, modality in {**OUTCOMES, HEIGHT: "clinical"}.items():
        long = cohort.long(modality)
        own = long[(long["feature"] == feature) & (long["value"] > 0)].set_index("subject")["value"]
        values = own if feature == HEIGHT else np.log2(own)
        w = weights[values.index]
        mean = np.average(values, weights=w)
        spread = np.sqrt(np.average((values - mean) ** 2, weights=w))
        rows.append({"feature": feature, "n_subjects": len(values), "sd_between": spread})
    return pd.DataFrame(rows)


ANALYSES = {
    analysis.name: analysis
    for analysis in (
        Analysis("white_cells", "nhanes", white_cells),
        Analysis("resting_markers", "nhanes", resting_markers),
        Analysis("habitual_activity", "nhanes", habitual_activity),
        Analysis("outcome_spreads", "nhanes", outcome_spreads),
        Analysis("rat_one_carbon", "motrpac-rat", rat_one_carbon),
    )
}


def effects(chapter: Chapter) -> pd.DataFrame:
    """Return the effects that are asked about, in standard deviations between subjects.

    Returns
    -------
    DataFrame
        row, held (the adjustment), feature, n_subjects, estimate, ci_low, ci_high (as estimated),
        statistic, df (of the subjects), d and se_d.
    """
    spreads = chapter["outcome_spreads"].set_index("feature")["sd_between"]
    rows = []
    for table, feature, stratum in SURVEYED:
        effect = one(chapter[table], feature=feature, stratum=stratum)
        row = f"{label(feature)}, active people"
        own = _standardised(effect, row, spreads[feature], effect["n_subjects"])
        rows.append(own | {"held": stratum})
    rats = chapter["rat_one_carbon"]
    for feature in RATS:
        effect = one(rats, feature=feature, contrast=TISSUE, stratum="all")
        spread = effect["se"] / np.sqrt(2 / _RATS_A_GROUP)
        own = _standardised(effect, f"{label(feature)}, rats' muscle", spread, effect["df"])
        rows.append(own | {"held": "sex"})
    return pd.DataFrame(rows)


def _standardised(effect: pd.Series, row: str, spread: float, df: float) -> dict[str, Any]:
    kept = ["feature", "n_subjects", "estimate", "se", "ci_low", "ci_high", "statistic"]
    d, se = effect["estimate"] / spread, effect["se"] / spread
    ends = {"d_low": effect["ci_low"] / spread, "d_high": effect["ci_high"] / spread}
    return {"row": row, **effect[kept].to_dict(), "df": df, "d": d, "se_d": se, **ends}


def measures(chapter: Chapter) -> pd.DataFrame:
    """Return each effect with what an unseen cause would need: E-values and robustness values."""
    table = effects(chapter)
    rr, low, high = risk_ratio_of_standardised(table["d"], table["se_d"])
    t, df = table["statistic"], table["df"]
    return table.assign(
        ratio=rr,
        e_value=e_value(rr),
        e_limit=e_value_of_limit(rr, low, high),
        robustness=robustness_value(t, df),
        robustness_limit=robustness_value(t, df, alpha=ALPHA),
    )


def measures_table(chapter: Chapter) -> Table:
    """Return what an unseen cause would need to make each of our own effects."""
    table = measures(chapter)
    frame = pd.DataFrame(
        {
            "difference in": table["row"],
            "held": [HELD.get(h, h) for h in table["held"]],
            "n": [f"{int(n):,}" for n in table["n_subjects"]],
            "in SDs": [
                f"{number(d)} ({interval(low, high)})"
                for d, low, high in zip(table["d"], table["d_low"], table["d_high"], strict=True)
            ],
            "as a risk ratio": [number(r, 3) for r in table["ratio"]],
            "E-value": [number(e, 3) for e in table["e_value"]],
            "E-value, limit": [number(e, 3) for e in table["e_limit"]],
            "robustness (limit)": [
                f"{percent(whole)} ({percent(limit)})"
                for whole, limit in zip(table["robustness"], table["robustness_limit"], strict=True)
            ],
        }
    )
    return Table(
        frame,
        "What an unseen cause would need to make the whole difference, and to bring its interval to zero. Adults of NHANES 2009-2012 who say that they are active against those who do not (hours since the last bout unknown), with age, sex, ethnicity, cycle, smoking and what stands under “held” held constant; rats after eight weeks against sedentary ones, sex held. No row is a verdict on a claim.",
    )


def simulated_rise(feature: str = BETAINE) -> pd.Series:
    """Return what the reference study sees of betaine or CRP after training, by paired t."""
    path = analysed().a if feature == BETAINE else analysed().total
    half = float(stats.t.isf(ALPHA / 2, path.df) * path.se)
    estimate = float(path.estimate)
    return pd.Series(
        {
            "estimate": estimate,
            "se": float(path.se),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "detectable": float(detectable_from_se(path.se, path.df)),
        }
    )


def spread_between(feature: str) -> float:
    """Return the spread of log2 values of a feature between simulated people at one visit."""
    own = world("reference").block(BLOCKS[feature]).set_index("feature").loc[feature]
    parts = [float(log_sd(own[f"cv_{p}"])) for p in ("between", "within", "assay")]
    return float(np.sqrt(np.square(parts).sum()) / np.log(2))


def spread_within(feature: str) -> float:
    """Return the spread of log2 values of a feature within one simulated person, without assay."""
    own = world("reference").block(BLOCKS[feature]).set_index("feature").loc[feature]
    return float(log_sd(own["cv_within"]) / np.log(2))


@cache
def simulated_ratio() -> float:
    """Return the rise of betaine in the reference study as an approximate risk ratio."""
    effect, spread = simulated_rise(), spread_between(BETAINE)
    ratio, _, _ = risk_ratio_of_standardised(effect["estimate"] / spread, effect["se"] / spread)
    return float(ratio)


def partner(ratio: float, exposure: np.ndarray) -> np.ndarray:
    """Return how strong the other side must be where a confounder's first side is known.

    The bounding factor set equal to the ratio and solved for its second side.
    """
    return ratio * (exposure - 1) / (exposure - ratio)


def bounding_chart(chapter: Chapter) -> Any:
    """Return the pairs of strengths that explain a ratio away, and where time lies among them."""
    ratio = simulated_ratio()
    away = max(ratio, 1 / ratio)
    e = float(e_value(ratio))
    exposure = np.geomspace(away * 1.05, 100, 120)
    frame = pd.DataFrame({"exposure": exposure, "outcome": partner(away, exposure)})
    frame = frame[frame["outcome"] <= 12]
    rise = simulated_rise()["estimate"]
    caption = f"Simulated reference cohort: the {direction(rise, 'rise', 'fall')} of betaine ({number(abs(rise))} doublings, {number(abs(rise) / spread_between(BETAINE))} SD), converted to a risk ratio of {number(away, 3)}, is explained away by any pair of strengths on or above the line; the E-value, {number(e, 3)}, is the point where both strengths are equal. In a fixed order time goes with exercise without limit, at the right edge, and there {number(away, 3)} on the other side is enough (n = 13)."
    text = f"Line chart on two logarithmic axes: strength between exposure and confounder against strength between confounder and outcome; the line falls from the upper left through the E-value, {number(e, 3)}, and flattens out at {number(away, 3)} to the right, where time is."
    return draw.bounding(frame, away, e, (caption, text))


def tipping_table(chapter: Chapter) -> Table:
    """Return by how much a cause must differ between the days to make the simulated changes."""
    slopes = {
        BETAINE: assumptions()["cause_on_betaine"],
        "crp": assumptions()["cause_on_inflammation"],
    }
    rows = []
    for feature, per_sd in slopes.items():
        effect = simulated_rise(feature)
        unit = spread_within(feature)
        slope = per_sd * unit
        whole = float(confounder_shift_needed(effect["estimate"], slope))
        limit = float(
            confounder_shift_needed(limit_near_zero(effect["ci_low"], effect["ci_high"]), slope)
        )
        rows.append(
            (
                label(feature),
                f"{number(effect['estimate'])} ({interval(effect['ci_low'], effect['ci_high'])})",
                number(per_sd),
                number(whole),
                number(limit),
                f"{number(effect['detectable'])}",
            )
        )
    columns = [
        "measurement",
        "log2 change (95 % interval)",
        "SDs a SD of the cause",
        "shift that makes it all",
        "shift that leaves it unsure",
        "detectable (log2)",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Simulated reference cohort, 13 men: by how many of its standard deviations a cause such as diet would have to differ between the two days.",
        stacked=True,
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {"unseen": _unseen(chapter), "time": _time(), "tipping": _tipping()}


def _unseen(chapter: Chapter) -> str:
    table = measures(chapter)
    cells = one(table, feature="neutrophils")
    dmg, bet = (one(table, feature=f) for f in RATS)
    return (
        f"That active people have {direction(cells['d'], 'more', 'fewer')} neutrophils would be explained by a trait that makes people {number(cells['e_value'], 3)} times as likely to be active, and as much likelier to have {direction(cells['d'], 'high', 'low')} counts; or, by the other yardstick, one that explains {percent(cells['robustness'])} of what is left to explain of both. "
        f"{_height(table)}"
        f"In rats the needed trait is {'stronger' if dmg['e_value'] > cells['e_value'] else 'no stronger'} for dimethylglycine ({number(dmg['e_value'], 3)}), since twenty animals show large differences only, and for betaine {'nothing is left to explain: its interval holds zero, and so the E-value of its limit is one' if bet['e_limit'] == 1 else 'it is ' + number(bet['e_value'], 3)}."
    )


def _height(table: pd.DataFrame) -> str:
    """Return what the negative control says about the rows with the same things held constant."""
    without, with_social = (one(table, feature=HEIGHT, held=h) for h in (FULL, SOCIAL))
    bilirubin = one(table, feature="total_bilirubin")
    told = (
        "Is that much? Height is the negative control: activity lengthens no adult, so a difference in it comes from such traits, from tall people who take to sport, or from chance. "
        f"With schooling and income left out the active {_of_height(without)}; with them held they {_of_height(with_social)}. "
    )
    if certain(without):
        told += f"So the bilirubin row ({number(bilirubin['e_value'], 3)}), which leaves them out, should be read again with them"
        told += (
            ". "
            if certain(with_social)
            else ", and the control says nothing against the neutrophils. "
        )
    if certain(with_social):
        told += "So the control speaks against the neutrophils too. "
    return told + "A trait that goes with height need not move either of them. "


def _of_height(effect: pd.Series) -> str:
    taller = direction(effect["d"], "taller", "shorter")
    told = f"are {taller}" if certain(effect) else f"are not clearly {taller}"
    return f"{told} (E-value {number(effect['e_value'], 3)}, of the limit {number(effect['e_limit'], 3)})"


def _time() -> str:
    ratio = simulated_ratio()
    away = max(ratio, 1 / ratio)
    e = float(e_value(ratio))
    strong = float(bounding_factor(1e9, away))
    return (
        f"An E-value spreads the burden evenly over two sides: {number(e, 3)} here from exposure to rival, and {number(e, 3)} from rival to outcome. "
        f"In a fixed order one side is settled. The second visit is always the later one, nobody trained at the first, so time and training go together without limit; then the rival needs only {number(strong, 3)} on the other side, the converted ratio and no more, and the E-value has flattered the study. "
        "A robustness value fares no better: time explains all of the exposure, and what is left of it, on which the effect would be estimated, is nothing. "
        "So for this design the first question is how much such a stretch of time does by itself, and people who do not train answer it best; two draws within the baseline answer it for another season."
    )


def _tipping() -> str:
    a = assumptions()
    effect, crp = simulated_rise(), simulated_rise("crp")
    need = float(
        confounder_shift_needed(effect["estimate"], a["cause_on_betaine"] * spread_within(BETAINE))
    )
    also = need * a["cause_on_inflammation"] * spread_within("crp")
    fits = crp["ci_low"] <= also <= crp["ci_high"]
    return (
        f"A diet that moves betaine by {number(a['cause_on_betaine'])} of its standard deviations for each of its own would have to differ by {number(abs(need))} between the two days to make all of betaine's {direction(effect['estimate'], 'rise', 'fall')}. "
        f"In the world named after it, diet differs by {number(a['cause_shift'])}. "
        f"By the second row the same diet would change C-reactive protein by {number(also)} doublings, which the interval seen ({interval(crp['ci_low'], crp['ci_high'])}) {'allows' if fits else 'does not hold: with these strengths the two rows are not one diet'}. "
        f"Whether {number(abs(need))} is much is a question about kitchens, and statistics does not know kitchens: a diary, or the same food for both visits, does."
    )


@tolerant
def check_e_value(e: float, with_time: float) -> str:
    """Check the exercise: the E-value of a risk ratio of 2, and what time needs."""
    right = float(e_value(2.0))
    if abs(e - right) < 0.02 and abs(with_time - 2.0) < 0.02:
        return f"Right: {number(right, 3)}, and with time as the rival 2, the ratio itself."
    if abs(e - right) < 0.02 and abs(with_time - right) < 0.02:
        return "The E-value is right. But time needs no help on the side of the exposure."
    if abs(e - right) < 0.02:
        return "The E-value is right. What does the bounding factor become as its first side grows without limit?"
    return "Not yet: for a ratio R above one, E = R + √(R (R − 1))."
