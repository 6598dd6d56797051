import pytest

from exercisebook.paths import ROOT
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.publish.sphinx_extension.directives import card_lines, provenance_lines
from exercisebook.publish.sphinx_extension.formulae import _mathml
from exercisebook.publish.sphinx_extension.pages import _BREAKABLE
from exercisebook.sources.catalogue import catalogue


@pytest.mark.parametrize("name", list(catalogue()))
def test_a_card_tells_people_design_limits_source_and_licence(name):
    text = "\n".join(card_lines(catalogue()[name]))
    for word in ("*Design:*", "*Speaks to:*", "*Never to:*", "*Source:*", "Licence:"):
        assert word in text


def test_provenance_tells_commit_and_versions():
    text = " ".join(provenance_lines())
    assert "commit" in text
    assert "pandas" in text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a rise of 42 % is", "42\xa0%"),
        ("(n = 15)", "n\xa0=\xa015"),
        ("in = 3", "in = 3"),
        ("per cent % sign", "cent % sign"),
    ],
)
def test_numbers_do_not_break_from_their_signs(text, kept):
    assert kept in _BREAKABLE.sub("\xa0", text)


def test_formulae_need_no_script():
    assert _mathml(r"SD_R = \sqrt{SD_E^2 - SD_C^2}", True, None).startswith("<math")


def test_the_static_image_has_a_width_and_a_ground_of_its_own():
    spec = static_spec({"width": "container", "config": {"font": "x", "axis": {"a": 1}}})
    assert isinstance(spec["width"], int)
    assert spec["background"] == "white"
    assert spec["config"]["axis"] == {"a": 1}


def test_the_extension_reads_nothing_from_the_network():
    folder = ROOT / "scripts/exercisebook/publish/sphinx_extension"
    text = "\n".join(p.read_text() for p in folder.rglob("*") if p.suffix in (".py", ".js", ".css"))
    assert "http" not in text.replace("https://doi.org/", "")
