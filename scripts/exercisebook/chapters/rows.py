"""Effects as the rows that charts draw: an estimate, two ends, and the text that tells them."""

import pandas as pd

from exercisebook.figures.tables import interval, number


def labelled_rows(values: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return rows for a chart from three columns: estimate, lower and upper end."""
    values = values.set_axis(["estimate", "low", "high"], axis=1)
    labels = [
        f"{number(r['estimate'], 3)} ({interval(r['low'], r['high'], 3)})"
        for _, r in values.iterrows()
    ]
    return values.assign(row=row, label=labels)


def ratio_rows(effects: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return rows for a chart from log2 effects, as ratios."""
    return labelled_rows(2 ** effects[["estimate", "ci_low", "ci_high"]], row)
