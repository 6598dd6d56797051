from exercisebook.errors import Failure, InvalidInput, Misuse, Problem, closest


def test_a_problem_names_file_row_column_found_expected_and_repair():
    problem = Problem("samples.csv", "'x'", "a number", "Correct it.", 7, "day")
    assert str(problem) == (
        "samples.csv, row 7, column day: found 'x'; expected a number. Correct it."
    )


def test_a_problem_without_a_place_in_the_file_names_the_file_alone():
    assert str(Problem("a.csv", "nothing", "rows", "Add.")).startswith("a.csv: found nothing")


def test_invalid_input_says_every_problem_on_a_line_of_its_own():
    problems = [Problem("a.csv", "x", "y", "z."), Problem("b.csv", "x", "y", "z.")]
    error = InvalidInput(iter(problems))
    assert error.problems == problems
    assert str(error).splitlines() == [str(problem) for problem in problems]


def test_misuse_and_invalid_input_end_with_2_and_failure_with_1():
    assert (Misuse.exit_status, InvalidInput([]).exit_status, Failure.exit_status) == (2, 2, 1)


def test_a_near_name_is_suggested_whatever_its_case():
    assert closest("NHANES", ["grinta", "nhanes"]) == "did you mean 'nhanes'?"
    assert closest("grnta", ["Grinta", "nhanes"]) == "did you mean 'Grinta'?"


def test_every_name_is_listed_where_none_is_near():
    assert closest("zzzz", ["grinta", "nhanes"]) == "known are: grinta, nhanes"
