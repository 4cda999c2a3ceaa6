"""What stands in a case file, before anything is checked? TOML, JSON or YAML as plain tables, or a clear refusal."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from osteon.errors import Fault, InputError
from osteon.whole_file import read_whole

MAX_BYTES = 1_000_000  # a full case file is about 20 kB
MAX_DEPTH = 20  # levels of nesting; a case file has four, and the readers take ever longer for more
MAX_DOTS = 500  # in one line of TOML: keys of very many parts take a time that grows with their square
FORMATS = {".toml": "TOML", ".json": "JSON", ".yaml": "YAML", ".yml": "YAML"}
TOP_KEYS = ("title", "source", "fictional", "assessed_on", "patient", "joint", "preferences")


def parse_file(path: Path) -> tuple[str, str, Mapping[str, Any]]:
    """Text, form (TOML, JSON or YAML) and raw content of a case file.

    Raises
    ------
    InputError
        When the file cannot be read, is too large, or is not what its name says.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise InputError(
            path.name, [Fault("", f"the name ends in {path.suffix or 'nothing'!r}; use {', '.join(FORMATS)}.")]
        )
    text = read_whole(path, MAX_BYTES, "case file", "`osteon new hip` writes a template to start from.")
    return text, form, parse(text, form, path.name)


def parse(text: str, form: str, name: str) -> Mapping[str, Any]:
    """The raw content of a case file; raises `InputError` with the line when it is not what its name says."""
    parsers: Mapping[str, Callable[[str], Any]] = {"TOML": parse_toml, "JSON": parse_json, "YAML": parse_yaml}
    try:
        content = parsers[form](text)
    except RecursionError:
        raise InputError(name, [Fault("", "is nested too deeply. A case file has four levels.")]) from None
    except tomllib.TOMLDecodeError as wrong:
        raise InputError(name, [Fault("", f"is not valid TOML: {wrong}.")]) from None
    except json.JSONDecodeError as wrong:
        raise InputError(name, [Fault("", f"is not valid JSON: {wrong.msg}.", wrong.lineno)]) from None
    except ValueError as wrong:
        raise InputError(name, [Fault("", f"is not valid {form}: {wrong}")]) from None
    if not isinstance(content, Mapping):
        raise InputError(name, [Fault("", f"holds {kind_of(content)}; a case file has {', '.join(TOP_KEYS)}.")])
    return content


def parse_toml(text: str) -> Any:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise ValueError(f"line {number} holds more than {MAX_DOTS} dots.")
    return tomllib.loads(text)


def parse_json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(key for key, _ in pairs)
        if twice := [key for key, count in counts.items() if count > 1]:
            raise ValueError(f"the key {twice[0][:60]!r} stands twice.")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def parse_yaml(text: str) -> Any:
    """YAML 1.2 core schema: `no` and `12:30` stay text. Anchors, aliases, tags and directives are refused."""
    from ruamel.yaml import YAML, error, tokens

    loader = YAML(typ="safe", pure=True)
    refused = (tokens.AliasToken, tokens.AnchorToken, tokens.TagToken, tokens.DirectiveToken)
    opening = (
        tokens.BlockMappingStartToken,
        tokens.BlockSequenceStartToken,
        tokens.FlowMappingStartToken,
        tokens.FlowSequenceStartToken,
    )
    closing = (tokens.BlockEndToken, tokens.FlowMappingEndToken, tokens.FlowSequenceEndToken)
    depth = 0
    try:
        for token in loader.scan(text):
            if isinstance(token, refused):
                place = token.start_mark.line + 1
                raise ValueError(f"line {place} uses an anchor, alias, tag or directive. Write the value itself.")
            depth += isinstance(token, opening) - isinstance(token, closing)
            if depth > MAX_DEPTH:
                raise RecursionError
        return loader.load(text)
    except error.MarkedYAMLError as wrong:
        line = f"line {wrong.problem_mark.line + 1}: " if wrong.problem_mark else ""
        raise ValueError(f"{line}{wrong.problem or wrong.context}.") from None
    except error.YAMLError:
        raise ValueError("it holds characters that YAML does not allow.") from None


def kind_of(raw: Any) -> str:
    names = {dict: "a table", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(raw), "a number" if isinstance(raw, (int, float)) else f"a {type(raw).__name__}")
