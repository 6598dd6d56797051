"""Whether a folder holds an answer: every file of it, in every form that text takes there.

What is secret is read from the chapters themselves: solutions with their code and outputs, the
keys and the feedback of quiz items, anchored answers, notes for instructors. What stands in the
open elsewhere in the book is no secret.
"""

import gzip
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from exercisebook.publish.notebooks import code_cells
from exercisebook.publish.quiz_form import misconceptions
from exercisebook.teaching.check_calls import statements_of, stub_of
from exercisebook.teaching.items import Block, Items, Solution, items_of

SHORTEST, SHORTEST_CLAUSE = 10, 24
"""Letters and digits that a line of code, and a clause of a sentence, has at least to be searched
for in any spelling; a shorter line of code is searched for as it is written."""

FEWEST = 4
"""Letters and digits that a statement has at least to be searched for; lint refuses others."""

_MARKUP = re.compile(r"\{[\w:-]+\}`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)")
_CLAUSE = re.compile(r"[^.,;:!?]+")
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_KEYS = re.compile(r"data-right|class=[\"'][^\"']*\b(?:quiz-answers|solution)\b")
_GATES = re.compile(r"\{(?:solution-start|solution-end|difficulties|lesson)\}")
_PAGES = {".html", ".ipynb", ".md", ".json", ".txt", ".csv", ".rst"}
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Secret:
    """Something that an edition for students may not hold.

    Attributes
    ----------
    slug : str
        The chapter that it is of.
    line : int
        Where it stands there, from 1.
    kind : str
        What it is.
    told : str
        As it is written.
    exact : bool
        Whether it is searched for as it is written, rather than by its letters and digits.
    """

    slug: str
    line: int
    kind: str
    told: str
    exact: bool = False


@dataclass(frozen=True)
class Leak:
    """A secret and the file that holds it."""

    file: str
    secret: Secret

    def __str__(self) -> str:
        s = self.secret
        return f"{self.file}: {s.kind} of {s.slug}, line {s.line}: {s.told.strip()[:60]!r}"


@dataclass(frozen=True)
class Page:
    """A chapter as it is written, and as it was executed."""

    slug: str
    text: str
    executed: NotebookNode


def secrets_of(pages: Iterable[Page], others: Iterable[str] = ()) -> list[Secret]:
    """Return what an edition for students may not hold.

    Parameters
    ----------
    pages : iterable of Page
        The chapters.
    others : iterable of str
        Text of other pages, which is in the open.
    """
    found: list[Secret] = []
    visible = [normal(text) for text in others]
    for page in pages:
        items = items_of(page.text)
        own = [*_of_solutions(page, items), *_of_questions(page, items), *_of_notes(page, items)]
        found += own
        visible.append(_in_the_open(page, items))
    known = "\n".join(visible)
    secret = [s for s in found if s.exact or normal(s.told) not in known]
    return list(dict.fromkeys(secret))


def leaks(folder: Path, secrets: list[Secret]) -> list[Leak]:
    """Return every secret that a file of a folder holds, and every mark of an answer."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        for inner, text in _texts(name, path.read_bytes()):
            found += [Leak(inner, secret) for secret in _held(inner, text, secrets)]
    for index in sorted(folder.rglob("searchindex.js")):
        name = str(index.relative_to(folder))
        found += [Leak(name, secret) for secret in _indexed(index, secrets)]
    return found


def normal(text: str) -> str:
    """Return a text's letters and digits alone, in lower case."""
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def _of_solutions(page: Page, items: Items) -> Iterator[Secret]:
    cells = [block.start for block in items.blocks if block.name == "code-cell"]
    executed = [c for c in code_cells(page.executed) if "injected-parameters" not in _tags(c)]
    for exercise in items.exercises:
        solution = exercise.solution
        if solution is None:
            continue
        kept = normal("\n".join(stub_of(solution.code, "\n".join(exercise.statement))))
        for n, line in _text_of(page, solution):
            yield from _pieces(page.slug, n, "a solution's text", line)
        for cell in solution.cells:
            for n, line in _code_of(cell):
                short = len(normal(line)) < SHORTEST
                if normal(line) not in kept:
                    yield Secret(page.slug, n + 1, "a solution's code", line, exact=short)
            for told in _outputs(executed[cells.index(cell.start)]):
                if len(normal(told)) >= SHORTEST:
                    yield Secret(page.slug, cell.start + 1, "a solution's output", told)


def _of_questions(page: Page, items: Items) -> Iterator[Secret]:
    for question in (*items.predictions, *items.quiz):
        for option in question.options:
            n = question.block.body_start + option.line
            if option.right:
                yield Secret(page.slug, n + 1, "a right option", f"+ {option.text}", exact=True)
            for line in option.feedback:
                yield from _pieces(page.slug, n, "feedback", line)
            if option.misconception:
                told = f"{{{option.misconception}}}"
                yield Secret(page.slug, n + 1, "a misconception", told, exact=True)
                known = misconceptions().get(option.misconception)
                if known:
                    yield from _pieces(page.slug, n, "a misconception", known.explanation)
    for free in items.free_texts:
        for anchor in free.anchors:
            n = free.block.body_start + anchor.line
            for line in (anchor.text, *anchor.why):
                yield from _pieces(page.slug, n, "an anchored answer", line)


def _of_notes(page: Page, items: Items) -> Iterator[Secret]:
    for block in items.difficulties:
        for n, line in enumerate(block.body, block.body_start):
            yield from _pieces(page.slug, n, "a note for instructors", line)
    for lesson in items.lessons:
        for activity in lesson.activities:
            yield from _pieces(page.slug, activity.line, "a note for instructors", activity.text)
    lines = page.text.splitlines()
    for n in (n for note in items.speaker_notes for n in note[1:]):
        yield from _pieces(page.slug, n, "a speaker's note", lines[n])


def _pieces(slug: str, line: int, kind: str, text: str) -> Iterator[Secret]:
    """Yield the clauses of a line, long enough to be nobody else's; the line if none is."""
    pieces = [piece for part in _MARKUP.split(text) for piece in _clauses(part)]
    if not pieces and len(normal(text)) >= SHORTEST:
        pieces = [text]
    for piece in pieces:
        yield Secret(slug, line + 1, kind, piece)


def _clauses(text: str) -> Iterator[str]:
    """Yield the clauses of a text; short ones stand with those behind them."""
    piece = ""
    for clause in _CLAUSE.findall(text):
        piece += clause
        if len(normal(piece)) >= SHORTEST_CLAUSE:
            yield piece
            piece = ""


def _code_of(cell: Block) -> Iterator[tuple[int, str]]:
    """Yield the lines of a cell, and its statements: a line may be too short to stand alone."""
    for n, line in enumerate(cell.body, cell.body_start):
        if len(normal(line)) >= SHORTEST:
            yield n, line.strip()
    for n, statement in statements_of("\n".join(cell.body)):
        if len(normal(statement)) >= FEWEST:
            yield cell.body_start + n, statement


def _text_of(page: Page, solution: Solution) -> Iterator[tuple[int, str]]:
    """Yield the lines of a solution's text, with their places."""
    of_cells = {n for cell in solution.cells for n in range(cell.start, cell.end + 1)}
    lines = page.text.splitlines()
    gates = {n for n in range(solution.start, solution.end + 1) if lines[n].startswith(("`", ":"))}
    for n in range(solution.start, solution.end + 1):
        if n not in of_cells | gates and lines[n].strip():
            yield n, lines[n]


def _in_the_open(page: Page, items: Items) -> str:
    """Return the letters and digits of what a chapter shows to everybody."""
    hidden: set[int] = set()
    for exercise in items.exercises:
        if exercise.solution:
            hidden |= set(range(exercise.solution.start, exercise.solution.end + 1))
    asked = [q.block for q in (*items.predictions, *items.quiz)]
    asked += [free.block for free in items.free_texts]
    asked += [*items.difficulties, *(lesson.block for lesson in items.lessons)]
    for block in asked:
        hidden |= set(range(block.start, block.end + 1))
    lines = page.text.splitlines()
    hidden |= {n for note in items.speaker_notes for n in note}
    open_lines = [line for n, line in enumerate(lines) if n not in hidden]
    cells = [block for block in items.blocks if block.name == "code-cell"]
    executed = [c for c in code_cells(page.executed) if "injected-parameters" not in _tags(c)]
    told = [
        output
        for block, cell in zip(cells, executed, strict=True)
        if block.start not in hidden
        for output in _outputs(cell)
    ]
    return normal("\n".join([*open_lines, *told]))


def _outputs(cell: NotebookNode) -> Iterator[str]:
    """Yield the texts of a cell's outputs."""
    for output in cell.get("outputs", []):
        if "text" in output:
            yield str(output["text"])
        for told in output.get("data", {}).values():
            yield told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _held(name: str, text: str, secrets: list[Secret]) -> Iterator[Secret]:
    """Yield the secrets that a text holds, in any of the forms that it may be read in."""
    views = list(dict.fromkeys(_views(text)))
    letters = "\n".join(dict.fromkeys(normal(view) for view in views))
    suffix = Path(name).suffix
    pages = suffix in _PAGES or Path(name).name == "searchindex.js"
    for secret in secrets:
        if secret.exact:
            # minified scripts hold everything that is short
            likely = pages and normal(secret.told) in letters
            if likely and any(_as_written(secret.told).search(view) for view in views):
                yield secret
        elif normal(secret.told) in letters:
            yield secret
    if pages:
        marks = _KEYS if suffix == ".html" else _GATES
        for mark in marks.finditer(text):
            yield Secret(name, text.count("\n", 0, mark.start()) + 1, "a mark", mark[0], exact=True)


def _views(text: str) -> Iterator[str]:
    """Yield a text as it is, without tags, and both with its escapes undone."""
    for view in (text, _unescaped(text)):
        yield view
        if "<" in view or "&" in view:
            yield html.unescape(_TAG.sub("", view))


def _unescaped(text: str) -> str:
    """Return a text in which the escapes of JSON and JavaScript are undone."""

    def undone(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return {"n": "\n", "t": "\t", "r": "\n"}.get(match[2], match[2])

    return _ESCAPE.sub(undone, text) if "\\" in text else text


@cache
def _as_written(told: str) -> re.Pattern[str]:
    """Return a pattern of a text's words and signs in order, with any space between them."""
    first, *rest = _TOKEN.findall(told)
    start = r"(?<!\w)" if first[0].isalnum() or first[0] == "_" else ""
    end = r"(?!\w)" if told.strip()[-1].isalnum() else ""
    # a right option is a mark, a space, and the option; a sum in a formula has other words behind
    tokens = [re.escape(token) for token in (first, *rest)]
    return re.compile(start + r"\s*".join(tokens) + end)


def _texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts that a file holds: its own, or those of what is packed in it."""
    if content[:2] == b"\x1f\x8b":
        yield from _texts(name.removesuffix(".gz"), gzip.decompress(content))
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for inner in packed.namelist():
                yield from _texts(f"{name}/{inner}", packed.read(inner))
    elif name.endswith(".inv"):
        head, _, packed_lines = content.partition(b"zlib.\n")
        yield name, (head + zlib.decompress(packed_lines)).decode("utf-8", errors="replace")
    else:
        yield name, content.decode("utf-8", errors="replace")


def _indexed(index: Path, secrets: list[Secret]) -> Iterator[Secret]:
    """Yield secrets of which the search index knows a word that their page does not show."""
    terms, names = _terms(index)
    for place, name in enumerate(names):
        slug = name.rpartition("/")[2]
        own = [s for s in secrets if s.slug == slug and not s.exact]
        page = index.parent / f"{name}.html"
        if not own or not page.is_file():
            continue
        known = {term for term, places in terms.items() if place in places}
        text = page.read_text(encoding="utf-8")
        shown = {stem for view in (*_views(text), _source(index, name)) for stem in _stems(view)}
        hidden = known - shown
        for secret in own:
            if hidden & _stems(secret.told):
                yield secret


def _source(index: Path, name: str) -> str:
    """Return the cells of a page's notebook: formulae are indexed as they are written there.

    Whether it holds an answer is asked of it as of every other file.
    """
    path = index.parent / "_sources" / f"{name}.ipynb"
    if not path.is_file():
        return ""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _terms(index: Path) -> tuple[Mapping[str, set[int]], list[str]]:
    """Return the words of a search index, with the pages that hold them, and these pages."""
    text = index.read_text(encoding="utf-8")
    told = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    terms: dict[str, set[int]] = {}
    for part in ("terms", "titleterms"):
        for term, places in told.get(part, {}).items():
            found = {places} if isinstance(places, int) else set(places)
            terms[term] = terms.get(term, set()) | found
    return terms, list(told["docnames"])


def _stems(text: str) -> set[str]:
    """Return the words of a text as Sphinx's search knows them."""
    return {_stem(word) for word in set(_language().split(text.lower()))}


@cache
def _stem(word: str) -> str:
    return str(_language().stem(word))


@cache
def _language():  # type: ignore[no-untyped-def]
    from sphinx.search.en import SearchEnglish

    return SearchEnglish({})
