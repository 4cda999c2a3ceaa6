"""One record of the knowledge as Markdown, for the terminal and the manual: a treatment reads like a drug monograph."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from osteon.case.conditions import Condition
from osteon.errors import Fault, InputError
from osteon.knowledge.load import parts
from osteon.knowledge.records import (
    Advice,
    Guideline,
    Knowledge,
    Review,
    Setting,
    Source,
    StagingSystem,
    Statement,
    Treatment,
    Trial,
)

RULE_HEADS = {
    "fits": "When it fits",
    "consider": "When to consider it",
    "avoid": "When to avoid it",
    "contraindicated": "When it must not be used",
    "caution": "With care",
}


def show(knowledge: Knowledge, kind: str, name: str) -> str:
    """One record as Markdown, with the sources it cites.

    Parameters
    ----------
    kind
        One of `KINDS`: treatment, staging, guideline, trial, advice or source.
    name
        The id of the record.

    Raises
    ------
    InputError
        When there is no such kind or no such record; names those that there are.

    Examples
    --------
    >>> from osteon.knowledge import knowledge
    >>> show(knowledge(), "staging", "arco_2019").splitlines()[0]
    '# ARCO 2019 (revised)'
    """
    if kind not in KINDS:
        raise InputError("show", [Fault(kind[:60], f"is not a kind of record. Use {', '.join(KINDS)}.")])
    folder, lines = KINDS[kind]
    records = getattr(knowledge, folder)
    if name not in records:
        raise InputError("show", [Fault(name[:60], f"is not a {kind}. There are {', '.join(records)}.")])
    record = records[name]
    return "\n".join([*lines(record), *cited(record, knowledge)]) + "\n"


def fitted(markdown: str, width: int) -> str:
    """Markdown with its lines broken to fit a terminal."""
    lines: list[str] = []
    for line in markdown.splitlines():
        lines += textwrap.wrap(line, width, subsequent_indent="  " if line.startswith("- ") else "") or [""]
    return "\n".join(lines) + "\n"


def treatment(record: Treatment) -> Iterator[str]:
    yield from head(record.name, record.kind, record.sites)
    certainty = f"{record.certainty.replace('_', ' ')}. {record.certainty_because}{cite(record.certainty_source)}"
    yield from paragraphs(
        ("What for", record.purpose),
        ("How it works", record.mechanism),
        ("Not for", record.not_for),
        ("Certainty of benefit", certainty),
        ("What it leaves possible", record.leaves_possible),
    )
    yield from statements("Regimens and techniques", record.variant)
    for verdict, title in RULE_HEADS.items():
        rows = [rule for rule in record.rule if rule.verdict == verdict]
        yield from section(
            title, (f"{r.because} *{asked(r.when)}*{cite(r.source, r.where, r.basis, r.setting)}" for r in rows)
        )
    yield from statements("Evidence", record.evidence)
    yield from statements("Harms", record.harm)
    yield from statements("Monitoring", record.monitoring)
    yield from statements("Recovery", record.recovery)
    yield from notes(record.note, record.setting)
    text = record.patient
    yield from ["", "## For the patient", ""]
    yield from paragraphs(
        ("What it is", text.what_it_is),
        ("How it may help", text.how_it_may_help),
        ("What can go wrong", text.what_can_go_wrong),
        ("Recovery", text.recovery),
        ("Afterwards", text.afterwards),
    )
    yield from reviewed(record.review)


def system(record: StagingSystem) -> Iterator[str]:
    yield from head(record.name, record.kind, record.sites)
    yield from paragraphs(("What for", record.purpose), ("Not for", record.not_for))
    stages = [
        f"**{row.id}** {row.because} *{asked(row.when)}*"
        f"{cite(row.source or record.source, row.where, row.basis, row.setting)}"
        for row in record.stage
    ]
    stages += [f"**no stage** {gap.because} *{asked(gap.when)}*" for gap in record.gap]
    stages += [f"**{' and '.join(each.stages)}** may hold together. {each.because}" for each in record.overlap]
    yield from section("Stages", stages)
    yield from notes(record.note, record.setting)
    yield from reviewed(record.review)


def guideline(record: Guideline) -> Iterator[str]:
    yield from head(record.name, record.kind, record.sites)
    known = {"Region": record.region, "Year": record.year and str(record.year), "What was read": record.read}
    yield from paragraphs(*((name, value) for name, value in known.items() if value))
    positions = (
        f"**{p.position}** ({p.strength}): {', '.join(p.treatments).replace('_', ' ')}. {p.because} "
        f"*{asked(p.when)}*{cite(p.source, p.where, p.basis, p.setting)}"
        for p in record.position
    )
    yield from section("Positions", positions)
    yield from notes(record.note, record.setting)
    yield from reviewed(record.review)


def trial(record: Trial) -> Iterator[str]:
    yield from head(f"{record.registry}: {record.name}", "trial", record.sites)
    whole = "as printed" if record.list_complete else "incomplete: the copy that was read ends inside the list"
    yield from paragraphs(
        ("Status when read", f"{record.status} ({record.status_seen}). Ask the registry before acting: {record.url}"),
        ("List of entry rules", whole),
    )
    yield from section("Entry rules", (f"**{c.kind}** {c.text} *{asked(c.when)}*" for c in record.criterion))
    yield from notes(record.note, record.setting)
    yield from reviewed(record.review)


def advice(record: Advice) -> Iterator[str]:
    yield from head(record.name, record.category, record.sites)
    rows = (
        f"{r.advice} {r.because} *{asked(r.when)}* (for the {r.per}; strength: {r.strength})"
        f"{cite(r.source, r.where, r.basis, r.setting)}"
        for r in record.rule
    )
    yield from section("Advice", rows)
    yield from notes(record.note, record.setting)
    yield from reviewed(record.review)


def source(record: Source) -> Iterator[str]:
    yield f"# {record.key}"
    yield ""
    yield reference(record)
    if record.note:
        yield from ["", record.note]


KINDS: Mapping[str, tuple[str, Callable[[Any], Iterator[str]]]] = {
    "treatment": ("treatments", treatment),
    "staging": ("staging", system),
    "guideline": ("guidelines", guideline),
    "trial": ("trials", trial),
    "advice": ("advice", advice),
    "source": ("sources", source),
}


def head(name: str, kind: str, sites: Sequence[str]) -> Iterator[str]:
    yield f"# {name}"
    yield ""
    yield f"{kind.replace('_', ' ')}; {', '.join(sites).replace('_', ' ')}"
    yield ""


def paragraphs(*items: tuple[str, str]) -> Iterator[str]:
    """Short named paragraphs, one blank line between them."""
    for number, (name, words) in enumerate(items):
        if number:
            yield ""
        yield f"**{name}.** {words}"


def section(title: str, items: Iterable[str]) -> Iterator[str]:
    """A heading and a list; nothing where the list is empty."""
    for number, item in enumerate(items):
        if number == 0:
            yield from ["", f"## {title}", ""]
        yield f"- {item}"


def statements(title: str, items: Iterable[Statement]) -> Iterator[str]:
    yield from section(title, (f"{opening(i)}{i.text}{cite(i.source, i.where, i.basis, i.setting)}" for i in items))


def opening(item: Statement) -> str:
    """What stands before a statement: the name of a variant, or that a harm is serious."""
    if item.name:
        return f"{item.name}: "
    return "**Serious.** " if item.serious else ""


def notes(items: Sequence[Statement], settings: Sequence[Setting]) -> Iterator[str]:
    yield from statements("Notes", items)
    yield from section(
        "Settings: choices that sources do not settle", (f"`{s.id}` {s.text}{cite(s.source)}" for s in settings)
    )


def asked(when: Sequence[Condition]) -> str:
    """A row's conditions in words."""
    return " and ".join(condition.text for condition in when) or "always"


def cite(keys: Sequence[str], where: str = "", basis: str = "read", setting: str | None = None) -> str:
    if not keys:
        return ""
    rest = [where, "" if basis == "read" else basis, f"setting {setting}" if setting else ""]
    return f" ({'; '.join(filter(None, [', '.join(keys), *rest]))})"


def reviewed(review: Review) -> Iterator[str]:
    checked = f"checked by {review.checked_by}" if review.checked_by else "not yet checked by a second person"
    yield ""
    yield f"Written by {review.written_by}, {checked}; reviewed {review.reviewed_on}, due again {review.next_review}."


def cited(record: Any, knowledge: Knowledge) -> Iterator[str]:
    """The citations of every source a record names, once each."""
    keys: dict[str, None] = {}
    for _, part in parts(record):
        keys.update(dict.fromkeys((*getattr(part, "source", ()), *getattr(part, "certainty_source", ()))))
    yield from section("Sources", (f"`{key}` {reference(knowledge.sources[key])}" for key in keys))


def reference(record: Source) -> str:
    place = record.link or f"cited in {record.via}"
    return f"{record.citation.rstrip('.')}. {place} (read: {record.read})"
