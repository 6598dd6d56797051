"""The ledger as pages show it: both verdicts, always together."""

import math

import pandas as pd

from exercisebook.sources.features import label

COLUMNS = ["claim", "data", "is it there?", "can the design name the cause?", "why"]


def ledger_frame(rows: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the ledger in words.

    Parameters
    ----------
    rows : DataFrame
        Of ``claims.ledger``; with ``canonical_id`` where members stand alone.
    claims : DataFrame
        For the statements.
    """
    statements = claims.set_index("claim_id")["statement"]
    claim = [f"{i}: {statements[i]}" for i in rows["claim_id"]]
    if "canonical_id" in rows:
        claim = [
            f"{i}, {label(c)}" for i, c in zip(rows["claim_id"], rows["canonical_id"], strict=True)
        ]
    columns = [claim, rows["dataset"], rows["observed"], rows["cause"], rows["reason"]]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def ledger_text(rows: pd.DataFrame, claims: pd.DataFrame) -> str:
    """Return rows of the ledger as paragraphs for a terminal, a row each."""
    statements = claims.set_index("claim_id")["statement"]
    return "\n\n".join(_paragraph(row, statements[row["claim_id"]]) for _, row in rows.iterrows())


def _paragraph(row: pd.Series, statement: str) -> str:
    lines = [
        f"{row['claim_id']} (chapter {row['chapter']}), data: {row['dataset']}",
        f"  {statement}",
        f"  observed:   {row['observed']} ({row['reason']})",
        f"  cause:      {row['cause']}",
    ]
    if row["dataset"] != "none":
        lines += [f"  design:     {row['design']}", f"  directness: {row['directness']}"]
    if not math.isnan(row["estimate"]):
        interval = f"{row['ci_low']:.2f} to {row['ci_high']:.2f}"
        lines.append(
            f"  estimate:   {row['estimate']:.2f} ({interval}), n = {row['n_subjects']:.0f}, "
            f"detectable {row['detectable']:.2f}"
        )
    return "\n".join(lines)
