"""What became of joints that nobody treated? One record a paper, under `natural_history/`, read and checked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.conditions import Condition
from osteon.case.toml_files import parsed
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge.load import Reader, knowledge
from osteon.knowledge.records import Review, Setting, Source, Statement

EVENTS = ("collapse", "pain", "surgery", "replacement", "progression", "revision")
USES = ("baseline", "check")
TIMED = ("kaplan_meier", "fixed", "minimum", "mean", "not_stated")
LEGAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Endpoint", "event"): EVENTS,
    ("Endpoint", "timed"): TIMED,
    ("Cohort", "use"): USES,
}
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How often one event came, and by when.

    `curve` holds months and percent with the event by then; where a paper only counts, `events` of `total` by
    `months`. `timed` says what the months are: read off a Kaplan-Meier curve, a fixed time after entry, or the
    minimum or mean follow-up. `percent_low` and `percent_high` are the printed 95 % interval of the last point.
    """

    event: str
    where: str
    timed: str
    curve: Curve = ()
    events: int | None = None
    total: int | None = None
    months: float | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    basis: str = "read"
    setting: str | None = None
    note: str = ""

    @property
    def points(self) -> Curve:
        """Months and percent with the event by then; () where no time or no count is known."""
        if self.curve or self.events is None or self.total is None or self.months is None:
            return self.curve
        return ((self.months, 100 * self.events / self.total),)


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of a cohort for which results were given: what its joints have in common, and what became of them.

    `joints` is the number that was followed; None where it is not known.
    """

    id: str
    name: str
    endpoint: tuple[Endpoint, ...]
    when: tuple[Condition, ...] = ()
    joints: int | None = None
    basis: str = "read"
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """One series of joints.

    `when` holds for every joint of it; it says nothing about a joint in which a condition of `unless` holds.
    `treatment` is what the joints had. `use` is baseline, or check: kept out of every forecast, to compare it with.
    """

    id: str
    name: str
    source: tuple[str, ...]
    design: str
    treatment: str
    use: str
    when: tuple[Condition, ...]
    review: Review
    unless: tuple[Condition, ...] = ()
    country: str = ""
    joints: int | None = None
    patients: int | None = None
    stratum: tuple[Stratum, ...] = ()
    factor: tuple[Statement, ...] = ()
    note: tuple[Statement, ...] = ()
    setting: tuple[Setting, ...] = ()


PARTS: Mapping[str, type] = {cls.__name__: cls for cls in (Endpoint, Stratum, Statement, Setting, Review)}


@cache
def cohorts() -> Mapping[str, Cohort]:
    """Every cohort by id, in the order of their ids.

    Raises
    ------
    KnowledgeError
        With every fault of every file.

    Examples
    --------
    >>> [stratum.id for stratum in cohorts()["kuroda_2019"].stratum]
    ['type_a', 'type_b', 'type_c1', 'type_c2']
    """
    folder = Path(__file__).with_name("natural_history")
    known = knowledge()
    stages = {system.id: system.order for system in known.staging.values()}
    raw = parsed({path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))})
    return read_cohorts(raw, stages, known.sources)


def read_cohorts(
    raw: Mapping[str, Any], stages: Mapping[str, tuple[str, ...]], sources: Mapping[str, Source]
) -> Mapping[str, Cohort]:
    """The cohorts from TOML tables by file name; raises `KnowledgeError` with every fault."""
    faults: list[Fault] = []
    found: dict[str, Cohort] = {}
    for file, table in raw.items():
        reader = Reader(f"natural_history/{file}", stages, faults)
        cohort: Cohort | None = reader.record(Cohort, table, "")
        if cohort is not None:
            faults += [Fault(reader.file, message) for message in wrong_in(cohort, file, sources)]
            found[cohort.id] = cohort
    if faults:
        raise KnowledgeError(faults)
    return found


def wrong_in(cohort: Cohort, file: str, sources: Mapping[str, Source]) -> Iterator[str]:
    """What no single field shows: names that do not exist, curves that fall, counts above their total."""
    if f"{cohort.id}.toml" != file:
        yield f"id is {cohort.id!r}, but the file is called {file}."
    settings = {setting.id for setting in cohort.setting}
    for place, part in every_part(cohort):
        for key in getattr(part, "source", ()):
            if key not in sources:
                yield f"{place}source {key!r} is not in sources/."
        setting = getattr(part, "setting", None)
        if isinstance(setting, str) and setting not in settings:
            yield f"{place}setting {setting!r} is not among its [[setting]]s."
    for stratum in cohort.stratum:
        for endpoint in stratum.endpoint:
            yield from (f"stratum {stratum.id} {endpoint.event}: {wrong}" for wrong in wrong_numbers(endpoint))


def every_part(cohort: Cohort) -> Iterator[tuple[str, Any]]:
    """The cohort and every table inside it, to any depth, with its place and a colon."""
    yield "", cohort
    for number, statement in enumerate((*cohort.factor, *cohort.note), 1):
        yield f"factor or note {number}: ", statement
    for stratum in cohort.stratum:
        yield f"stratum {stratum.id}: ", stratum
        yield from ((f"stratum {stratum.id} {endpoint.event}: ", endpoint) for endpoint in stratum.endpoint)


def wrong_numbers(endpoint: Endpoint) -> Iterator[str]:
    """What is impossible in the figures of one endpoint."""
    months = [point[0] for point in endpoint.points]
    percents = [point[1] for point in endpoint.points]
    if months != sorted(set(months)) or percents != sorted(percents):
        yield "months must rise and percents must not fall."
    if any(month <= 0 for month in months) or any(not 0 <= percent <= 100 for percent in percents):
        yield "months must be above 0 and percents within 0 to 100."
    if endpoint.curve and endpoint.events is not None:
        yield "takes a curve, or events and total, not both."
