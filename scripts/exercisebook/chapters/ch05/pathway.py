"""The pathway of betaine as it is drawn: what turns into what, and by which enzyme."""

import numpy as np
import pandas as pd

NODES = pd.DataFrame(
    [
        ("choline", "choline", 0.0, 0),
        ("betaine_aldehyde", "betaine aldehyde", 0.0, 1),
        ("betaine", "betaine", 0.0, 2),
        ("dimethylglycine", "dimethylglycine", 0.0, 3),
        ("sarcosine", "sarcosine", 0.0, 4),
        ("glycine", "glycine", 0.0, 5),
        ("trimethylamine", "TMA", 1.3, 0),
        ("trimethylamine_oxide", "TMAO", 2.6, 0),
        ("methionine", "methionine", 1.3, 2),
        ("s_adenosylmethionine", "SAM", 2.6, 2),
        ("s_adenosylhomocysteine", "SAH", 2.6, 3),
        ("homocysteine", "homocysteine", 1.3, 3),
        ("cystathionine", "cystathionine", 1.3, 4),
        ("cysteine", "cysteine", 1.3, 5),
    ],
    columns=["feature", "name", "x", "y"],
)
"""Where each substance stands; to the right the methionine cycle, and above it the gut's road."""

EDGES = (
    ("choline", "betaine_aldehyde", "CHDH"),
    ("betaine_aldehyde", "betaine", "ALDH7A1"),
    ("betaine", "dimethylglycine", "BHMT"),
    ("dimethylglycine", "sarcosine", ""),
    ("sarcosine", "glycine", ""),
    ("choline", "trimethylamine", "gut"),
    ("trimethylamine", "trimethylamine_oxide", "liver"),
    ("homocysteine", "methionine", "BHMT"),
    ("methionine", "s_adenosylmethionine", ""),
    ("s_adenosylmethionine", "s_adenosylhomocysteine", "gives methyl"),
    ("s_adenosylhomocysteine", "homocysteine", ""),
    ("homocysteine", "cystathionine", "CBS"),
    ("cystathionine", "cysteine", ""),
)
"""From, to, and the enzyme or place where this page speaks of it."""


HEAD = 0.76
"""How far along its edge an arrow's head lies."""


def edge_frame() -> pd.DataFrame:
    """Return the edges as ``figures.betaine.pathway`` draws them, an arrow's head on each."""
    place = NODES.set_index("feature")[["x", "y"]]
    rows = []
    for start, end, enzyme in EDGES:
        (x, y), (x2, y2) = place.loc[start], place.loc[end]
        middle = ((x + x2) / 2, (y + y2) / 2)
        # names stand to the right of their dots, so an arrow to the left shows its head early
        share = 1 - HEAD if x2 < x else HEAD
        head = (x + share * (x2 - x), y + share * (y2 - y))
        # rows run downwards, so that a step down is half a turn from the triangle's tip
        angle = np.degrees(np.arctan2(x2 - x, y - y2)) % 360
        rows.append((x, y, x2, y2, enzyme, *middle, *head, angle))
    columns = ["x", "y", "x2", "y2", "enzyme", "middle_x", "middle_y", "head_x", "head_y", "angle"]
    return pd.DataFrame(rows, columns=columns)
