"""What others have reported of betaine in people: numbers with their design and source."""

from dataclasses import dataclass

HOMOCYSTEINE = 10.4
"""µmol/L at rest, the centre of our simulated people; see calibration.csv."""

HOMOCYSTEINE_RISE = 1.18
"""µmol/L after a bout, pooled over 22 studies and 520 people (Deminice 2016)."""

SERUM_BEFORE, SERUM_AFTER = 19.7, 94.8
"""µmol/L before and after 6 g a day for 14 days, five men (Machek 2022)."""


@dataclass(frozen=True)
class Report:
    """One finding in people.

    Attributes
    ----------
    question, design, n, found, source : str
    """

    question: str
    design: str
    n: str
    found: str
    source: str


REPORTS = (
    Report(
        "betaine from week to week",
        "repeated fasting draws, 12 days apart",
        "40",
        "varies by 13 % at most within a person",
        "Wiedeman 2018",
    ),
    Report(
        "homocysteine after a bout",
        "meta-analysis, before and after, mostly without control",
        "520",
        "+1.18 µmol/L (0.71 to 1.65)",
        "Deminice 2016",
    ),
    Report(
        "homocysteine after training",
        "the same work, trained against control",
        "not read",
        "aerobic: no clear effect; resistance: −1.53 µmol/L (−2.77 to −0.28)",
        "Deminice 2016",
    ),
    Report(
        "homocysteine on betaine",
        "randomised, placebo, 6 weeks, 1.5, 3 and 6 g a day",
        "76",
        "12, 15 and 20 % below placebo",
        "Olthof 2003",
    ),
    Report(
        "homocysteine on betaine",
        "randomised crossover, active men, 21 days, 2.5 or 5 g a day",
        "43",
        "17.1 to 15.6 µmol/L; blood fats and cytokines unchanged",
        "Zawieja 2022",
    ),
    Report(
        "homocysteine on betaine",
        "randomised, placebo, 6 months, 4 g a day",
        "63",
        "no change",
        "Schwab 2011",
    ),
    Report(
        "LDL and triglycerides on betaine",
        "three randomised trials pooled, 6 weeks, 6 g a day",
        "151",
        "LDL +0.36 mmol/L (0.25 to 0.46), triglycerides +0.14 (0.04 to 0.23)",
        "Olthof 2005",
    ),
    Report(
        "betaine on betaine",
        "before and after, 14 days, 6 g a day",
        "5",
        "19.7 to 94.8 µmol/L, back by day 4; homocysteine: no change detected",
        "Machek 2022",
    ),
    Report(
        "inflammation on betaine",
        "meta-analysis of 6 randomised trials",
        "277",
        "CRP −0.33 mg/L (−1.79 to 1.14); IL-1β −0.65 pg/mL (−1.23 to −0.06)",
        "Xu 2023",
    ),
)
