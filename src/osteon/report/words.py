"""Findings, values, verdicts and sources' positions in the words of the report."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from osteon.case.case import Joint
from osteon.case.finding import Finding
from osteon.case.possible import Interval, Items, Possible
from osteon.case.vocabulary import Definition, vocabulary
from osteon.knowledge.records import Knowledge
from osteon.knowledge.table import ConditionAnswer
from osteon.planning.plan import JointPlan
from osteon.staging import Staging

# A verdict is told by sign and word together, so that it never rests on colour.
VERDICT_SIGNS: Mapping[str, str] = {
    "fits": "✓",
    "consider": "○",
    "depends": "?",
    "no indication": "–",
    "avoid": "↓",
    "contraindicated": "✕",
}
VERDICT_MEANINGS: Mapping[str, str] = {
    "fits": "a source supports it in this situation",
    "consider": "sources are divided or weak, or it is tried",
    "depends": "a missing finding decides",
    "no indication": "nothing that was read supports it in this situation",
    "avoid": "sources say that it does not help, or is worse than the alternatives, in this situation",
    "contraindicated": "an absolute bar holds",
}
PATIENT_VERDICTS: Mapping[str, str] = {
    "fits": "A choice for you: sources support it in a situation like yours.",
    "consider": "A choice for you: sources are divided, or their support is weak.",
    "depends": "Not known yet: it depends on something that has not been found out.",
    "no indication": "Nothing that was read supports it in a situation like yours.",
    "avoid": "Sources advise against it in a situation like yours.",
    "contraindicated": "Barred for you at present.",
}
PATIENT_CERTAINTIES: Mapping[str, str] = {
    "very_low": "very unsure: the studies are few or weak",
    "low": "unsure: further studies may well change the answer",
    "moderate": "moderately sure: further studies may change the answer",
    "high": "sure: further studies are unlikely to change the answer",
}
BURDENS: Mapping[str, str] = {
    "none": "no medicine, no operation",
    "medicine": "medicine",
    "device": "treatment with a device, no cut",
    "percutaneous": "operation through small cuts",
    "open": "open operation",
    "replacement": "operation that replaces joint surfaces",
}
POSITION_SIGNS: Mapping[str, str] = {"for": "+", "consider": "±", "against": "−", "experimental": "◇"}
DIRECTIONS: Mapping[str, str] = {
    "favours": "in favour",
    "no_difference": "no difference",
    "against": "against",
    "single_arm": "no comparison",
    "contradicts": "contradicts others",
}
BASIS_NOTES: Mapping[str, str] = {
    "read": "",
    "restated": "as restated by the source named",
    "derived": "derived from the sources named",
}
CATEGORIES: Mapping[str, str] = {
    "imaging": "Imaging",
    "follow_up": "Follow-up",
    "other_side": "The other side",
    "other_joints": "Other joints",
    "causes": "Causes to look for",
    "prevention": "Prevention",
    "referral": "Referral",
}
OBTAINED: Mapping[str, str] = {"ct": "CT", "mri": "MRI", "judgement": "clinical judgement"}

# UCUM codes as a reader knows them; other units stand as they are.
UNITS: Mapping[str, str] = {
    "1": "",
    "a": "years",
    "mo": "months",
    "deg": "°",
    "{score}": "points",
    "{times_ULN}": "times the upper limit",
    "mm[Hg]": "mmHg",
    "kg/m2": "kg/m²",
    "g/wk": "g a week",
    "10*9/L": "× 10⁹/L",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}
UNIT_ENDINGS = re.compile(
    r"_(years|cm|kg_m2|kg|mg_dl|ml_min_173m2|ml_min|mmol_l|nmol_l|g_dl|g_l|g_per_week|mmhg|times_uln|10_9_l|percent"
    r"|deg|mm|ml|mg)$"
)
SPELLINGS: Mapping[str, str] = {
    "mri": "MRI", "ct": "CT", "t1": "T1", "bmi": "BMI", "egfr": "eGFR", "hiv": "HIV", "hba1c": "HbA1c", "tia": "TIA",
    "nyha": "(NYHA)", "nsaid": "NSAID", "co2": "CO₂", "icrs": "(ICRS)", "arco": "ARCO", "jic": "JIC", "cjfh": "CJFH",
    "kerboul": "Kerboul", "harris": "Harris", "hawkins": "Hawkins", "ficat": "Ficat", "steinberg": "Steinberg",
    "cruess": "Cruess", "lichtman": "Lichtman", "gaucher": "Gaucher", "hbot": "hyperbaric oxygen", "gi": "digestive",
    "bp": "blood pressure", "iv": "intravenous", "uln": "upper limit",
}  # fmt: skip
LABELS: Mapping[str, str] = {
    "aetiology": "cause",
    "alcohol_duration_months": "duration of heavy drinking",
    "alcohol_ethanol_g_per_week": "alcohol intake",
    "anterior_necrotic_angle_deg": "anterior necrotic angle",
    "can_sit_upright_30_min": "able to sit upright for 30 minutes",
    "head_fracture_or_flattening": "fracture or flattening of the head",
    "heart_failure_nyha": "heart failure (NYHA class)",
    "kerboul_coronal_deg": "Kerboul arc, mid-coronal",
    "kerboul_sagittal_deg": "Kerboul arc, mid-sagittal",
    "lesion_area_percent": "part of the slice affected",
    "lesion_beyond_acetabular_edge": "lesion beyond the edge of the socket",
    "lesion_fraction_percent": "part of the head or bone affected",
    "modified_kerboul_deg": "modified Kerboul angle",
    "mri_or_scan_positive": "MRI or bone scan positive",
    "pain_mm": "pain on the visual scale",
    "rotational_intact_ratio_percent": "intact ratio after a rotational osteotomy",
    "steroid_max_3_month_dose_mg": "largest steroid dose in three months",
    "subchondral_fracture_ct": "fracture under the joint surface on CT",
    "subchondral_fracture_mri": "fracture under the joint surface on MRI",
    "subchondral_fracture_radiograph": "fracture under the joint surface on the radiograph",
    "symptom_months": "time since the first symptom",
    "varus_intact_ratio_percent": "intact ratio after a varus osteotomy",
    "weight_bearing_fraction_percent": "part of the weight-bearing portion affected",
}
MONTHS = "January February March April May June July August September October November December".split()


def joint_anchor(number: int) -> str:
    """The place of a joint on a page, counted from 1."""
    return f"joint-{number}"


def joint_title(joint: Joint) -> str:
    """The joint as a heading.

    Examples
    --------
    >>> from osteon.case.finding import Findings
    >>> joint_title(Joint("right femoral_head", "femoral_head", "right", Findings()))
    'Right femoral head (hip)'
    """
    place = vocabulary()["site"].choices[joint.site]
    bone = joint.findings.get("bone")
    if bone is not None and isinstance(bone.value, str) and bone.value != "other":
        place = vocabulary()["bone"].choices[bone.value]
    return capital(f"{joint.side} {place}" if joint.side else place)


def label(name: str, knowledge: Knowledge) -> str:
    """What a finding is called on the page; a stage is called by its system's name."""
    if name.startswith("stage."):
        return knowledge.staging[name.removeprefix("stage.")].name
    return finding_label(name)


def finding_label(name: str) -> str:
    """A finding's name as words.

    Examples
    --------
    >>> finding_label("t1_band"), finding_label("egfr_ml_min_173m2")
    ('T1 band', 'eGFR')
    """
    if name in LABELS:
        return LABELS[name]
    bare = UNIT_ENDINGS.sub("", name) if vocabulary()[name].kind == "quantity" else name
    return " ".join(SPELLINGS.get(word, word) for word in bare.split("_"))


def obtained(name: str) -> str:
    """How a finding is obtained, as a heading word."""
    way = vocabulary()[name].obtained
    return capital(OBTAINED.get(way, way.replace("_", " ")))


def value_text(finding: Finding) -> str:
    """A finding's value with unit and interval.

    Examples
    --------
    >>> value_text(Finding("lesion_fraction_percent", Interval(18, 26), 22.0))
    '22 % (18 to 26)'
    """
    definition = vocabulary()[finding.name]
    if isinstance(finding.value, date):
        return finding.value.isoformat()
    if isinstance(finding.possible, Interval) and isinstance(finding.value, int | float):
        low, high = finding.possible.low, finding.possible.high
        value = with_unit(number(finding.value), definition)
        return value if low == high else f"{value} ({number(low)} to {number(high)})"
    return possible_text(finding.name, finding.possible)


def possible_text(name: str, possible: Possible | None, knowledge: Knowledge | None = None) -> str:
    """What a fact may be, in words.

    Examples
    --------
    >>> possible_text("crescent_sign", frozenset({True, False})), possible_text("crescent_sign", None)
    ('yes or no', 'not known')
    """
    if possible is None:
        return "not known"
    if isinstance(possible, Items):
        return ", ".join(sorted(item.replace("_", " ") for item in possible.values)) or "none"
    if isinstance(possible, frozenset):
        return choices_text(name, possible, knowledge)
    definition = vocabulary()[name]
    return range_text(possible, definition)


def range_text(interval: Interval, definition: Definition) -> str:
    """A range of a quantity, with open ends beside a border named as such.

    Examples
    --------
    >>> range_text(Interval(math.nextafter(2, 3), math.inf), vocabulary()["depression_mm"])
    'above 2 mm'
    """
    assert definition.low is not None and definition.high is not None
    if interval.low == interval.high:
        return with_unit(number(interval.low), definition)
    low = f"{'from' if clean(interval.low) else 'above'} {number(interval.low)}"
    high = f"{'up to' if clean(interval.high) else 'below'} {number(interval.high)}"
    if interval.high >= definition.high:
        return with_unit(low, definition) if interval.low > definition.low else "any value"
    if interval.low <= definition.low:
        return with_unit(high, definition)
    if clean(interval.low) and clean(interval.high):
        return with_unit(f"{number(interval.low)} to {number(interval.high)}", definition)
    return with_unit(f"{low} and {high}", definition)


def clean(end: float) -> bool:
    """Whether an end is itself inside, and not just beside a border (see `math.nextafter`)."""
    return float(f"{end:.12g}") == end or abs(float(f"{end:.12g}") - end) > abs(end) * 1e-13


def choices_text(name: str, possible: frozenset[bool | str], knowledge: Knowledge | None) -> str:
    if name.startswith("stage."):
        assert knowledge is not None
        order = (*knowledge.staging[name.removeprefix("stage.")].order, "none")
        return either([stage_word(stage) for stage in order if stage in possible])
    if possible <= {True, False}:
        return either([word for value, word in ((True, "yes"), (False, "no")) if value in possible])
    meanings = vocabulary()[name].choices
    return either([meaning for word, meaning in meanings.items() if word in possible])


def asked_text(answer: ConditionAnswer) -> str:
    """What a rule asks of a finding, without the finding's name.

    Examples
    --------
    >>> from osteon.case.answer import Answer
    >>> condition = ConditionAnswer("aetiology", "aetiology is not sickle_cell", None, Answer.UNKNOWN)
    >>> asked_text(condition)
    'not sickle cell disease'
    """
    if answer.finding.startswith("stage."):
        asked = answer.test.removeprefix("stage ").rpartition(" (")[0]
        return " ".join(stage_word(word) for word in asked.split(" "))
    definition = vocabulary()[answer.finding]
    asked = answer.test.removeprefix(f"{answer.finding} ").removeprefix("is ")
    if definition.kind == "quantity":
        return units(asked, definition)
    if definition.kind in ("choice", "items"):
        start = re.match(r"(not |includes )?(.*)", asked)
        assert start is not None
        named = [definition.choices.get(word, word.replace("_", " ")) for word in start[2].split(" or ")]
        return (start[1] or "") + either(named)
    return asked


def stage_word(stage: str) -> str:
    return "no stage" if stage == "none" else stage.replace("_", " ")


def staging_text(staging: Staging) -> str:
    """The stages that remain possible, in words."""
    return either([stage_word(stage) for stage in staging.possible])


def stage_line(plan: JointPlan, knowledge: Knowledge) -> str:
    """The stage in the joint's primary system."""
    for staging in plan.staging:
        system = knowledge.staging[staging.system]
        if system.primary:
            stages = "no stage applies" if staging.possible == ("none",) else f"{system.kind} {staging_text(staging)}"
            return f"{staging.name}: {stages}"
    return "No staging system for this bone was read."


def person_text(findings: Mapping[str, Finding]) -> str:
    """Age and sex, as far as known."""
    age, sex = findings.get("age_years"), findings.get("sex")
    parts = [value_text(age)] if age else []
    return ", ".join([*parts, value_text(sex)] if sex else parts)


def with_unit(text: str, definition: Definition) -> str:
    unit = unit_text(definition)
    return f"{text}{'' if unit == '°' else ' '}{unit}".strip()


def unit_text(definition: Definition) -> str:
    return UNITS.get(definition.unit or "1", definition.unit or "")


def units(text: str, definition: Definition) -> str:
    """A text that ends in a UCUM unit, with the unit as a reader knows it."""
    if definition.unit in (None, "1"):
        return text
    return with_unit(text.removesuffix(str(definition.unit)).strip(), definition)


def number(value: float) -> str:
    """A number with at most four figures before rounding starts, and no exponent.

    Examples
    --------
    >>> number(72.0786), number(4200.0), number(0.99548)
    ('72.08', '4200', '0.9955')
    """
    if not math.isfinite(value):
        return "no limit"
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shortened(text: str) -> str:
    """A text with its long decimals rounded.

    Examples
    --------
    >>> shortened("up to 33.3333 %")
    'up to 33.33 %'
    """
    return re.sub(r"\d+\.\d{3,}", lambda found: number(float(found[0])), text)


def note_text(basis: str, setting: str | None) -> str:
    """What a reader must know of a statement beside its source: that it is restated, derived or rests on a choice."""
    notes = [BASIS_NOTES[basis], "rests on a choice declared under Limits" if setting else ""]
    return "; ".join(note for note in notes if note)


def plain_names(text: str) -> str:
    """A sentence with the names of findings as words.

    Examples
    --------
    >>> plain_names("It follows, since crescent_sign is false.")
    'It follows, since crescent sign is false.'
    """
    known = vocabulary()
    return re.sub(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", lambda m: finding_label(m[0]) if m[0] in known else m[0], text)


def plain_stages(text: str, knowledge: Knowledge) -> str:
    """A sentence with the ids of staging systems, which stand in brackets after a stage, as their names."""
    known = knowledge.staging
    return re.sub(r"\(([a-z0-9_]+)\)", lambda m: f"({known[m[1]].name})" if m[1] in known else m[0], text)


def either(words: Sequence[str]) -> str:
    """Alternatives as a phrase.

    Examples
    --------
    >>> either(["I", "II", "IIIA"])
    'I, II or IIIA'
    """
    return joined(words, "or")


def joined(words: Sequence[str], conjunction: str = "and") -> str:
    """Words as a list in a sentence."""
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """Each word once, in the order of first appearance."""
    return tuple(dict.fromkeys(words))


def capital(text: str) -> str:
    """The text with a capital first letter; the rest stays."""
    return text[:1].upper() + text[1:]


def lower(text: str) -> str:
    """The text as it stands inside a sentence: the first letter small unless the word is a name."""
    second = text[1:2]
    return text if second.isupper() or second.isdigit() else text[:1].lower() + text[1:]


def day(when: date | None) -> str:
    """A date as the page prints it.

    Examples
    --------
    >>> day(date(2026, 11, 2))
    '2 November 2026'
    """
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}" if when else "not stated"
