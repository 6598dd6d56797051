"""The table of what ``exercisebook check`` may find, from its codes."""

from docutils import nodes
from sphinx.application import Sphinx

from exercisebook.checks.codes import CODES, Code
from exercisebook.publish.sphinx_extension.directives import Generated


class Checks(Generated):
    """Every code of one layer, given by its letter."""

    required_arguments = 1
    optional_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Return an entry a code, each of which can be linked to."""
        entries: list[nodes.Node] = []
        for code in CODES.values():
            if code.code.startswith(self.arguments[0]):
                entry = nodes.container(ids=[code.anchor])
                entry += self.parsed([entry_line(code)])
                entries.append(entry)
        return entries


def entry_line(code: Code) -> str:
    """Return the entry of a code as MyST."""
    return f"**{code.code}** ({code.severity}). {code.means} *Repair:* {code.repair}"


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("checks", Checks)
