"""From a case file (TOML, JSON or YAML) to a checked `Case`, or to the list of everything that is wrong with it."""

from __future__ import annotations

import math
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from osteon.case.case import IMPORTANCE, PREFERENCES, Case, Joint
from osteon.case.derive import derive
from osteon.case.finding import Finding, Findings
from osteon.case.locate import Place, lines_of
from osteon.case.parse import TOP_KEYS, kind_of, parse_file
from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import SITES, Definition, vocabulary
from osteon.errors import Fault, InputError

MAX_JOINTS = 40
MAX_TEXT = 500  # characters of a title or source
MAX_FAULTS = 100  # told at once; a file with more is not a case file with mistakes, but something else
VALUE_KEYS = ("value", "low", "high", "unit", "date", "source")


def read_case(
    source: str | Path | Mapping[str, Any], measured: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None
) -> Case:
    """One patient from a case file, or from the mapping such a file holds.

    Parameters
    ----------
    source
        Path of a `.toml`, `.json`, `.yaml` or `.yml` file of at most 1 MB in UTF-8; or a mapping with the same keys.
    measured
        What was measured on images: for each joint by name, each finding as it would stand in the file (value, low,
        high, unit, source). A finding that the file states stays as stated, and its source names the measured value.

    Raises
    ------
    InputError
        With every fault of the input: where it is, what came, what is accepted and what to do.

    Examples
    --------
    >>> case = read_case({"joint": [{"site": "femoral_head", "side": "left", "crescent_sign": True}]})
    >>> case.joints[0].findings["head_fracture_or_flattening"].value
    True
    """
    if isinstance(source, Mapping):
        return Checker("case", "").case(source, measured or {})
    path = Path(source)
    text, form, raw = parse_file(path)
    return Checker(path.name, text, form).case(raw, measured or {})


class Checker:
    """Checks one raw case and collects its faults; nothing is returned unless there are none."""

    def __init__(self, name: str, text: str, form: str = "") -> None:
        self.name, self.text, self.form = name, text, form
        self.faults: list[tuple[Place, Fault]] = []

    def fault(self, place: Place, message: str, where: str = "") -> None:
        """Notes one fault; where there are too many, they are told without reading on."""
        self.faults.append((place, Fault(where or spell(place), message)))
        if len(self.faults) == MAX_FAULTS:
            self.faults.append(((), Fault("", "There are more faults than these. Mend them and check again.")))
            raise self.error()

    def error(self) -> InputError:
        lines = lines_of(self.text, self.form, [place for place, _ in self.faults])
        faults = [replace(fault, line=line) for (_, fault), line in zip(self.faults, lines, strict=True)]
        return InputError(self.name, sorted(faults, key=lambda fault: fault.line or math.inf))

    def case(self, raw: Mapping[str, Any], measured: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Case:
        """The checked case; raises `InputError` with all faults."""
        self.keys(raw, TOP_KEYS, ())
        assessed_on = self.day(raw.get("assessed_on"), ("assessed_on",))
        patient = self.findings(self.table(raw.get("patient", {}), ("patient",)), "patient", ("patient",))
        self.age(patient, assessed_on)
        tables = self.joint_tables(raw.get("joint", []))
        stated = {number: self.findings(table, "joint", ("joint", number)) for number, table in tables}
        self.check_joint_names(stated)
        for name, findings in measured.items():
            self.add_measured(stated, name, findings)
        known_patient, contradictions = derive(patient)
        for fault in contradictions:
            self.fault(("patient",), fault.message, f"patient: {fault.where}")
        joints = list(self.joints(stated, {} if contradictions else patient))
        preferences = self.preferences(self.table(raw.get("preferences", {}), ("preferences",)))
        fictional = raw.get("fictional", False)
        if not isinstance(fictional, bool):
            self.fault(("fictional",), f"is {show(fictional)}; write true or false.")
        title, source = self.words(raw, "title", ()), self.words(raw, "source", ())
        if self.faults:
            raise self.error()
        return Case(Findings(known_patient), tuple(joints), title, assessed_on, fictional, source, preferences)

    # ------------------------------------------------------------------------------------------ the file's tables

    def keys(self, raw: Mapping[str, Any], legal: Sequence[str], place: Place) -> None:
        for key in raw:
            if key not in legal:
                self.fault((*place, str(key)), f"is not known here. {nearest(str(key), legal)}")

    def table(self, raw: Any, place: Place) -> Mapping[str, Any]:
        if isinstance(raw, Mapping):
            return raw
        self.fault(place, f"is {kind_of(raw)}; write a table of findings.")
        return {}

    def joint_tables(self, raw: Any) -> list[tuple[int, Mapping[str, Any]]]:
        if isinstance(raw, Mapping):
            raw = [raw]
        if not isinstance(raw, list):
            self.fault(("joint",), f"is {kind_of(raw)}; write one [[joint]] table for each joint.")
            return []
        if len(raw) > MAX_JOINTS:
            self.fault(("joint",), f"holds {len(raw)} joints; one case holds at most {MAX_JOINTS}.")
            return []
        tables = [(number, self.table(table, ("joint", number))) for number, table in enumerate(raw)]
        return [(number, table) for number, table in tables if isinstance(raw[number], Mapping)]

    def words(self, raw: Mapping[str, Any], key: str, place: Place) -> str:
        """A title or a source, with its white space made plain."""
        value = raw.get(key, "")
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            self.fault((*place, key), f"must be text of at most {MAX_TEXT} characters.")
            return ""
        plain = " ".join(value.split())
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in plain):
            self.fault((*place, key), "holds control characters. Take them out.")
        return plain

    def day(self, raw: Any, place: Place) -> date | None:
        if raw is None:
            return None
        if isinstance(raw, datetime):
            return raw.date()
        if isinstance(raw, date):
            return raw
        try:
            return date.fromisoformat(raw)
        except (TypeError, ValueError):
            self.fault(place, "is not a date. Write it as 2026-11-22.")
            return None

    def preferences(self, raw: Mapping[str, Any]) -> Mapping[str, str]:
        self.keys(raw, tuple(PREFERENCES), ("preferences",))
        for key, value in raw.items():
            if key in PREFERENCES and value not in IMPORTANCE:
                self.fault(("preferences", key), f"is {show(value)}; write {', '.join(IMPORTANCE)} (important).")
        return {key: raw[key] for key in PREFERENCES if key in raw}

    # --------------------------------------------------------------------------------------------------- findings

    def findings(self, raw: Mapping[str, Any], scope: str, place: Place) -> dict[str, Finding]:
        site = raw.get("site")
        site = site.get("value") if isinstance(site, Mapping) else site
        found = {}
        for name, value in raw.items():
            here = (*place, str(name))
            definition = vocabulary().get(name)
            if definition is None:
                self.fault(here, f"is not a finding. {nearest(str(name), list(vocabulary()))}")
            elif definition.scope != scope:
                home = "[patient]" if definition.scope == "patient" else "the [[joint]] it belongs to"
                self.fault(here, f"belongs in {home}. Move it there.")
            elif isinstance(site, str) and site in SITES and site not in definition.sites:
                self.fault(here, f"belongs to {', '.join(definition.sites)}; this joint is {site}. Leave it out.")
            elif value != "unknown" and (finding := self.finding(definition, value, here)):
                found[name] = finding
        return found

    def finding(self, definition: Definition, raw: Any, place: Place) -> Finding | None:
        """One stated finding; None (and a fault) when the value cannot be used, or when it is unknown."""
        entry = raw if isinstance(raw, Mapping) else {"value": raw}
        self.keys(entry, VALUE_KEYS, place)
        on = self.day(entry.get("date"), (*place, "date"))
        source = self.words(entry, "source", place) or "case file"
        value = entry.get("value")
        if value == "unknown":
            return None
        if definition.kind == "quantity":
            return self.quantity(definition, entry, place, source, on)
        if extra := [key for key in ("low", "high", "unit") if key in entry]:
            self.fault(place, f"has {', '.join(extra)}, which only a quantity has. Leave it out.")
        if definition.kind == "date":
            day = self.day("" if value is None else value, place)
            return (
                None
                if day is None
                else Finding(
                    definition.name, Interval(day.toordinal(), day.toordinal()), day, "stated", source, iso(on)
                )
            )
        if definition.kind == "items":
            return self.items(definition, value, place, source, on)
        if definition.kind == "yes_no" and value in ("yes", "no"):
            value = value == "yes"
        legal = definition.domain
        assert isinstance(legal, frozenset)
        if not isinstance(value, (bool, str)) or value not in legal:
            accepted = "true, false" if definition.kind == "yes_no" else ", ".join(definition.choices)
            self.fault(place, f"is {show(value)}; write {accepted}, or leave it out if it is not known.")
            return None
        return Finding(definition.name, frozenset({value}), value, "stated", source, iso(on))

    def items(self, definition: Definition, value: Any, place: Place, source: str, on: date | None) -> Finding | None:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(place, f'is {kind_of(value)}; write a list such as ["core_decompression_single"], or [].')
            return None
        for item in value:
            if item not in definition.choices:
                self.fault(place, f"holds {show(item)}. {nearest(item, list(definition.choices))}")
        items = tuple(sorted(set(value)))
        return Finding(definition.name, Items(frozenset(items)), items, "stated", source, iso(on))

    def quantity(
        self, definition: Definition, entry: Mapping[str, Any], place: Place, source: str, on: date | None
    ) -> Finding | None:
        numbers = {
            key: self.number(entry[key], definition, (*place, key)) for key in ("value", "low", "high") if key in entry
        }
        factor = self.factor(definition, entry.get("unit", definition.unit), place)
        if not numbers:
            self.fault(place, "has neither value nor low and high. Write the number, or leave the finding out.")
        elif ("low" in numbers) != ("high" in numbers):
            self.fault(place, "has only one end of its interval. Write both low and high.")
        elif factor is not None and None not in numbers.values():
            scaled = {key: converted(number, factor) for key, number in numbers.items() if number is not None}
            return self.in_range(definition, scaled, place, source, on)
        return None

    def number(self, raw: Any, definition: Definition, place: Place) -> float | None:
        if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not abs(raw) <= sys.float_info.max:
            unit = definition.unit
            where = place if place[-1] != "value" else place[:-1]
            self.fault(where, f'is {show(raw)}; write a number in {unit}, or {{ value = 1.5, unit = "{unit}" }}.')
            return None
        return float(raw)

    def factor(self, definition: Definition, unit: Any, place: Place) -> float | None:
        if unit == definition.unit:
            return 1.0
        if isinstance(unit, str) and unit in definition.also:
            return float(definition.also[unit])
        accepted = ", ".join(filter(None, (definition.unit, *definition.also)))
        self.fault((*place, "unit"), f"is {show(unit)}; {definition.name} is given in {accepted}.")
        return None

    def in_range(
        self, definition: Definition, numbers: Mapping[str, float], place: Place, source: str, on: date | None
    ) -> Finding | None:
        low = numbers.get("low", numbers.get("value", 0.0))
        high = numbers.get("high", numbers.get("value", 0.0))
        value = numbers.get("value")
        assert definition.low is not None and definition.high is not None
        legal = f"{definition.low:g} to {definition.high:g} {definition.unit}"
        if not (definition.low <= low and high <= definition.high):
            self.fault(
                place, f"is {', '.join(f'{n:g}' for n in numbers.values())}; it must be {legal}. Check value and unit."
            )
        elif not low <= (low if value is None else value) <= high:
            self.fault(place, "lies outside its own interval. Check value, low and high.")
        else:
            return Finding(definition.name, Interval(low, high), value, "stated", source, iso(on))
        return None

    def age(self, patient: dict[str, Finding], assessed_on: date | None) -> None:
        """Adds the age that follows from the date of birth, or faults where the two do not fit."""
        birth = patient.get("birth_date")
        if birth is None or assessed_on is None:
            return
        assert isinstance(birth.value, date)
        years = years_between(birth.value, assessed_on)
        if years < 0:
            self.fault(("patient", "birth_date"), "is after assessed_on. Correct one of the two.")
        elif (stated := patient.get("age_years")) is None:
            if years <= 120:
                patient["age_years"] = Finding(
                    "age_years", Interval(years, years), years, "derived", "date of birth and assessed_on"
                )
            else:
                self.fault(("patient", "birth_date"), "gives an age above 120 years. Check it.")
        elif stated.interval and not stated.interval[0] - 1 <= years <= stated.interval[1] + 1:
            self.fault(("patient", "age_years"), "does not fit birth_date and assessed_on. Correct one of them.")

    # ----------------------------------------------------------------------------------------------------- joints

    def check_joint_names(self, stated: Mapping[int, Mapping[str, Finding]]) -> None:
        seen: dict[str, int] = {}
        for number, findings in stated.items():
            if "site" not in findings and not any(place[:3] == ("joint", number, "site") for place, _ in self.faults):
                self.fault(("joint", number), f"has no site. Write site = one of {', '.join(SITES)}.")
                continue
            name = joint_name(findings)
            if name in seen:
                self.fault(
                    ("joint", number),
                    f"is {name} again, like joint {seen[name] + 1}. Merge the two, or state the side.",
                )
            seen[name] = number

    def add_measured(
        self, stated: Mapping[int, dict[str, Finding]], name: str, measured: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Adds what was measured to the joint it was measured on; what the case states stays as it is stated."""
        joints = [findings for findings in stated.values() if "site" in findings and joint_name(findings) == name]
        if not joints:
            names = ", ".join(joint_name(each) for each in stated.values() if "site" in each) or "none"
            message = f"the images show the {name}, which the case does not hold ({names}). Add the joint and its side."
            self.fault(("joint",), message)
        for joint in joints:
            for key, finding in self.findings(measured, "joint", ("images", name)).items():
                if key in joint:
                    both = f"{joint[key].source}; {finding.source}: {amount(finding)}"
                    joint[key] = replace(joint[key], source=both)
                else:
                    joint[key] = replace(finding, origin="measured")

    def joints(self, stated: Mapping[int, Mapping[str, Finding]], patient: Mapping[str, Finding]) -> Iterator[Joint]:
        """Each joint with everything that follows from its own findings, the patient's and the other joints'."""
        placed = {number: findings for number, findings in stated.items() if "site" in findings}
        for number, findings in placed.items():
            others = [other for i, other in placed.items() if i != number]
            known, contradictions = derive({**from_other_joints(findings, others), **patient, **findings})
            for fault in contradictions:
                where = f"joint {number + 1} ({joint_name(findings)}): {fault.where}"
                self.fault(("joint", number), fault.message, where)
            side = findings["side"].value if "side" in findings else None
            yield Joint(joint_name(findings), str(findings["site"].value), str(side) if side else None, Findings(known))


def from_other_joints(joint: Mapping[str, Finding], others: Sequence[Mapping[str, Finding]]) -> dict[str, Finding]:
    """What the other joints of the case say about this one: both sides, several sites, a shoulder for crutches.

    A joint that is listed counts only where its own findings show osteonecrosis.
    """
    found = {}

    def add(name: str, why: str) -> None:
        found[name] = Finding(name, frozenset({True}), True, "derived", why)

    affected = [other for other in others if shows_osteonecrosis(other)]
    for other in others:
        if value_of(other, "site") == value_of(joint, "site") and value_of(other, "side") != value_of(joint, "side"):
            if other in affected:
                add("bilateral", "the case shows the other side to be affected")
            if "mri_lesion" in other:
                add("other_side_imaged", "the case gives an MRI of the other side")
    if len({value_of(each, "site") for each in (joint, *affected)}) >= 3:
        add("multifocal", "the case shows three or more different sites to be affected")
    if any(value_of(other, "site") == "humeral_head" for other in affected):
        add("shoulder_affected", "the case shows a humeral head to be affected")
    return found


def shows_osteonecrosis(joint: Mapping[str, Finding]) -> bool:
    """Whether the findings of a joint, and what follows from them, confirm osteonecrosis."""
    known, _ = derive(joint)
    return value_of(known, "osteonecrosis_confirmed") is True


def value_of(findings: Mapping[str, Finding], name: str) -> Any:
    return findings[name].value if name in findings else None


def joint_name(findings: Mapping[str, Finding]) -> str:
    parts = (value_of(findings, "side"), value_of(findings, "bone") or value_of(findings, "site"))
    return " ".join(str(part) for part in parts if part)


def amount(finding: Finding) -> str:
    """The value of a finding with its interval and unit.

    Examples
    --------
    >>> amount(Finding("lesion_volume_ml", Interval(4.0, 6.0), 5.1))
    '5.1 mL (4 to 6)'
    """
    value = f"{finding.value:g} {finding.unit}" if isinstance(finding.value, float) else str(finding.value)
    return f"{value} ({finding.interval[0]:g} to {finding.interval[1]:g})" if finding.interval else value


def years_between(birth: date, day: date) -> float:
    """Age in years as completed months over twelve, so that it is a whole number on a birthday.

    Examples
    --------
    >>> years_between(date(2008, 11, 22), date(2026, 11, 22))
    18.0
    """
    return ((day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)) / 12


def converted(number: float, factor: float) -> float:
    """A number in the vocabulary's unit, to 12 digits, so that 1.1 m is 110 cm and not a little more.

    Examples
    --------
    >>> 1.1 * 100, converted(1.1, 100)
    (110.00000000000001, 110.0)
    """
    return number if factor == 1 else float(f"{number * factor:.12g}")


def spell(place: Place) -> str:
    """A place as a person names it: `joint 2, depression_mm`."""
    words: list[str] = []
    for part in place:
        if isinstance(part, int):
            words[-1] = f"{words[-1]} {part + 1}"
        else:
            words.append(part if len(part) <= 60 else part[:57] + "...")
    return ".".join(words)


def nearest(word: str, legal: Sequence[str]) -> str:
    """What the writer may have meant."""
    import difflib

    close = difflib.get_close_matches(word[:80], legal, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Use one of {', '.join(legal)}." if len(legal) <= 12 else "`osteon findings` lists all."


def show(raw: Any) -> str:
    """What came, short enough to print."""
    if isinstance(raw, (Mapping, list)) or raw is None:
        return kind_of(raw)
    if isinstance(raw, int) and abs(raw) > sys.float_info.max:
        return "a number beyond all bounds"
    word = str(raw).lower() if isinstance(raw, bool) else repr(raw) if isinstance(raw, str) else str(raw)
    return word if len(word) <= 40 else word[:37] + "..."


def iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
