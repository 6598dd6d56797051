"""Draw the inputs of the parity tests, once, from a fixed seed.

What lives here is chance only; ``make_reference.R`` computes what the tests compare with.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
PEOPLE_A_CLUSTER = (8, 20)


def survey_sample(rng: np.random.Generator) -> pd.DataFrame:
    """Return a stratified cluster sample of two cycles with missing outcomes and a domain."""
    rows = []
    for stratum in range(1, 15):
        for psu in range(1, 4 if stratum % 4 == 0 else 3):
            shift = rng.normal(0, 0.6)
            people = int(rng.integers(*PEOPLE_A_CLUSTER))
            for _ in range(people):
                age = round(float(rng.uniform(18, 80)), 1)
                active = float(rng.random() < 0.45)
                male = float(rng.random() < 0.5)
                outcome = 2 + 0.01 * age - 0.4 * active + 0.3 * male + shift + rng.normal()
                rows.append((stratum, psu, age, active, male, outcome))
    columns = ["stratum", "psu", "age", "active", "male", "outcome"]
    sample = pd.DataFrame(rows, columns=columns)
    n = len(sample)
    # weights tell of the outcome, so that leaving them out would show
    sample["weight"] = np.exp(rng.normal(9, 0.7, n) + 0.3 * sample["outcome"]).round(2)
    sample["outcome"] = sample["outcome"].round(4).where(rng.random(n) > 0.12)
    # measured in the first cycle only, which is the first eight strata
    assay = (sample["age"] / 10 + rng.normal(0, 2, n)).round(3)
    sample["assay"] = assay.where(sample["stratum"] <= 8)
    sample["adult"] = (sample["age"] >= 45).astype(int)
    # a cluster that holds nobody of the domain is still part of the survey
    empty = (sample["stratum"] == 3) & (sample["psu"] == 2)
    sample["older"] = ((sample["age"] >= 30) & ~empty).astype(int)
    return sample


def wilcoxon_vectors(rng: np.random.Generator) -> pd.DataFrame:
    """Return vectors without ties, some centred on zero and some not, some skewed."""
    vectors = {}
    for n in (6, 8, 13, 20):
        vectors[f"null {n}"] = rng.normal(0, 1, n)
        vectors[f"shifted {n}"] = rng.normal(0.8, 1, n)
        vectors[f"skewed {n}"] = rng.exponential(1, n) - 0.4
    tables = [pd.DataFrame({"vector": name, "value": v.round(5)}) for name, v in vectors.items()]
    return pd.concat(tables, ignore_index=True)


def repeated_occasions(rng: np.random.Generator) -> pd.DataFrame:
    """Return repeated measurements of two features: as often in everyone, and not."""
    tables = []
    for feature, counts in {
        "balanced": [4] * 12,
        "unbalanced": [2, 5, 1, 3, 6, 2, 4, 1, 3],
    }.items():
        person = np.repeat(np.arange(len(counts)), counts)
        between = rng.normal(0, 0.5, len(counts))[person]
        value = np.exp(1 + between + rng.normal(0, 0.3, len(person))).round(6)
        subject = [f"s{p}" for p in person]
        tables.append(pd.DataFrame({"feature": feature, "subject": subject, "value": value}))
    return pd.concat(tables, ignore_index=True)


def censored_values(rng: np.random.Generator) -> pd.DataFrame:
    """Return log2 values of people before and after, on two days, some below a limit."""
    rows = []
    for case, n, limit in (("two cells", 14, -0.6), ("four cells", 20, -0.4)):
        person = rng.normal(0, 1, n)
        for arm in ("bout", "rest")[: 1 if case == "two cells" else 2]:
            day = rng.normal(0, 0.3, n)
            for phase in ("before", "after"):
                rise = 0.8 if (arm, phase) == ("bout", "after") else 0.0
                log2 = (person + day + rise + rng.normal(0, 0.5, n)).round(4)
                for i, value in enumerate(log2):
                    seen = int(value >= limit)
                    rows.append((case, f"s{i}", arm, phase, max(value, limit), seen))
    columns = ["case", "subject", "arm", "phase", "log2_value", "seen"]
    return pd.DataFrame(rows, columns=columns)


def main() -> None:
    """Write the four inputs beside this file."""
    rng = np.random.default_rng(20240601)
    tables = {
        "survey_sample": survey_sample(rng),
        "wilcoxon_vectors": wilcoxon_vectors(rng),
        "repeated_occasions": repeated_occasions(rng),
        "censored_values": censored_values(rng),
    }
    for name, table in tables.items():
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
