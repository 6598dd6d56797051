"""``init`` and ``import`` as they are typed, and the guide's worked example run as it stands."""

import ast
import json
import re
import shlex

import frictionless
import pytest
from typer.testing import CliRunner

from exercisebook.cli.main import app
from exercisebook.cohort.package import read_cohort
from exercisebook.errors import BookError
from exercisebook.paths import ROOT
from exercisebook.sources.cohorts import check_cohort
from exercisebook.sources.importers import table
from exercisebook.sources.study import study_of

FOLDER = ROOT / "scripts" / "exercisebook" / "sources" / "importers"

OPTION = re.compile(r"--[a-z][a-z0-9-]+")

PAGE = (ROOT / "book" / "your_data.md").read_text(encoding="utf-8")


def book(*words):
    """Return the status of a command and everything it said."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, BookError):
        return done.exception.exit_status, str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def files_of_the_page():
    blocks = re.findall(
        r"```\{code-block\} text\n:caption: ([^\n]+)\n(.*?)```", PAGE, flags=re.DOTALL
    )
    return dict(blocks)


def commands_of_the_page():
    text = "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL))
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.startswith("exercisebook")]


def fill_in(place, cohort):
    """Write what the page shows, and nothing else: the tables, the study, the vendors' files."""
    files = files_of_the_page()
    (description,) = [name for name in files if name.startswith("datapackage.json")]
    path = cohort / "datapackage.json"
    told = {**json.loads(path.read_text()), **json.loads(files.pop(description))}
    path.write_text(json.dumps(told))
    for name, content in files.items():
        mine = name in ("subjects.csv", "samples.csv", "contrasts.csv")
        ((cohort if mine else place) / name).write_text(content)


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """Run the page's commands in their order, all but the last, and return what they said."""
    place = tmp_path_factory.mktemp("afternoon")
    commands = commands_of_the_page()
    assert [words[1] for words in commands] == ["init", *["import"] * 3, "check", "run"]
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for words in commands[:-1]:
            status, output = book(*words[1:])
            assert status == 0, output
            said.append(output)
            if words[1] == "init":
                fill_in(place, place / "my_cohort")
    return place / "my_cohort", said


def test_the_worked_example_ends_in_a_package_that_can_be_run(worked):
    folder, said = worked
    assert "0 errors" in said[-1]
    assert "EXAMPLE" not in said[-1]
    assert not [path for path in folder.rglob("*.[cj]s*") if "EXAMPLE" in path.read_text()]
    check_cohort(str(folder))
    cohort = read_cohort(folder)
    assert study_of(cohort.description).design == "single-arm before-after"
    assert set(cohort.measurements) == {"blood_count", "clinical", "metabolites", "proteins"}


def test_the_worked_example_gives_what_the_page_says_of_it(worked):
    folder, said = worked
    cohort = read_cohort(folder)
    features = cohort.features.set_index("feature")
    assert features.at["Glucose", "unit"] == "mmol/L"
    assert "180.16 g/mol" in said[1]
    clinical = cohort.measurements["clinical"].set_index(["feature", "sample_id"])
    assert clinical.loc[("CRP", "01-after")].tolist() == [0.5, "below_detection"]
    assert clinical.loc[("Glucose", "01-before"), "value"] == pytest.approx(4.9957, abs=1e-4)
    proteins = cohort.measurements["proteins"].set_index(["feature", "sample_id"])
    assert proteins.loc[("IL6", "03-after"), "status"] == "excluded"
    assert proteins.loc[("IL6", "03-before"), "status"] == "below_detection"
    assert "1 control sample: CONTROL_SAMPLE_1" in said[2]
    lactate = cohort.measurements["metabolites"].set_index("sample_id")
    assert lactate.loc["01-before", "value"] == 1100
    assert lactate.loc["03-after", "status"] == "missing"


def test_the_worked_example_is_a_valid_frictionless_package(worked):
    report = frictionless.validate(str(worked[0] / "datapackage.json"))
    assert report.valid, report.to_summary()
    described = json.loads((worked[0] / "datapackage.json").read_text())
    fields = {
        resource["path"]: [field["name"] for field in resource["schema"]["fields"]]
        for resource in described["resources"]
    }
    assert len(fields) == 8
    assert fields["measurements/proteins.csv"] == ["sample_id", "feature", "value", "status"]


@pytest.mark.slow
def test_the_worked_example_becomes_a_book(worked, tmp_path, monkeypatch):
    folder, _ = worked
    monkeypatch.chdir(folder.parent)
    words = commands_of_the_page()[-1]
    status, output = book("run", "02", *words[2:])
    assert status == 0, output
    assert (folder.parent / "my_book" / "html" / "index.html").exists()


def test_every_format_of_the_guide_is_a_command():
    _, told = book("import", "--help")
    listed = set(re.findall(r"^  ([a-z0-9-]+)  ", told, flags=re.MULTILINE)) - {"--help"}
    rows = re.findall(r"^\| (`.+?`) \|", PAGE, flags=re.MULTILINE)
    assert listed == set(re.findall(r"`([a-z0-9-]+)`", " ".join(rows)))


def test_the_options_that_the_guide_names_exist():
    wanted = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--from-example"}
    told = "".join(book("import", name, "--help")[1] for name in ("table", "olink", "biom"))
    assert wanted
    assert all(option in told for option in wanted)


def test_init_from_example_is_a_simulated_cohort_that_can_be_run(tmp_path):
    status, output = book("init", tmp_path / "men", "--from-example")
    assert status == 0, output
    check_cohort(str(tmp_path / "men"))
    cohort = read_cohort(tmp_path / "men")
    assert cohort.simulated
    assert len(cohort.subjects) == 13
    assert cohort.cells is None
    assert study_of(cohort.description).species == "human"
    assert (tmp_path / "men" / "truth" / "effects.csv").exists()


@pytest.mark.parametrize("words", [["init"], ["init", "--from-example"]])
def test_init_refuses_a_folder_that_holds_anything(tmp_path, words):
    (tmp_path / "mine.txt").write_text("mine")
    status, output = book(*words, tmp_path)
    assert status == 2
    assert "is not empty" in output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture
def cohort(worked, tmp_path):
    import shutil

    shutil.copytree(worked[0], tmp_path / "cohort")
    return tmp_path / "cohort"


def state(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


GOOD = "sample_id,IL-10 (pg/mL)\n01-before,2\n"


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (GOOD, [], "no modality"),
        (GOOD, ["--modality", "cytokine"], "did you mean 'cytokines'?"),
        (GOOD, ["--modality", "hormones"], "one of clinical, blood_count, cytokines"),
        (GOOD, ["--modality", "cytokines", "--visits", "pre="], "each visit once"),
        (
            GOOD,
            ["--modality", "cytokines", "--visits", "a=before", "--sample-column", "x"],
            "a row is a person",
        ),
        (GOOD, ["--modality", "cytokines", "--upper-row", "1"], "lies above --header-row"),
        (GOOD, ["--modality", "cytokines", "--decimal", ";"], "--decimal: found ';'"),
        (GOOD, ["--modality", "cytokines", "--thousands", "."], "--thousands: found '.'"),
        (GOOD, ["--modality", "cytokines", "--separator", "x"], "--separator: found 'x'"),
        (GOOD, ["--modality", "cytokines", "--feature", "il10"], "expected NAME=SOMETHING"),
        (GOOD, ["--modality", "cytokines", "--modality", "clinical"], "twice"),
        (GOOD, ["--modality", "cytokines", "--molar-mass", "IL-10=x"], "a number in g/mol"),
        (GOOD, ["--modality", "cytokines", "--ids", "absent.csv"], "no such file"),
        (GOOD, ["--modality", "cytokines", "--sheet", "x"], ""),
        (GOOD.replace("01-", "09-"), ["--modality", "cytokines"], "row 2, column sample_id"),
        (GOOD.replace("2\n", "high\n"), ["--modality", "cytokines"], "no column of numbers"),
        ("sample_id,CRP (mg/L)\n01-before,2\n", ["--modality", "clinical"], "--replace"),
    ],
)
def test_a_misused_import_writes_nothing(cohort, tmp_path, content, words, told):
    before = state(cohort)
    (tmp_path / "new.csv").write_text(content)
    status, output = book("import", "table", tmp_path / "new.csv", "--into", cohort, *words)
    if told:
        assert status == 2
        assert told in output
        assert state(cohort) == before
    else:
        assert status == 0


def test_a_folder_that_is_no_package_is_misuse(tmp_path):
    (tmp_path / "new.csv").write_text(GOOD)
    status, output = book("import", "table", tmp_path / "new.csv", "--into", tmp_path)
    assert status == 2
    assert "exercisebook init" in output


def test_several_faults_of_several_files_are_told_at_once(cohort, tmp_path):
    (tmp_path / "a.csv").write_text("sample_id,IL-10 (pg/mL)\nx,2\n")
    (tmp_path / "b.csv").write_text("")
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    status, output = book("import", "table", *files, "--into", cohort, "--modality", "cytokines")
    assert status == 2
    assert "a.csv, row 2" in output
    assert "b.csv" in output


def test_an_account_is_printed_in_its_order(cohort, tmp_path):
    (tmp_path / "new.csv").write_text("sample_id,IL-10 (ng/mL),x (mg/L),age\n01-before,2,1,3\n")
    _, output = book("import", "table", tmp_path / "new.csv", "--into", cohort, "--modality",
                     "cytokines")  # fmt: skip
    kinds = [line.split(":")[0] for line in output.splitlines()]
    assert kinds == ["took", "converted", "dropped", "not matched", "note"]


def test_the_key_for_all_is_no_name_that_a_column_can_have():
    assert table.ALL == ""


@pytest.fixture
def full(monkeypatch):
    """Let every write into a package fail as on a full disk."""

    def fails(*_, **__):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr("exercisebook.cohort.tables.os.replace", fails)


def test_a_full_disk_is_one_line_and_leaves_the_package_as_it_was(cohort, tmp_path, full):
    before = state(cohort)
    (tmp_path / "new.csv").write_text(GOOD)
    words = ["import", "table", tmp_path / "new.csv", "--into", cohort, "--modality", "cytokines"]
    status, output = book(*words)
    assert status == 1
    assert output == f"cannot write into {cohort}: No space left on device; nothing was changed"
    assert state(cohort) == before


@pytest.mark.parametrize("words", [["init"], ["init", "--from-example"]])
def test_init_on_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, full, words):
    status, output = book(*words, tmp_path / "new")
    assert status == 1
    assert output.splitlines()[-1] == (
        f"cannot make {tmp_path / 'new'}: No space left on device; nothing was written"
    )
    assert list(tmp_path.iterdir()) == []


def test_init_below_a_file_is_misuse(tmp_path):
    (tmp_path / "file").write_text("mine")
    status, output = book("init", tmp_path / "file" / "new")
    assert status == 2
    assert "is a file" in output


def test_init_where_no_folder_can_be_made_is_one_line():
    status, output = book("init", "/proc/new")
    assert status == 1
    assert output.splitlines()[-1].startswith("cannot make /proc/new: ")
    assert "Errno" not in output


COMMANDS = {
    "table": ["--modality", "clinical"],
    "olink": [],
    "10x": ["--sample", "01-before"],
    "h5ad": [],
    "biom": [],
    "qiime2-tsv": [],
    "mwtab": [],
}

ENDS = {"table": "csv", "olink": "csv", "10x": "h5", "h5ad": "h5ad", "biom": "biom",
        "qiime2-tsv": "tsv", "mwtab": "txt"}  # fmt: skip

FAULTS = {
    "empty": lambda path: path.write_bytes(b""),
    "folder": lambda path: path.mkdir(),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "null bytes": lambda path: path.write_bytes(b"\0" * 3000),
    "absent": lambda path: None,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_no_file_of_data_is_one_line_and_writes_nothing(cohort, tmp_path, name, fault):
    path = tmp_path / f"vendor.{ENDS[name]}"
    FAULTS[fault](path)
    before = state(cohort)
    status, output = book("import", name, path, "--into", cohort, *COMMANDS[name])
    assert status == 2
    assert len(output.splitlines()) == 1
    assert "vendor" in output
    assert "Errno" not in output
    assert state(cohort) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_no_message_advises_an_option_that_its_command_lacks(cohort, tmp_path, name):
    own = set(re.findall(r"--[a-z0-9-]+", book("import", name, "--help")[1]))
    advised = set()
    files = {
        "a": "SampleID;OlinkID;Assay;NPX;LOD\n9;OID1;IL6;1,5;x\n", "b": "a;b,c\tx\n1;2\n",
        "c": "#OTU ID\t9-x\na\t1,5\n", "d": "sample_id,x\n01-before,<LOD\nz,1\n", "e": "\n\n",
        "f": "sample_id,x (mg/L)\n01-before,1,2\n", "g": "µ".encode("cp1252"),
        "i": "#OTU ID\t9-x\na\t1\n",
        "h": "SampleID;OlinkID;Assay;NPX\n01-before;OID1;IL6;high\n01-after;OID1;IL6;nd\n",
    }  # fmt: skip
    for key, content in files.items():
        path = tmp_path / f"{key}.{ENDS[name]}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        for more in ([], ["--ids", path]):
            status, output = book("import", name, path, "--into", cohort, *COMMANDS[name], *more)
            assert status == 2, output
            told = output.replace("biom convert --to-tsv", "")
            advised |= set(re.findall(r"--[a-z][a-z0-9-]+", told))
    assert advised <= own, advised - own
    assert advised or name in ("biom", "mwtab", "10x", "h5ad")


SPOKEN = {
    "table": ["table"], "visits": ["table"], "names": ["table"], "olink": ["olink"],
    "metabolomics": ["mwtab"], "taxa": ["biom"], "intake": list(COMMANDS),
    "packages": list(COMMANDS), "hints": list(COMMANDS), "units": list(COMMANDS),
}  # fmt: skip
"""The commands in which each module speaks; cells and samples speak in their own ways."""


@pytest.mark.parametrize("module", SPOKEN)
def test_no_module_names_an_option_that_a_command_it_speaks_in_lacks(module):
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = {w for text in texts if isinstance(text, str) for w in OPTION.findall(text)}
    words -= {"--to-tsv"}
    for name in SPOKEN[module]:
        assert words <= set(OPTION.findall(book("import", name, "--help")[1])), name
