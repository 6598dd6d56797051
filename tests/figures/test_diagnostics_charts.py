"""Charts of a method's assumptions: what they draw, what they say of it, and how they are saved."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from exercisebook.figures.diagnostics import (
    BINS,
    MOST_POINTS,
    mean_variance_chart,
    p_value_chart,
)
from exercisebook.figures.theme import ACCENT, save_chart, steady
from exercisebook.stats.schemas import MEAN_VARIANCE


def spread_of(features, fold=1.0):
    """Return spreads whose trend changes so many times over the levels."""
    level = np.linspace(2, 14, features)
    trend = np.geomspace(0.5, 0.5 * fold, features)
    table = pd.DataFrame(
        {
            "feature": [f"f{i}" for i in range(features)],
            "level": level,
            "sd": trend * np.exp(np.sin(np.arange(features))),
            "prior_sd": 0.6,
            "trend_sd": trend,
        }
    )
    return MEAN_VARIANCE.validate(table)


def effects_of(*p_values, method="paired t"):
    return pd.DataFrame({"method": method, "p_value": np.array(p_values, float)})


def data_of(chart, holding):
    """Return the rows of the data set that has a column."""
    for rows in steady(chart.to_dict())["datasets"].values():
        if rows and holding in rows[0]:
            return pd.DataFrame(rows)
    raise AssertionError(f"no data with {holding}")


def caption_of(chart):
    return chart.to_dict()["usermeta"]["caption"]


@pytest.fixture(params=["spread", "p values"])
def chart(request):
    rng = np.random.default_rng(0)
    if request.param == "spread":
        return mean_variance_chart(spread_of(200, 3.0))
    return p_value_chart(effects_of(*rng.uniform(size=200)))


def test_a_chart_has_a_label_a_caption_and_a_text_alternative(chart):
    spec = chart.to_dict()
    assert spec["usermeta"]["name"].startswith("fig-")
    assert spec["usermeta"]["caption"].endswith(".")
    assert spec["description"].endswith(".")
    assert spec["description"] != spec["usermeta"]["caption"]
    titles = re.findall(r'"title": "([^"]+)"', json.dumps(spec))
    assert len(set(titles)) >= 2


def test_every_feature_is_a_point_and_both_priors_are_lines():
    spread = spread_of(200)
    chart = mean_variance_chart(spread)
    points = data_of(chart, "feature")
    assert list(points["feature"]) == list(spread["feature"])
    np.testing.assert_allclose(points["sd"], spread["sd"], rtol=1e-5)
    lines = data_of(chart, "prior")
    assert set(lines["prior"]) == {"one prior for all", "prior with a trend"}
    drawn = lines[lines["prior"] == "prior with a trend"]
    np.testing.assert_allclose(drawn["sd"], spread["trend_sd"], rtol=1e-5)


@pytest.mark.parametrize("features", [MOST_POINTS - 1, MOST_POINTS, MOST_POINTS + 1, 20_000])
def test_of_many_features_a_part_is_drawn_from_end_to_end_and_all_are_counted(features):
    spread = spread_of(features)
    chart = mean_variance_chart(spread)
    points = data_of(chart, "feature")
    assert min(features, MOST_POINTS) / 2 < len(points) <= MOST_POINTS
    assert points["level"].iloc[0] == pytest.approx(2)
    assert points["level"].iloc[-1] > 13.9
    assert f"{features:,} features" in caption_of(chart)


@pytest.mark.parametrize(
    ("features", "fold", "told"),
    [
        (100, 1.2, "nearly flat: one prior serves all levels"),
        (100, 1 / 1.2, "nearly flat"),
        (100, 3.0, "changes 3.0-fold over the levels: choose the trend"),
        (100, 1 / 3, "changes 3.0-fold over the levels: choose the trend"),
        (49, 3.0, "fewer than 50 features tell too little of each other for a prior"),
        (50, 3.0, "choose the trend"),
    ],
)
def test_the_caption_says_which_prior_to_choose(features, fold, told):
    assert told in caption_of(mean_variance_chart(spread_of(features, fold)))


@pytest.mark.parametrize("features", [0, 1])
def test_a_spread_without_priors_makes_no_claim_about_them(features, tmp_path):
    spread = spread_of(2).head(features).assign(prior_sd=np.nan, trend_sd=np.nan)
    chart = mean_variance_chart(spread)
    assert "flat" not in caption_of(chart)
    assert ("1 feature " if features else "0 features ") in caption_of(chart)
    save_chart(chart, tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").stat().st_size > 500


def test_p_values_are_counted_in_twenty_bins_and_none_is_lost():
    rng = np.random.default_rng(1)
    p = np.concatenate([rng.uniform(size=500), [0.0, 0.05, 0.1, 1.0]])
    bars = data_of(p_value_chart(effects_of(*p)), "low")
    assert len(bars) == BINS
    assert bars["features"].sum() == 504
    assert (bars["low"].iloc[0], bars["high"].iloc[-1]) == (0, 1)
    np.testing.assert_allclose(bars["high"] - bars["low"], 1 / BINS)
    assert bars["features"].iloc[0] == (p < 0.05).sum()


def test_the_dashed_line_and_the_caption_tell_what_chance_alone_would_give():
    p = [0.01] * 30 + [0.5] * 70
    chart = p_value_chart(effects_of(*p))
    datasets = steady(chart.to_dict())["datasets"].values()
    assert [{"features": 5.0}] in datasets
    assert "30 of 100 features below .05, where chance alone puts 5 (dashed)" in caption_of(chart)


def test_features_without_a_p_value_are_not_counted():
    chart = p_value_chart(effects_of(0.01, np.nan, 0.5, np.nan))
    assert "1 of 2 features below .05, where chance alone puts 0.1" in caption_of(chart)
    nothing = p_value_chart(effects_of(np.nan, np.nan))
    assert "0 of 0 features" in caption_of(nothing)


def test_of_several_methods_the_first_is_drawn_and_named():
    both = pd.concat([effects_of(0.01, 0.5), effects_of(0.9, 0.9, method="Hodges-Lehmann")])
    chart = p_value_chart(both)
    assert data_of(chart, "low")["features"].sum() == 2
    assert "by paired t;" in caption_of(chart)


def test_a_saved_chart_is_an_svg_in_the_books_theme_with_its_description_as_title(chart, tmp_path):
    path = tmp_path / "chart.svg"
    save_chart(chart, path)
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].tag.endswith("title")
    assert root[0].text == chart.to_dict()["description"]
    assert float(root.get("width")) > 560
    text = path.read_text(encoding="utf-8")
    assert "Liberation Sans" in text
    assert ACCENT in text


def test_a_description_may_hold_marks_of_xml(tmp_path):
    chart = p_value_chart(effects_of(0.1, 0.2, method='a <b> & "c"'))
    chart = chart.properties(description='p < .05 & "q" > 1')
    save_chart(chart, tmp_path / "chart.svg")
    root = ElementTree.parse(tmp_path / "chart.svg").getroot()
    assert root[0].text == 'p < .05 & "q" > 1'


def test_saving_leaves_the_theme_of_others_as_it_was(chart, tmp_path):
    import altair as alt

    before = alt.theme.active
    save_chart(chart, tmp_path / "chart.svg")
    assert alt.theme.active == before
