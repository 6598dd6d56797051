"""Picking single results out of chapter 5's tables."""

import pandas as pd

from exercisebook.chapters.ch05.rats import BETAINE
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import outcomes, reference_outcomes, truth_of
from exercisebook.chapters.wording import certain, evidence, one, ratio
from exercisebook.claims.claims import claims_of
from exercisebook.sources.motrpac_rat import TISSUES
from exercisebook.stats.mendelian_randomisation import Variants, variants

PLACES = {
    "gastrocnemius": "the gastrocnemius",
    "vastus": "the vastus",
    "fat": "fat under the skin",
}
TISSUE_LABELS = {
    "gastrocnemius": "gastrocnemius (calf)",
    "vastus": "vastus (thigh)",
    "fat": "fat under the skin",
}
ORGANS = {
    "ADRNL": "adrenal gland",
    "BAT": "brown fat",
    "COLON": "colon",
    "CORTEX": "cortex of the brain",
    "HEART": "heart",
    "HIPPOC": "hippocampus",
    "HYPOTH": "hypothalamus",
    "KIDNEY": "kidney",
    "LIVER": "liver",
    "LUNG": "lung",
    "OVARY": "ovary",
    "PLASMA": "plasma",
    "SKM-GN": "gastrocnemius",
    "SKM-VL": "vastus",
    "SMLINT": "small intestine",
    "SPLEEN": "spleen",
    "TESTES": "testes",
    "VENACV": "vena cava",
    "WAT-SC": "fat under the skin",
}
"""What the list of nineteen tissues calls them."""

MODULE = (
    "choline",
    "betaine",
    "dimethylglycine",
    "sarcosine",
    "methionine",
    "homocysteine",
    "trimethylamine_oxide",
    "proline_betaine",
)
"""Metabolites of the simulated people that the page names; the last is the negative control."""

TRAINING = "training-baseline"


def least() -> float:
    """Return the smallest change of betaine that matters here, log2."""
    sizes = claims_of(5).set_index("claim_id")["smallest_effect"]
    return float(sizes["S1-34"])


def one_carbon(chapter: Chapter, week: str = "8w", stratum: str = "all") -> pd.DataFrame:
    """Return the rats' Effects of one duration and stratum, with a column ``tissue``."""
    effects = chapter["rat_one_carbon"]
    own = effects[effects["contrast"].str.endswith(f"-{week}") & (effects["stratum"] == stratum)]
    return own.assign(tissue=own["contrast"].str.rsplit("-", n=1).str[0]).reset_index(drop=True)


def in_tissue(
    chapter: Chapter, tissue: str, substance: str = BETAINE, stratum: str = "all", week: str = "8w"
) -> pd.Series:
    """Return the effect on one substance in one tissue."""
    effects = one_carbon(chapter, week, stratum)
    return one(effects, tissue=tissue, canonical_id=substance)


def betaine_words(chapter: Chapter, tissue: str) -> str:
    """Return ``5.6 % higher in the gastrocnemius (...)``, or lower, whatever the interval says."""
    effect = in_tissue(chapter, tissue)
    way = "higher" if effect["estimate"] > 0 else "lower"
    size = ratio(effect["estimate"]).removeprefix("by ")
    return f"{size} {way} in {PLACES[tissue]} {evidence(effect)}"


def clear(chapter: Chapter) -> list[str]:
    """Return the tissues in which betaine changed clearly at eight weeks."""
    return [tissue for tissue in TISSUES if certain(in_tissue(chapter, tissue))]


def module(chapter: Chapter) -> pd.DataFrame:
    """Return the reference cohort's one-carbon metabolites after training, with their truth."""
    effects = reference_outcomes("training", chapter.parameters.fdr)
    own = effects[effects["feature"].isin(MODULE) & (effects["contrast"] == TRAINING)]
    return own.set_index("feature").loc[list(MODULE)].reset_index()


def mediated() -> pd.Series:
    """Return by feature how much of training's effect on content goes through betaine, log2."""
    truth = truth_of("reference")
    assert truth is not None
    own = truth[truth["contrast"] == TRAINING]
    return own.set_index("feature")["log2_mediated"]


def cohort_metabolites(chapter: Chapter) -> pd.DataFrame:
    """Return the module in the cohort of this page, for contrasts of training within people."""
    training = chapter.cohort.contrasts.query("kind == 'training'")
    if (training["phase"] == training["reference_phase"]).any():
        # groups of different animals are no before and after
        return pd.DataFrame()
    truth = truth_of(chapter.parameters.cohort)
    effects = outcomes(chapter.cohort, "training", truth, chapter.parameters.fdr)
    own = effects["canonical_id"].isin(MODULE) & (effects["modality"] == "metabolites")
    return effects[own].reset_index(drop=True)


def listed(chapter: Chapter, metabolite: str = "betaine") -> pd.DataFrame:
    """Return the tissues whose list holds a metabolite."""
    table = chapter["rat_listed"]
    return table[table["listed"].astype(bool) & (table["metabolite"] == metabolite)]


def trait(chapter: Chapter, snp: str, exposure: str) -> pd.Series:
    """Return what one variant does to one trait."""
    return one(chapter["betaine_pleiotropy"], snp=snp, exposure=exposure)


def method(chapter: Chapter, name: str) -> pd.Series:
    """Return one estimator's answer to the worked example."""
    return one(chapter["bmi_chd_methods"], method=name)


def bmi_chd(chapter: Chapter) -> Variants:
    """Return the worked example's associations: x with the index, y with the disease."""
    table = chapter["bmi_chd_variants"]
    sides = ("beta_exposure", "se_exposure", "beta_outcome", "se_outcome")
    return variants(*(table[name] for name in sides))
