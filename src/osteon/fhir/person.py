"""Who is the patient: date of birth, age on the day of assessment, sex?"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date

from osteon.case.finding import Finding
from osteon.case.possible import Interval
from osteon.case.read import years_between
from osteon.fhir.load import Loaded
from osteon.fhir.resources import Patient

BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
SEXES: Mapping[str, str] = {"F": "female", "M": "male", "female": "female", "male": "male"}


def person(loaded: Loaded, patient: Patient, as_of: date) -> dict[str, Finding]:
    """The findings of a Patient resource.

    A birth date without day or month leaves the age a range. Somebody born after the day of assessment has an age below
    0, so that a rule for adults says no.
    """
    found: dict[str, Finding] = {}
    first, last = birth_days(patient.birth_date)
    if first and last:
        youngest, oldest = years_between(last, as_of), years_between(first, as_of)
        value = oldest if oldest == youngest else None
        source = f"{loaded.name}: birthDate, on {as_of.isoformat()}"
        found["age_years"] = Finding("age_years", Interval(youngest, oldest), value, "derived", source)
        if first == last:
            day = Interval(first.toordinal(), first.toordinal())
            found["birth_date"] = Finding("birth_date", day, first, "stated", f"{loaded.name}: birthDate")
    if known := sex_of(patient):
        sex, element = known
        found["sex"] = Finding("sex", frozenset({sex}), sex, "stated", f"{loaded.name}: {element}")
    return found


def birth_days(text: str | None) -> tuple[date | None, date | None]:
    """The first and the last day that a birth date may mean.

    Examples
    --------
    >>> birth_days("2004-02")
    (datetime.date(2004, 2, 1), datetime.date(2004, 2, 29))
    """
    parts = (text or "").split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return date(numbers[0], 1, 1), date(numbers[0], 12, 31)
        if len(numbers) == 2:
            year, month = numbers
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        day = date(*numbers)
    except (ValueError, TypeError, OverflowError):  # no calendar knows it; IllegalMonthError is a ValueError
        return None, None
    return day, day


def sex_of(patient: Patient) -> tuple[str, str] | None:
    """The sex recorded at birth, or else the administrative one; with the element that says so."""
    for extension in patient.extension or ():
        if extension.url == BIRTH_SEX and (sex := SEXES.get(extension.value_code or "")):
            return sex, "us-core-birthsex"
    sex = SEXES.get(patient.gender or "")
    return (sex, "gender (administrative)") if sex else None
