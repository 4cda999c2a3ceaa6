"""Conditions of rules as FHIRPath, to be asked of the Bundle that Osteon writes from a case file with one joint.

An empty result is "unknown", as FHIRPath's own logic of three values has it. A path never contradicts Osteon; it
answers less: what Osteon infers or calculates is not among the Observations, and a quantity that is a range, or a stage
that is not decided, is left unknown.
"""

from __future__ import annotations

from collections.abc import Iterable

from osteon.case.conditions import Condition
from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import vocabulary
from osteon.fhir.elements import own, uri

OBSERVATIONS = "Bundle.entry.resource.ofType(Observation)"


def fhirpath(condition: Condition) -> str:
    """One condition as a path that is true, false, or empty where the Bundle does not tell.

    Examples
    --------
    >>> from osteon.case.conditions import conditions
    >>> path = fhirpath(conditions({"depression_mm": {"above": 2}})[0])
    >>> path.removeprefix(found("depression_mm"))
    '.value.ofType(Quantity).value > 2'
    """
    accepted = condition.accepted
    if condition.known is not None:
        there = f"{found(condition.name)}.exists()"
        return f"iif({there}, {str(condition.known).lower()}, {{}})"
    if isinstance(accepted, Interval):
        return between(f"{found(condition.name)}.value.ofType(Quantity).value", accepted)
    if isinstance(accepted, Items):
        there = f"{found(condition.name)} | {observed(own('list'), condition.name)}"
        held = f"({there}).select(value | component.value).coding.code.intersect({words(accepted.values)}).exists()"
        return f"iif(({there}).exists(), {held}, {{}})"
    if condition.name in vocabulary() and vocabulary()[condition.name].kind == "yes_no":
        return f"{found(condition.name)}.value = {str(True in accepted).lower()}"
    path = f"{coded(condition.name)} in {words(accepted)}"
    return f"({path}).not()" if condition.negated else path


def observed(system: str, code: str) -> str:
    """The Observations with one code."""
    return f"{OBSERVATIONS}.where(code.coding.exists(system = '{system}' and code = '{code}'))"


def found(name: str) -> str:
    """The Observations of a finding."""
    return observed(uri("osteon"), name)


def coded(name: str) -> str:
    """The word of a choice or a stage."""
    kind, _, system = name.partition("stage.")
    place = found(name) if kind else observed(own("staging"), system)
    return f"{place}.value.coding.code"


def between(path: str, accepted: Interval) -> str:
    """The bounds as they were written: an end just beside a round number stands for that number, left out."""
    low, high = rounded(accepted.low), rounded(accepted.high)
    bounds = []
    if accepted.low > float("-inf"):
        bounds.append(f"{path} {'>=' if low == accepted.low else '>'} {low:.12g}")
    if accepted.high < float("inf"):
        bounds.append(f"{path} {'<=' if high == accepted.high else '<'} {high:.12g}")
    return " and ".join(bounds)


def rounded(end: float) -> float:
    return float(f"{end:.12g}")


def words(accepted: Iterable[object]) -> str:
    return f"({' | '.join(repr(str(word)) for word in sorted(map(str, accepted)))})"
