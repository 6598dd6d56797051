"""What a chapter's outputs depend on, as one key. Prose is not part of it.

Same key, same outputs: they are kept under ``_build/executed/<key>/`` and nothing runs again.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from exercisebook.errors import Failure
from exercisebook.paths import ROOT
from exercisebook.publish.notebooks import (
    EXECUTION_TAGS,
    code_cells,
    module_name,
    read_chapter,
    tags_of,
)
from exercisebook.sources.catalogue import catalogue
from exercisebook.sources.fetch import state_of

_PACKAGE = "exercisebook"


def chapter_key(slug: str, parameters: Mapping[str, object], root: Path = ROOT) -> str:
    """Return the key of a chapter's outputs.

    Parameters
    ----------
    slug : str
        The chapter.
    parameters : mapping
        Values given in place of defaults.
    root : Path
        The checkout.

    Returns
    -------
    str
        32 hexadecimal digits of a sha256 over its code cells, those parameters, the static
        import closure of its module, the data it uses, the lock and the version of Python.
    """
    module = f"{_PACKAGE}.chapters.{module_name(slug)}"
    source = _file_of(module, root / "scripts")
    if source is None:
        raise Failure(f"{slug} has no module {module}")
    whole = hashlib.sha256()
    for part in (
        _code(slug, root),
        json.dumps(dict(sorted(parameters.items()))),
        _digest(import_closure(module, root / "scripts"), root),
        json.dumps(_data_state(uses_of(source), slug[:2].lstrip("0"), parameters, root)),
        _digest([root / "requirements.lock"], root),
        "{}.{}".format(*sys.version_info[:2]),
    ):
        whole.update(part.encode() + b"\0")
    return whole.hexdigest()[:32]


def uses_of(source: Path) -> tuple[str, ...]:
    """Return the literal ``USES`` of a chapter module, without importing it."""
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "USES":
            return tuple(ast.literal_eval(node.value))
    raise ValueError(f"{source.name} does not say USES = (...)")


def import_closure(module: str, package_root: Path) -> list[Path]:
    """Return the files that importing a module reads: it, what it imports, and so on.

    Imports inside functions count. A package's ``__init__`` counts, and so do tables (``.csv``)
    beside a module.
    """
    found: dict[str, Path] = {}
    todo = [module]
    while todo:
        name = todo.pop()
        path = _file_of(name, package_root)
        if name in found or path is None:
            continue
        found[name] = path
        todo += [name.rpartition(".")[0]] if "." in name else []
        todo += sorted(_imported(path))
    tables = {t for path in found.values() for t in path.parent.glob("*.csv")}
    return sorted({*found.values(), *tables})


def _file_of(name: str, package_root: Path) -> Path | None:
    base = package_root / name.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _imported(path: Path) -> frozenset[str]:
    return _imported_by(path.read_text(encoding="utf-8"))


@cache
def _imported_by(source: str) -> frozenset[str]:
    """Return what a module of that text imports of the package; seven chapters share most."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in names if name.split(".")[0] == _PACKAGE)


def _code(slug: str, root: Path) -> str:
    cells = code_cells(read_chapter(slug, root))
    return json.dumps([(c.source, sorted(EXECUTION_TAGS & set(tags_of(c)))) for c in cells])


def _digest(paths: list[Path], root: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root) if path.is_relative_to(root) else path
        whole.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _data_state(
    uses: tuple[str, ...], number: str, parameters: Mapping[str, object], root: Path
) -> dict[str, object]:
    claims = pd.read_csv(root / "data" / "claims.csv", dtype=str)
    own = claims[claims["chapter"] == number]
    names = [*uses, *([str(parameters["cohort"])] if "cohort" in parameters else [])]
    return {
        "features": _digest([root / "data" / "features.csv"], root),
        "claims": own.to_csv(index=False),
        **{name: _state_of(name, root) for name in sorted(set(names))},
    }


def _state_of(name: str, root: Path) -> object:
    """Return the checksums of one source of data: ours, frozen and original, or a folder's."""
    if name == "reference":
        return _digest(_files_below(root / "data" / "reference"), root)
    if name == "engine":
        return _digest(_files_below(root / "data" / "engine"), root)
    dataset = catalogue(root / "data" / "catalog.yml").get(name)
    if dataset is None:
        return _digest(_files_below(Path(name)), root)
    held = {file.name: state_of(dataset, file).state for file in dataset.files}
    return {
        "entry": dataset.model_dump(mode="json"),
        "frozen": _digest(_files_below(root / "data" / "results" / name), root),
        "bytes": {file.name: (held[file.name], file.sha256) for file in dataset.files},
    }


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
