"""Vendors' files damaged at random: an import reads them or refuses them, and never breaks."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercisebook.errors import InvalidInput
from exercisebook.sources.importers.cells import read_10x, read_h5ad
from exercisebook.sources.importers.metabolomics import read_mwtab
from exercisebook.sources.importers.olink import OlinkOptions, read_olink
from exercisebook.sources.importers.table import ALL, TableOptions, read_tables
from exercisebook.sources.importers.taxa import read_biom, read_qiime2

from .conftest import IDS, text
from .test_cells import COUNTS, TUBES, ann, counts_of, h5_of, saved
from .test_metabolomics import as_json, mwtab
from .test_olink import export, plain, wide_rows
from .test_taxa import written

TABLE = "sample_id,glucose (mmol/L),CRP (mg/dL),note\n" + "".join(
    f"{name},{5 + place},<0.5,\n" for place, name in enumerate(IDS)
)


def _table(path, samples):
    return read_tables([path], samples, TableOptions(modalities={ALL: "clinical"}))


def _olink(path, samples):
    return read_olink([path], samples, OlinkOptions())


def _wide(folder):
    return text(folder / "w.csv", "\n".join(";".join(map(str, row)) for row in wide_rows()))


def _parquet(folder):
    import io

    import pandas as pd

    frame = pd.read_csv(io.StringIO(export(folder, plain()).read_text("utf-8-sig")), sep=";")
    frame.to_parquet(folder / "npx.parquet")
    return folder / "npx.parquet"


FORMATS = {
    "table": (lambda folder: text(folder / "t.csv", TABLE), _table),
    "olink": (lambda folder: export(folder, plain()), _olink),
    "olink wide": (_wide, _olink),
    "olink parquet": (_parquet, _olink),
    "biom json": (lambda folder: written(folder, "json"), lambda p, s: read_biom([p], s)),
    "biom hdf5": (lambda folder: written(folder, "biom"), lambda p, s: read_biom([p], s)),
    "qiime2": (lambda folder: written(folder, "tsv"), lambda p, s: read_qiime2([p], s, "genus")),
    "mwtab": (lambda folder: text(folder / "m.txt", mwtab()), lambda p, s: read_mwtab([p], s)),
    "mwtab json": (
        lambda folder: text(folder / "m.json", as_json(mwtab())),
        lambda p, s: read_mwtab([p], s),
    ),
    "10x": (
        lambda folder: h5_of(folder / f"{IDS[0]}.h5", counts_of(4)),
        lambda p, s: read_10x([p], [IDS[0]], s),
    ),
    "h5ad": (
        lambda folder: saved(folder / "a.h5ad", ann(COUNTS, TUBES)),
        lambda p, s: read_h5ad([p], "tube", s),
    ),
}

DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "double", "insert"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=4) | st.sampled_from([b"\t", b";", b'"', b"\n", b",", b"<"]),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content, damage):
    for kind, share, piece in damage:
        place = int(share * len(content))
        if kind == "cut":
            content = content[:place]
        elif kind == "insert":
            content = content[:place] + piece + content[place:]
        elif kind == "double":
            content = content[:place] + content[place : place + 40] + content[place:]
        else:
            content = content[:place] + piece + content[place + len(piece) :]
    return content


HDF5 = ("biom hdf5", "10x", "h5ad")
"""Each file of which a process of its own reads first."""

FEW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in HDF5])
@settings(max_examples=25, suppress_health_check=FEW)
@given(damage=DAMAGE)
def test_a_damaged_file_is_read_or_refused(name, tmp_path, samples, damage):
    _read_or_refused(name, tmp_path, samples, damage)


@pytest.mark.parametrize("name", HDF5)
@settings(max_examples=8, suppress_health_check=FEW)
@given(damage=DAMAGE)
def test_a_damaged_hdf5_file_is_read_or_refused(name, tmp_path, samples, damage):
    _read_or_refused(name, tmp_path, samples, damage)


def _read_or_refused(name, tmp_path, samples, damage):
    write, read = FORMATS[name]
    path = write(tmp_path)
    path.write_bytes(damaged(path.read_bytes(), damage))
    with suppress(InvalidInput):
        assert read(path, samples).account.took
