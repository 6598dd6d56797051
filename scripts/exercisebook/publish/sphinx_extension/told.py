"""The provenance a build was given, or that of this checkout where it was given none."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from exercisebook.paths import BUILD, ROOT
from exercisebook.publish.notebooks import notebook_slugs
from exercisebook.publish.plan import make_plan
from exercisebook.publish.provenance import provenance
from exercisebook.publish.stage import PROVENANCE


@cache
def told_provenance() -> dict[str, Any]:
    """Return the staged ``provenance.json``; a plain ``jupyter-book build`` makes its own."""
    staged = os.environ.get("EXERCISEBOOK_STAGE")
    if staged:
        return dict(json.loads((Path(staged) / PROVENANCE).read_text(encoding="utf-8")))
    return provenance(make_plan(notebook_slugs(), {}, BUILD, report=False, root=ROOT))
