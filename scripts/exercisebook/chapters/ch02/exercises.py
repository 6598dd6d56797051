"""What chapter 2's exercises need, and what checks their answers."""

from exercisebook.chapters.ch02.readings import cytokine_at_end, plasma_loss
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import phase_of
from exercisebook.figures.tables import number


def check_sampling_time(chapter: Chapter, answer: str) -> str:
    """Check exercise 1: the first draw at which lymphocytes lie below rest beyond doubt."""
    effects = chapter["acute_against_rest"].query("feature == 'lymphocytes'")
    low = list(phase_of(effects)[(effects["ci_high"] < 0).to_numpy()])
    if not low:
        return "In this arm no draw lies below rest beyond doubt; try another arm."
    if answer == low[0]:
        return f"Right: at {low[0]}, and not before."
    if answer in list(phase_of(effects)[(effects["estimate"] < 0).to_numpy()]):
        return (
            "The estimate lies below one there, but does its whole interval, and is it the first?"
        )
    return "Not yet: look for the first interval that ends below one."


def check_plasma_loss(chapter: Chapter, answer: float) -> str:
    """Check exercise 2: the loss of plasma that would explain IP-10's change."""
    ip10 = cytokine_at_end(chapter, "cxcl10")
    right = plasma_loss(ip10)
    if right <= 0:
        return (
            "In this arm IP-10 did not rise, so no loss of water can explain it; try another arm."
        )
    if abs(answer - right) < 0.3:
        return f"Right: about {number(right)} %. Is that within what an hour of cycling does?"
    if abs(answer - 100 * (2 ** ip10["estimate"] - 1)) < 0.3:
        return "That is the rise itself. What remains of the volume is one over the ratio."
    if abs(answer - 100 * ip10["estimate"]) < 0.5:
        return "The estimate is a logarithm to base 2; turn it into a ratio first."
    return "Not yet: which volume, as a share of the first, makes the ratio one?"


def rise_of_ip10(chapter: Chapter) -> float:
    """Return IP-10's ratio to rest at the end of exercise, for exercise 2."""
    ip10 = cytokine_at_end(chapter, "cxcl10")
    return round(float(2 ** ip10["estimate"]), 4)
