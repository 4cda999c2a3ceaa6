"""How is it told what a record says, and what in it says nothing?"""

from __future__ import annotations

from collections import Counter

from osteon.errors import printable
from osteon.fhir.read import FhirRead


def record_card(read: FhirRead) -> str:
    """What was read from a record, as lines of text: findings with their resources, what is open, what was ignored.

    Examples
    --------
    >>> from datetime import date
    >>> from osteon.fhir import read_bundle
    >>> born = {"resourceType": "Patient", "id": "p", "birthDate": "1980-05-01"}
    >>> visit = {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/p"}}
    >>> print(record_card(read_bundle([born, visit], as_of=date(2020, 5, 1))))
    Read for 2020-05-01
      age_years 40: Patient/p: birthDate, on 2020-05-01
      birth_date 1980-05-01: Patient/p: birthDate
    Ignored
      1: it has no code that answers a finding (Encounter/e)
    """
    lines = [f"Read for {read.as_of.isoformat()}"]
    for name, finding in read.findings.items():
        lines.append(f"  {name} {shown(finding.value, finding.interval)}: {finding.source}")
    lines += [f"  {joint.name}: {', '.join(joint.findings) or 'no more is known'}" for joint in read.joints]
    if read.undecided:
        lines += ["Left open", *(f"  {name}: {sources}" for name, sources in read.undecided.items())]
    if read.ignored:
        counts = Counter(each.why for each in read.ignored)
        first = {each.why: each.what for each in reversed(read.ignored)}
        lines += [
            "Ignored",
            *(f"  {count}: {why} ({example(first[why], count)})" for why, count in counts.most_common()),
        ]
    return "\n".join(printable(line) for line in lines)


def shown(value: object, interval: tuple[float, float] | None) -> str:
    if value is None and interval:
        return f"{interval[0]:g} to {interval[1]:g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def example(name: str, count: int) -> str:
    return name if count == 1 else f"such as {name}"
