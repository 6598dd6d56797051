"""How often worlds of different cause give a "significant mediation": the precomputed grid.

The grid is made by ``scripts/calibrate_verdicts.py``; appendix A3 tells the errors of the method.
"""

from functools import cache
from typing import Any

import pandas as pd

from exercisebook.chapters.ch07.studies import true_row
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import count, listed, one
from exercisebook.figures import causality as draw
from exercisebook.figures.tables import Table, number, percent, whole
from exercisebook.paths import ENGINE

ORDER = {
    "null": "nothing happens",
    "high-crp": "enrolled for high CRP",
    "season": "the season does both",
    "direct": "training does both",
    "diet": "food does both",
    "common-cause": "less stress does both",
    "reverse": "inflammation first",
    "mediated": "through betaine",
}
"""The worlds from top to bottom, with what causes what."""

TRUE, FALSE = "betaine carries it", "betaine carries nothing"
PEOPLE, NOISE, SEASON = 13, 1.0, 0.0
MANY_PEOPLE = 100


@cache
def grid() -> pd.DataFrame:
    """Return the grid: world, people, noise, season, studies, significant, monte_carlo_error."""
    # a world is called null, which pandas would take for a gap
    return pd.read_csv(ENGINE / "mediation_grid.csv", keep_default_na=False, na_values=[""])


def cell(
    world: str, people: int = PEOPLE, noise: float = NOISE, season: float = SEASON
) -> pd.Series:
    """Return one cell of the grid."""
    return one(grid(), world=world, people=people, noise=noise, season=season)


def found(world: str, people: int = PEOPLE) -> str:
    """Return the share of studies with a significant mediation, in words for a sentence."""
    return percent(cell(world, people)["significant"])


def carries(world: str) -> bool:
    """Return whether betaine truly carries an effect of training in a world."""
    return abs(true_row(world, "crp")["log2_mediated"]) > 0


def grid_chart(chapter: Chapter) -> Any:
    """Return the share of significant mediations by world and people, with noise and season to set."""
    table = grid()
    frame = table.assign(
        row=table["world"].map(ORDER),
        significant=100 * table["significant"],
        truth=[TRUE if carries(w) else FALSE for w in table["world"]],
        label=[
            f"{percent(s)} ± {number(100 * e, 1)}"
            for s, e in zip(table["significant"], table["monte_carlo_error"], strict=True)
        ],
    )[["row", "people", "noise", "season", "significant", "truth", "label"]]
    caption = f"Simulated, {whole(table['studies'].min())} studies a dot (n = 6 to 100 people): thirteen show a “significant mediation” in {found('mediated')} of studies where betaine carries the effect, in {found('reverse')} where inflammation moves betaine, and in {found('diet')} where food moves both; with a hundred people in {found('mediated', 100)}, {found('reverse', 100)} and {found('diet', 100)} (circle: betaine truly carries it; diamonds: it carries nothing; usual assay noise, no calendar added)."
    text = (
        "Dot plot, eight worlds by the share of studies with a significant mediation, one dot for each of five numbers of people, thirteen in the strongest colour; "
        "the share grows with people in every world in which betaine and inflammation are tied from person to person, whether or not betaine carries anything. Two choices below set assay noise and an added season."
    )
    return draw.mediation_grid(frame, list(ORDER.values()), PEOPLE, (caption, text))


def reading_table(chapter: Chapter) -> Table:
    """Return what each world would make of a sentence that begins with a significant mediation."""
    rows = []
    for world, says in ORDER.items():
        betaine, crp = (true_row(world, f)["log2_content"] for f in ("betaine", "crp"))
        rows.append(
            (
                says,
                world,
                "yes" if betaine else "no",
                "yes" if crp else "no",
                "yes" if carries(world) else "no",
                found(world),
                found(world, MANY_PEOPLE),
            )
        )
    columns = [
        "in a world where",
        "called",
        "training raises betaine",
        "training lowers inflammation",
        "through betaine",
        f"significant with {PEOPLE}",
        f"with {MANY_PEOPLE}",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated, {whole(grid()['studies'].min())} studies each: what is true, and the share of studies with a significant mediation.",
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences of this part by the name under which the page pastes them."""
    return {"worlds": _worlds(), "grid": _grid()}


def odds(people: int = PEOPLE) -> float:
    """Return how many times likelier the finding is where betaine carries it than where CRP does."""
    mediated, reverse = (cell(w, people)["significant"] for w in ("mediated", "reverse"))
    return float(mediated / reverse)


def _worlds() -> str:
    false = [w for w in ORDER if not carries(w) and cell(w)["significant"] > 0.08]
    shares = [cell(w)["significant"] for w in false]
    more = [cell(w, MANY_PEOPLE)["significant"] for w in false]
    names = listed([f"“{w}”" for w in false])
    return (
        f"Thirteen people find the mediation in {found('mediated')} of studies where it is there. "
        f"In {count(len(false))} worlds where it is not, {names}, they find it in {percent(min(shares))} to {percent(max(shares))}. "
        f"Take the two stories that a reader would most like to tell apart, betaine calms inflammation and inflammation lowers betaine: we gave the two worlds the same means and correlations, so the finding is exactly as likely in both (in our draws {number(odds())} times, by chance), and says nothing about which is true. "
        "What differs is hidden from the data: in “reverse” training also raises betaine by a way of its own, beside the one through inflammation. "
        f"With a hundred people the false worlds give it in {percent(min(more))} to {percent(max(more))} of studies. "
        "More people make a study surer, and do not make it right."
    )


def _grid() -> str:
    quiet = max(cell(w)["significant"] for w in ("season", "direct", "null", "high-crp"))
    drift = [cell("season", season=s)["significant"] for s in (0.0, 2.0)]
    noisy = [cell("mediated", noise=n)["significant"] for n in (0.5, 2.0)]
    return (
        f"Two things come off better than expected. Where the season or training moves both and nothing ties the two together in a man, the analysis is quiet ({percent(quiet)} at most), and a calendar that moves everybody alike by two standard deviations more takes the world “season” from {percent(drift[0])} to {percent(drift[1])} only: it counts as *a* and never as *b*. "
        "So mediation by itself does not fall for a calendar that moves everybody alike; one that moves some people more, in both, is the world “diet” by another name. "
        "And the first half of the sentence, “exercise raises betaine”, falls for either. "
        f"And a noisier assay hides more than it invents: where betaine carries the effect, the share goes from {percent(noisy[0])} with half the assay noise to {percent(noisy[1])} with twice as much."
    )
