"""What a record states in Osteon's own words gives the same findings in a cohort as in one patient's plan."""

from __future__ import annotations

import json
from datetime import date
from random import Random

import pytest

from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import SITES, vocabulary
from osteon.cohort import screen
from osteon.fhir import mapping, read_patients

from .conftest import dict_rows, python_answers

HIP, STAGE = "left femoral_head", "reported_arco_2019"
AS_OF = date(2026, 11, 1)
LOINC = {"egfr_ml_min_173m2": ("33914-3", "mL/min/{1.73_m2}"), "weight_kg": ("29463-7", "kg")}
NAMEABLE = [each for each in vocabulary() if each not in ("site", "side", "birth_date")]
JOINTS = [f"{side} {site}" for site in SITES[:3] for side in ("left", "right")] + list(SITES[:2])


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def random_value(rng, definition):
    """An answer to one question of the vocabulary, now and then one that says nothing."""
    if rng.random() < 0.05:
        return {"valueString": 'it\'s "odd" \\ ü'}
    if definition.kind == "quantity":
        number = round(rng.uniform(definition.low, definition.high), 1)
        sign = {"comparator": rng.choice(["<", ">=", "~"])} if rng.random() < 0.2 else {}
        return {"valueQuantity": {"value": number, "unit": definition.unit, **sign}}
    if definition.kind == "yes_no":
        return {"valueBoolean": rng.random() < 0.5}
    word = rng.choice(list(definition.choices))
    return rng.choice([{"valueCodeableConcept": coded("urn:x", word)}, {"valueString": word}])


def random_day(rng, used):
    """A moment of its own, now and then that of another statement of the record; some are too late to count."""
    if used and rng.random() < 0.2:
        return rng.choice(used)
    moment = (
        f"20{rng.randint(10, 27)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00-05:00"
    )
    used.append(moment)
    return moment


def observation(rng, finding, patient, used):
    definition = vocabulary()[finding]
    site = {"bodySite": coded("urn:osteon:joint", rng.choice(JOINTS))} if definition.scope == "joint" else {}
    return {
        "resourceType": "Observation",
        "id": f"o{rng.getrandbits(60)}",
        "status": rng.choice(["final", "final", "final", "amended", "preliminary"]),
        "subject": {"reference": f"Patient/{patient}"},
        "code": coded("urn:osteon:finding", finding),
        "effectiveDateTime": random_day(rng, used),
        **site,
        **random_value(rng, definition),
    }


def laboratory(rng, finding, patient, used):
    code, unit = LOINC[finding]
    value = {"value": rng.randint(20, 90), "unit": unit, "code": unit}
    about = {**observation(rng, finding, patient, used), "code": coded("http://loinc.org", code)}
    return {key: each for key, each in about.items() if not key.startswith("value")} | {"valueQuantity": value}


def diagnosis(rng, patient):
    code = rng.choice(["M87.051", "M87.052", "M87.022", "M87.05", "Z33.1", " M87051 "])
    return {
        "resourceType": "Condition",
        "id": f"c{rng.getrandbits(60)}",
        "subject": {"reference": f"Patient/{patient}"},
        "clinicalStatus": coded("urn:x", "active"),
        "code": coded("http://hl7.org/fhir/sid/icd-10-cm", code),
    }


def answered(rng, finding):
    value = random_value(rng, vocabulary()[finding])
    plain = value.pop("valueCodeableConcept", None)
    if "valueQuantity" in value:
        value = {"valueDecimal": value["valueQuantity"]["value"]}
    return {"linkId": finding, "answer": [{"valueCoding": plain["coding"][0]} if plain else value]}


def questionnaire(rng, patient, used):
    asked = rng.sample(NAMEABLE, 6)
    joint = [
        {"linkId": "site", "answer": [{"valueCoding": {"code": rng.choice(SITES[:3])}}]},
        {"linkId": "side", "answer": [{"valueCoding": {"code": rng.choice(["left", "right"])}}]},
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": f"q{rng.getrandbits(60)}",
        "status": rng.choice(["completed", "in-progress"]),
        "subject": {"reference": f"Patient/{patient}"},
        "authored": random_day(rng, used),
        "item": [
            {"linkId": "patient", "item": [answered(rng, each) for each in asked[:3]]},
            {"linkId": "joint", "item": joint + [answered(rng, each) for each in asked[3:]]},
        ],
    }


def record(rng, patient, stated):
    """The resources of one made-up patient."""
    used = []
    born = {"resourceType": "Patient", "id": patient, "birthDate": f"19{rng.randint(40, 99)}-05", "gender": "female"}
    return [
        born,
        *(diagnosis(rng, patient) for _ in range(rng.randint(0, 3))),
        *(observation(rng, rng.choice(stated), patient, used) for _ in range(rng.randint(1, 8))),
        *(laboratory(rng, rng.choice(list(LOINC)), patient, used) for _ in range(rng.randint(0, 2))),
        *(questionnaire(rng, patient, used) for _ in range(rng.randint(0, 1))),
    ]


def export(folder, resources):
    """Files of these resources, and of each other type one that says nothing, so that silence means no."""
    by_kind = {}
    whom = {"reference": "Patient/p0"}
    silent = [{"resourceType": kind, "id": "none", kinds.whom: whom} for kind, kinds in mapping().resources.items()]
    for each in [*resources, *silent]:
        by_kind.setdefault(each["resourceType"], []).append(json.dumps(each, ensure_ascii=False))
    for kind, lines in by_kind.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")
    return folder


def shown(possible, definition):
    """The columns of the results for one finding, as `osteon cohort screen` describes them."""
    if isinstance(possible, Interval) or definition.kind in ("quantity", "date"):
        return (None, None) if possible is None else (possible.low, possible.high)
    if definition.kind == "yes_no":
        return (True in possible if possible is not None and len(possible) == 1 else None,)
    values = possible.values if isinstance(possible, Items) else possible
    return (None if values is None else " or ".join(each for each in definition.choices if each in values),)


def read_alone(folder):
    """What the reader of bundles finds, keyed like the rows of the results: columns of findings, and rules."""
    for read in read_patients(folder, as_of=AS_OF):
        joints = [(j.site, j.side, j.findings) for j in read.case.joints] or [(None, None, read.case.patient)]
        for site, side, known in joints:
            rules = dict(python_answers(read.case, site, side))
            yield (read.patient, site, side), {each: finding.possible for each, finding in known.items()}, rules


def differing(folder, results):
    """Every cell of the results that is not as the reader of bundles has it."""
    rows, seen = dict_rows(results), set()
    for key, facts, rules in read_alone(folder):
        row = rows[key]
        seen.add(key)
        for finding, definition in vocabulary().items():
            ends = [f"{finding}_low", f"{finding}_high"] if definition.kind == "quantity" else [finding]
            if ends[0] in row and definition.kind != "date":
                told, wanted = tuple(row[end] for end in ends), shown(facts.get(finding), definition)
                if told != wanted:
                    yield key, finding, told, wanted
        yield from ((key, rule, row[rule], wanted) for rule, wanted in rules.items() if row[rule] != wanted)
    yield from ((key, "has no joint alone", None, None) for key in rows.keys() - seen)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Sixty records of random statements, beside coded diagnoses and laboratory values."""
    rng = Random(20261101)
    stated = [*NAMEABLE, *LOINC, *(each for each in vocabulary() if each.startswith("reported_"))]
    resources = [each for i in range(60) for each in record(rng, f"p{i}", stated)]
    return export(tmp_path_factory.mktemp("made up"), resources)


@pytest.mark.slow
def test_random_statements_give_what_the_reader_of_bundles_finds(made_up, tmp_path):
    done = screen(made_up, tmp_path / "r.parquet", as_of=AS_OF)

    assert done.contradictory > 0
    assert list(differing(made_up, done.results)) == []


def test_a_recorded_stage_arrives_and_two_at_one_instant_leave_open_which(tmp_path):
    def says(patient, number, finding, **value):
        about = {"resourceType": "Observation", "id": f"{patient}{number}", "status": "final"}
        where = {"subject": {"reference": f"Patient/{patient}"}, "bodySite": coded("urn:osteon:joint", HIP)}
        return {**about, **where, "code": coded("urn:osteon:finding", finding), **value}

    people = [{"resourceType": "Patient", "id": each, "birthDate": "1980"} for each in "ab"]
    stages = [says("a", 1, STAGE, valueString="II"), says("b", 1, STAGE, valueString="II")]
    unclear = [
        says("b", 2, STAGE, valueString="IV"),
        *(says("b", str(yes), "pain", valueBoolean=yes) for yes in (False, True)),
    ]
    folder = export(tmp_path, [*people, *stages, *unclear])

    done = screen(folder, tmp_path / "r.parquet", as_of=AS_OF, rules=["questions", "guidelines"], inferred=False)

    rows = dict_rows(done.results)
    assert [rows[each, "femoral_head", "left"][STAGE] for each in "ab"] == ["II", "II or IV"]
    assert rows["b", "femoral_head", "left"]["pain"] is None
    assert rows["a", "femoral_head", "left"]["questions/osteonecrosis_and_stage#stage"] is True
