r"""What lies behind the values: people, what changes from visit to visit, and the visits.

The nodes of a world follow a linear structural model. With their values :math:`z` at a visit in
standard deviations within a person,

.. math:: z = W z + x_\text{training} + x_\text{moved} + D e, \qquad e \sim N(0, I),

so :math:`z = (I - W)^{-1}(x + D e)`. The spread :math:`D` of what a node has of its own is chosen
so that every node wanders with variance 1 in every world: worlds differ in what causes what, not
in how much things vary.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exercisebook.simulate.streams import stream
from exercisebook.simulate.worlds import (
    NODES,
    PHASES,
    SEASON,
    SUBJECT_LATENTS,
    TRAINING,
    TWIN,
    World,
    assumptions,
    loadings,
)

Array = NDArray[np.float64]

BEFORE, BOUT, LAST = (PHASES.index(phase) for phase in ("baseline", "acute", "training"))


@dataclass(frozen=True)
class NodeLaw:
    """How the nodes of a world move.

    Attributes
    ----------
    total : ndarray, shape (nodes, nodes)
        Effect of a unit put into each node (column) on each node (row), along all paths.
    own : ndarray, shape (nodes,)
        SD of what a node has of its own.
    training : ndarray, shape (nodes,)
        Effect of training along all paths.
    moved : ndarray, shape (nodes,)
        What else differs at the last visit, along all paths.
    covariance : ndarray, shape (nodes, nodes)
        Of the wander from visit to visit; 1 on its diagonal.
    """

    total: Array
    own: Array
    training: Array
    moved: Array
    covariance: Array


def node_law(world: World) -> NodeLaw:
    """Return how the nodes of a world move.

    Raises
    ------
    ValueError
        If nodes cause each other in a circle, or a node's causes vary more than it does.
    """
    weights = np.zeros((len(NODES), len(NODES)))
    outside = {TRAINING: np.zeros(len(NODES)), SEASON: np.zeros(len(NODES))}
    for arrow in world.arrows:
        effect = NODES.index(arrow.effect)
        if arrow.cause in outside:
            outside[arrow.cause][effect] += arrow.weight
        else:
            weights[effect, NODES.index(arrow.cause)] += arrow.weight
    own, covariance = _spreads(weights)
    total = np.asarray(np.linalg.inv(np.eye(len(NODES)) - weights), float)
    moved = dict(world.moved)
    shift = np.array([moved.get(node, 0.0) for node in NODES])
    shift += outside[SEASON] * moved.get(SEASON, 0.0)
    return NodeLaw(total, own, total @ outside[TRAINING], total @ shift, covariance)


def _spreads(weights: Array) -> tuple[Array, Array]:
    """Return own SDs that make every node's variance 1, and the covariance of the nodes."""
    own, covariance = np.ones(len(NODES)), np.eye(len(NODES))
    done: list[int] = []
    while len(done) < len(NODES):
        ready = [
            i
            for i in range(len(NODES))
            if i not in done and set(np.flatnonzero(weights[i])) <= set(done)
        ]
        if not ready:
            raise ValueError("nodes cause each other in a circle")
        for i in ready:
            w = weights[i]
            explained = w @ covariance @ w
            if explained >= 1:
                raise ValueError(f"the causes of {NODES[i]} vary more than it does")
            own[i] = np.sqrt(1 - explained)
            covariance[i, done] = covariance[done, i] = covariance[done] @ w
            done.append(i)
    return own, covariance


@dataclass(frozen=True)
class FeatureLaw:
    """How the logs of some features spread, one row a feature.

    Attributes
    ----------
    sd_between, sd_within, sd_assay : ndarray, shape (features,)
        Of natural logs.
    on_subject : ndarray, shape (features, subject latents)
        Correlations of a person's level with what the person brings along.
    on_nodes : ndarray, shape (features, nodes)
        Change of the deviation within a person, in its SDs, for a SD of a node.
    on_module : ndarray, shape (features,)
        The same for the latent of a feature's module.
    own_between, own_within : ndarray, shape (features,)
        What is left to the feature itself, in the same SDs.
    """

    sd_between: Array
    sd_within: Array
    sd_assay: Array
    on_subject: Array
    on_nodes: Array
    on_module: Array
    own_between: Array
    own_within: Array


def log_sd(cv: pd.Series | Array) -> Array:
    r"""Return the SD of the natural log for a coefficient of variation: sqrt(log(1 + c^2))."""
    return np.sqrt(np.log1p(np.asarray(cv, float) ** 2))


def feature_law(features: pd.DataFrame, nodes: NodeLaw) -> FeatureLaw:
    """Return how the logs of some features of one block spread in a world.

    Raises
    ------
    ValueError
        If what a feature shares with others is more than it varies.
    """
    on_subject, on_nodes = (_loaded(features, names) for names in (SUBJECT_LATENTS, NODES))
    on_module = features["module_loading"].to_numpy(float)
    between = 1 - np.einsum("ki,ij,kj->k", on_subject, subject_covariance(), on_subject)
    within = 1 - np.einsum("ki,ij,kj->k", on_nodes, nodes.covariance, on_nodes) - on_module**2
    if min(between.min(), within.min()) < 0:
        name = features["feature"].iloc[int(np.argmin(np.minimum(between, within)))]
        raise ValueError(f"{name} shares more with others than it varies")
    return FeatureLaw(
        log_sd(features["cv_between"]),
        log_sd(features["cv_within"]),
        log_sd(features["cv_assay"]),
        on_subject,
        on_nodes,
        on_module,
        np.sqrt(between),
        np.sqrt(within),
    )


def _loaded(features: pd.DataFrame, latents: tuple[str, ...]) -> Array:
    table = loadings()
    found = table[table["latent"].isin(latents)].pivot(
        index=["block", "feature"], columns="latent", values="loading"
    )
    rows = pd.MultiIndex.from_frame(features[["block", "feature"]])
    return found.reindex(index=rows, columns=list(latents)).fillna(0.0).to_numpy(float)


def subject_root() -> Array:
    """Return the matrix that makes correlated subject latents of independent normals."""
    rho = assumptions()["adiposity_on_fitness"]
    root = np.eye(len(SUBJECT_LATENTS))
    fitness, adiposity = (SUBJECT_LATENTS.index(name) for name in ("fitness", "adiposity"))
    root[fitness, adiposity], root[fitness, fitness] = rho, np.sqrt(1 - rho**2)
    return root


def subject_covariance() -> Array:
    """Return the covariance of subject latents."""
    return subject_root() @ subject_root().T


@dataclass(frozen=True)
class Normals:
    """Standard normals behind people and visits, before the world makes anything of them.

    Attributes
    ----------
    subject : ndarray, shape (draws, n, subject latents)
    nodes : ndarray, shape (draws, n, phases, nodes)
    crp_between : ndarray, shape (draws, n)
        What C-reactive protein has of its own between people.
    crp_within, crp_assay : ndarray, shape (draws, n, phases)
        The same from visit to visit, and of its assay.
    """

    subject: Array
    nodes: Array
    crp_between: Array
    crp_within: Array
    crp_assay: Array


def draw_normals(rng: np.random.Generator, n: int, draws: int) -> Normals:
    """Return the normals of ``draws`` studies of ``n`` people."""
    visits = (draws, n, len(PHASES))

    def normal(*shape: int, name: str) -> Array:
        return stream(rng, name).standard_normal(shape)

    return Normals(
        normal(draws, n, len(SUBJECT_LATENTS), name="subjects"),
        normal(*visits, len(NODES), name="nodes"),
        normal(draws, n, name="crp between"),
        normal(*visits, name="crp within"),
        normal(*visits, name="crp assay"),
    )


@dataclass(frozen=True)
class Screening:
    """The log of C-reactive protein at the first visit as a sum of independent normals.

    Attributes
    ----------
    subject, nodes : ndarray
        Weights of the normals of subject latents and nodes.
    between, within, assay : float
        Weights of its own.
    """

    subject: Array
    nodes: Array
    between: float
    within: float
    assay: float

    @property
    def sd(self) -> float:
        """Return the SD of the sum."""
        own = self.between**2 + self.within**2 + self.assay**2
        return float(np.sqrt((self.subject**2).sum() + (self.nodes**2).sum() + own))


def screening(world: World, law: NodeLaw) -> Screening:
    """Return what C-reactive protein at the first visit is made of."""
    crp = world.features[world.features["feature"] == "crp"]
    f = feature_law(crp, law)
    return Screening(
        f.sd_between[0] * f.on_subject[0] @ subject_root(),
        f.sd_within[0] * f.on_nodes[0] @ law.total * law.own,
        f.sd_between[0] * f.own_between[0],
        f.sd_within[0] * f.own_within[0],
        f.sd_assay[0],
    )


def enrolled(world: World, law: NodeLaw, normals: Normals) -> Normals:
    """Return the normals of those who are enrolled.

    Where enrolment asks for a high C-reactive protein at the first visit, everybody's is moved
    into the upper tail, keeping ranks, and what it is the sum of moves along as normals do given
    their sum. So the same random numbers serve every world, and nobody is drawn in vain.
    """
    q = world.enrolled_above
    if q is None:
        return normals
    s = screening(world, law)
    score = (
        normals.subject @ s.subject
        + normals.nodes[:, :, BEFORE] @ s.nodes
        + normals.crp_between * s.between
        + normals.crp_within[:, :, BEFORE] * s.within
        + normals.crp_assay[:, :, BEFORE] * s.assay
    )
    wanted = s.sd * special.ndtri(q + (1 - q) * special.ndtr(score / s.sd))
    step = (wanted - score) / s.sd**2
    nodes, within, assay = (
        a.copy() for a in (normals.nodes, normals.crp_within, normals.crp_assay)
    )
    nodes[:, :, BEFORE] += step[..., None] * s.nodes
    within[:, :, BEFORE] += step * s.within
    assay[:, :, BEFORE] += step * s.assay
    return Normals(
        normals.subject + step[..., None] * s.subject,
        nodes,
        normals.crp_between + step * s.between,
        within,
        assay,
    )


@dataclass(frozen=True)
class Visits:
    """What is true of people and of their visits; leading axes are draws and people.

    Attributes
    ----------
    normals : Normals
        Of those who are enrolled.
    subject : ndarray, shape (draws, n, subject latents)
    nodes : ndarray, shape (draws, n, phases, nodes)
    trained : ndarray, shape (draws, n, phases)
        Share of the mean effect of training that a person has at a visit.
    transit : ndarray, shape (draws, n, phases)
        Of the gut, in SDs.
    infection, fed : ndarray of bool, shape (draws, n, phases)
        A minor infection; a breakfast that nobody was told of.
    clock : ndarray, shape (draws, n, phases)
        Hours after eight in the morning.
    plasma : ndarray, shape (draws, n, phases)
        Log of plasma volume relative to baseline.
    hours : ndarray, shape (phases,)
        From the last bout to the draw; NaN where there was none.
    plate : ndarray of int, shape (n, phases)
    run_order : ndarray, shape (draws, n, phases)
        Place in the run, from -0.5 to 0.5.
    absent : ndarray of bool, shape (draws, n, phases)
        Nobody came.
    """

    normals: Normals
    subject: Array
    nodes: Array
    trained: Array
    transit: Array
    infection: NDArray[np.bool_]
    fed: NDArray[np.bool_]
    clock: Array
    plasma: Array
    hours: Array
    plate: NDArray[np.int64]
    run_order: Array
    absent: NDArray[np.bool_]


def draw_visits(world: World, n: int, rng: np.random.Generator, draws: int) -> Visits:
    """Draw people and visits of ``draws`` studies of ``n`` people."""
    law, a = node_law(world), assumptions()
    normals = enrolled(world, law, draw_normals(rng, n, draws))
    shape = (draws, n, len(PHASES))
    last = np.arange(len(PHASES)) == LAST
    trained = last * (
        1 + world.response_spread * stream(rng, "response").standard_normal((draws, n, 1))
    )
    wander = (normals.nodes * law.own) @ law.total.T
    nodes = wander + trained[..., None] * law.training + last[:, None] * law.moved
    infection = stream(rng, "infection").random(shape) < a["infection_share"]
    if world.enrolled_above is not None:
        # nobody enrols who is ill
        infection[:, :, BEFORE] = False
    return Visits(
        normals,
        normals.subject @ subject_root().T,
        nodes,
        trained,
        stream(rng, "transit").standard_normal(shape),
        infection,
        stream(rng, "fed").random(shape) < a["not_fasted_share"],
        a["clock_sd"] * stream(rng, "clock").standard_normal(shape),
        _plasma_volume(world, n, rng, draws),
        _hours(world),
        _plates(world, n),
        _run_order(world, n, rng, draws),
        _absent(world, wander, rng),
    )


def _hours(world: World) -> Array:
    """Return the hours from the last bout to each draw; NaN where there was no bout."""
    if world.name.endswith(TWIN):
        return np.full(len(PHASES), np.nan)
    return np.array([np.nan, assumptions()["hours_acute"], world.hours_training])


def _plasma_volume(world: World, n: int, rng: np.random.Generator, draws: int) -> Array:
    deviation = stream(rng, "plasma volume").standard_normal((draws, n))
    volume = np.zeros((draws, n, len(PHASES)))
    for phase, change in (
        (BOUT, world.plasma_volume_acute),
        (LAST, world.plasma_volume_training),
    ):
        if change:
            volume[:, :, phase] = np.log1p(change) + world.plasma_volume_sd * deviation
    return volume


def _plates(world: World, n: int) -> NDArray[np.int64]:
    """Return plates: all samples of a person on one, or one a phase for each set of people."""
    people = int(assumptions()["people_a_plate"])
    sets = np.arange(n)[:, None] // people
    phases = np.arange(len(PHASES))
    return sets * len(PHASES) + (phases if world.plates_by_phase else 0 * phases)


def _run_order(world: World, n: int, rng: np.random.Generator, draws: int) -> Array:
    place = stream(rng, "run order").random((draws, n, len(PHASES)))
    if world.plates_by_phase:
        place = (np.arange(len(PHASES)) + place) / len(PHASES)
    return place - 0.5


def _absent(world: World, wander: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return who misses the last visit: those with most inflammation, and some by chance.

    Two people always come, since one makes no study.
    """
    noise = stream(rng, "dropout").standard_normal(wander.shape[:2])
    score = dropout_score(wander[:, :, LAST, NODES.index("inflammation")], noise)
    absent = np.zeros(wander.shape[:3], bool)
    if world.dropout_share:
        second = np.sort(score, axis=1)[:, 1:2]
        limit = special.ndtri(1 - world.dropout_share)
        absent[:, :, LAST] = (score > limit) & (score > second)
    return absent


def dropout_score(inflammation: Array, noise: Array) -> Array:
    """Return the score by which people stay away, of variance 1."""
    r = assumptions()["dropout_by_inflammation"]
    return r * inflammation + np.sqrt(1 - r**2) * noise
