import json
import os
import stat
from pathlib import Path

import classroom
import numpy as np
import pandas as pd
import pytest

from exercisebook.cohort.package import read_cohort
from exercisebook.errors import Failure, InvalidInput, Misuse
from exercisebook.simulate.worlds import WORLDS
from exercisebook.teaching import sealed_key
from exercisebook.teaching.answers import judge
from exercisebook.teaching.assignment import assignment_notebook
from exercisebook.teaching.class_data import hidden_study, probe_of, write_class
from exercisebook.teaching.questions import CHOICE, NAMES, POINTS, WHOLE, questions
from exercisebook.teaching.roster import read_roster
from exercisebook.teaching.sealed_key import (
    CLASS_WORLDS,
    ClassKey,
    class_worlds,
    fresh_key,
    read_class_key,
    refuse_other_probe,
    write_class_key,
)


def roster(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_roster_is_read_with_a_mark_at_its_head_blank_lines_and_any_further_column(tmp_path):
    path = roster(tmp_path, b'\xef\xbb\xbfName,Student\r\n"Doe, Ann", a.1 \r\n\r\nBob,b-2\r\n')
    assert read_roster(path) == ["a.1", "b-2"]


def test_every_unusable_id_of_a_roster_is_told_at_once(tmp_path):
    ids = ["ok", "", "../up", "a/b", "OK", ".hidden", "CON", "x" * 65, "é", "a b", "end."]
    path = roster(tmp_path, "student,name\n" + "".join(f"{i},someone\n" for i in ids))
    with pytest.raises(InvalidInput) as caught:
        read_roster(path)
    assert [problem.row for problem in caught.value.problems] == list(range(3, 13))
    assert "after row 2" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("name\nAnn\n", "no column 'student'"),
        ("student\n", "no students"),
        (b"student\n\xff\xfe\n", "UTF-8"),
    ],
)
def test_a_roster_that_is_none_is_refused(tmp_path, text, told):
    with pytest.raises(InvalidInput, match=told):
        read_roster(roster(tmp_path, text))


def test_a_key_is_written_for_its_owner_alone_and_read_back(tmp_path):
    path, key = tmp_path / "key.json", fresh_key(("null", "diet"))
    write_class_key(key, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_class_key(path) == key
    with pytest.raises(Misuse, match="there already"):
        write_class_key(key, path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "key.json"
    write_class_key(fresh_key(CLASS_WORLDS), path)
    path.chmod(mode)
    with pytest.raises(Misuse, match="chmod 600"):
        read_class_key(path)


@pytest.mark.parametrize(
    "text",
    ["", "ab" * 31, "ab" * 33, "xy" * 32, '{"key": "ab"}', "{", '{"key": 5}', "[" * 5000, "null",
     '{"key": "' + "ab" * 32 + '", "worlds": 3}'],
)  # fmt: skip
def test_a_short_key_and_what_is_none_are_refused(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Misuse, match="no key"):
        read_class_key(path)


def test_a_key_of_64_digits_can_be_brought(tmp_path):
    path = tmp_path / "key"
    path.write_text("ab" * 32 + "\n")
    path.chmod(0o600)
    assert read_class_key(path) == ClassKey(b"\xab" * 32, CLASS_WORLDS)


def test_worlds_that_a_class_cannot_be_in_are_told_at_once():
    with pytest.raises(Misuse) as caught:
        class_worlds(["nul", "swaps", "season-twin"])
    assert "did you mean 'null'" in str(caught.value)
    assert "protein samples" in str(caught.value)
    assert "nobody exercised" in str(caught.value)


def test_a_key_whose_data_would_be_others_now_is_refused():
    made = ClassKey(b"\1" * 32, ("null",), probe_of(ClassKey(b"\1" * 32, ("null",))))
    refuse_other_probe(made, probe_of(made))
    with pytest.raises(Failure, match="version"):
        refuse_other_probe(made, probe_of(made) * 1.001)


def test_the_seed_is_an_hmac_of_key_and_student():
    import hashlib
    import hmac

    message = json.dumps(["class", "world", "s01"]).encode()
    expected = hmac.new(classroom.KEY.secret, message, hashlib.sha256).digest()
    assert classroom.KEY.seed("world", "s01") == int.from_bytes(expected)
    assert sealed_key.ClassKey(b"\0" * 32, CLASS_WORLDS).seed("world", "s01") != int.from_bytes(
        expected
    )


def test_students_of_a_class_live_in_many_worlds():
    seeds = [classroom.KEY.seed("world", f"s{i}") % len(CLASS_WORLDS) for i in range(200)]
    assert len(set(seeds)) == len(CLASS_WORLDS)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("class") / "out"
    done = []
    write_class(classroom.KEY, ["a", "b"], out, done.append)
    assert done == ["a", "b"]
    return out


def test_each_student_gets_a_package_that_reads_and_a_notebook(written):
    import nbformat

    assert sorted(p.name for p in written.iterdir()) == ["a", "b"]
    cohort = read_cohort(written / "a" / "cohort")
    assert cohort.simulated
    assert 11 <= len(cohort.subjects) <= 16
    notebook = nbformat.read(written / "a" / "assignment.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert f"Copy a-{classroom.KEY.mark('a')}" in notebook.cells[0].source


def test_the_same_key_makes_the_same_class_again(written, tmp_path):
    write_class(classroom.KEY, ["b"], tmp_path / "again", lambda _: None)
    for path in sorted((written / "b").rglob("*")):
        if path.is_file():
            again = tmp_path / "again" / path.relative_to(written)
            assert again.read_bytes() == path.read_bytes()


def test_files_tell_no_time_no_truth_and_no_seed(written):
    paths = [p for student in ("a", "b") for p in (written / student).rglob("*")]
    assert {p.stat().st_mtime for p in paths} == {paths[0].stat().st_mtime}
    assert paths[0].stat().st_mtime < 1e9
    names = {p.name for p in paths}
    assert names == {"cohort", "assignment.ipynb", "datapackage.json", "subjects.csv",
                     "samples.csv", "features.csv", "contrasts.csv", "measurements", "clinical.csv",
                     "blood_count.csv", "cytokines.csv", "metabolites.csv"}  # fmt: skip
    said = json.loads((written / "a" / "cohort" / "datapackage.json").read_text())
    assert said["name"] == "class-cohort"
    assert not {"world", "seed"} & set(said)
    text = "".join(p.read_text() for p in paths if p.suffix in (".json", ".ipynb"))
    assert not [says for says in WORLDS.values() if says in text]
    assert classroom.KEY.secret.hex() not in text


@pytest.fixture(scope="module")
def by_world():
    keys = {name: ClassKey(classroom.KEY.secret, (name,)) for name in CLASS_WORLDS}
    return {name: hidden_study(key, "same") for name, key in keys.items()}


def test_worlds_differ_for_a_student_in_nothing_but_values_and_what_a_design_tells(by_world):
    told = {}
    for name, study in by_world.items():
        cohort = study.cohort
        told[name] = (
            json.dumps(cohort.description),
            cohort.subjects.to_csv(),
            cohort.features.to_csv(),
            cohort.contrasts.to_csv(),
            tuple(cohort.samples.columns),
            tuple(cohort.measurements),
            study.drawn,
        )
    assert len(told) == 14
    assert set(told.values()) == {told["null"]}


def test_only_worlds_whose_fault_is_in_the_design_show_another_design(by_world):
    def design(study):
        samples = study.cohort.samples
        return len(samples), tuple(samples["batch"]), tuple(samples["hours_since_bout"].fillna(-1))

    usual = design(by_world["reference"])
    other = {name for name, study in by_world.items() if design(study) != usual}
    assert other == {"batch", "carry-over", "dropout"}


@pytest.mark.parametrize("student", [f"q{i}" for i in range(6)])
def test_every_error_of_the_catalogue_can_be_told_from_the_right_answer(student):
    for question in classroom.asked_of(student):
        for variable in question.variables:
            assert variable.slips, variable.name
            # a bound is judged beside the estimate, and an unpaired one may lie near in one of two
            loose = variable.name in ("ci_low", "ci_high")
            for slip in variable.slips[: 0 if loose else None]:
                if isinstance(slip.value, float) and variable.kind != WHOLE:
                    assert abs(slip.value - variable.right) > variable.tolerance, variable.name
                else:
                    assert slip.value != variable.right, variable.name


@pytest.mark.parametrize("student", [f"q{i}" for i in range(4)])
def test_right_answers_get_every_point_and_an_unpaired_interval_none_of_both(student):
    asked, right = classroom.asked_of(student), classroom.right_of(student)
    answers = {name: [] if name == "identified" else value for name, value in right.items()}
    judged = judge(asked, answers)
    assert sum(j.right for j in judged) == POINTS == len(judged)
    assert not any(j.public for j in judged)
    low, high = (
        next(v for q in asked for v in q.variables if v.name == name)
        for name in ("ci_low", "ci_high")
    )
    unpaired = {**answers, "ci_low": low.slips[0].value, "ci_high": high.slips[0].value}
    wrong = [j.name for j in judge(asked, unpaired) if not j.right]
    assert wrong == ["ci_low", "ci_high"]


def test_a_notebook_holds_no_right_value_and_names_every_variable():
    for student in classroom.STUDENTS:
        asked = classroom.asked_of(student)
        text = assignment_notebook(student, "0" * 16, asked)
        source = "".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        for question in asked:
            for variable in question.variables:
                assert f"{variable.name} = None" in source
                if variable.kind not in (CHOICE, NAMES, WHOLE):
                    for digits in (3, 4, 5):
                        assert f"{abs(variable.right):.{digits}f}" not in source
                assert not [slip.says for slip in variable.slips if slip.says in source]


def test_questions_depend_on_what_the_student_can_read_alone(written):
    study = hidden_study(classroom.KEY, "a")
    as_read = questions(read_cohort(written / "a" / "cohort"), study.drawn)
    own = questions(study.cohort, study.drawn)
    assert [q.text for q in as_read] == [q.text for q in own]
    for one, other in zip(as_read, own, strict=True):
        for a, b in zip(one.variables, other.variables, strict=True):
            if isinstance(a.right, float):
                assert np.isclose(a.right, b.right, rtol=1e-4, atol=1e-5)
            else:
                assert a.right == b.right


def test_people_who_stayed_away_make_fewer_pairs():
    study = hidden_study(ClassKey(b"\7" * 32, ("dropout",)), "x")
    asked = {v.name: v.right for q in questions(study.cohort, study.drawn) for v in q.variables}
    last = study.cohort.samples.query("phase == 'training'")
    assert asked["n_replicates"] == last["subject"].nunique() < asked["n_people"]


def test_no_folder_is_left_where_writing_a_class_fails(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exercisebook.teaching.class_data.write_cohort", full)
    with pytest.raises(OSError, match="No space"):
        write_class(classroom.KEY, ["a"], tmp_path / "out", lambda _: None)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_holds_anything_is_not_written_into(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Misuse, match="not empty"):
        write_class(classroom.KEY, ["a"], tmp_path, lambda _: None)
    assert Path(tmp_path / "mine.txt").read_text() == "mine"


def test_the_true_effects_are_made_again_with_the_key():
    study = hidden_study(classroom.KEY, "s01")
    pd.testing.assert_frame_equal(study.effects, hidden_study(classroom.KEY, "s01").effects)
    assert {"log2_content", "log2_change"} <= set(study.effects)


def test_the_probe_of_a_key_tells_when_other_features_are_asked_for(monkeypatch):
    key = ClassKey(b"\1" * 32, ("null",))
    before = probe_of(key)
    other = "exercisebook.teaching.class_data.questions"
    monkeypatch.setattr(other, lambda cohort, drawn: questions(cohort, drawn)[::-1])
    with pytest.raises(Failure, match="version"):
        refuse_other_probe(ClassKey(key.secret, key.worlds, before), probe_of(key))
