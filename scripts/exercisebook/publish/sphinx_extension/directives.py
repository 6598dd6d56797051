"""Content that is generated: data cards, the catalogue, provenance."""

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

from exercisebook.publish.sphinx_extension.told import told_provenance
from exercisebook.sources.catalogue import Dataset, catalogue, dataset


class Generated(Directive):
    """A directive whose content is MyST text that the program writes."""

    optional_arguments = 1
    final_argument_whitespace = True

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Return the nodes of some lines of MyST."""
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, "generated"), self.content_offset, holder)
        return list(holder.children)


class Catalogue(Generated):
    """Data cards of the named data sets, or of all of them."""

    def run(self) -> list[nodes.Node]:
        """Return one card a data set."""
        names = self.arguments[0].split() if self.arguments else list(catalogue())
        cards: list[nodes.Node] = []
        for name in names:
            card = nodes.container(classes=["dataset-card"])
            card += self.parsed(card_lines(dataset(name)))
            cards.append(card)
        return cards


class Provenance(Generated):
    """What this page was made from."""

    def run(self) -> list[nodes.Node]:
        """Return a paragraph on commit, versions and data."""
        return self.parsed(provenance_lines())


def card_lines(data: Dataset) -> list[str]:
    """Return the card of a data set as MyST."""
    doi = f" [doi:{data.doi}](https://doi.org/{data.doi})" if data.doi else ""
    return [
        f"**{data.title}** (`{data.id}`). {_sentence(data.people)}",
        "",
        f"*Design:* {data.design}. {data.design_note}",
        "",
        f"*Speaks to:* {_lower(data.speaks_to)} *Never to:* {_lower(data.never_to)}",
        "",
        f"*Source:* {data.citation}{doi} Licence: {data.licence}.",
    ]


def provenance_lines() -> list[str]:
    """Return what a site was made from as MyST."""
    told = told_provenance()
    versions = ", ".join(f"{name} {version}" for name, version in told["packages"].items())
    held = sorted(name for name, files in told["data"].items() if set(files.values()) == {"held"})
    data = ", ".join(held) if held else "none"
    return [
        f"The Exercise Book {told['book']}, commit {told['commit']}, {told['date']}. "
        f"Python {told['python']}; {versions}. "
        f"Original data at hand when this was built: {data}. "
        "The same is told for every page in `provenance.json`, beside the first page of the site.",
    ]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."


def _lower(text: str) -> str:
    """Return a sentence to stand after a colon; an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[0].lower() + text[1:]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("catalogue", Catalogue)
    app.add_directive("provenance", Provenance)
