"""Frames that are no cohorts."""

import pandas as pd
import pytest

from exercisebook.errors import Failure, Misuse
from exercisebook.sources import reference_frames
from exercisebook.sources.catalogue import catalogue
from exercisebook.sources.cohorts import READERS
from exercisebook.sources.frame_schemas import GENE_SETS_FRAME, checked, expect_columns
from exercisebook.sources.reference_frames import FRAMES, open_frames


def test_every_data_set_of_the_registry_is_in_the_catalogue_and_no_cohort():
    assert set(FRAMES) <= set(catalogue())
    assert not set(FRAMES) & set(READERS)


def test_an_unknown_data_set_is_refused_with_a_hint():
    with pytest.raises(Misuse, match="did you mean 'gene-sets'"):
        open_frames("gene-set")


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_without_the_bytes_there_are_no_frames(name, monkeypatch):
    monkeypatch.setattr(reference_frames, "locate", lambda dataset: None)
    assert open_frames(name) is None


@pytest.mark.open_data
@pytest.mark.parametrize("name", ["tbk1-chembl", "gene-sets"])
def test_frames_open_by_name_where_the_bytes_are(name):
    frames = open_frames(name)
    if frames is None:
        pytest.skip(f"the bytes of {name} are not at hand (EXERCISEBOOK_DATA)")
    assert frames
    assert all(len(frame) > 100 for frame in frames.values())


def test_a_frame_against_its_schema_is_refused_with_file_and_column(tmp_path):
    frame = pd.DataFrame({"collection": ["other"], "set": ["A"], "feature": ["TXN"]})
    with pytest.raises(Failure, match=r"sets\.gmt: gene sets by name, collection"):
        checked(tmp_path / "sets.gmt", GENE_SETS_FRAME, frame)


def test_a_missing_column_comes_with_a_hint(tmp_path):
    with pytest.raises(Failure, match="no column feature; did you mean 'features'"):
        expect_columns(tmp_path / "a.csv", pd.DataFrame({"features": []}), ["feature"])
