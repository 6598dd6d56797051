"""The tables of open data that chapter 7 shows: most are of other chapters, read for their cause."""

from exercisebook.chapters.ch07 import (
    confounding,
    controls,
    genetics,
    order,
    stool,
    triangulation,
)
from exercisebook.chapters.results import Analysis

ANALYSES: dict[str, Analysis] = {
    **order.ANALYSES,
    **confounding.ANALYSES,
    **controls.ANALYSES,
    **genetics.ANALYSES,
    **stool.ANALYSES,
    **triangulation.ANALYSES,
}
