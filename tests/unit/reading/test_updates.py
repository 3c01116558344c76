"""A changed record read again: the reader's criteria follow it, a person's stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirscreen.criteria.bounds import Bound, Bounds
from fhirscreen.criteria.nodes import Confirm, Measured
from fhirscreen.criteria.records import Record, RegisteredAge
from fhirscreen.criteria.studies import Criterion, Kind, Study
from fhirscreen.criteria.wire import format_yaml, parse_yaml, read_study, rewrite_yaml, write_study
from fhirscreen.exceptions import StudyError
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.reading import Reader, Update, What, find_cancer, make_study, update_study
from fhirscreen.reading.studies import is_edited

READER = Reader(load_catalogue())
TEXT = """Inclusion Criteria:

* Platelets ≥ 100 x 10^9/L
* Tumour no longer than a hand
* ECOG 0-1

Exclusion Criteria:

* Previous mental illness
* Active hepatitis B
"""
RECORD = Record(
    "NCT00000001",
    TEXT,
    "A trial",
    "phase-2",
    "RECRUITING",
    ("Esophageal Squamous Cell Carcinoma",),
    "A sponsor",
    minimum_age=RegisteredAge(18, "a"),
)
STUDY = make_study(RECORD, READER)
LENGTH = Measured("tumour-size", Bounds(high=Bound(10, "cm")))


def edited(study: Study, id: str, **changes: object) -> Study:
    """The study as a person left it."""
    assert study.criterion(id) is not None
    return replace(
        study,
        criteria=tuple(replace(c, **changes) if c.id == id else c for c in study.criteria),  # type: ignore[arg-type]
    )


def update(study: Study, text: str = TEXT, **changes: object) -> Update:
    return update_study(study, replace(RECORD, text=text, **changes), READER)  # type: ignore[arg-type]


def said(found: Update) -> dict[str, What]:
    return {change.where: change.what for change in found.changes}


def test_a_study_of_a_record() -> None:
    assert [(c.kind.value, c.id) for c in STUDY.criteria] == [
        ("inclusion", "age"),
        ("inclusion", "platelet-count"),
        ("inclusion", "tumour-no-longer-than"),
        ("inclusion", "ecog-performance-status"),
        ("exclusion", "psychiatric-disorder"),
        ("exclusion", "hepatitis-b-infection"),
    ]
    assert (STUDY.id, STUDY.status, STUDY.phase) == ("NCT00000001", "active", "phase-2")
    assert (
        STUDY.population.cancer == "oesophageal-cancer"
    )  # wider than its histology: members are found by site
    platelets = STUDY.criterion("platelet-count")
    assert platelets.source is not None
    assert platelets.read is not None
    assert TEXT[platelets.source.start : platelets.source.end] == platelets.source.text == platelets.says
    assert platelets.read.status == "computed"
    assert not any(is_edited(each) for each in STUDY.criteria)
    assert read_study(write_study(STUDY)) == STUDY


def test_an_implausible_bound_is_a_question_of_the_study_and_one_that_comes_later_too() -> None:
    slip = TEXT.replace("* ECOG 0-1", "* Haemoglobin ≥ 12 g/L")
    study = make_study(replace(RECORD, text=slip), READER)
    assert [each.id for each in study.questions] == ["haemoglobin-12-g-l"]
    assert "Haemoglobin ≥ 12 g/L" in study.questions[0].asks
    assert read_study(write_study(study)) == study
    assert update(STUDY, slip).study.questions == study.questions
    assert update(study, slip).study == study


def test_conditions_of_two_cancers_or_none_name_no_population() -> None:
    two = replace(RECORD, conditions=("Lung Cancer", "Breast Cancer"))
    assert make_study(two, READER).population.cancer is None
    assert make_study(replace(RECORD, conditions=("Snoring",)), READER).population.cancer is None


@pytest.mark.parametrize(
    ("inclusion", "population", "spoken_of"),
    [
        ("Metastatic breast cancer", "breast-cancer", "breast-cancer"),
        ("Documented non-small cell lung cancer, and ECOG 0-1", "lung-cancer", "lung-cancer"),
        ("Breast cancer or melanoma", None, None),  # either will do
        ("No prior breast cancer", None, None),
        ("Zorbic breast cancer of the third kind", None, "breast-cancer"),  # not understood as a whole
        ("Liver metastases", None, None),  # of which cancer?
        ("ECOG 0-1", None, None),
    ],
)
def test_a_text_asks_for_the_cancer_that_a_criterion_requires(
    inclusion: str, population: str | None, spoken_of: str | None
) -> None:
    text = f"Inclusion Criteria:\n* {inclusion}\n* Age 18 or older\n\nExclusion Criteria:\n* Gastric cancer\n"
    study = make_study(replace(RECORD, conditions=(), text=text), READER)
    assert study.population.cancer == population
    assert find_cancer(study.criteria, READER) == spoken_of


def test_the_same_record_changes_nothing() -> None:
    assert update(STUDY) == Update(STUDY, ())


def test_what_the_reader_wrote_follows_the_record() -> None:
    now = TEXT.replace("100 x", "90 x").replace("* Active hepatitis B\n", "* HIV infection\n")
    found = update(STUDY, now, status="COMPLETED")
    assert said(found) == {
        "status": What.REWORDED,
        "inclusion.platelet-count": What.REWORDED,
        "exclusion.hepatitis-b-infection": What.REMOVED,
        "exclusion.hiv-infection": What.ADDED,
    }
    study = found.study
    assert study.criterion("platelet-count").expression == Measured(
        "platelet-count", Bounds(low=Bound(90, "10*9/L"))
    )
    assert (study.status, study.version) == ("completed", "2")
    assert study.record == replace(RECORD, text=now, status="COMPLETED")
    assert [c.id for c in study.criteria][-2:] == ["psychiatric-disorder", "hiv-infection"]
    assert update(study, now, status="COMPLETED") == Update(study, ())


def test_a_line_that_only_moved_is_no_difference() -> None:
    moved = TEXT.replace("* ECOG 0-1\n", "").replace("* Platelets", "* ECOG 0-1\n* Platelets")
    found = update(STUDY, moved)
    assert found.changes == ()
    assert [c.id for c in found.study.criteria][1] == "ecog-performance-status"
    before, after = (each.criterion("ecog-performance-status") for each in (STUDY, found.study))
    assert (before.expression, before.source) != (after.expression, after.source)
    assert before.expression == after.expression


def test_a_persons_edit_stays_and_is_shown() -> None:
    ours = edited(STUDY, "tumour-no-longer-than", expression=LENGTH)
    found = update(ours, TEXT.replace("* ECOG", "* Albumin ≥ 30 g/L\n* ECOG"))
    kept = found.study.criterion("tumour-no-longer-than")
    assert kept.expression == LENGTH
    assert said(found) == {"inclusion.tumour-no-longer-than": What.KEPT, "inclusion.albumin": What.ADDED}
    (change, _) = found.changes
    assert change.base == change.theirs != change.ours
    assert kept.read is not None
    assert kept.read.warnings == ()


def test_where_both_changed_the_persons_stays_with_a_warning() -> None:
    ours = edited(STUDY, "tumour-no-longer-than", expression=LENGTH)
    found = update(ours, TEXT.replace("than a hand", "than an arm"))
    kept = found.study.criterion("tumour-no-longer-than")
    assert said(found) == {"inclusion.tumour-no-longer-than": What.CONFLICT}
    (change,) = found.changes
    assert (change.base or "").startswith("Tumour no longer than a hand")
    assert (change.ours or "").endswith("tumour size at most 10 cm")
    assert (change.theirs or "").startswith("Tumour no longer than an arm")
    assert kept.expression == LENGTH
    assert kept.source is not None
    assert kept.source.text == "Tumour no longer than an arm"
    assert kept.read is not None
    assert "a hand" in kept.read.warnings[-1]


def test_a_persons_edit_of_a_line_that_is_gone_stays_with_a_warning() -> None:
    ours = edited(STUDY, "tumour-no-longer-than", expression=LENGTH)
    found = update(ours, TEXT.replace("* Tumour no longer than a hand\n", ""))
    assert said(found) == {"inclusion.tumour-no-longer-than": What.CONFLICT}
    kept = found.study.criterion("tumour-no-longer-than")
    assert kept.read is not None
    assert "no longer" in kept.read.warnings[-1]


def test_a_persons_own_criterion_and_title_stay_in_their_place() -> None:
    own = Criterion("nearby", Kind.INCLUSION, "Lives nearby", Confirm("asked"))
    criteria = (*STUDY.criteria[:3], own, *STUDY.criteria[3:])
    ours = replace(STUDY, criteria=criteria, title="Our name for it")
    found = update(ours, TEXT.replace("100 x", "90 x"), title="A trial, renamed")
    assert found.study.title == "Our name for it"
    assert said(found)["title"] is What.CONFLICT
    assert [c.id for c in found.study.criteria][3] == "nearby"
    assert found.study.criterion("nearby") == own


def test_a_study_that_was_not_read_or_is_of_another_trial_is_refused() -> None:
    with pytest.raises(StudyError, match="keeps no record"):
        update(replace(STUDY, record=None))
    with pytest.raises(StudyError, match="the record is of NCT00000002"):
        update_study(STUDY, replace(RECORD, source="NCT00000002"), READER)


def test_a_file_keeps_comments_where_nothing_changed() -> None:
    text = format_yaml(write_study(STUDY))
    text = text.replace("- id: ecog", "# asked of the sponsor\n- id: ecog").replace(
        "  measured: {concept: platelet-count, at_least: 100 10*9/L}\n",
        "  # within a week\n  measured: {concept: platelet-count, at_least: 75 10*9/L}  # ours\n",
    )
    study = read_study(parse_yaml(text, ""))
    found = update(study, TEXT.replace("* Previous mental illness\n", ""))
    written = rewrite_yaml(text, write_study(found.study))
    assert read_study(parse_yaml(written, "")) == found.study
    assert "# asked of the sponsor\n- id: ecog" in written
    assert "  # within a week\n" in written
    assert "at_least: 75 10*9/L}  # ours" in written
    assert "psychiatric" not in written


@pytest.mark.parametrize(
    "text", ["{study: a, title: b}", "- a", "a: [", "", "study: a\nother:\n  - {id: x}\n"]
)
def test_a_document_of_another_shape_is_written_afresh(text: str) -> None:
    data = {"study": "b", "other": [{"id": "x", "says": "y"}, {"id": "z"}]}
    assert parse_yaml(rewrite_yaml(text, data), "") == data


def test_what_a_person_took_out_stays_out_until_the_record_changes_it() -> None:
    ours = replace(STUDY, criteria=tuple(c for c in STUDY.criteria if c.id != "psychiatric-disorder"))
    found = update(ours)
    assert said(found) == {"exclusion.psychiatric-disorder": What.LEFT_OUT}
    assert found.study == ours
    now = TEXT.replace("Previous mental illness", "Previous severe mental illness")
    found = update(ours, now)
    (change,) = found.changes
    assert (change.what, change.ours) == (What.CONFLICT, None)
    back = next(c for c in found.study.criteria if "mental illness" in c.says)
    assert back.read is not None
    assert "taken out" in back.read.warnings[-1]
