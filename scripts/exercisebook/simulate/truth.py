"""What is true of a world: effects that follow from its numbers, without drawing anything.

Two things are told apart that data do not tell apart. An *effect* is the difference that exercise
makes, to the same people at the same visits; a *change* is what differs between two phases of the
study on average, whatever made it: exercise, season, diet, who was enrolled or who stayed away,
plates, a last bout.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.simulate.arrays import Drawn
from exercisebook.simulate.latents import (
    LAST,
    Array,
    FeatureLaw,
    NodeLaw,
    feature_law,
    node_law,
    screening,
)
from exercisebook.simulate.worlds import (
    MEASURED,
    NODES,
    PHASES,
    World,
    assumptions,
    log_diluted,
    response_after,
)

CONTRASTS = tuple(f"{phase}-{PHASES[0]}" for phase in PHASES[1:])

COLUMNS = (
    "block",
    "feature",
    "contrast",
    "log2_content",
    "log2_concentration",
    "log2_mediated",
    "log2_change",
)


def true_effects(world: World, blocks: tuple[str, ...] = MEASURED) -> pd.DataFrame:
    """Return the true average effects of exercise on every feature of some blocks.

    Returns
    -------
    DataFrame
        A row a feature and contrast: block, feature, contrast; ``log2_content``, the effect on
        what the vessels hold (of the bout in the acute contrast, of training in the other);
        ``log2_concentration``, with the change of plasma volume that the exercise makes (what a
        tube shows); ``log2_mediated``, the part of ``log2_content`` that passes through betaine;
        and ``log2_change``, by how much the phases of such a study differ in expectation.
    """
    tables = [_of_block(world, block) for block in MEASURED if block in blocks]
    return _joined(tables)


def study_effects(drawn: Drawn) -> pd.DataFrame:
    """Return the true effects of one drawn study (draw 0).

    ``log2_change`` takes in what plates did to the features of this study, and where samples
    changed places.
    """
    tables = []
    for block in drawn.arrays:
        if block not in MEASURED:
            continue
        table = _of_block(drawn.world, block)
        by_phase = np.vstack([np.zeros(len(table) // 2), *_by_contrast(table["log2_change"])])
        if drawn.world.plates_by_phase:
            by_phase = by_phase + drawn.technical[block][0] / np.log(2)
        if block == "proteins":
            by_phase = by_phase[drawn.swapped[0, ..., 1]].mean(axis=0)
        change = (by_phase[1:] - by_phase[0]).reshape(-1)
        tables.append(table.assign(log2_change=change))
    return _joined(tables)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables under one another; of none, which taxa and cells alone have, the columns."""
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def _by_contrast(column: pd.Series) -> Array:
    return column.to_numpy(float).reshape(len(CONTRASTS), -1)


def _of_block(world: World, block: str) -> pd.DataFrame:
    features, nodes = world.block(block), node_law(world)
    law = feature_law(features, nodes)
    hours = (assumptions()["hours_acute"], world.hours_training)
    bout, residue = (response_after(features, h) for h in hours)
    through_nodes = _log2_of_nodes(law, nodes.training)
    content = np.vstack([bout, features["log2_training"].to_numpy(float) + through_nodes])
    volume = (world.plasma_volume_acute, world.plasma_volume_training)
    diluted = np.vstack([log_diluted(features, np.log1p(np.asarray(v))) for v in volume])
    concentration = content - diluted / np.log(2)
    mediated = np.vstack([0 * bout, through_nodes - _not_through_betaine(world, features)])
    change = concentration + _by_selection(world, features, law, nodes)
    change[1] += residue + _log2_of_nodes(law, nodes.moved)
    name = np.tile(features["feature"], len(CONTRASTS))
    columns = (
        block,
        name,
        np.repeat(CONTRASTS, len(features)),
        *(table.reshape(-1) for table in (content, concentration, mediated, change)),
    )
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _log2_of_nodes(law: FeatureLaw, shift: Array) -> Array:
    return law.sd_within * (law.on_nodes @ shift) / np.log(2)


def _not_through_betaine(world: World, features: pd.DataFrame) -> Array:
    """Return the effect of training along the paths that do not pass through betaine."""
    cut = replace(world, arrows=tuple(a for a in world.arrows if a.cause != "betaine"))
    law = feature_law(features, node_law(world))
    loaded = law.on_nodes.copy()
    # betaine itself is no effect of betaine
    loaded[features["feature"] != "betaine", NODES.index("betaine")] = 0
    return law.sd_within * (loaded @ node_law(cut).training) / np.log(2)


def _by_selection(world: World, features: pd.DataFrame, law: FeatureLaw, nodes: NodeLaw) -> Array:
    """Return log2 changes that come from who was enrolled and who stayed, (contrasts, features).

    Means of normals given that another normal lies beyond a limit (Johnson, Kotz and
    Balakrishnan, 1994, Continuous Univariate Distributions 1, section 10.1).
    """
    change = np.zeros((len(CONTRASTS), len(features)))
    a, on_nodes = assumptions(), law.sd_within[:, None] * law.on_nodes
    if (q := world.enrolled_above) is not None:
        s = screening(world, nodes)
        shared = on_nodes @ (nodes.total * nodes.own) @ s.nodes
        shared = shared + (features["feature"] == "crp") * (s.within**2 + s.assay**2)
        change -= shared.to_numpy() / s.sd * _mean_beyond(q) / np.log(2)
        # nobody enrolled was ill on the first day
        ill = [a.get(f"infection_{name}", 0.0) for name in features["feature"]]
        change += a["infection_share"] * np.array(ill)
    if share := world.dropout_share:
        inflamed = on_nodes @ nodes.covariance[:, NODES.index("inflammation")]
        below = -_mean_beyond(1 - share) * share / (1 - share)
        change[LAST - 1] += a["dropout_by_inflammation"] * inflamed * below / np.log(2)
    return change


def _mean_beyond(quantile: float) -> float:
    """Return the mean of a standard normal above one of its quantiles."""
    return float(stats.norm.pdf(stats.norm.ppf(quantile)) / (1 - quantile))
