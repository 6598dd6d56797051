import json
from itertools import chain, combinations

import networkx as nx
import numpy as np
import pytest

from exercisebook.simulate.graph import QUERIES, adjustment_sets, causal_graph, questions
from exercisebook.simulate.latents import LAST, draw_visits, node_law
from exercisebook.simulate.worlds import NODES, WORLDS, world, world_names

SEED, PEOPLE = 20251121, 12_000
BETAINE, INFLAMMATION = (NODES.index(name) for name in ("betaine", "inflammation"))

CONFOUNDED = ("reference", "direct", "diet", "common-cause", "season", "responders")
"""Worlds in which something moves betaine and inflammation both."""


def edges(*pairs):
    return {"nodes": [], "edges": [{"cause": c, "effect": e, "weight": None} for c, e in pairs]}


def drawn_columns(name):
    """Return what happened at many visits by node, and who trained and when."""
    visits = draw_visits(world(name), PEOPLE, np.random.default_rng(SEED), 1)
    columns = {node: visits.nodes[0, ..., i] for i, node in enumerate(NODES)}
    last = np.broadcast_to(np.arange(3) == LAST, visits.trained[0].shape).astype(float)
    # season and phase differ at the last visit alone, as far as nodes are concerned
    columns |= {"training": visits.trained[0], "season": last, "phase": last}
    return {column: values.reshape(-1) for column, values in columns.items()}


def slope(columns, cause, effect, held=()):
    """Return the least-squares slope of an effect on a cause and its standard error."""
    x = np.column_stack([np.ones(3 * PEOPLE), *(columns[name] for name in (cause, *held))])
    y = columns[effect]
    inverse = np.linalg.inv(x.T @ x)
    fit = inverse @ x.T @ y
    residual = y - x @ fit
    # the spread differs between people where their responses do
    meat = (x * residual[:, None]).T @ (x * residual[:, None])
    return fit[1], np.sqrt((inverse @ meat @ inverse)[1, 1])


def answers(name):
    return {(q["cause"], q["effect"]): q for q in questions(world(name))}


# graphs


@pytest.mark.parametrize("name", world_names())
def test_a_graph_has_the_arrows_of_its_world_and_no_circle(name):
    graph = causal_graph(world(name))
    found = {(e["cause"], e["effect"]): e["weight"] for e in graph["edges"]}
    assert len(found) == len(graph["edges"])
    for arrow in world(name).arrows:
        assert found[arrow.cause, arrow.effect] == arrow.weight
    for moved, by in world(name).moved:
        assert found["phase", moved] == by
    assert nx.is_directed_acyclic_graph(nx.DiGraph(list(found)))
    named = {node["name"] for node in graph["nodes"]}
    assert named == {name for pair in found for name in pair}
    assert (("phase", "training") in found) == (not name.endswith("-twin"))
    assert json.loads(json.dumps(graph)) == graph


@pytest.mark.parametrize("name", WORLDS)
def test_what_nobody_measures_is_marked(name):
    measured = {n["name"]: n["measured"] for n in causal_graph(world(name))["nodes"]}
    for node in ("inflammation", "diet", "stress"):
        assert not measured.get(node, False), node
    for node in ("C-reactive protein", "diet score", "phase", "sleep"):
        assert measured[node], node


@pytest.mark.parametrize(
    ("name", "edge"),
    [
        ("batch", ("phase", "plate")),
        ("high-crp", ("C-reactive protein", "enrolment")),
        ("dropout", ("inflammation", "attendance")),
    ],
)
def test_what_is_special_to_a_world_is_in_its_graph_alone(name, edge):
    having = {
        other
        for other in WORLDS
        if edge in {(e["cause"], e["effect"]) for e in causal_graph(world(other))["edges"]}
    }
    assert having == {name}


# adjustment sets


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (edges(("x", "y")), [[]]),
        (edges(("c", "x"), ("c", "y"), ("x", "y")), [["c"]]),
        (edges(("x", "m"), ("m", "y")), [[]]),
        (edges(("y", "x")), []),
        (edges(("x", "c"), ("y", "c")), [[]]),
        (edges(("a", "x"), ("a", "b"), ("b", "y"), ("x", "y")), [["a"], ["b"]]),
        (edges(("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")), [["a", "b"]]),
        # a collider between two causes need not be held, and must not be held alone
        (edges(("a", "x"), ("a", "m"), ("b", "m"), ("b", "y"), ("x", "y")), [[]]),
        (
            edges(("a", "x"), ("a", "m"), ("b", "m"), ("b", "y"), ("m", "x"), ("m", "y")),
            [["a", "m"], ["b", "m"]],
        ),
        (edges(("a", "b")), [[]]),
    ],
)
def test_smallest_sets_that_block_every_back_door(graph, expected):
    assert adjustment_sets(graph, "x", "y") == expected


def blocked(graph, cause, effect, held):
    """Return whether every path into the cause is blocked: by walking each, no library asked."""
    arrows = {(e["cause"], e["effect"]) for e in graph["edges"]}
    neighbours = {}
    for one, other in arrows:
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)

    def below(node):
        found, todo = {node}, [node]
        while todo:
            here = todo.pop()
            new = {e for c, e in arrows if c == here} - found
            found |= new
            todo += new
        return found

    def is_open(path):
        for a, b, c in zip(path, path[1:], path[2:], strict=False):
            collides = (a, b) in arrows and (c, b) in arrows
            if collides and not below(b) & held:
                return False
            if not collides and b in held:
                return False
        return True

    def paths(path):
        if path[-1] == effect:
            yield path
            return
        for step in neighbours.get(path[-1], set()) - set(path):
            yield from paths([*path, step])

    into = (p for p in paths([cause]) if len(p) > 1 and (p[1], cause) in arrows)
    return not any(is_open(p) for p in into), below(cause)


@pytest.mark.parametrize("name", world_names())
@pytest.mark.parametrize("query", QUERIES)
def test_the_sets_are_those_that_walking_every_path_finds(name, query):
    graph = causal_graph(world(name))
    _, below = blocked(graph, *query, set())
    names = sorted({n["name"] for n in graph["nodes"]} - below - set(query))
    every = chain.from_iterable(combinations(names, k) for k in range(len(names) + 1))
    valid = [set(held) for held in every if blocked(graph, *query, set(held))[0]]
    smallest = [held for held in valid if not any(other < held for other in valid)]
    assert [set(s) for s in adjustment_sets(graph, *query)] == smallest


# against data


@pytest.mark.parametrize("name", [*CONFOUNDED, "mediated", "null"])
def test_holding_a_valid_set_gives_the_effect_of_betaine_on_inflammation(name):
    columns = drawn_columns(name)
    truth = node_law(world(name)).total[INFLAMMATION, BETAINE]
    sets = answers(name)["betaine", "inflammation"]["adjustment_sets"]
    assert sets
    for held in sets:
        found, error = slope(columns, "betaine", "inflammation", held)
        assert abs(found - truth) < 4.5 * error, held


@pytest.mark.parametrize("name", CONFOUNDED)
def test_holding_nothing_gives_another_answer_where_there_is_a_common_cause(name):
    columns = drawn_columns(name)
    truth = node_law(world(name)).total[INFLAMMATION, BETAINE]
    assert [] not in answers(name)["betaine", "inflammation"]["adjustment_sets"]
    found, error = slope(columns, "betaine", "inflammation")
    assert found - truth < -10 * error


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("diet", "sleep"),
        ("diet", "training"),
        ("common-cause", "diet"),
        ("common-cause", "phase"),
        ("direct", "diet"),
        ("reference", "sleep"),
    ],
)
def test_holding_something_else_does_not_help(name, wrong):
    columns = drawn_columns(name)
    truth = node_law(world(name)).total[INFLAMMATION, BETAINE]
    found, error = slope(columns, "betaine", "inflammation", [wrong])
    assert abs(found - truth) > 10 * error


def test_no_set_helps_where_the_supposed_effect_is_the_cause():
    assert answers("reverse")["betaine", "inflammation"]["adjustment_sets"] == []
    columns = drawn_columns("reverse")
    others = ("diet", "sleep", "stress", "training")
    for size in range(len(others) + 1):
        for held in combinations(others, size):
            found, error = slope(columns, "betaine", "inflammation", held)
            assert found < -10 * error


@pytest.mark.parametrize(("name", "cause"), [("diet", "diet"), ("common-cause", "stress")])
@pytest.mark.parametrize("effect", ["betaine", "inflammation"])
def test_training_does_nothing_once_its_rival_is_held(name, cause, effect):
    columns = drawn_columns(name)
    assert [cause] in answers(name)["training", effect]["adjustment_sets"]
    found, error = slope(columns, "training", effect, [cause])
    assert abs(found) < 4.5 * error
    found, error = slope(columns, "training", effect)
    assert abs(found) > 10 * error


@pytest.mark.parametrize("name", ["reference", "mediated", "direct", "reverse", "null"])
@pytest.mark.parametrize("effect", ["betaine", "inflammation"])
def test_training_compared_with_nothing_held_is_its_effect_where_nothing_else_changes(name, effect):
    assert [] in answers(name)["training", effect]["adjustment_sets"]
    found, error = slope(drawn_columns(name), "training", effect)
    assert abs(found - node_law(world(name)).training[NODES.index(effect)]) < 4.5 * error


# questions


@pytest.mark.parametrize("name", world_names())
def test_a_question_has_an_answer_or_says_why_not(name):
    asked = questions(world(name))
    assert [(q["cause"], q["effect"]) for q in asked] == list(QUERIES)
    for question in asked:
        assert question["answerable"] == (question["because"] == "")
        if question["answerable"]:
            assert question["adjustment_sets"]
    assert json.loads(json.dumps(asked)) == asked


@pytest.mark.parametrize("name", world_names())
def test_a_question_knows_whether_there_is_a_path(name):
    law, asked = node_law(world(name)), answers(name)
    assert asked["betaine", "inflammation"]["causes_it"] == bool(law.total[INFLAMMATION, BETAINE])
    for effect in ("betaine", "inflammation"):
        found = asked["training", effect]["causes_it"]
        assert found == bool(law.training[NODES.index(effect)])


@pytest.mark.parametrize("name", ["diet", "common-cause", "season"])
def test_where_something_else_changed_with_training_there_is_nothing_to_compare(name):
    for effect in ("betaine", "inflammation"):
        question = answers(name)["training", effect]
        assert not question["answerable"]
        assert "decided by the phase alone" in question["because"]


@pytest.mark.parametrize("name", ["high-crp", "dropout"])
def test_where_people_were_selected_by_what_is_measured_training_is_not_judged(name):
    for effect in ("betaine", "inflammation"):
        question = answers(name)["training", effect]
        assert not question["answerable"]
        assert "who is in the study" in question["because"]


@pytest.mark.parametrize("name", [f"{name}-twin" for name in WORLDS])
def test_where_nobody_trains_training_is_not_judged(name):
    for effect in ("betaine", "inflammation"):
        question = answers(name)["training", effect]
        assert not question["answerable"]
        assert "nobody trains" in question["because"]


@pytest.mark.parametrize("name", ["diet", "common-cause"])
def test_a_common_cause_that_was_not_measured_cannot_be_held(name):
    question = answers(name)["betaine", "inflammation"]
    assert not question["answerable"]
    assert "not measured" in question["because"]


def test_a_score_of_diet_is_not_diet():
    """What is measured with error blocks the back door in part only."""
    columns = drawn_columns("diet")
    noise = np.random.default_rng(1).standard_normal(3 * PEOPLE)
    columns["diet score"] = columns["diet"] + 0.7 * noise
    bare, _ = slope(columns, "betaine", "inflammation")
    found, error = slope(columns, "betaine", "inflammation", ["diet score"])
    assert bare < found < -10 * error


def test_the_season_is_told_by_the_date():
    question = answers("season")["betaine", "inflammation"]
    assert question["adjustment_sets"] == [["season"]]
    assert question["answerable"]


def test_inflammation_before_betaine_is_said_to_be_so():
    question = answers("reverse")["betaine", "inflammation"]
    assert not question["answerable"]
    assert question["because"] == "the supposed effect is a cause of it"


@pytest.mark.parametrize("name", ["reference", "mediated", "direct", "null"])
def test_every_question_is_answerable_where_nothing_else_changes(name):
    assert all(question["answerable"] for question in questions(world(name)))
