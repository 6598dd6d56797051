from dataclasses import fields, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from exercisebook.simulate.arrays import draw_studies, log_content
from exercisebook.simulate.latents import (
    BEFORE,
    BOUT,
    LAST,
    draw_normals,
    draw_visits,
    dropout_score,
    enrolled,
    feature_law,
    log_sd,
    node_law,
    screening,
    subject_covariance,
)
from exercisebook.simulate.worlds import (
    MEASURED,
    NODES,
    SUBJECT_LATENTS,
    WORLDS,
    Arrow,
    assumptions,
    loadings,
    world,
    world_names,
)

SEED, PEOPLE = 20251121, 6000

OCCASIONS = ("infection", "not_fasted")


def rng(seed=SEED):
    return np.random.default_rng(seed)


def few(of):
    """Return a world with the named features and some of the anonymous ones."""
    anonymous = of.features["feature"].str.extract(r"_(\d{3})$")[0].astype(float)
    return replace(of, features=of.features[~(anonymous > 20)].reset_index(drop=True))


def visits_of(name, n=PEOPLE, seed=SEED):
    return draw_visits(world(name), n, rng(seed), 1)


def worst(found, expected, error):
    return np.abs((found - expected) / error).max()


def assert_covariance(x, y, expected):
    """Hold that the covariance of columns is ``expected``, by the spread of their products."""
    products = (x - x.mean(axis=0)) * (y - y.mean(axis=0))
    error = products.std(axis=0, ddof=1) / np.sqrt(len(products))
    assert worst(products.mean(axis=0), expected, error) < 4.5


# the law of nodes


@pytest.mark.parametrize("name", world_names())
def test_every_node_wanders_with_variance_one(name):
    law = node_law(world(name))
    np.testing.assert_allclose(np.diag(law.covariance), 1)
    root = law.total * law.own
    np.testing.assert_allclose(root @ root.T, law.covariance, atol=1e-12)
    assert (law.own > 0.1).all()


@pytest.mark.parametrize("name", WORLDS)
def test_nodes_wander_by_the_law(name):
    law, nodes = node_law(world(name)), visits_of(name).nodes[0]
    # who was enrolled shows at the first visit
    for visit in (BOUT, LAST) if name == "high-crp" else (BEFORE, BOUT, LAST):
        if visit == LAST and name == "responders":
            continue
        at = nodes[:, visit]
        for i in range(len(NODES)):
            assert_covariance(at, at[:, [i]], law.covariance[i])
        expected = law.training + law.moved if visit == LAST else 0 * law.moved
        assert worst(at.mean(axis=0), expected, np.sqrt(1 / len(at))) < 4.5


def test_what_nodes_do_at_one_visit_says_nothing_of_another():
    nodes = visits_of("reference").nodes[0]
    for one, other in ((BEFORE, BOUT), (BEFORE, LAST), (BOUT, LAST)):
        assert_covariance(nodes[:, one], nodes[:, other], 0)


def test_effects_run_along_all_paths():
    chain = replace(
        world("null"),
        arrows=(
            Arrow("training", "diet", 0.5),
            Arrow("diet", "betaine", 0.4),
            Arrow("betaine", "inflammation", -0.6),
            Arrow("diet", "inflammation", 0.1),
        ),
    )
    moved = dict(zip(NODES, node_law(chain).training, strict=True))
    assert moved == pytest.approx(
        {
            "diet": 0.5,
            "sleep": 0,
            "stress": 0,
            "betaine": 0.5 * 0.4,
            "inflammation": 0.5 * (0.1 - 0.4 * 0.6),
        }
    )


def test_a_circle_of_causes_is_refused():
    circle = (Arrow("diet", "sleep", 0.1), Arrow("sleep", "diet", 0.1))
    with pytest.raises(ValueError, match="circle"):
        node_law(replace(world("null"), arrows=circle))


@pytest.mark.parametrize("weight", [1.0, -1.5])
def test_causes_that_vary_more_than_their_effect_are_refused(weight):
    strong = (Arrow("diet", "betaine", weight),)
    with pytest.raises(ValueError, match="the causes of betaine vary more"):
        node_law(replace(world("null"), arrows=strong))


@given(
    weights=st.lists(st.floats(-0.24, 0.24), min_size=10, max_size=10),
    order=st.permutations(range(len(NODES))),
)
def test_any_graph_without_circles_has_nodes_of_variance_one(weights, order):
    pairs = [(i, j) for j in range(5) for i in range(j)]
    arrows = tuple(
        Arrow(NODES[order[i]], NODES[order[j]], w) for (i, j), w in zip(pairs, weights, strict=True)
    )
    law = node_law(replace(world("null"), arrows=arrows))
    root = law.total * law.own
    np.testing.assert_allclose(root @ root.T, law.covariance, atol=1e-9)
    np.testing.assert_allclose(np.diag(law.covariance), 1)


# people


def test_fitness_and_adiposity_go_against_each_other():
    subject = visits_of("reference").subject[0]
    covariance = subject_covariance()
    fitness, adiposity = (SUBJECT_LATENTS.index(name) for name in ("fitness", "adiposity"))
    assert covariance[fitness, adiposity] == pytest.approx(assumptions()["adiposity_on_fitness"])
    np.testing.assert_allclose(np.diag(covariance), 1)
    assert np.count_nonzero(covariance) == len(SUBJECT_LATENTS) + 2
    for i in range(len(SUBJECT_LATENTS)):
        assert_covariance(subject, subject[:, [i]], covariance[i])


# the law of features


@pytest.mark.parametrize("name", world_names())
def test_what_a_feature_shares_and_what_it_has_of_its_own_is_all_it_varies(name):
    nodes = node_law(world(name))
    for block in MEASURED:
        law = feature_law(world(name).block(block), nodes)
        shared = np.einsum("ki,ij,kj->k", law.on_nodes, nodes.covariance, law.on_nodes)
        np.testing.assert_allclose(shared + law.on_module**2 + law.own_within**2, 1)
        shared = np.einsum("ki,ij,kj->k", law.on_subject, subject_covariance(), law.on_subject)
        np.testing.assert_allclose(shared + law.own_between**2, 1)


def test_every_loading_reaches_its_feature():
    reference = world("reference")
    found = 0
    for block in MEASURED:
        features = reference.block(block)
        law = feature_law(features, node_law(reference))
        on = np.hstack([law.on_subject, law.on_nodes])
        names = (*SUBJECT_LATENTS, *NODES)
        for row in loadings().query("block == @block").itertuples():
            place = features.index[features["feature"] == row.feature][0]
            assert on[place, names.index(row.latent)] == row.loading
            found += 1
        assert np.count_nonzero(on) == (loadings()["block"] == block).sum()
    assert found == len(loadings())


def test_a_feature_that_shares_more_than_it_varies_is_refused():
    reference = world("reference")
    crp = reference.features.query("feature == 'crp'").assign(module_loading=0.9)
    with pytest.raises(ValueError, match="crp shares more with others than it varies"):
        feature_law(crp, node_law(reference))


def test_a_coefficient_of_variation_becomes_the_sd_of_a_log():
    values = np.exp(log_sd(np.array([0.3, 1.0])) * rng().standard_normal((400_000, 2)))
    np.testing.assert_allclose(values.std(axis=0) / values.mean(axis=0), [0.3, 1.0], rtol=0.02)


def occasion_variance(features):
    """Return the variance of logs that infections, breakfasts and the clock add to a visit."""
    a = assumptions()
    added = np.zeros(len(features))
    for place, name in enumerate(features["feature"]):
        for what in OCCASIONS:
            p = a[f"{what}_share"]
            added[place] += p * (1 - p) * a.get(f"{what}_{name}", 0) ** 2
        added[place] += (a["clock_sd"] * a.get(f"hour_{name}", 0)) ** 2
    return np.log(2) ** 2 * added


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_differ_in_causes_and_not_in_spread(name):
    of = few(replace(world(name), response_spread=0.0))
    visits = draw_visits(of, PEOPLE, rng(), 1)
    for block in MEASURED:
        features = of.block(block)
        content = log_content(of, block, visits, rng())[0]
        # the first visit of those who were enrolled for it is another matter
        change = content[:, LAST] - content[:, BOUT]
        within = log_sd(features["cv_within"]) ** 2
        assert_covariance(change, change, 2 * (within + occasion_variance(features)))
        between = log_sd(features["cv_between"]) ** 2
        if name != "high-crp":
            assert_covariance(content[:, LAST], content[:, BEFORE], between)


def test_an_infection_adds_to_what_the_table_says_of_crp():
    """The published spread of CRP within a person is that of the healthy."""
    features = world("reference").block("clinical")
    added = dict(zip(features["feature"], occasion_variance(features), strict=True))
    assert added["crp"] > 0.02
    assert added["body_mass_index"] == 0


# enrolment


@pytest.fixture(scope="module")
def screened():
    """Return screening CRP (log, relative to the centre) of everybody and of those enrolled."""
    of = world("high-crp")
    law = node_law(of)
    s = screening(of, law)
    normals = draw_normals(rng(), 20_000, 1)

    def score(of_people):
        return (
            of_people.subject @ s.subject
            + of_people.nodes[:, :, BEFORE] @ s.nodes
            + of_people.crp_between * s.between
            + of_people.crp_within[:, :, BEFORE] * s.within
            + of_people.crp_assay[:, :, BEFORE] * s.assay
        )[0]

    after = enrolled(of, law, normals)
    return s, normals, after, score(normals), score(after)


def test_screening_has_the_spread_of_crp(screened):
    s, _, _, ordinary, _ = screened
    crp = world("high-crp").features.query("feature == 'crp'").iloc[0]
    total = sum(log_sd(crp[f"cv_{part}"]) ** 2 for part in ("between", "within", "assay"))
    assert s.sd**2 == pytest.approx(total)
    assert stats.kstest(ordinary / s.sd, "norm").pvalue > 0.001


def test_those_enrolled_are_the_upper_part_of_the_ordinary(screened):
    s, _, _, ordinary, after = screened
    q = assumptions()["enrolled_above"]
    limit = stats.norm.ppf(q)
    assert after.min() >= s.sd * limit

    def upper(x):
        return np.clip((stats.norm.cdf(x) - q) / (1 - q), 0, 1)

    assert stats.kstest(after / s.sd, upper).pvalue > 0.001
    # and as a trial would find them: by leaving out the others
    found = ordinary[ordinary > s.sd * limit]
    assert stats.ks_2samp(found, after).pvalue > 0.001


def test_enrolment_keeps_ranks(screened):
    _, _, _, ordinary, after = screened
    assert (np.argsort(ordinary) == np.argsort(after)).all()


def test_enrolment_touches_nothing_but_what_crp_is_made_of_at_the_first_visit(screened):
    s, normals, enrolled_, _, _ = screened
    for name in ("nodes", "crp_within", "crp_assay"):
        before, after = getattr(normals, name), getattr(enrolled_, name)
        assert (before[:, :, BOUT:] == after[:, :, BOUT:]).all(), name
        assert (before[:, :, BEFORE] != after[:, :, BEFORE]).any(), name
    untouched = s.nodes == 0
    assert untouched.any()
    assert (normals.nodes[..., untouched] == enrolled_.nodes[..., untouched]).all()
    habit = SUBJECT_LATENTS.index("diet habit")
    assert (normals.subject[..., habit] == enrolled_.subject[..., habit]).all()


def test_those_enrolled_are_like_those_found_by_leaving_out_the_others(screened):
    """Each part of CRP, and its spread about what CRP leads one to expect."""
    s, normals, after, ordinary, _ = screened
    high = ordinary > s.sd * stats.norm.ppf(assumptions()["enrolled_above"])
    for part in (
        lambda x: x.subject[0, :, SUBJECT_LATENTS.index("adiposity")],
        lambda x: x.nodes[0, :, BEFORE, NODES.index("inflammation")],
        lambda x: x.crp_between[0],
        lambda x: x.crp_within[0, :, BEFORE],
    ):
        assert stats.ks_2samp(part(normals)[high], part(after)).pvalue > 0.001


def test_nobody_is_chosen_elsewhere():
    normals = draw_normals(rng(), 10, 2)
    for name in WORLDS:
        if name != "high-crp":
            assert enrolled(world(name), node_law(world(name)), normals) is normals


def test_nobody_enrols_who_is_ill():
    infection = visits_of("high-crp").infection
    assert not infection[..., BEFORE].any()
    assert infection[..., LAST].any()
    assert visits_of("reference").infection[..., BEFORE].any()


def test_crp_of_those_enrolled_falls_back_by_the_formula():
    of = world("high-crp")
    q = of.enrolled_above
    drawn = draw_studies(of, 20_000, rng(), ("clinical",), 1)
    place = list(of.block("clinical")["feature"]).index("crp")
    logs = np.log(drawn.arrays["clinical"][0, ..., place])
    healthy = ~drawn.visits.infection[0].any(axis=-1)
    change = (logs[:, LAST] - logs[:, BEFORE])[healthy]
    crp = of.features.query("feature == 'crp'").iloc[0]
    between, within, assay = (log_sd(crp[f"cv_{p}"]) ** 2 for p in ("between", "within", "assay"))
    beyond = stats.norm.pdf(stats.norm.ppf(q)) / (1 - q)
    expected = -(within + assay) / np.sqrt(between + within + assay) * beyond
    assert expected < -0.1
    error = change.std(ddof=1) / np.sqrt(len(change))
    assert abs(change.mean() - expected) < 4 * error


# dropout


def test_the_right_share_misses_the_last_visit_and_no_other():
    absent = draw_visits(world("dropout"), 13, rng(), 1000).absent
    assert not absent[..., :LAST].any()
    share = assumptions()["dropout_share"]
    assert abs(absent[..., LAST].mean() - share) < 4 * np.sqrt(share * (1 - share) / 13_000)
    assert absent[..., LAST].sum(axis=1).std() > 0


def test_those_who_stay_away_have_more_inflammation():
    visits = visits_of("dropout")
    away = visits.absent[0, :, LAST]
    inflammation = visits.nodes[0, :, :, NODES.index("inflammation")]
    assert inflammation[away, LAST].mean() - inflammation[~away, LAST].mean() > 1
    assert abs(inflammation[away, BEFORE].mean()) < 4 / np.sqrt(away.sum())


def test_the_score_of_staying_away_has_variance_one_and_the_correlation_of_the_table():
    inflammation, noise = rng().standard_normal((2, 100_000))
    score = dropout_score(inflammation, noise)
    assert score.std() == pytest.approx(1, abs=0.01)
    r = assumptions()["dropout_by_inflammation"]
    assert np.corrcoef(score, inflammation)[0, 1] == pytest.approx(r, abs=0.01)


@settings(max_examples=30)
@given(n=st.integers(2, 5), share=st.floats(0.01, 0.999), seed=st.integers(0, 2**32))
def test_two_people_always_come(n, share, seed):
    of = replace(world("dropout"), dropout_share=share)
    absent = draw_visits(of, n, rng(seed), 50).absent
    assert ((~absent[..., LAST]).sum(axis=1) >= 2).all()


@pytest.mark.parametrize("name", [name for name in world_names() if "dropout" not in name])
def test_everybody_comes_elsewhere(name):
    assert not visits_of(name, n=40).absent.any()


# visits


def test_hours_since_the_last_bout_are_those_of_the_world():
    a = assumptions()
    for name in WORLDS:
        expected = a["hours_carry_over" if name == "carry-over" else "hours_training"]
        np.testing.assert_equal(visits_of(name, 3).hours, [np.nan, a["hours_acute"], expected])


def test_training_is_there_at_the_last_visit_alone_and_the_same_for_all():
    trained = visits_of("reference", 50).trained
    assert (trained[..., LAST] == 1).all()
    assert (trained[..., :LAST] == 0).all()


def test_responders_differ_in_what_training_does_and_not_on_average():
    trained = visits_of("responders").trained[0]
    spread = assumptions()["response_spread"]
    assert (trained[:, :LAST] == 0).all()
    assert abs(trained[:, LAST].mean() - 1) < 4 * spread / np.sqrt(PEOPLE)
    assert trained[:, LAST].std() == pytest.approx(spread, rel=0.04)


def test_a_response_reaches_the_nodes():
    same, spread = (visits_of(name, 200) for name in ("reference", "responders"))
    law = node_law(world("reference"))
    added = (spread.trained - same.trained)[..., None] * law.training
    np.testing.assert_allclose(spread.nodes - same.nodes, added, atol=1e-12)
    assert np.abs(added).max() > 0.5


def test_plasma_volume_changes_by_what_the_world_says_and_differs_between_people():
    of, plasma = world("reference"), visits_of("reference").plasma[0]
    assert (plasma[:, BEFORE] == 0).all()
    changes = (of.plasma_volume_acute, of.plasma_volume_training)
    for visit, change in zip((BOUT, LAST), changes, strict=True):
        error = of.plasma_volume_sd / np.sqrt(PEOPLE)
        assert abs(plasma[:, visit].mean() - np.log1p(change)) < 4 * error
        assert plasma[:, visit].std() == pytest.approx(of.plasma_volume_sd, rel=0.04)


@pytest.mark.parametrize("what", ["infection", "fed"])
def test_occasions_are_as_frequent_as_the_table_says(what):
    share = assumptions()[{"infection": "infection_share", "fed": "not_fasted_share"}[what]]
    found = getattr(visits_of("reference"), what)
    assert abs(found.mean() - share) < 4 * np.sqrt(share * (1 - share) / found.size)


@pytest.mark.parametrize("n", [2, 8, 9, 30])
def test_all_samples_of_a_person_lie_on_one_plate(n):
    plate = visits_of("reference", n).plate
    assert (plate == plate[:, :1]).all()
    sizes = np.unique(plate[:, 0], return_counts=True)[1]
    assert sizes.max() <= assumptions()["people_a_plate"]
    assert sizes.sum() == n


@pytest.mark.parametrize("n", [2, 8, 9, 30])
def test_a_plate_holds_one_phase_where_plates_go_by_phase(n):
    plate = visits_of("batch", n).plate
    phases = [set(plate[:, visit]) for visit in (BEFORE, BOUT, LAST)]
    assert all(one.isdisjoint(other) for one, other in combinations(phases, 2))
    assert np.unique(plate, return_counts=True)[1].max() <= assumptions()["people_a_plate"]


def test_run_order_goes_by_phase_where_plates_do_and_by_chance_elsewhere():
    order = visits_of("batch", 50).run_order[0]
    assert order[:, BEFORE].max() < order[:, BOUT].min() < order[:, LAST].min()
    assert order[:, BOUT].max() < order[:, LAST].min()
    other = visits_of("reference").run_order[0]
    assert np.abs(other.mean(axis=0)).max() < 4 * np.sqrt(1 / 12 / PEOPLE)
    assert max(np.abs(order).max(), np.abs(other).max()) <= 0.5


def test_worlds_share_their_random_numbers():
    null = visits_of("null", 20)
    betaine = NODES.index("betaine")
    for name in WORLDS:
        other = visits_of(name, 20)
        for field in ("transit", "fed", "clock"):
            assert (getattr(other, field) == getattr(null, field)).all(), (name, field)
        if name != "high-crp":
            assert (other.subject == null.subject).all()
            assert (other.infection == null.infection).all()
            for field in fields(null.normals):
                one, two = (getattr(v.normals, field.name) for v in (null, other))
                assert (one == two).all(), (name, field.name)
        if name in ("season", "reference", "mediated", "direct"):
            assert (other.nodes[:, :, BEFORE, betaine] == null.nodes[:, :, BEFORE, betaine]).all()
