"""A question as someone types it: which studies answer it, or what is wrong with it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from osteon.errors import Fault, InputError
from osteon.evidence.comparisons import ANY, FAMILIES, Answers, Question, answers, family, names_of
from osteon.evidence.data import MEASURES, Counts, Means, Rates, Row, Single
from osteon.evidence.data_file import read_rows
from osteon.evidence.outcome_words import favours, outcome_words, side_words
from osteon.knowledge.studies import MODALITIES, Study, interventions

WORST_FIRST = ("high", "some_concerns", "low")
USUAL: Mapping[type, str] = {Counts: "RR", Means: "MD", Rates: "IRR", Single: "PR"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows to pool, by which measure, under which title; the names of both sides and the risk of bias per study.

    `favours` says whom an effect left and right of no effect favours; "" where nobody knows which is better.
    """

    title: str
    measure: str
    rows: tuple[Row, ...]
    sides: tuple[str, str] = ("Group 1", "Group 2")
    favours: tuple[str, str] = ("", "")
    risk_of_bias: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def asked_of_file(path: Path, measure: str) -> Asked:
    """The rows of a CSV file, by the measure asked for or the usual one of its kind of numbers.

    Raises
    ------
    InputError
        With every fault of the file; and where it holds effects of which only the user knows the measure.
    """
    rows = read_rows(path)
    usual = USUAL.get(type(rows[0]), "")
    if not (measure or usual):
        message = "is missing: a column yi may hold any of " + ", ".join(MEASURES) + ". Say which."
        raise InputError(path.name, [Fault("--measure", message)])
    return Asked(path.name, measure or usual, rows)


def asked_of_studies(
    of: Sequence[str], versus: Sequence[str], outcome: str, measure: str, studies: Mapping[str, Study]
) -> Asked:
    """The rows of Osteon's studies for one question; see `ask`."""
    found = ask(of, versus, outcome, measure, studies)
    first, second = side_words(of), side_words(found.question.versus)
    compared = f"{first} against {second}" if second else f"{first}, without a comparison"
    return Asked(
        title=f"{compared}: {outcome_words(outcome)}",
        measure=found.measure,
        rows=found.rows,
        sides=(first, second),
        favours=favours(found.question, found.measure) if second else ("", ""),
        risk_of_bias={study.id: worst_bias(study) for study in found.studies},
        left_out=tuple(f"{each.study} {each.because}" for each in found.left_out),
    )


def worst_bias(study: Study) -> str:
    """The worst judgement on any domain; "" where none was made.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> worst_bias(studies()["zhao-2012"])
    'high'
    """
    judged = {bias.judgement for bias in study.risk_of_bias}
    return next((word for word in WORST_FIRST if word in judged), "")


def ask(of: Sequence[str], versus: Sequence[str], outcome: str, measure: str, studies: Mapping[str, Study]) -> Answers:
    """The studies that answer a question, all faults of the question at once.

    Parameters
    ----------
    of, versus
        Modalities or ids of interventions. Without `versus`, whatever else a study compared it with; where no study
        compares it with anything, the series without a comparison.
    outcome
        As the studies name it.
    measure
        One of `MEASURES`; "" takes the first that suits the outcome.

    Raises
    ------
    InputError
        For names that do not exist, with those that do; and where no study can be used, with the reason for each.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> [row.study for row in ask(["bisphosphonate"], ["observation"], "tha-conversion", "", studies()).rows]
    ['lai-2005', 'chen-2009-arco', 'lee-2015']
    """
    faults = list(wrong_names(of, versus, outcome, measure, studies.values()))
    if faults:
        raise InputError("the question", faults)
    for question in possible(of, versus, outcome, measure):
        wanted = measure or FAMILIES[family(question, studies.values())][0]
        found = answers(question, wanted, studies.values())
        if found.rows:
            return usable(found)
    raise InputError("the question", list(nothing_found(found)))


def possible(of: Sequence[str], versus: Sequence[str], outcome: str, measure: str) -> Iterator[Question]:
    """The comparison that was asked for; without one, every comparison, then series without any."""
    if versus:
        yield Question(tuple(of), tuple(versus), outcome)
        return
    if measure != "PR":
        yield Question(tuple(of), (ANY,), outcome)
    if measure in ("", "PR"):
        yield Question(tuple(of), (), outcome)


def wrong_names(
    of: Sequence[str], versus: Sequence[str], outcome: str, measure: str, studies: Iterable[Study]
) -> Iterator[Fault]:
    known = {*MODALITIES, *interventions()}
    if not of:
        yield Fault("--modality", f"is missing. Use one of {', '.join(MODALITIES)}, or the id of an intervention.")
    for option, names in (("--modality", of), ("--versus", versus)):
        for name in names:
            if name not in known:
                yield Fault(option, f"is {name[:40]!r}; use one of {', '.join(MODALITIES)}, or an intervention's id.")
    reported = outcomes_of(of, studies)
    if outcome not in reported:
        came = f"is {outcome[:40]!r}" if outcome else "is missing"
        yield Fault("--outcome", f"{came}. Reported for it: {', '.join(sorted(reported)) or 'nothing'}.")
    if measure and measure not in MEASURES:
        yield Fault("--measure", f"is {measure[:40]!r}; use one of {', '.join(MEASURES)}.")


def outcomes_of(of: Sequence[str], studies: Iterable[Study]) -> set[str]:
    return {o.name for s in studies for arm in s.arm if {*of} & {*names_of(arm, "")} for o in arm.outcome}


def usable(found: Answers) -> Answers:
    if found.measure == "MD" and len(found.units) > 1:
        units = " and ".join(unit or "no unit" for unit in found.units)
        message = f"cannot be MD: the studies measure in {units}. Use SMD, which has no unit."
        raise InputError("the question", [Fault("--measure", message)])
    return found


def nothing_found(found: Answers) -> Iterator[Fault]:
    """Why no study answers: those that ask the question, each with what it lacks."""
    yield Fault("", f"no study has numbers for it that {found.measure} can use. Another measure or outcome may have.")
    for each in found.left_out:
        yield Fault(each.study, each.because)
