"""Studies that somebody else read, from a filled TOML or CSV template; or the list of everything that is wrong."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from osteon.case.parse import parse_toml
from osteon.errors import Fault, InputError
from osteon.evidence.citation_files import SUFFIXES as CITATION_SUFFIXES
from osteon.evidence.citation_files import read_citations
from osteon.evidence.study_csv import MAX_FAULTS, csv_tables, numbers_of
from osteon.evidence.study_template import study_template
from osteon.evidence.study_toml import study_toml
from osteon.knowledge.studies import (
    Outcome,
    Study,
    doubled_papers,
    file_stem,
    impossible,
    interventions,
    study_reader,
    wrong_in,
)
from osteon.whole_file import read_whole

MAX_CSV_BYTES = 20_000_000  # a table of every study read so far has a third of a megabyte
TEMPLATE = "`osteon evidence template` writes a template to start from."

MAX_TOML_BYTES = 1_000_000  # the largest study file has some 20 kB
MAX_MESSAGE = 600  # characters of one fault, which may repeat what stands in the file
REVIEW_AFTER = timedelta(days=730)  # as long as Osteon's own studies stand before they are looked at again


def import_studies(path: Path, known: Mapping[str, Study], today: date) -> tuple[Study, ...]:
    """The studies of one filled template.

    Parameters
    ----------
    path
        A `.toml` file that holds one study (at most 1 MB), or a `.csv` file with the columns of the flat table and, if
        wanted, `intervention` (at most 20 MB); UTF-8.
    known
        The studies that are there already, by id; a paper among them is refused.
    today
        The day of the import; it dates studies that do not say when they were reviewed.

    Raises
    ------
    InputError
        With every fault: its line and column, or table and key; what came, what is accepted, what to do.
    """
    form = path.suffix.lower()
    if form == ".toml":
        tables, faults = toml_tables(read_whole(path, MAX_TOML_BYTES, "study", TEMPLATE))
    elif form == ".csv":
        tables, faults = csv_tables(read_whole(path, MAX_CSV_BYTES, "table of studies", TEMPLATE), known)
    else:
        raise InputError(path.name, [Fault("", f"the name ends in {path.suffix or 'nothing'!r}; use .toml or .csv.")])
    made = [] if faults else [record(table, today, faults) for table in tables]
    studies = [study for study in made if study is not None]
    faults = [*doubled(tables, known), *faults] or list(wrong_together(studies, known))
    if faults:
        raise InputError(path.name, told(faults))
    return tuple(studies)


def told(faults: Sequence[Fault]) -> list[Fault]:
    """At most `MAX_FAULTS` faults, none of them endless."""
    more = [Fault("", "There are more faults than these. Mend them and try again.")]
    short = [replace(fault, message=fault.message[:MAX_MESSAGE]) for fault in faults[:MAX_FAULTS]]
    return short + more if len(faults) > MAX_FAULTS else short


def toml_tables(text: str) -> tuple[list[dict[str, Any]], list[Fault]]:
    try:
        return [dict(parse_toml(text))], []
    except (tomllib.TOMLDecodeError, ValueError) as wrong:
        return [], [Fault("", f"is not valid TOML: {wrong}.")]
    except RecursionError:
        return [], [Fault("", "is nested too deeply. Start again from the template.")]


def record(table: dict[str, Any], today: date, faults: list[Fault]) -> Study | None:
    """One study from its raw table; the numbers of each outcome are checked even where something else is wrong."""
    review = {"written_by": "", "checked_by": "", "reviewed_on": today, "next_review": today + REVIEW_AFTER}
    study: Study | None = study_reader("", faults).record(Study, {"review": review, **table}, "")
    for number, arm in enumerate(tables_in(table, "arm"), 1):
        for place, outcome in enumerate(tables_in(arm, "outcome"), 1):
            faults += [Fault(f"arm {number}.outcome {place}", why) for why in impossible(numbers_of(outcome))]
    return study


def tables_in(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = table.get(name)
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def doubled(tables: Iterable[Mapping[str, Any]], known: Mapping[str, Study]) -> Iterator[Fault]:
    """Studies of the import that are there already, by id, DOI or PubMed number."""
    new = dict.fromkeys([identity(table) for table in tables])
    for study in dict.fromkeys(study for study, _, _ in new if study in known):
        yield Fault(study, "is the id of a study that is there already. Another study needs another id.")
    there = [(study.id, study.doi, study.pmid) for study in known.values()]
    yield from (Fault(study[:60], why) for study, why in doubled_papers([*there, *new]))


def identity(table: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(table.get("id", "")), str(table.get("doi", "")), str(table.get("pmid", ""))


def wrong_together(studies: Iterable[Study], known: Mapping[str, Study]) -> Iterator[Fault]:
    """What is wrong in studies that are in order by themselves: names of interventions and of other studies."""
    studies = tuple(studies)
    everything = {*known, *(study.id for study in studies)}
    for study in studies:
        yield from (Fault(f"{study.id} {place}".strip(), why) for place, why in wrong_in(study, interventions()))
        for other in sorted(set(study.same_patients_as) - everything):
            yield Fault(study.id, f"same_patients_as: no study is called {other!r}.")


def remarks(studies: Iterable[Study], known: Mapping[str, Study]) -> tuple[str, ...]:
    """What is allowed in imported studies but limits their use: a mean without spread, a new name for an outcome."""
    names = {outcome.name for study in known.values() for arm in study.arm for outcome in arm.outcome}
    found = [
        f"{study.id}, {arm.label}, {outcome.name}: {why}"
        for study in studies
        for arm in study.arm
        for outcome in arm.outcome
        for why in remarks_on(outcome, names)
    ]
    return tuple(dict.fromkeys(found))


def remarks_on(outcome: Outcome, names: Iterable[str]) -> Iterator[str]:
    if outcome.type == "continuous" and outcome.mean is not None and outcome.sd is None:
        yield "a mean without its standard deviation cannot be pooled."
    if outcome.events is not None and outcome.total is None:
        yield "events without their total cannot be pooled."
    if outcome.name not in names:
        close = difflib.get_close_matches(outcome.name[:60], sorted(names), 1)
        yield f"no other study has this outcome{f'; is it {close[0]}?' if close else '.'}"


@dataclass(frozen=True, slots=True)
class Imported:
    """The files that an import writes, by name, and what is to be known of them."""

    files: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def imported(path: Path, known: Mapping[str, Study], today: date) -> Imported:
    """The files that an import writes: a template for each citation, or the record of each filled template.

    Raises
    ------
    InputError
        When the file cannot be used; with every fault of it.
    """
    if path.suffix.lower() in CITATION_SUFFIXES:
        citations = read_citations(path)
        return Imported({f"{file_stem(citation.id)}.toml": study_template(citation) for citation in citations})
    studies = import_studies(path, known, today)
    return Imported({f"{file_stem(study.id)}.toml": study_toml(study) for study in studies}, remarks(studies, known))
