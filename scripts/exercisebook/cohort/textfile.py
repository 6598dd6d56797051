"""Text files as users keep them: their characters and their rows, or what is wrong with them.

What the rows mean is for the readers of each table.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from exercisebook.errors import InvalidInput, Problem

LONGEST_FIELD = 131_072
"""Characters of a field, beyond which a quotation mark was left open."""


def decoded(path: Path, expected: str = "a CSV table") -> str:
    """Return the characters of a UTF-8 file, gzipped where its name ends in ``.gz``.

    Raises
    ------
    InvalidInput
        If it is missing, a folder, damaged, not UTF-8 or may not be read.
    """
    try:
        content = path.read_bytes()
        if path.name.endswith(".gz"):
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(str(path), "no such file", expected, "Check the path.")
    except IsADirectoryError:
        problem = Problem(str(path), "a folder", expected, "Name the file.")
    except (gzip.BadGzipFile, EOFError, zlib.error):
        problem = Problem(
            path.name, "a damaged file, or one that is not gzipped", "what its name says",
            "Compress the table again, or take .gz from its name.",
        )  # fmt: skip
    except UnicodeDecodeError:
        problem = Problem(
            path.name, "bytes that are not UTF-8", f"{expected} in UTF-8",
            "Save it as CSV in UTF-8; a gzipped one ends in .gz.",
        )  # fmt: skip
    except OSError as error:
        told = error.strerror or type(error).__name__
        problem = Problem(path.name, told, "a readable table", "Make it readable.")
    raise InvalidInput([problem])


def csv_rows(
    text: str, file: str, separator: str = ",", strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, each with the line on which it ends, from 1.

    Raises
    ------
    InvalidInput
        If a quotation mark is left open, or, where ``strict``, stands where none may.
    """
    # other libraries move this limit for the whole process
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        found = f"what is no table ({error})"
        problem = Problem(file, found, "rows of fields", "Is a quotation mark left open?")
        raise InvalidInput([problem]) from None
    finally:
        csv.field_size_limit(before)
