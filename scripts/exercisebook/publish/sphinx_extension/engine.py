"""Tables about the statistics engine, from what it measured of itself in ``data/engine``."""

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.paths import ENGINE
from exercisebook.publish.sphinx_extension.directives import Generated

MEASURES = {
    "type_i": "type-I error at .05",
    "fdr": "false-discovery rate, .05 promised",
    "power": "share of true changes found at a false-discovery rate of .05",
}
"""What was measured of every way to compare phases, in words."""


class Calibration(Generated):
    """One measure of the ways to compare phases: type_i, fdr or power."""

    required_arguments = 1
    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return a table and a sentence."""
        table = pd.read_csv(ENGINE / "calibration.csv")
        return self.parsed(calibration_lines(table, self.arguments[0]))


class Bench(Generated):
    """How many times as long the peers take."""

    def run(self) -> list[nodes.Node]:
        """Return a table and a sentence."""
        return self.parsed(bench_lines(pd.read_csv(ENGINE / "bench.csv")))


def calibration_lines(table: pd.DataFrame, measure: str) -> list[str]:
    """Return one measure as MyST: a row a method, a column a scenario.

    Parameters
    ----------
    table : DataFrame
        scenario, method, measure, estimate, monte_carlo_error, replicates, features.
    measure : {"type_i", "fdr", "power"}
        False-discovery rates and errors above .05 by more than two Monte-Carlo errors stand in
        bold.
    """
    own = table[table["measure"] == measure]
    over = (measure != "power") & (own["estimate"] > 0.05 + 2 * own["monte_carlo_error"])
    text = own["estimate"].map(_short)
    cells = own.assign(cell=text.where(~over, "**" + text + "**")).pivot(
        index="method", columns="scenario", values="cell"
    )
    methods, columns = list(dict.fromkeys(own["method"])), list(dict.fromkeys(own["scenario"]))
    studies, features = int(own["replicates"].iloc[0]), int(own["features"].iloc[0])
    return [
        "| Method | " + " | ".join(_capital(column) for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        *(
            f"| {_capital(name)} | " + " | ".join(cells.loc[name, columns]) + " |"
            for name in methods
        ),
        "",
        f"*{_capital(MEASURES[measure])}; {studies:,} simulated studies of 13 people, three phases "
        f"and {features:,} features, Monte-Carlo errors up to "
        f"{_short(own['monte_carlo_error'].max(), 4)}.*",
    ]


def bench_lines(times: pd.DataFrame) -> list[str]:
    """Return ratios of times as MyST: a row a method and peer, a column a number of features.

    Parameters
    ----------
    times : DataFrame
        what, who, features, timed, seconds.
    """
    ours = times[times["who"] == "this engine"].set_index(["what", "features"])["seconds"]
    peers = times[times["who"] != "this engine"].copy()
    peers["ratio"] = (
        peers["seconds"]
        / ours.reindex(pd.MultiIndex.from_frame(peers[["what", "features"]])).to_numpy()
    )
    several = peers.groupby("what")["features"].transform("nunique") > 1
    sizes = sorted(set(peers.loc[several, "features"]))
    lines = [
        "| Method | Peer | " + " | ".join(f"{size:,} features" for size in sizes) + " |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for (what, who), rows in peers.groupby(["what", "who"], sort=False):
        ratio = rows.set_index("features")["ratio"]
        if set(ratio.index) <= set(sizes):
            cells = [_times(ratio[size]) for size in sizes]
            lines.append(f"| {_capital(what)} | {who} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "How many times as long the peer takes, medians of five in one run on one thread, for 13 "
        "people and three phases. A peer that takes over a second is timed on 200 features and "
        "scaled. `make bench` does it again on your machine.",
    ]


def _short(number: float, digits: int = 3) -> str:
    return f"{number:.{digits}f}".removeprefix("0")


def _times(ratio: float) -> str:
    digits = max(0, len(str(int(ratio))) - 2)
    return f"{round(ratio, -digits):,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _capital(text: str) -> str:
    # a symbol such as t4 keeps its case
    return text if text[1:2].isdigit() else text[0].upper() + text[1:]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("calibration", Calibration)
    app.add_directive("bench", Bench)
