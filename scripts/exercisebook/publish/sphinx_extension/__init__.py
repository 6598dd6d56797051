"""What Sphinx needs for this book: charts, formulae, generated content, quiet pages."""

from exercisebook.publish.sphinx_extension.setup import setup

__all__ = ["setup"]
