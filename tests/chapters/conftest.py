"""What the tests of chapters share."""

import pytest

from exercisebook.chapters.results import open_data


@pytest.fixture(scope="module")
def only_frozen(tmp_path_factory):
    """Show open data as frozen: what is tested is a user's cohort."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXERCISEBOOK_DATA", str(tmp_path_factory.mktemp("none")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        open_data.cache_clear()
        yield
    open_data.cache_clear()
