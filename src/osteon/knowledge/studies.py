"""Which studies have been read, and what did each print? One TOML file a paper under `studies/`, read when asked for.

A paper reports groups of patients (arms), and of each arm outcomes with the place where they stand. What all rows of a
paper share stands once, at the paper; an arm or an outcome says only where it differs. `NOT_PRINTED` takes back what
stands above: the same paper's numbers were partly read in another paper's table, which prints less of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.conditions import Condition
from osteon.case.toml_files import parsed
from osteon.case.vocabulary import SITES
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge.load import Reader, knowledge
from osteon.knowledge.records import Review

Text = str  # never empty
NOT_PRINTED = "not printed"
DESIGNS = (
    "rct",
    "prospective-comparative",
    "retrospective-comparative",
    "case-series",
    "registry",
    "systematic-review",
)
MODALITIES = (
    "observation weight-bearing-restriction bisphosphonate iloprost statin eswt hbot core-decompression bone-graft "
    "muscle-pedicle-graft vascularised-fibula osteotomy tantalum msc bmac resurfacing hemiarthroplasty tha arthrodesis "
    "resection-arthroplasty"
).split()
ROLES = ("intervention", "comparator")
OUTCOME_TYPES = ("binary", "continuous", "survival", "hazard-ratio")
LEGAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Study", "design"): DESIGNS,
    ("Study", "site_id"): (*SITES, "mixed"),
    ("Study", "region"): ("asia", "europe", "north_america", "other"),
    ("Study", "blinding"): ("double", "assessor", "none"),
    ("Study", "collapse"): ("before", "after", "both"),
    ("Arm", "modality"): tuple(MODALITIES),
    ("Arm", "role"): ROLES,
    ("Arm", "site_id"): (*SITES, "mixed"),
    ("Outcome", "type"): OUTCOME_TYPES,
    ("Bias", "judgement"): ("low", "some_concerns", "high"),
    ("Intervention", "modality"): tuple(MODALITIES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Whom a study or an arm describes, in the paper's own words; `joints` counts hips, knees, shoulders, ...

    Where there are several arms, `patients` and `joints` stand at each arm.
    """

    stage_system: str = ""
    stage_range: str = ""
    lesion: str = ""
    cause: str = ""
    patients: int | None = None
    joints: int | None = None
    mean_age_years: float | None = None
    followup_months: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One printed result of one arm.

    `events` of `total` are counts; `mean` is a mean, or a percentage where `unit` begins with %, as for survival;
    `ci_low` and `ci_high` belong to `effect`, or to `mean` where there is no effect. `p` stands as printed.
    `timepoint_months` is None at last follow-up. `subset` says which part of the arm, or which further endpoint, a row
    is about; such rows are never pooled. `doi`, `pmid` and `url` stand where they differ from the study's.
    """

    name: Text
    type: str
    where: Text
    events: int | None = None
    total: int | None = None
    mean: float | None = None
    sd: float | None = None
    unit: str = ""
    timepoint_months: float | None = None
    measure: str = ""
    effect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: str = ""
    note: str = ""
    subset: str = ""
    doi: str = ""
    pmid: str = ""
    url: str = ""
    population: Population | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One group of patients and its treatment; site, `when` and population stand where they differ from the study's.

    `when` adds to the study's conditions, and replaces the one that asks for the same finding.
    """

    label: Text
    modality: str
    intervention: Text
    role: str
    comparator_of: str = ""
    site: str = ""
    site_id: str = ""
    when: tuple[Condition, ...] = ()
    population: Population | None = None
    outcome: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """One domain of the risk of bias, judged: what was read, where, by whom and when."""

    domain: Text
    judgement: str
    because: Text
    where: Text
    by: Text
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One paper with everything that was read in it.

    `site` stands as printed and `site_id` is Osteon's word for it; `when` says in Osteon's findings whom it included,
    as far as that is printed. `collapse` says whether the joints had collapsed at entry, and `indirect` why the study
    does not speak for osteonecrosis alone; both are "" where there is nothing to say.
    """

    id: Text
    citation: Text
    year: int | None = None
    design: str
    doi: str = ""
    pmid: str = ""
    url: str = ""
    country: str = ""
    region: str = ""
    site: Text
    site_id: str
    collapse: str = ""
    blinding: str = ""
    indirect: str = ""
    same_patients_as: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    population: Population = Population()
    risk_of_bias: tuple[Bias, ...] = ()
    arm: tuple[Arm, ...]
    review: Review

    def when_of(self, arm: Arm) -> tuple[Condition, ...]:
        """Whom one arm included, in Osteon's findings."""
        asked = {condition.name for condition in arm.when}
        return (*(condition for condition in self.when if condition.name not in asked), *arm.when)

    def population_of(self, arm: Arm, outcome: Outcome | None = None) -> Population:
        """Whom one arm, or one result of it, describes, with what it shares with the study filled in.

        Examples
        --------
        >>> lai = studies()["lai-2005"]
        >>> lai.population_of(lai.arm[0]).joints, lai.population.joints
        (29, None)
        """
        found = self.population
        for differing in (arm.population, outcome.population if outcome else None):
            if differing is not None:
                found = replace(found, **stated(differing))
        blank: dict[str, Any] = {name: "" for name, value in stated(found).items() if value == NOT_PRINTED}
        return replace(found, **blank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """What an arm received, told more finely than its modality, and the Osteon treatments it stands for.

    `joins` is the intervention it may be counted with where a network of comparisons would fall apart without it.
    """

    id: Text
    name: Text
    modality: str
    treatments: tuple[str, ...] = ()
    joins: str = ""
    note: str = ""


PARTS: Mapping[str, type] = {cls.__name__: cls for cls in (Population, Outcome, Arm, Bias, Review)}


def stated(population: Population) -> dict[str, Any]:
    """The fields that say something."""
    values = {field.name: getattr(population, field.name) for field in fields(population)}
    return {name: value for name, value in values.items() if value not in (None, "")}


@cache
def studies() -> Mapping[str, Study]:
    """Every study that was read, by id, in the order of ids.

    Raises
    ------
    KnowledgeError
        With every fault of every file.

    Examples
    --------
    >>> collapse = studies()["lai-2005"].arm[0].outcome[0]
    >>> collapse.name, collapse.events, collapse.total, collapse.where
    ('collapse', 2, 29, 'abstract')
    """
    contents = {f"studies/{path.name}": path.read_bytes() for path in sorted(study_files())}
    return read_studies(parsed(contents), interventions())


@cache
def interventions() -> Mapping[str, Intervention]:
    """Every intervention an arm may name, by id.

    Raises
    ------
    KnowledgeError
        With every fault of `interventions.toml`.
    """
    name = "interventions.toml"
    return read_interventions(parsed({name: interventions_file().read_bytes()})[name], knowledge().treatments)


def read_interventions(raw: Mapping[str, Any], treatments: Container[str]) -> Mapping[str, Intervention]:
    """Interventions by id from their raw tables; raises `KnowledgeError` with every fault."""
    faults: list[Fault] = []
    reader = Reader("interventions.toml", {}, faults)
    entries = {key: {"id": key, **entry} if isinstance(entry, dict) else entry for key, entry in raw.items()}
    read = [reader.record(Intervention, entry, f"[{key}]") for key, entry in entries.items()]
    found = {record.id: record for record in read if record is not None}
    for record in found.values():
        for treatment in record.treatments:
            if treatment not in treatments:
                reader.fault(f"[{record.id}]", f"no treatment is called {treatment!r}.")
        if record.joins and record.joins not in found:
            reader.fault(f"[{record.id}]", f"joins: no intervention is called {record.joins!r}.")
    if faults:
        raise KnowledgeError(faults)
    return found


def study_files() -> Iterator[Path]:
    return Path(__file__).with_name("studies").glob("*.toml")


def interventions_file() -> Path:
    return Path(__file__).with_name("interventions.toml")


def read_studies(raw: Mapping[str, Any], known: Mapping[str, Intervention]) -> Mapping[str, Study]:
    """Studies by id from raw TOML tables by file name; raises `KnowledgeError` with every fault of every file."""
    faults: list[Fault] = []
    found: dict[str, Study] = {}
    files = {}
    for file, table in raw.items():
        reader = study_reader(file, faults)
        study = reader.record(Study, table, "")
        if study is None:
            continue
        files[study.id] = file
        if file != f"studies/{file_stem(study.id)}.toml":
            reader.fault("id", f"is {study.id!r}, which belongs into {file_stem(study.id)}.toml.")
        found[study.id] = study
    for study in found.values():
        faults += [Fault(f"{files[study.id]} {place}".strip(), why) for place, why in wrong_in(study, known)]
        for other in sorted(set(study.same_patients_as) - found.keys()):
            faults.append(Fault(files[study.id], f"same_patients_as: no study is called {other!r}."))
    papers = [(study.id, study.doi, study.pmid) for study in found.values()]
    faults += [Fault(files[study], message) for study, message in doubled_papers(papers)]
    if faults:
        raise KnowledgeError(faults)
    return dict(sorted(found.items()))


def study_reader(file: str, faults: list[Fault]) -> Reader:
    """A reader whose conditions may ask for every stage Osteon knows."""
    return Reader(file, {system.id: system.order for system in knowledge().staging.values()}, faults)


def file_stem(study_id: str) -> str:
    return study_id.replace("-", "_")


def wrong_in(study: Study, known: Mapping[str, Intervention]) -> Iterator[tuple[str, str]]:
    """What cannot be in one study, by place: an unknown intervention, the same arm twice, impossible numbers."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", study.id):
        yield "id", f"is {study.id[:60]!r}; use small letters and digits with hyphens between them, as in lai-2005."
    if not study.arm:
        yield "arm", "is missing. A study has one arm or more."
    labels = [arm.label for arm in study.arm]
    for twice in sorted({label for label in labels if labels.count(label) > 1}):
        yield "arm", f"two arms are called {twice!r}. Tell them apart."
    for arm in study.arm:
        place = f"arm {arm.label!r}"
        intervention = known.get(arm.intervention)
        if intervention is None:
            yield place, f"intervention {arm.intervention!r} is not in interventions.toml."
        elif intervention.modality != arm.modality:
            yield place, f"{arm.intervention} is of modality {intervention.modality}, but the arm of {arm.modality}."
        if not arm.outcome:
            yield place, "has no outcome. Add one, or take the arm out."
        for outcome in arm.outcome:
            for message in impossible(outcome):
                yield f"{place} outcome {outcome.name}", message


def impossible(outcome: Outcome) -> Iterator[str]:
    """What no paper can mean: counts below 0, more events than patients, a negative spread, an interval upside down."""
    for name in ("events", "total", "sd", "timepoint_months"):
        value = getattr(outcome, name)
        if value is not None and value < 0:
            yield f"{name} is {value}, but is 0 or more. Correct it, or leave it out if it is not printed."
    if outcome.events is not None and outcome.total is not None and outcome.events > outcome.total:
        yield f"events is {outcome.events} of a total of {outcome.total}. Check whether the two were swapped."
    if outcome.ci_low is not None and outcome.ci_high is not None and outcome.ci_low > outcome.ci_high:
        yield f"ci_low is {outcome.ci_low}, above ci_high, {outcome.ci_high}. Check whether the two were swapped."
    if outcome.effect is not None and not outcome.measure:
        yield f"effect is {outcome.effect} without a measure. Say what it is: HR, RR, OR, MD, ..."


def doubled_papers(papers: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Among id, DOI and PubMed number of several studies: which share an address with an earlier one, and why not."""
    seen: dict[str, str] = {}
    for study, doi, pmid in papers:
        for address in filter(None, (doi.lower().removeprefix("https://doi.org/"), pmid)):
            if address in seen and seen[address] != study:
                yield study, f"{address} stands in {seen[address]} too; a paper stands once."
            seen.setdefault(address, study)
