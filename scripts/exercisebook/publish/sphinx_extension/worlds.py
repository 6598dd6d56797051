"""Tables about the simulated worlds, from their numbers."""

from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.figures.tables import number
from exercisebook.publish.sphinx_extension.directives import Generated
from exercisebook.simulate.truth import CONTRASTS, true_effects
from exercisebook.simulate.worlds import WORLDS, world

SHOWN = {"betaine": "betaine", "crp": "C-reactive protein"}
"""Features whose truth the table tells, and what a page calls them."""


class Worlds(Generated):
    """Every world: what is true in it, what training does there, and what a study sees."""

    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return a table and a sentence."""
        return self.parsed(worlds_lines())


def worlds_lines() -> list[str]:
    """Return the worlds as MyST: a row a world, true ratio and expected ratio of two features."""
    head = ["World", "What is true"]
    for name in SHOWN.values():
        head += [f"{name}: training makes", "a study sees"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, says in WORLDS.items():
        truth = true_effects(world(name), ("clinical", "metabolites"))
        last = truth[truth["contrast"] == CONTRASTS[1]].set_index("feature")
        cells = [f"`{name}`", says]
        for feature in SHOWN:
            row = last.loc[feature]
            cells += [number(2 ** row[c], 3) for c in ("log2_concentration", "log2_change")]
        lines.append("| " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "*Ratios of the last day to the first: what training makes of a concentration, and what "
        "a study of that world sees in expectation. Where the two differ, something else is at "
        "work.*",
    ]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("worlds", Worlds)
