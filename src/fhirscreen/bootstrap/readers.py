"""Readers of eligibility text, made from settings. Slow to import, for few need one."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.bootstrap.parts import find_mappings
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.reading import Reader
from fhirscreen.reading.lookups import Lookup
from fhirscreen.reading.lookups.icd_10_cm import shipped_icd_10_cm
from fhirscreen.settings.settings import Settings


def make_reader(settings: Settings, lookups: Sequence[Lookup] = ()) -> tuple[Reader, Catalogue]:
    """The reader of eligibility text, and the mappings whose names and units it knows; it asks no server.

    What no concept names is looked up in the ICD-10-CM that is shipped, and in `lookups`.
    """
    catalogue = load_catalogue(find_mappings(settings))
    return reader_of(catalogue, lookups), catalogue


def reader_of(catalogue: Catalogue, lookups: Sequence[Lookup] = ()) -> Reader:
    """As `make_reader`, of mappings that are there already."""
    return Reader(catalogue, [shipped_icd_10_cm(), *lookups])
