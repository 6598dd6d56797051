from pathlib import Path

import biom
import numpy as np
import pytest

from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.importers.taxa import read_biom, read_qiime2, taxon

from .conftest import IDS, problems_of, text

LINEAGES = [
    "k__Bacteria; p__Firmicutes; c__Clostridia; o__Clos; f__Lachno; g__Blautia; s__",
    "k__Bacteria; p__Firmicutes; c__Clostridia; o__Clos; f__Lachno; g__Blautia; s__obeum",
    "d__Bacteria; p__Firmicutes; c__Clostridia; o__Clos; f__Lachno",
    "Unassigned",
]
COUNTS = np.arange(32).reshape(4, 8) + 1


def table(counts=COUNTS, lineages=True, ids=IDS):
    told = [{"taxonomy": line.split("; ")} for line in LINEAGES] if lineages else None
    return biom.Table(counts.astype(float), [f"asv{n}" for n in range(4)], ids, told)


def written(tmp_path, kind, **options):
    path = tmp_path / f"table.{kind}"
    own = table(**options)
    if kind == "json":
        return text(path, own.to_json("test"))
    if kind == "biom":
        with biom.util.biom_open(str(path), "w") as file:
            own.to_hdf5(file, "test")
        return path
    lineage = {"header_key": "taxonomy", "header_value": "taxonomy",
               "metadata_formatter": "; ".join}  # fmt: skip
    return text(path, own.to_tsv(**(lineage if options.get("lineages", True) else {})))


READERS = [("json", read_biom), ("biom", read_biom), ("tsv", read_qiime2)]


@pytest.mark.parametrize(("kind", "reader"), READERS)
def test_every_form_of_a_table_gives_the_same_counts(tmp_path, samples, kind, reader):
    intake = reader([written(tmp_path, kind)], samples)
    wide = intake.measurements["taxa"].pivot(index="feature", columns="sample_id", values="value")
    assert (wide.loc[[f"asv{n}" for n in range(4)], IDS].to_numpy() == COUNTS).all()
    assert set(intake.features["unit"]) == {"reads"}


@pytest.mark.parametrize(("kind", "reader"), READERS)
def test_counts_are_summed_to_a_rank(tmp_path, samples, kind, reader):
    intake = reader([written(tmp_path, kind)], samples, "genus")
    sums = intake.measurements["taxa"].groupby("feature")["value"].sum()
    assert sums.to_dict() == {
        "Blautia": COUNTS[:2].sum(),
        "unclassified Lachno": COUNTS[2].sum(),
        "unclassified": COUNTS[3].sum(),
    }


@pytest.mark.parametrize(
    ("lineage", "rank", "expected"),
    [
        (LINEAGES[0], "species", "unclassified Blautia"),
        (LINEAGES[1], "species", "Blautia obeum"),
        (LINEAGES[1], "phylum", "Firmicutes"),
        ("Bacteria;Firmicutes", "phylum", "Firmicutes"),
        ("k__Bacteria;p__F;c__C;o__O;f__F;g__Blautia;s__Blautia_obeum", "species", "Blautia obeum"),
        ("", "genus", "unclassified"),
        (float("nan"), "genus", "unclassified"),
    ],
)
def test_a_lineage_is_called_by_its_rank_or_by_the_nearest_above(lineage, rank, expected):
    assert taxon(lineage, rank) == expected


def test_lineages_may_lie_in_a_file_of_their_own(tmp_path, samples):
    path = written(tmp_path, "biom", lineages=False)
    (fault,) = problems_of(read_biom, [path], samples, "genus")
    assert "--taxonomy" in fault.repair
    rows = [f"asv{n}\t{line}\t0.99" for n, line in enumerate(LINEAGES)]
    own = text(tmp_path / "taxonomy.tsv", "Feature ID\tTaxon\tConfidence\n" + "\n".join(rows))
    assert "Blautia" in set(read_biom([path], samples, "genus", own).features["feature"])


def test_shares_are_refused(tmp_path, samples):
    shares = COUNTS / COUNTS.sum(axis=0)
    for kind, reader in READERS:
        faults = problems_of(reader, [written(tmp_path, kind, counts=shares)], samples)
        assert faults


def test_features_without_a_read_are_dropped_and_told(tmp_path, samples):
    counts = COUNTS.copy()
    counts[3] = 0
    intake = read_biom([written(tmp_path, "json", counts=counts)], samples)
    assert len(intake.features) == 3
    assert "1 feature without a read" in intake.account.dropped[0]


def test_unknown_samples_are_refused(tmp_path, samples):
    path = written(tmp_path, "json", ids=["x", *IDS[1:]])
    (fault,) = problems_of(read_biom, [path], samples)
    assert "'x'" in fault.found
    intake = read_biom([path], Samples(samples.known, {"x": IDS[0]}))
    assert intake.measurements["taxa"]["sample_id"].nunique() == 8


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "an empty file"),
        ("a\tb\n1\t2\n", "no row that begins with '#OTU ID'"),
        ("#OTU ID\t01-before\n", "no feature"),
        ("#OTU ID\t01-before\t01-before\na\t1\t2\n", "two columns"),
        ("#OTU ID\t01-before\na\t1\t2\n", "3 fields"),
        ("#OTU ID\t01-before\na\t1\na\t2\n", "two rows 'a'"),
        ("#OTU ID\t01-before\na\t1.5\n", "'1.5'"),
        ("#OTU ID\t01-before\na\t-1\n", "'-1'"),
    ],
)
def test_a_broken_tsv_is_refused(tmp_path, samples, content, found):
    faults = problems_of(read_qiime2, [text(tmp_path / "t.tsv", content)], samples)
    assert any(found in fault.found for fault in faults), faults


@pytest.mark.parametrize("content", ["", "{}", '{"id": 1', "\x00\x01"])
def test_what_is_no_biom_table_is_refused(tmp_path, samples, content):
    assert len(problems_of(read_biom, [text(tmp_path / "t.biom", content)], samples)) == 1


# files that the biom package brings for its own tests
BUNDLED = Path(biom.__file__).parent / "tests" / "test_data"


@pytest.mark.skipif(not (BUNDLED / "test.biom").exists(), reason="biom came without its tests")
@pytest.mark.parametrize("name", ["test.json", "test.biom"])
def test_the_tables_that_biom_brings_are_read(samples, name):
    names = [f"Sample{n}" for n in range(1, 7)]
    known = samples.known.iloc[:6].assign(sample_id=names)
    intake = read_biom([BUNDLED / name], Samples(known, {}), "genus")
    assert set(intake.features["feature"]) >= {"Escherichia", "Dolichospermum"}
    assert intake.measurements["taxa"]["value"].sum() == 27
