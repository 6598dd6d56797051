import pytest

from exercisebook.chapters import ch01, ch02


@pytest.fixture(scope="module")
def chapter():
    return ch02.begin()


def test_the_solution_of_the_crp_exercise_is_right():
    people = 13
    while ch01.detectable_ratio(0.422, people) > 1 / 0.85:
        people += 1
    assert ch01.check_people_needed(people).startswith("Right")


@pytest.mark.parametrize("wrong", [13, 50, 97, 500, 1, "many", 98.5])
def test_other_numbers_of_people_are_not(wrong):
    assert not ch01.check_people_needed(wrong).startswith("Right")


def test_the_solution_of_the_responder_exercise_is_right():
    share = ch01.share_of_false_responders(spread=0.23, rise=1.1, men=100_000)
    assert ch01.check_false_responders(share).startswith("Right")


@pytest.mark.parametrize("wrong", [0.05, 0.5, 0.1, 1.3, 0.0, 0.9])
def test_other_shares_of_responders_are_not(wrong):
    assert not ch01.check_false_responders(wrong).startswith("Right")


def test_the_threshold_on_the_wrong_scale_is_recognised():
    from scipy import stats

    assert "log2 scale" in ch01.check_false_responders(float(stats.norm.sf(0.1 / 0.23)))


def test_the_solution_of_the_sampling_exercise_is_right(chapter):
    assert ch02.check_sampling_time(chapter, "1.5h").startswith("Right")


@pytest.mark.parametrize("wrong", ["0.5h", "1h", "2h", "3h", "24h", "", "noon"])
def test_other_draws_are_not(chapter, wrong):
    assert not ch02.check_sampling_time(chapter, wrong).startswith("Right")


def test_the_solution_of_the_water_exercise_is_right(chapter):
    loss = 100 * (1 - 1 / ch02.rise_of_ip10(chapter))
    assert ch02.check_plasma_loss(chapter, loss).startswith("Right")


def test_the_rise_itself_the_logarithm_and_other_answers_are_not(chapter):
    rise = ch02.rise_of_ip10(chapter)
    import math

    for wrong in (100 * (rise - 1), 100 * math.log2(rise), 10.0, 0.0, rise):
        assert not ch02.check_plasma_loss(chapter, wrong).startswith("Right")
    assert "rise itself" in ch02.check_plasma_loss(chapter, 100 * (rise - 1))
