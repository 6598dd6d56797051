"""Whatever becomes of a package, a check of it ends in findings."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from exercisebook.checks.codes import CODES
from exercisebook.checks.findings import has_errors
from exercisebook.checks.package import check_package
from exercisebook.checks.report import as_json, as_lines
from exercisebook.cohort.package import read_cohort
from exercisebook.errors import BookError

from .gallery import CELLS, CONTRASTS, EVERY, FEATURES, PACKAGE, SAMPLES, SUBJECTS

TABLES = [SUBJECTS, SAMPLES, FEATURES, CONTRASTS, *EVERY]
ODD = ["", " ", "NA", "nan", "-1", "0", "1e308", "1e-308", "inf", "4,9", "<0.5", "9" * 400, "ok",
       "below_detection", "01", "é", "\U0001f9ea", "a\nb", '"', "'", ",", "EXAMPLE-1", "__class__",
       "1/0", "{}", "%s", "None", "True", "2026-11-21", "-0.0", "x" * 3000]  # fmt: skip

fields = st.sampled_from(ODD) | st.text(max_size=8)
places = st.integers(0, 10_000)
changes = st.one_of(
    st.tuples(st.just("replace"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("fill"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("drop"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("double"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("rename"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("take"), st.sampled_from(TABLES), places, places, fields),
    st.tuples(st.just("truncate"), st.sampled_from([*TABLES, PACKAGE, CELLS]), places, places,
              fields),
    st.tuples(st.just("flip"), st.sampled_from([*TABLES, PACKAGE, CELLS]), places, places, fields),
)  # fmt: skip


def apply(folder, change):
    kind, file, row, column, field = change
    path = folder / file
    if kind in ("truncate", "flip"):
        content = bytearray(path.read_bytes())
        place = (row * 10_000 + column) % max(len(content), 1)
        if kind == "truncate":
            content = content[:place]
        elif content:
            content[place] ^= 1 << (row % 8)
        path.write_bytes(bytes(content))
        return
    try:
        own = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError:
        return
    if own.empty or not len(own.columns):
        return
    row, name = row % len(own), own.columns[column % len(own.columns)]
    if kind == "replace":
        own.loc[row, name] = field
    elif kind == "fill":
        own[name] = field
    elif kind == "drop":
        own = own.drop(index=row)
    elif kind == "double":
        own = pd.concat([own, own.iloc[[row]]])
    elif kind == "rename":
        own = own.rename(columns={name: field})
    else:
        own = own.drop(columns=name)
    path.write_text(own.to_csv(index=False), encoding="utf-8", errors="surrogatepass")


@settings(max_examples=max(30, settings.default.max_examples // 2))
@given(made=st.lists(changes, min_size=1, max_size=4))
def test_a_check_of_a_package_changed_at_random_ends_in_findings(made, valid):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(valid, Path(place) / "package"))
        for change in made:
            apply(folder, change)
        found = check_package(folder)
        assert {f.code for f in found} <= set(CODES)
        assert as_lines(found)
        assert as_json("package", found)
        try:
            read_cohort(folder)
        except BookError:
            # what is refused is told
            assert has_errors(found)
