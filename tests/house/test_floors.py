"""The house stands: each floor imports only from those beneath it."""

import ast

import pytest

from exercisebook.paths import ROOT

FLOORS = [
    "cohort",
    "sources",
    "simulate",
    "stats",
    "claims",
    "checks",
    "figures",
    "chapters",
    "publish",
    "teaching",
    "cli",
]
GROUND = {"paths", "errors"}
PACKAGE = ROOT / "scripts" / "exercisebook"
MODULES = sorted(PACKAGE.rglob("*.py"))


def floor_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_floors(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "exercisebook":
                names = [f"exercisebook.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "exercisebook" and len(parts) > 1:
                yield parts[1]


def test_every_module_is_on_a_floor_or_on_the_ground():
    assert {floor_of(path) for path in MODULES} == {*FLOORS, *GROUND, "__init__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_beneath(path):
    own = floor_of(path)
    below = GROUND if own in {*GROUND, "__init__"} else {*FLOORS[: FLOORS.index(own) + 1], *GROUND}
    assert set(imported_floors(path)) <= below


@pytest.mark.parametrize(
    "path", [p for p in MODULES if floor_of(p) == "stats"], ids=lambda p: p.stem
)
def test_statistics_neither_read_files_nor_draw(path):
    text = path.read_text(encoding="utf-8")
    for word in ("open(", "read_csv", "to_csv", "altair", "matplotlib", "print("):
        assert word not in text


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_mutes_warnings_or_leaves_work_undone(path):
    text = path.read_text(encoding="utf-8")
    for word in ("filterwarnings", "simplefilter", "NotImplementedError", "TODO", "FIXME",
                 "np.random.seed", "shared/"):  # fmt: skip
        assert word not in text
