"""Stool: measured, and no result told; simulated taxa show what a result would have to survive.

Every number of taxa here is simulated. What closure, diet and transit do to shares is shown on
communities whose truth is known, never on the study's own.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.chapters.answers import tolerant
from exercisebook.chapters.ch07.many import rate
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.wording import count, direction, listed, one
from exercisebook.figures import stool as draw
from exercisebook.figures.tables import Table, number, percent, whole
from exercisebook.paths import ENGINE
from exercisebook.simulate.latents import LAST, draw_visits
from exercisebook.simulate.streams import stream
from exercisebook.simulate.taxa import taxa_counts, taxa_features
from exercisebook.simulate.worlds import ARM, NODES, PHASES, world
from exercisebook.stats.closure import closure_correlation, spurious_correlation
from exercisebook.stats.linear import p_of_t
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.power import detectable_from_se
from exercisebook.stats.taxa import kernel_mode, taxa_effects

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

ANALYSES: dict[str, Analysis] = {}

STUDIES = 40
KINDS = 4
"""Kinds of bacteria of the sum by hand."""

BLOOM = 4.0
"""By how much one genus multiplies in the figure, while all else stays."""

SHOWN = 8
"""Taxa of that figure, the most abundant ones."""

SITUATIONS: dict[str, tuple[str, float]] = {
    "nothing happens": ("null", 0.0),
    "training acts": ("reference", 0.0),
    "better food": ("diet", 0.0),
    "faster transit, 1 SD": ("null", -1.0),
    "faster transit, 2 SD": ("null", -2.0),
}
"""Each with its world, and how far transit moves by the last visit, in SD."""

LOG_RATIOS, SHARES = "log ratios, corrected", "shares, t test"
TRUE, FALSE = "moved by training", "not moved by training"


def independent_parts(chapter: Chapter) -> pd.DataFrame:
    """Return amounts of four kinds of bacteria in 2,000 simulated samples, each on its own."""
    rng = np.random.default_rng(chapter.parameters.seed)
    amounts = rng.gamma(20.0, size=(2_000, KINDS))
    return pd.DataFrame(amounts, columns=list("ABCD")[:KINDS])


@cache
def communities(world_name: str, transit: float, people: int, seed: int) -> Counts:
    """Return counts of reads, shape (studies, people, phases, taxa), with a shift of transit."""
    own = world(world_name)
    rng = np.random.default_rng(seed)
    visits = draw_visits(own, people, rng, STUDIES)
    last = np.arange(len(PHASES)) == LAST
    shape, k = visits.clock.shape, len(taxa_features())
    return taxa_counts(
        diet=visits.nodes[..., NODES.index("diet")],
        transit=visits.transit + transit * last,
        season=np.zeros(len(PHASES)),
        trained=own.training * visits.trained,
        between=stream(rng, "taxa", "between").standard_normal((*shape[:2], 1, k)),
        within=stream(rng, "taxa", "within").standard_normal((*shape, k)),
        rng_depth=stream(rng, "taxa", "depth"),
        rng_counts=stream(rng, "taxa", "counts"),
    )


@cache
def discoveries(people: int, seed: int, fdr: float) -> pd.DataFrame:
    """Return what two methods find in each situation, a row each, means over studies.

    Returns
    -------
    DataFrame
        situation, method, found, false (taxa a study), any (share of studies that find
        something), false_share (mean over studies of the false among those found, 0 where none),
        and moved (taxa that training truly moves).
    """
    truth = taxa_features()["log2_training"].to_numpy(float)
    rows = []
    for situation, (name, transit) in SITUATIONS.items():
        moved = (truth != 0) & (world(name).training != 0)
        counts = communities(name, transit, people, seed)
        for method, test in ((LOG_RATIOS, _by_log_ratios), (SHARES, _by_shares)):
            found = np.array([benjamini_hochberg(test(study)) <= fdr for study in counts])
            wrong = found & ~moved
            rows.append(
                {
                    "situation": situation,
                    "method": method,
                    "found": found.sum(axis=1).mean(),
                    "false": wrong.sum(axis=1).mean(),
                    "any": found.any(axis=1).mean(),
                    "false_share": (wrong.sum(axis=1) / np.maximum(found.sum(axis=1), 1)).mean(),
                    "moved": int(moved.sum()),
                }
            )
    return pd.DataFrame(rows)


CONTRAST = pd.Series(
    {
        "contrast": "training-baseline",
        "phase": "training",
        "reference_phase": "baseline",
        "arm": ARM,
        "reference_arm": ARM,
    }
)


@cache
def detectable(people: int, seed: int) -> float:
    """Return the log2 ratio at which the middle taxon is seen in four studies of five."""
    first = _log_ratio_effects(communities("null", 0.0, people, seed)[0])
    return float(np.median(detectable_from_se(first["se"].dropna(), first["df"].dropna())))


def _by_log_ratios(study: Counts) -> Floats:
    """Return p values of the log-ratio method, shape (taxa,)."""
    return _log_ratio_effects(study)["p_value"].to_numpy(float)


def _log_ratio_effects(study: Counts) -> pd.DataFrame:
    people = [f"S{i:03d}" for i in range(len(study))]
    samples = pd.DataFrame(
        {
            "subject": np.repeat(people, len(PHASES)),
            "arm": ARM,
            "phase": np.tile(PHASES, len(people)),
        }
    )
    table = pd.DataFrame(study.reshape(len(samples), -1), columns=taxa_features()["feature"])
    return taxa_effects(table, samples, CONTRAST)


def _by_shares(study: Counts) -> Floats:
    """Return p values of a paired t test of log shares, half a read added, shape (taxa,)."""
    reads = study + 0.5
    logs = np.log2(reads / reads.sum(axis=-1, keepdims=True))
    d = logs[:, LAST] - logs[:, 0]
    return p_of_t(d.mean(axis=0) / (d.std(axis=0, ddof=1) / np.sqrt(len(d))), len(d) - 1)


def of(chapter: Chapter) -> pd.DataFrame:
    """Return the discoveries at this page's parameters."""
    p = chapter.parameters
    return discoveries(p.people, p.seed, p.fdr)


def bloom() -> pd.DataFrame:
    """Return ratios after to before when the first genus multiplies and nothing else changes.

    Returns
    -------
    DataFrame
        row, truth, share and restored (log ratios less their mode), one row a taxon.
    """
    taxa = taxa_features()
    before = np.exp(taxa["log_abundance"].to_numpy(float))
    truth = np.where(np.arange(len(taxa)) == 0, BLOOM, 1.0)
    after = before * truth
    shown = (after / after.sum()) / (before / before.sum())
    centred = np.log2(shown) - np.log2(shown).mean()
    restored = 2 ** (centred - kernel_mode(centred).mode)
    names = taxa["feature"].str.replace("_", " ")
    table = pd.DataFrame({"row": names, "truth": truth, "share": shown, "restored": restored})
    return table.head(SHOWN)


def bloom_chart(chapter: Chapter) -> Any:
    """Return what one genus's bloom does to the shares of all others."""
    table = bloom()
    names = {
        "truth": "what truly changed",
        "share": "what the share shows",
        "restored": "log ratio, less what most taxa do",
    }
    frame = table.melt("row", var_name="what", value_name="ratio")
    frame = frame.assign(group=frame["what"].map(names))
    other = table["share"].iloc[1]
    caption = (
        f"Simulated stool: when the most abundant of {whole(len(taxa_features()))} taxa multiplies {whole(BLOOM)}-fold and nothing else changes, every other share {direction(other - 1, 'rises', 'falls')} by {percent(abs(other - 1))}, "
        "and log ratios that take most taxa for unchanged restore what happened (arithmetic; no n)."
    )
    text = f"Dot plot of ratios after to before on a log scale for the {count(SHOWN)} most abundant simulated taxa: truth is {whole(BLOOM)} for the first and 1 for the others, shares show less for the first and a fall for all others, corrected log ratios lie on the truth."
    return draw.bloom(frame, list(table["row"]), (caption, text))


def taxa_chart(chapter: Chapter) -> Any:
    """Return how many taxa a study finds in each situation, moved by training or not."""
    table = of(chapter).query("method == @LOG_RATIOS")
    parts = []
    for r in table.itertuples(index=False):
        true = r.found - r.false
        told = number(r.found)
        ends = ((TRUE, 0.0, true), (FALSE, true, r.found))
        parts += [(r.situation, k, a, b, number(b - a), told) for k, a, b in ends]
    frame = pd.DataFrame(parts, columns=["row", "kind", "from", "to", "label", "told"])
    slow, quick, acts = (
        one(table, situation=s)
        for s in ("nothing happens", "faster transit, 2 SD", "training acts")
    )
    caption = (
        f"Simulated stool, {count(chapter.parameters.people)} people: where training moves {whole(acts['moved'])} of {whole(len(taxa_features()))} taxa a study finds {number(acts['found'])} on average, of which {number(acts['found'] - acts['false'])} truly moved, and where stool merely passes faster by two standard deviations it finds {number(quick['found'])}, of which training moved none "
        f"(where nothing happens {number(slow['found'])}; {whole(STUDIES)} studies a row, false-discovery rate {rate(chapter)})."
    )
    text = "Stacked bars of taxa found in a simulated study in five situations; almost none where nothing happens and where training acts, most, all of them not moved by training, where transit is faster by two standard deviations."
    return draw.found_taxa(frame, list(SITUATIONS), (caption, text))


def taxa_table(chapter: Chapter) -> Table:
    """Return false discoveries by situation and method."""
    table = of(chapter)
    frame = pd.DataFrame(
        {
            "simulated situation": table["situation"],
            "method": table["method"],
            "truly moved by training": table["moved"].map(whole),
            "found in a study": table["found"].map(number),
            "of these not moved": table["false"].map(number),
            "studies that find any": table["any"].map(percent),
            "false among found": table["false_share"].map(percent),
        }
    )
    return Table(
        frame,
        f"Simulated stool of {count(chapter.parameters.people)} people, {whole(len(taxa_features()))} taxa, {whole(STUDIES)} studies a row: taxa found at a false-discovery rate of {rate(chapter)}, and how many of them training did not move; the last column is a mean over studies, 0 where none was found.",
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on stool."""
    return {
        "closure": _closure(chapter),
        "bloom": _bloom(),
        "taxa": _taxa(chapter),
        "taxa_calibrated": _calibrated(),
    }


def _closure(chapter: Chapter) -> str:
    parts = independent_parts(chapter)
    shares = parts.div(parts.sum(axis=1), axis=0)
    upper = np.triu_indices(KINDS, 1)
    before, after = (t.corr().to_numpy()[upper].mean() for t in (parts, shares))
    abundance = np.exp(taxa_features()["log_abundance"].to_numpy(float))
    top = spurious_correlation(abundance / abundance.sum())[0, 1]
    many = len(abundance)
    return (
        f"The amounts have a mean correlation of {number(before, 1)}, as they should, and the shares one of {number(after)}, which is $-1/(D-1)$ for $D$ = {whole(KINDS)}. "
        f"With {whole(many)} kinds alike it would be a harmless {number(float(closure_correlation(many)), 1)}, but kinds are not alike: between the two most abundant of our simulated taxa closure alone makes {number(float(top))}. "
        "Every network of “co-occurring” bacteria that is drawn from shares holds such lines {footcite}`gloor2017`."
    )


def _bloom() -> str:
    table = bloom()
    first, other = table["share"].iloc[0], table["share"].iloc[1]
    held = np.allclose(table["restored"], table["truth"], rtol=0.02)
    told = (
        "Log ratios less what most taxa do restore the truth, as long as most taxa did nothing {footcite}`zhou2022`; that is an assumption about bacteria, and no amount of reads can test it. "
        if held
        else "Log ratios less what most taxa do come near the truth, as long as most taxa did nothing {footcite}`zhou2022`. "
    )
    return (
        f"A sequencer counts to a total that it chooses itself. "
        f"So one genus that multiplies {whole(BLOOM)}-fold shows as {number(first)}-fold, and {whole(len(taxa_features()) - 1)} taxa that did nothing all “fall” by {percent(abs(1 - other))}. "
        + told
        + "Cells counted in a gram of stool, or a known amount of foreign cells added before the tube is opened, would test it."
    )


def _taxa(chapter: Chapter) -> str:
    table = of(chapter).query("method == @LOG_RATIOS").set_index("situation")
    acts, food = table.loc["training acts"], table.loc["better food"]
    one_sd, two_sd = (table.loc[f"faster transit, {n} SD"] for n in (1, 2))
    return (
        f"Where training truly moves {whole(acts['moved'])} taxa, {count(chapter.parameters.people)} people find {number(acts['found'] - acts['false'])} of them in an average study, and {percent(1 - acts['any'])} of studies find no taxon at all: asked for alone, the middle taxon would have to change {number(2 ** detectable(chapter.parameters.people, chapter.parameters.seed))}-fold to be seen in four studies of five. "
        f"Better food makes {number(food['found'])}, faster transit {number(one_sd['found'])} or {number(two_sd['found'])}, and training moved none of those itself. "
        "People who begin to run drink, eat and go to the toilet differently; how firm stool is goes with what lives in it {footcite}`vandeputte2016`, and a changed diet shows within days {footcite}`david2014`. "
        "If running speeds up the gut, that is an effect of running, and still not what a list of “bacteria of the trained” is taken to say. "
        "So a list of taxa from a fixed order needs a food diary, a stool chart and an answer to the question how many it would have held if nothing had happened."
    )


def _calibrated() -> str:
    table = pd.read_csv(ENGINE / "worlds.csv", keep_default_na=False, na_values=[""])
    own = table[(table["on"] == "120 taxa") & (table["world"] == "null")]
    rates = own[own["measure"] == "false-discovery rate"].set_index("method")
    told = [
        f"{percent(rates.loc[name, 'estimate'])} of studies with {words}"
        for name, words in (
            ("taxa (LinDA-type)", "log ratios"),
            ("paired t of shares", "shares"),
        )
    ]
    studies = rates["studies"].iloc[0]
    return (
        f"Where nothing happens the error is as promised: {listed(told)} find any taxon at all, over {whole(studies)} simulated studies of {whole(rates['people'].iloc[0])} people ([](#operating-characteristics)). "
        "A method that is honest about chance is not thereby honest about causes."
    )


@tolerant
def check_bloom(answer: float) -> str:
    """Check the exercise: by how many per cent other shares fall when 40 % of reads double."""
    right = 100 * (1 - 1 / 1.4)
    if abs(answer - right) < 0.1:
        return f"Right: every other share falls by {number(right, 3)} %, and not one bacterium of theirs has died."
    if abs(answer + right) < 0.1 or abs(answer - right / 100) < 0.001:
        return "The size is right; give the fall in per cent, as a positive number."
    if abs(answer - 40) < 0.1:
        return "That is by how much the whole has grown; a share is divided by the whole."
    return "Not yet: the whole grows from 100 to 140, and the others' amounts stay."
