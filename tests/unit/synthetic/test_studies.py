"""The literals of the generator beside the files they speak of: ids, polarity, recovery, the probe."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import fhirscreen.synthetic
from fhirscreen.criteria.studies import Kind
from fhirscreen.criteria.wire import load_study
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.synthetic.facets.probes import NODES
from fhirscreen.synthetic.truths import EXCLUSION, INCLUSION, NEOADJUVANT, OLIGOMETASTATIC, RECOVERABLE

MAPPINGS = Path(__file__).parents[3] / "mappings"
PROBE_FILE = Path(fhirscreen.synthetic.__file__).with_name("probe.yaml")


@pytest.mark.parametrize("number", [NEOADJUVANT, OLIGOMETASTATIC])
def test_criteria_are_those_of_the_study(number: str) -> None:
    study = load_study(MAPPINGS / "studies" / f"{number}.yaml")
    ids = {kind: {each.id for each in study.criteria if each.kind is kind} for kind in Kind}
    assert ids[Kind.INCLUSION] == set(INCLUSION[number])
    assert ids[Kind.EXCLUSION] == set(EXCLUSION[number])
    for criterion in study.criteria:
        assert criterion.recoverable == (criterion.id in RECOVERABLE)


def test_probe_is_a_study_and_its_nodes_are_named() -> None:
    study = load_study(PROBE_FILE)
    assert {each.id for each in study.criteria} == set(NODES)
    for written in yaml.safe_load(PROBE_FILE.read_text())["inclusion"]:
        assert NODES[written["id"]] in written


def test_demo_site_fits_the_mappings() -> None:
    site = load_site(MAPPINGS / "sites" / "demo.yaml")
    assert site.zone.key == "Europe/Berlin"
    assert load_catalogue(MAPPINGS).at(site) is not None
