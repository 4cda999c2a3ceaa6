"""One study as the TOML file that holds it, with its keys in the order in which the record lists them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from osteon.case.conditions import Condition
from osteon.case.possible import Interval, Items
from osteon.case.vocabulary import vocabulary
from osteon.knowledge import knowledge
from osteon.knowledge.studies import Study


def study_toml(study: Study) -> str:
    """The content of the study's file; reading it gives the same study again.

    Examples
    --------
    >>> from osteon.knowledge.studies import studies
    >>> print(study_toml(studies()["lai-2005"])[:15])
    id = "lai-2005"
    """
    table = filled_fields(study)
    blocks = {name: table.pop(name) for name in ("population", "risk_of_bias", "arm", "review") if name in table}
    lines = list(keys(table))
    for name, content in blocks.items():
        if isinstance(content, dict):
            lines += ["", f"[{name}]", *keys(content)]
        for part in content if isinstance(content, list) else ():
            inner = part.pop("outcome", [])
            lines += ["", f"[[{name}]]", *keys(part)]
            for outcome in inner:
                lines += ["", "[[arm.outcome]]", *keys(outcome)]
    return "\n".join([*lines, ""])


def filled_fields(record: Any) -> dict[str, Any]:
    """The fields of a record that say something, its parts as tables."""
    found = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "when":
            value = when_table(value)
        elif is_dataclass(value):
            value = filled_fields(value)
        elif isinstance(value, tuple):
            value = [filled_fields(item) if is_dataclass(item) else item for item in value]
        if value not in ("", None, [], {}) or field.name == "checked_by":
            found[field.name] = value
    return found


def keys(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"{name} = {toml_value(value)}"


def toml_value(value: Any) -> str:
    """One value as TOML writes it; a table stands in one line.

    Examples
    --------
    >>> toml_value({"site": "knee", "stage.koshino": ["1", "2"]})
    '{ site = "knee", stage.koshino = ["1", "2"] }'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return f"{{ {', '.join(keys(value))} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    return value.isoformat() if isinstance(value, date) else repr(value)


def when_table(when: tuple[Condition, ...]) -> dict[str, Any]:
    """Conditions as knowledge files write them, words in the order of the vocabulary."""
    return {condition.name: asked(condition) for condition in when}


def asked(condition: Condition) -> Any:
    """What stands after the equals sign of one condition."""
    accepted = condition.accepted
    if isinstance(accepted, Interval):
        return bounds(accepted)
    if isinstance(accepted, Items):
        return {"includes": sorted(accepted.values)}
    words = [word for word in legal_words(condition.name) if word in accepted]
    value = words[0] if len(words) == 1 else words
    return {"none_of": value} if condition.negated else value


def legal_words(name: str) -> tuple[bool | str, ...]:
    system = name.removeprefix("stage.")
    if system != name:
        return (*knowledge().staging[system].order, "none")
    return tuple(vocabulary()[name].choices) or (True, False)


def bounds(accepted: Interval) -> dict[str, float]:
    """The bounds of an interval; one that was moved by the smallest step stood outside the interval."""
    found = {}
    if math.isfinite(accepted.low):
        inside = float(f"{accepted.low:.15g}") == accepted.low
        found["at_least" if inside else "above"] = short(
            accepted.low if inside else math.nextafter(accepted.low, -math.inf)
        )
    if math.isfinite(accepted.high):
        inside = float(f"{accepted.high:.15g}") == accepted.high
        found["up_to" if inside else "below"] = short(
            accepted.high if inside else math.nextafter(accepted.high, math.inf)
        )
    return found


def short(value: float) -> float:
    return int(value) if value.is_integer() else value
