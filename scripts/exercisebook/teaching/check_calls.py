"""The calls of checks in a solution's code, and what a student starts from in its place.

Nothing is run here.
"""

import ast

ANSWER = "answer"
"""What an answer is called that its solution gave no name."""


def calls_of(code: str) -> list[ast.Call]:
    """Return the calls of functions whose name begins with ``check_``, in order."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Attribute)]
    found = [c for c in named if getattr(c.func, "attr", "").startswith("check_")]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def answers_of(call: ast.Call) -> list[str]:
    """Return the names in a call of a check that hold answers: all but ``chapter``."""
    names = [argument.id for argument in arguments_of(call) if isinstance(argument, ast.Name)]
    return [name for name in names if name != "chapter"]


def arguments_of(call: ast.Call) -> list[ast.expr]:
    """Return what a call hands over, by place and by name."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def is_given(argument: ast.expr, statement: str) -> bool:
    """Return whether an argument is a literal that the exercise's text gives in quotes."""
    if not isinstance(argument, ast.Constant):
        return False
    told = repr(argument.value)
    return told in statement or told.replace("'", '"') in statement


def statements_of(code: str) -> list[tuple[int, str]]:
    """Return the simple statements of some code, each with its first line, from 0."""
    found = [
        (node.lineno - 1, ast.get_source_segment(code, node) or "")
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
    return sorted(found)


def stub_of(code: str, statement: str) -> list[str]:
    """Return the code that a student starts from: answers as three dots, and the checks.

    Parameters
    ----------
    code : str
        Of a solution.
    statement : str
        The exercise's text, whose literals in quotes a call may keep.
    """
    lines: list[str] = []
    for call in calls_of(code):
        told = ast.unparse(call)
        call.args = [_named(argument, statement) for argument in call.args]
        for keyword in call.keywords:
            keyword.value = _named(keyword.value, statement)
        begun = [f"{name} = ...  # your answer" for name in answers_of(call)]
        lines += [line for line in begun if line not in lines]
        # what changed is written anew; what did not keeps its writing, quotation marks too
        kept = ast.unparse(call) == told
        lines.append((kept and ast.get_source_segment(code, call)) or ast.unparse(call))
    return lines


def _named(argument: ast.expr, statement: str) -> ast.expr:
    """Return an argument, or a name in place of one that would tell the answer."""
    if isinstance(argument, ast.Name) or is_given(argument, statement):
        return argument
    return ast.Name(ANSWER, ast.Load())
