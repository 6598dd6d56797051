"""What a check may find: every code, how grave it is, what it means, how to repair it.

The page ``checks`` is made from this table. A code never changes its meaning; one that is no
longer used is not used again.
"""

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
"""The worst first: unusable, to be thought about, to be known."""

LAYERS = {"T": "Tables", "D": "Design", "I": "Identity"}
"""By the first letter of a code."""

PAGE = "book/checks.html"
"""Where the site explains codes."""


@dataclass(frozen=True)
class Code:
    """One entry of the table of codes."""

    code: str
    severity: str
    means: str
    repair: str

    @property
    def anchor(self) -> str:
        """The name of its entry on the page."""
        return f"check-{self.code.lower()}"

    @property
    def link(self) -> str:
        """The address of its entry, within the site."""
        return f"{PAGE}#{self.anchor}"


_TABLE = (
    ("T101", ERROR, "The folder holds no `datapackage.json`.",
     "Write one, or begin with `exercisebook init`."),
    ("T102", ERROR, "`datapackage.json` cannot be read as a JSON object in UTF-8.",
     "Correct its syntax; a JSON editor shows the place."),
    ("T103", ERROR, "A field of `datapackage.json` is missing or of the wrong kind.",
     "Give `name` as a short name, `simulated` as true or false, `resources` as a list."),
    ("T104", ERROR, "A table that every package has, or that the description names, is not there.",
     "Write the table, or take it out of the description."),
    ("T105", ERROR, "A file cannot be read as what its name says.",
     "Save a CSV in UTF-8; write a parquet file anew."),
    ("T106", ERROR, "A table is an empty file.", "Write at least its header."),
    ("T107", ERROR, "Rows have more fields than the header.",
     "Quote fields that hold commas; take commas off the ends of rows."),
    ("T108", ERROR, "Two columns have one name.", "Remove or rename one."),
    ("T109", ERROR, "Columns are separated by something else than commas.",
     "Save the table with commas, and points in numbers."),
    ("T110", ERROR, "A column is missing.", "Add it, or rename the column that holds it."),
    ("T111", ERROR, "A field that should hold a number does not.",
     "Write numbers with a point; leave what is missing empty. What lies below a detection limit "
     "has the limit as value and the status `below_detection`."),
    ("T112", ERROR, "A word is none of those allowed.", "Use one of the words listed."),
    ("T113", ERROR, "A number lies outside what is possible.", "Correct it."),
    ("T114", ERROR, "A field that must be filled is empty.", "Fill it."),
    ("T115", ERROR, "A key is repeated.", "Remove or rename one of the rows."),
    ("T116", ERROR, "A name has spaces at its ends.", "Remove them, here and where it is used."),
    ("T117", ERROR, "A table has a header and no rows.", "Fill it."),
    ("T118", ERROR, "There is no table of measurements.",
     "Add `measurements/<modality>.csv`; `exercisebook import` makes them of vendors' files."),
    ("T119", ERROR, "A table of measurements is named after no modality.", "Rename the file."),
    ("T120", ERROR, "A modality has two tables.", "Remove one."),
    ("T121", ERROR, "A row names a subject, sample, feature, phase or arm that is not there.",
     "Correct the name, or add the row it stands for. A spreadsheet may have eaten leading "
     "zeros."),
    ("T122", ERROR, "One person has two samples in an arm and phase.",
     "Average replicates, or name another phase."),
    ("T123", ERROR, "A contrast compares a phase with itself.", "Correct one of the two."),
    ("T124", ERROR, "Measurements hold a column of samples.csv, or it one of theirs.",
     "Remove or rename it."),
    ("T125", ERROR, "An amount or a count is below zero.",
     "Correct it; logarithms are not stored, amounts are."),
    ("T126", ERROR, "A status says that there is a value, and there is none.",
     "Fill the value, or give the status `missing`."),
    ("T127", ERROR, "An import was killed while it put files in place.",
     "Import anything again: that puts the old files back first."),
    ("T131", ERROR, "What the template wrote is still there.",
     "Remove or replace whatever begins with EXAMPLE."),
    ("T132", WARNING, "Two names differ in no more than case, marks, spaces or leading zeros.",
     "If they are one, write them alike."),
    ("T140", NOTE, "A file begins with a byte-order mark.", "Nothing: it was read over."),
    ("T141", NOTE, "A file ends with blank rows.", "Nothing: they were left out."),
    ("T142", NOTE, "No value is spelt as a word, such as NA.",
     "Nothing: it was read as no value. Words in a column of names are names."),
    ("T143", NOTE, "Names were stored as numbers.",
     "Look whether leading zeros were lost; they were read as text."),
    ("T144", NOTE, "The last line of a file has no end.",
     "Look whether the file was cut off; otherwise nothing."),
    ("T145", NOTE, "A column that the book does not know.",
     "Nothing: it is kept as text, and can serve as a covariate if it stands in samples.csv."),
    ("T151", ERROR, "`cells.h5ad` cannot be read.", "Write it anew with anndata."),
    ("T152", ERROR, "The single cells hold other than raw counts.",
     "Store whole numbers at least 0 in X: counts before any normalisation."),
    ("T153", ERROR, "Single cells do not say their sample.", "Add `sample_id` to `obs`."),
    ("T154", ERROR, "Single cells name a sample that samples.csv lacks.",
     "Correct `obs.sample_id`, or add the sample."),
    ("T155", NOTE, "A sample has no single cells.", "Nothing, if none were taken."),
    ("T201", WARNING, "A unit cannot be read.",
     "Write it as in `mg/L`, `10^9/L` or `µmol/L`; `relative` where the scale is a vendor's own."),
    ("T202", ERROR, "A unit is of another kind of quantity than the feature's.",
     "Correct the unit, or the canonical_id."),
    ("T203", NOTE, "Mass stands for amount, amount for mass, or the scale is relative.",
     "Nothing for ratios; amounts cannot be held against published ones."),
    ("T204", NOTE, "A unit is a multiple of the book's own.", "Nothing: ratios are the same."),
    ("T211", WARNING, "A value is outside what a living human shows.",
     "Look it up in the original; give it the status `excluded` if it is wrong."),
    ("T212", WARNING, "Most values of a feature are outside what living humans show.",
     "Look whether the unit is the one stated: a factor of 10 or 1,000 is the usual mistake."),
    ("T213", WARNING, "A value is about 10, 100 or 1,000 times the others of its person.",
     "Look it up: a point may have slipped."),
    ("T214", WARNING, "The middle value of a feature fits another unit than the one stated.",
     "Look which unit the laboratory reported, and correct `unit` in features.csv."),
    ("T221", WARNING, "A value with the status `ok` is below the stated limit of detection.",
     "Give it the status `below_detection` and the limit as value, or correct the limit."),
    ("T222", WARNING, "A value below detection is not the stated limit.",
     "Write the limit as the value, or correct the limit."),
    ("T223", WARNING, "Values are below detection and no limit is stated.",
     "State detection_limit in features.csv."),
    ("T225", WARNING, "Two features of a modality have one canonical_id.",
     "Keep the better one; claims are judged on one of them."),
    ("T226", NOTE, "A feature is described and never measured.", "Remove it, or nothing."),
    ("T227", NOTE, "A subject has no sample.", "Nothing, if it is so."),
    ("T228", NOTE, "A sample has no usable value.", "Nothing, if it is so."),
    ("T229", WARNING, "Two features have the same value in every sample.",
     "One is a copy under another name; remove it."),
    ("T231", WARNING, "A column may hold what identifies a person.",
     "Remove it: the book needs no names, dates of birth or addresses."),
    ("D300", NOTE, "Design or identity could not be looked at, as the tables are broken.",
     "Repair the errors and check again."),
    ("D301", WARNING, "The package does not say its design, so that no claim gets a verdict.",
     "Add `study` to datapackage.json: design, species, population, tissue."),
    ("D302", ERROR, "What the package says of its design is wrong.",
     "Use one of the designs listed, and fill in every field."),
    ("D303", WARNING, "The stated design compares arms, and the samples have a single arm.",
     "Correct `study.design`, or write in samples.csv who was in which arm."),
    ("D304", WARNING, "People's arms are not those of the stated design.",
     "Correct `study.design`, or the arms in samples.csv."),
    ("D305", WARNING, "The stated design has a control, and no contrast takes its change off.",
     "Name the control as `reference_arm`; without it a contrast is judged as before and after."),
    ("D311", NOTE, "A feature and contrasts were joined to claims.", "Nothing."),
    ("D312", NOTE, "A contrast is of a kind for which nothing measured meets a claim.",
     "Look at its kind; otherwise nothing."),
    ("D313", NOTE, "Features were joined to no claim.",
     "Nothing; fill in canonical_id where the book has a name for them."),
    ("D314", WARNING, "A feature without canonical_id bears a name that the book knows.",
     "Fill in canonical_id, and it can meet claims."),
    ("D315", WARNING, "A canonical_id is none of the book's.",
     "Correct it, or leave it empty; the feature is compared and meets no claim."),
    ("D316", WARNING, "This cohort can speak to no claim.",
     "Look at canonical_id in features.csv and kind in contrasts.csv."),
    ("D317", NOTE, "How many claims of each chapter this cohort can speak to.", "Nothing."),
    ("D318", NOTE, "Several features measure one canonical_id, and one of them decides claims.",
     "Nothing; take the canonical_id off the feature that shall not decide."),
    ("D381", WARNING, "Genes of another species were joined to human claims by their name alone.",
     "Add a table of orthologs: `exercisebook import orthologs FILE --into DIR`."),
    ("D382", WARNING, "A gene without a human ortholog of its own was joined to no claim.",
     "Add it to orthologs.csv if it has one; otherwise nothing."),
    ("D383", NOTE, "Genes of another species were joined by the package's table of orthologs.",
     "Nothing."),
    ("D384", WARNING, "A gene's canonical_id is not that of its ortholog.",
     "Correct canonical_id in features.csv, or the row in orthologs.csv."),
    ("D321", WARNING, "A person lacks a sample that a contrast needs.",
     "Nothing, if it was never taken; the person does not count in that contrast."),
    ("D322", ERROR, "A contrast cannot be computed from these samples.",
     "Correct the contrast, or bring people with samples on both sides."),
    ("D323", WARNING, "Fewer than four people stand behind a contrast.",
     "Read its numbers as a description of these people."),
    ("D331", WARNING, "Batch and contrast cannot be told apart.",
     "Nothing can repair it now; measure people's samples side by side the next time."),
    ("D332", WARNING, "Batch and contrast go together in part.",
     "Add batch as a covariate and compare the results."),
    ("D333", NOTE, "Batches are unknown.", "Fill in batch: plate, run or day of measuring."),
    ("D341", NOTE, "The phases came in the same order in everyone, without a control.",
     "Nothing can repair it now: order and season remain as explanations."),
    ("D342", NOTE, "Days are unknown, so that the order of phases cannot be looked at.",
     "Fill in day."),
    ("D343", WARNING, "Little time lies between the phases of a training contrast.",
     "Look at day, and at the kind of the contrast."),
    ("D344", WARNING, "A contrast runs backwards: its phase lies earlier than its reference.",
     "Exchange `phase` and `reference_phase`, or correct the days: a rise is told as a fall."),
    ("D351", WARNING, "Hours since the last bout are unknown in a training contrast.",
     "Fill in hours_since_bout: an effect of the last bout may pass for one of training."),
    ("D352", WARNING, "The last bout was less than a day before samples of a training contrast.",
     "Nothing can repair it now: the last bout may explain the difference."),
    ("D353", WARNING, "Hours since the bout are unknown in an acute contrast.",
     "Fill in hours_since_bout."),
    ("D354", WARNING, "Samples of an acute contrast were drawn more than a day after the bout.",
     "Look at the kind of the contrast: this is recovery."),
    ("D361", WARNING, "People were fasting in one phase and not in the other.",
     "Nothing can repair it now: a meal may explain the difference."),
    ("D362", NOTE, "Whether people were fasting is unknown.", "Fill in fasting."),
    ("D363", WARNING, "The phases were drawn at other hours of the day.",
     "Nothing can repair it now: the hour may explain the difference."),
    ("D371", NOTE, "The smallest p value that an exact test can reach here.", "Nothing."),
    ("D372", WARNING, "No exact test of so few people can reach .05.",
     "Read intervals, and nothing into p values."),
    ("D373", NOTE, "The smallest change that these people could show.", "Nothing."),
    ("I401", WARNING, "Two samples of one modality look exchanged.",
     "Look at the tubes and plate layout of that assay; exclude both if it cannot be settled."),
    ("I402", WARNING, "Two samples look exchanged in every modality that can tell.",
     "Look at the records of those visits, and exclude both samples if it cannot be settled."),
    ("I403", WARNING, "Two samples have exactly the same values.",
     "One is a copy; remove it, or give it its own values."),
    ("I404", WARNING, "Two samples are all but the same.",
     "Look whether one tube was measured twice."),
    ("I405", WARNING, "The samples of two phases of one person look exchanged.",
     "Look at the labels and the times of that person's samples; exclude both if it cannot be "
     "settled."),
    ("I411", NOTE, "Which share of exchanges this cohort would have shown.", "Nothing."),
    ("I412", NOTE, "Whose a sample is cannot be judged.", "Nothing."),
    ("I413", NOTE, "Which share of exchanged phases of one person would have shown.", "Nothing."),
)  # fmt: skip

CODES = {row[0]: Code(*row) for row in _TABLE}
"""Every code by its name."""
