import numpy as np
import pandas as pd
import pytest

from exercisebook.cohort.schemas import TABLES
from exercisebook.errors import Failure
from exercisebook.sources import grinta as reader
from exercisebook.sources.grinta import (
    ARMS,
    COUNTS,
    CYTOKINES,
    _fraction,
    absent_as_below_detection,
    read_grinta,
)
from exercisebook.sources.rfiles import read_r_frame

HOURS = [0, 0.5, 1, 1.5, 2, 3, 6, 24]
KEYS = ["subject", "protocol", "time", "analyte"]


@pytest.fixture(scope="session")
def immune(grinta_files):
    return read_r_frame(grinta_files["data_immune.rda"])


@pytest.fixture(scope="session")
def flow(grinta_files):
    return read_r_frame(grinta_files["data_nk.rda"])


@pytest.fixture
def read_broken(grinta_files, immune, flow, monkeypatch):
    """Return a function that reads the cohort from frames that were tampered with."""

    def reading(immune=immune, flow=flow):
        frames = {"data_immune.rda": immune, "data_nk.rda": flow}
        monkeypatch.setattr(reader, "read_r_frame", lambda path, name: frames[path.name].copy())
        return read_grinta(grinta_files)

    return reading


def value(cohort, modality, feature, sample_id):
    table = cohort.measurements[modality]
    found = table.loc[(table["feature"] == feature) & (table["sample_id"] == sample_id), "value"]
    (number,) = found
    return number


# people and samples


def test_fifteen_men_came_on_five_days_for_eight_draws(grinta):
    assert len(grinta.subjects) == 15
    assert set(grinta.subjects["sex"]) == {"male"}
    assert len(grinta.samples) == 15 * 5 * 8
    counts = grinta.samples.groupby(["subject", "arm"])["time_h"].apply(sorted)
    assert all(hours == HOURS for hours in counts)
    assert sorted(grinta.samples["arm"].unique()) == list(ARMS) == ["P1", "P2", "P3", "P4", "P5"]


def test_phases_name_the_hours(grinta):
    hours = grinta.samples.drop_duplicates("phase").set_index("phase")["time_h"].to_dict()
    assert hours == {f"{hour:g}h": hour for hour in HOURS}


def test_the_rest_day_has_no_bout_to_count_from(grinta):
    rest = grinta.samples["arm"] == "P1"
    assert grinta.samples.loc[rest, "hours_since_bout"].isna().all()


def test_hours_since_the_bout_count_from_the_end_of_the_hour(grinta):
    p2 = grinta.samples.query("subject == '5' and arm == 'P2'").set_index("phase")
    hours = p2["hours_since_bout"]
    assert hours[["0h", "0.5h"]].isna().all()
    assert hours[["1h", "1.5h", "6h", "24h"]].tolist() == [0, 0.5, 5, 23]


def test_the_rest_day_came_first_for_every_man(grinta):
    rest = grinta.samples[grinta.samples["arm"] == "P1"]
    assert set(rest["session"]) == {1.0}
    assert set(rest.loc[rest["phase"] == "0h", "day"]) == {0.0}


def test_the_sessions_of_a_man_are_numbered_in_their_order(grinta):
    sessions = grinta.samples.drop_duplicates(["subject", "arm"]).dropna(subset="session")
    for _, man in sessions.groupby("subject"):
        assert man.sort_values("session")["day"].is_monotonic_increasing
        assert sorted(man["session"]) == list(range(1, len(man) + 1))
    assert set(sessions["session"]) == {1, 2, 3, 4, 5}


def test_the_sessions_of_one_man_are_those_of_the_source(grinta):
    man = grinta.samples.query("subject == '2' and phase == '0h'").set_index("arm")
    assert man["session"].to_dict() == {"P1": 1, "P2": 3, "P3": 2, "P4": 5, "P5": 4}
    assert man["day"].to_dict() == {"P1": 0, "P2": 14, "P3": 7, "P4": 35, "P5": 21}


def test_a_session_without_a_date_has_no_number(grinta):
    without = grinta.samples[grinta.samples["session"].isna()]
    assert set(zip(without["subject"], without["arm"], strict=True)) == {("18", "P3")}
    assert without["day"].isna().all()


def test_the_draw_of_the_next_morning_is_a_day_later(grinta):
    day = grinta.samples.query("subject == '2' and arm == 'P2'").set_index("phase")["day"]
    assert (day["24h"], day["6h"]) == (15, 14)


# what the book must not carry over


def words(cohort):
    frames = [getattr(cohort, name) for name in TABLES] + list(cohort.measurements.values())
    for frame in frames:
        yield from frame.columns
        for column in frame.select_dtypes(exclude="number"):
            yield from frame[column].dropna().astype(str).unique()


def test_no_place_person_instrument_or_date_is_carried_over(grinta, flow):
    secrets = {"Wageningen", "Utrecht", "2014", "2015", "Device", "DateSampling", "Lab"}
    secrets |= set(flow["Analist"].dropna()) | {"Daan", "Marc", "Mieke"}
    secrets |= {f"{number:.0f}" for number in flow["Device"].dropna()}
    secrets |= set(flow["ExpSampleID"].dropna())
    said = list(words(grinta))
    assert [(word, secret) for word in said for secret in secrets if secret in word] == []


def test_no_time_stamp_is_carried_over(grinta):
    numbers = grinta.samples.select_dtypes("number")
    assert numbers.max().max() < 100


# counts and cytokines


def test_the_source_holds_the_traps_that_are_handled_here(immune):
    assert len(immune) == 8812
    assert immune.duplicated(KEYS).sum() == 28
    assert immune["concentration"].isna().sum() == 1023


def test_two_tubes_of_one_draw_are_averaged(grinta):
    found = value(grinta, "blood_count", "lymphocytes", "S05-P2-0.5h")
    assert found == pytest.approx((3.1 + 2.8) / 2)
    assert value(grinta, "blood_count", "platelets", "S05-P2-0.5h") == (414 + 367) / 2


def test_every_repeated_key_is_averaged_once(grinta, immune):
    assert sum(len(grinta.measurements[m]) for m in ("blood_count", "cytokines")) == 8812 - 28
    repeated = immune[immune.duplicated(KEYS, keep=False)].groupby(KEYS, observed=True)
    means = repeated["concentration"].mean()
    assert len(means) == 28
    for (subject, arm, hour, analyte), mean in means.items():
        sample_id = f"S{int(subject):02d}-{arm}-{float(hour):g}h"
        found = value(grinta, "blood_count", COUNTS[analyte], sample_id)
        assert found == pytest.approx(mean)


def test_a_single_tube_keeps_its_value(grinta):
    assert value(grinta, "cytokines", "mif", "S02-P1-0h") == 295.07


def test_absent_cytokines_are_missing(grinta):
    table = grinta.measurements["cytokines"]
    assert (table["status"] == "missing").sum() == 1023
    assert set(table["status"]) == {"ok", "missing"}
    assert len(table) == 600 * len(CYTOKINES)


def test_no_count_is_missing(grinta):
    assert grinta.measurements["blood_count"]["value"].notna().all()


def test_three_platelet_counts_in_another_unit_are_excluded(grinta):
    table = grinta.measurements["blood_count"]
    excluded = table[table["status"] == "excluded"]
    assert set(excluded["sample_id"]) == {"S13-P4-1h", "S13-P5-0.5h", "S13-P5-1h"}
    assert set(excluded["feature"]) == {"platelets"}
    assert table.query("feature == 'platelets' and status == 'ok'")["value"].min() > 50


# natural killer cells


def test_the_session_that_the_authors_call_invalid_is_excluded(grinta):
    table = grinta.measurements["cells"]
    excluded = table[table["status"] == "excluded"]
    assert excluded["sample_id"].str.startswith("S02-P4-").all()
    assert len(excluded) == 4 * 2
    assert (table["sample_id"].str.startswith("S02-P4-")).sum() == 8


def test_shares_of_natural_killer_cells_lie_between_0_and_1(grinta):
    shares = grinta.measurements["cells"]["value"].dropna()
    assert len(shares) == 2 * (300 - 4)
    assert shares.between(0, 1, inclusive="neither").all()


def test_a_share_is_that_of_the_source(grinta):
    assert value(grinta, "cells", "nk_cells", "S02-P1-1.5h") == 0.2015
    assert value(grinta, "cells", "nk_cd56dim", "S02-P1-1.5h") == 0.0651


def test_flow_cytometry_was_done_at_four_hours(grinta):
    samples = grinta.long("cells")
    assert sorted(samples["time_h"].unique()) == [0, 1, 1.5, 3]


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("0,2515", 0.2515),
        ("25,15%", 0.2515),
        ("25.15 %", 0.2515),
        (" 7% ", 0.07),
        ("0.5", 0.5),
        ("n.d.", np.nan),
        ("", np.nan),
        (None, np.nan),
    ],
)
def test_text_with_commas_and_per_cent_signs_becomes_a_fraction(text, fraction):
    (found,) = _fraction(pd.Series([text], dtype="string"))
    assert found == pytest.approx(fraction, nan_ok=True)


def test_numbers_are_fractions_already():
    assert _fraction(pd.Series([0.25, np.nan])).tolist() == pytest.approx(
        [0.25, np.nan], nan_ok=True
    )


# absent cytokines read as below detection


@pytest.fixture(scope="session")
def below(grinta):
    return absent_as_below_detection(grinta)


def test_an_absent_cytokine_of_an_assayed_sample_gets_the_lowest_value(grinta, below):
    lowest = grinta.measurements["cytokines"].groupby("feature")["value"].min()
    table = below.measurements["cytokines"]
    read = table[table["status"] == "below_detection"]
    assert (read["value"].to_numpy() == read["feature"].map(lowest).to_numpy()).all()
    assert lowest["il6"] == 1.64


def test_a_sample_without_any_cytokine_stays_missing(grinta, below):
    table = grinta.measurements["cytokines"]
    assayed = table.groupby("sample_id")["value"].count() > 0
    assert 0 < (~assayed).sum() < 60
    after = below.measurements["cytokines"]
    missing = after[after["status"] == "missing"]
    assert set(missing["sample_id"]) == set(assayed.index[~assayed])
    assert missing["value"].isna().all()
    n_below = (after["status"] == "below_detection").sum()
    assert n_below == 1023 - 8 * (~assayed).sum()


def test_the_limit_is_written_for_cytokines_alone(below):
    limits = below.features.set_index("modality")["detection_limit"]
    assert limits["cytokines"].notna().all()
    assert limits[["blood_count", "cells"]].isna().all()


def test_the_second_reading_changes_nothing_but_cytokines(grinta, below):
    for modality in ("blood_count", "cells"):
        assert below.measurements[modality] is grinta.measurements[modality]
    before, after = grinta.measurements["cytokines"], below.measurements["cytokines"]
    measured = before["status"] == "ok"
    pd.testing.assert_frame_equal(after[measured], before[measured])
    for name in ("subjects", "samples", "contrasts"):
        assert getattr(below, name) is getattr(grinta, name)


def test_the_first_reading_is_left_as_it_was(grinta, below):
    assert (grinta.measurements["cytokines"]["status"] == "missing").sum() == 1023
    assert grinta.features["detection_limit"].isna().all()


# contrasts


def test_each_exercise_arm_is_compared_with_rest_at_every_hour(grinta):
    contrasts = grinta.contrasts.set_index("contrast")
    assert len(contrasts) == 5 * 7
    exercise = contrasts[contrasts["arm"] != "P1"]
    assert set(exercise["reference_arm"]) == {"P1"}
    assert set(contrasts["reference_phase"]) == {"0h"}
    assert contrasts.loc["P3-6h", ["kind", "phase", "arm"]].tolist() == ["recovery", "6h", "P3"]


def test_the_hour_of_exercise_is_acute_and_what_follows_is_recovery(grinta):
    kinds = grinta.contrasts.query("arm == 'P2'").set_index("phase")["kind"]
    assert kinds.to_dict() == {
        "0.5h": "acute",
        "1h": "acute",
        **dict.fromkeys(["1.5h", "2h", "3h", "6h", "24h"], "recovery"),
    }


def test_the_rest_day_alone_answers_for_no_bout(grinta):
    assert set(grinta.contrasts.query("arm == 'P1'")["kind"]) == {"group"}


# files that are not as described


@pytest.mark.parametrize("column", ["subject", "protocol", "time", "analyte", "concentration"])
def test_an_immune_file_that_lacks_a_column_is_refused(read_broken, immune, column):
    with pytest.raises(Failure, match=rf"data_immune\.rda: no column {column}; found"):
        read_broken(immune=immune.drop(columns=column))


@pytest.mark.parametrize("column", ["Protocol", "DateSampling", "PercTotalNK"])
def test_a_flow_file_that_lacks_a_column_is_refused(read_broken, flow, column):
    with pytest.raises(Failure, match=rf"data_nk\.rda: no column {column}"):
        read_broken(flow=flow.drop(columns=column))


@pytest.mark.parametrize(
    ("column", "new", "said"),
    [
        ("protocol", "P6", "arm P6"),
        ("time", "4", "time_h 4.0"),
        ("analyte", "il7", "analyte il7"),
    ],
)
def test_an_immune_file_with_something_new_is_refused(read_broken, immune, column, new, said):
    changed = immune[column].astype(object)
    changed[7] = new
    with pytest.raises(Failure, match=said):
        read_broken(immune=immune.assign(**{column: changed}))


@pytest.mark.parametrize(
    ("column", "new", "said"), [("Protocol", "P6", "arm P6"), ("Time", 30.0, "time_h 0.5")]
)
def test_a_flow_file_with_something_new_is_refused(read_broken, flow, column, new, said):
    changed = flow[column].astype(object)
    changed[7] = new
    with pytest.raises(Failure, match=said):
        read_broken(flow=flow.assign(**{column: changed}))


def test_a_file_without_the_rest_day_is_refused(read_broken, immune):
    with pytest.raises(Failure, match="arm P1"):
        read_broken(immune=immune[immune["protocol"] != "P1"])


def test_flow_columns_in_text_are_read_as_in_numbers(read_broken, flow, grinta):
    text = (flow["PercTotalNK"] * 100).map(
        lambda share: None if np.isnan(share) else f"{share:.2f}%".replace(".", ",")
    )
    found = read_broken(flow=flow.assign(PercTotalNK=text.astype("string")))
    expected = grinta.measurements["cells"]["value"].to_numpy()
    np.testing.assert_allclose(found.measurements["cells"]["value"], expected, atol=1e-4)
