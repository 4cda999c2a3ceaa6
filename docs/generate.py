"""Writes the pages of the manual that follow from data: findings, knowledge, evidence, review claims, commands.

`python docs/generate.py` writes them, `--check` only says which are out of date (exit code 1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import typer.main

from osteon.case.conditions import Condition
from osteon.case.derive import implications
from osteon.case.formulas import FORMULAS
from osteon.case.template import accepted
from osteon.case.vocabulary import Definition, by_group, vocabulary
from osteon.cli import app
from osteon.evidence.coverage import coverage
from osteon.evidence.outcome_words import modality_words
from osteon.evidence.result import Result
from osteon.knowledge import Knowledge, knowledge
from osteon.knowledge.meta_analyses import meta_analyses
from osteon.knowledge.studies import studies
from osteon.report.evidence.comparison import Asked
from osteon.report.evidence.modality import coverage_words
from osteon.report.evidence.outcome import main_result
from osteon.report.evidence.pages import compared_pairs
from osteon.report.evidence.published import published_lines
from osteon.report.evidence.words import comparison_title, effect_words, outcome_title, value_words
from osteon.report.plan_json import plan_schema
from osteon.report.show import KINDS, show
from osteon.report.words import capital

REFERENCE = Path(__file__).parent / "reference"
GENERATED = "<!-- Written by docs/generate.py from the data; changes here are lost. -->\n\n"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    known = knowledge()
    found = {
        REFERENCE / "findings.md": findings_page(known),
        REFERENCE / "implications.md": implications_page(),
        REFERENCE / "review-2025.md": claims_page(known),
        REFERENCE / "settings.md": settings_page(known),
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "plan-json.md": plan_json_page(),
        REFERENCE / "evidence.md": evidence_page(),
        REFERENCE / "published-meta-analyses.md": published_page(),
    }
    for kind, (folder, _) in KINDS.items():
        records = getattr(known, folder)
        if kind == "source":
            lines = [f"- `{key}` {show(known, kind, key).splitlines()[2]}" for key in sorted(records)]
            found[REFERENCE / "sources.md"] = "\n".join(["# Sources", "", *lines, ""])
        else:
            for name in records:
                found[REFERENCE / folder / f"{name}.md"] = show(known, kind, name)
            links = [f"- [{record.name}]({name}.md)" for name, record in records.items()]
            found[REFERENCE / folder / "index.md"] = "\n".join([f"# {folder.capitalize()}", "", *links, ""])
    return {path: GENERATED + text for path, text in found.items()}


def findings_page(known: Knowledge) -> str:
    readers = read_by(known)
    lines = [
        "# Findings",
        "",
        f"The {len(vocabulary())} facts a case file may hold. A finding that is left out is unknown, which is never "
        "no. Yes-no findings take true or false.",
    ]
    for group, definitions in by_group(vocabulary().values()).items():
        lines += ["", f"## {group}"]
        for definition in definitions:
            lines += ["", *finding_lines(definition, readers.get(definition.name, []))]
    return "\n".join([*lines, ""])


def finding_lines(definition: Definition, readers: list[str]) -> Iterator[str]:
    yield f"### `{definition.name}`"
    yield ""
    yield f"{definition.question}{accepted(definition)}"
    yield ""
    sites = "" if len(definition.sites) == 7 else f"; only {', '.join(definition.sites)}"
    formula = next((f"; worked out: {f.note}" for f in FORMULAS if f.target == definition.name), "")
    origin = f"from {definition.obtained}{sites}{formula}; source `{definition.source}`"
    yield f"{definition.scope}; {definition.kind}; {origin}"
    if definition.kind == "choice":
        yield ""
        yield "; ".join(f"`{word}` {meaning}" for word, meaning in definition.choices.items())
    if definition.codes:
        yield ""
        yield "Codes: " + "; ".join(f"{system} {', '.join(codes)}" for system, codes in definition.codes.items())
    yield ""
    yield f"Read by: {', '.join(readers) or 'formulas and implications only'}"


def read_by(known: Knowledge) -> dict[str, list[str]]:
    """For each finding, the records with a row that asks for it."""
    found: dict[str, list[str]] = {}
    for kind, (folder, _) in KINDS.items():
        for name, record in getattr(known, folder).items() if kind != "source" else ():
            for condition in sorted({c.name for c in conditions_of(record)}):
                found.setdefault(condition, []).append(name)
    return found


def conditions_of(record: object) -> Iterator[Condition]:
    for part in ("stage", "gap", "rule", "position", "criterion"):
        for row in getattr(record, part, ()):
            yield from row.when


def implications_page() -> str:
    lines = ["# What one finding says about another", ""]
    for clause in implications():
        when = " and ".join(condition.text for condition in clause.when)
        lines.append(f"- {when}, so {clause.then.text}. {clause.because} (`{clause.source}`)")
    return "\n".join([*lines, ""])


def claims_page(known: Knowledge) -> str:
    lines = [
        "# The 2025 review, claim by claim",
        "",
        "Each claim of the review that Osteon implements, and the records in which it lives.",
        "",
    ]
    for claim in known.claims.values():
        places = ", ".join(f"`{place}`" for place in claim.lives_in) or f"not yet: {claim.later}"
        lines.append(f"- **{claim.id}** ({claim.section}) {claim.text} Lives in {places}.")
    return "\n".join([*lines, ""])


def settings_page(known: Knowledge) -> str:
    lines = ["# Settings", "", "Choices that sources do not settle. Every answer that rests on one names it.", ""]
    for folder in ("staging", "treatments", "guidelines", "trials", "advice"):
        for name, record in getattr(known, folder).items():
            lines += [f"- `{folder}/{name}` **{setting.id}** {setting.text}" for setting in record.setting]
    return "\n".join([*lines, ""])


def plan_json_page() -> str:
    schema = plan_schema()
    lines = [
        "# The plan as JSON",
        "",
        f"{schema['description']} `osteon schema plan` prints the JSON Schema; the same input gives the same bytes.",
        "",
        *key_lines("The whole", schema),
    ]
    for name, part in schema["$defs"].items():
        lines += key_lines(name, part)
    return "\n".join(lines)


def key_lines(name: str, part: Mapping[str, Any]) -> Iterator[str]:
    """A heading and one line per key of one part of the schema."""
    yield from [f"## {name}", ""]
    for key, value in part["properties"].items():
        optional = "" if key in part["required"] else ", may be left out"
        yield f"- `{key}` ({kind_of(value)}{optional}) {value.get('description', '')}".rstrip()
    yield ""


def kind_of(value: Mapping[str, Any]) -> str:
    """The type of a key in words."""
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "enum" in value:
        return " | ".join("null" if word is None else str(word) for word in value["enum"])
    if "oneOf" in value:
        return " or ".join(kind_of(each) for each in value["oneOf"])
    kinds = value.get("type", value.get("const", "any"))
    if kinds == "array":
        return f"list of {kind_of(value['items'])}"
    return " or ".join(kinds).replace("array", "list") if isinstance(kinds, list) else str(kinds)


def evidence_page() -> str:
    """What the studies say on each modality; the same as the HTML pages, in short."""
    covered, comparisons = coverage(studies().values()), compared_pairs()
    lines = [
        "# What the studies say",
        "",
        f"{len(studies())} studies, by modality: how much was read, what it gives where it is compared, and what is "
        "missing. Intervals are of 95 %. `osteon evidence pages FOLDER` writes it with figures, reasons and every "
        "study.",
        "",
        *table_lines(
            ("Modality", "Studies", "Randomised", "Comparative", "Joints"),
            [
                (f"[{title(c.modality)}](#{slug(c.modality)})", c.studies, c.randomised, c.comparative, c.joints)
                for c in covered
            ],
        ),
    ]
    for each in covered:
        lines += ["", f"## {title(each.modality)}", "", coverage_words(each)]
        lines += ["", f"Missing: {' '.join(each.gaps)}"] if each.gaps else []
        for asked in comparisons:
            lines += comparison_lines(asked, each.modality)
    return "\n".join([*lines, ""])


def comparison_lines(asked: Asked, modality: str) -> Iterator[str]:
    """One comparison under its first side; under its second only where to find it."""
    question = next(iter(asked))
    if modality in question.versus:
        yield from ["", f"{comparison_title(question)}: see [{title(question.of[0])}](#{slug(question.of[0])})."]
    if modality not in question.of:
        return
    yield from ["", f"### {comparison_title(question)}", ""]
    rows = [row for results in asked.values() for row in answer_rows(results)]
    if rows:
        yield from table_lines(("Outcome", "Studies", "Joints", "Effect", "Difference", "Certainty"), rows)
    silent = [outcome_title(each.outcome) for each, results in asked.items() if not results]
    if silent:
        yield from ["", f"Reported without numbers to pool: {'; '.join(silent)}."]


def answer_rows(results: Sequence[Result]) -> Iterator[tuple[object, ...]]:
    """One row for all studies of an outcome and one for the randomised trials alone, intervals of 95 % in brackets."""
    for alone in (False, True):
        own = {result.effect.measure: result.effect for result in results if result.randomised is alone}
        if not own:
            continue
        result = main_result([each for each in results if each.randomised is alone])
        outcome = outcome_title(result.question.outcome) + (", randomised trials alone" if alone else "")
        difference = value_words(own["RD"], "RD") if "RD" in own else ""
        effect = "" if result.effect.measure == "RD" else effect_words(result.effect).replace("95 % interval ", "")
        certain = result.certainty.word.replace("_", " ")
        yield outcome, result.effect.k, result.joints or "not printed", effect, difference, certain


def title(modality: str) -> str:
    return capital(modality_words(modality))


def slug(modality: str) -> str:
    """The anchor that a Markdown heading gets."""
    return modality_words(modality).lower().replace(" ", "-")


def published_page() -> str:
    """Every figure of a published review, with our own beside it."""
    lines = [
        "# Published meta-analyses",
        "",
        "What published reviews pooled, as printed, and what Osteon's own studies give where they ask the same, pooled "
        "for the same measure under random effects (REML). Nothing that Osteon decides rests on the printed figures.",
    ]
    for review in meta_analyses().values():
        lines += ["", f"## {review.citation}", "", f"<{review.url}>{f' {review.note}' if review.note else ''}", ""]
        header = ("Question", "Printed", "Ours", "Difference")
        cells = [(p.question, p.printed, p.ours or "none", p.difference) for p in published_lines([review])]
        lines += table_lines(header, cells)
    return "\n".join([*lines, ""])


def table_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A Markdown table; a bar inside a cell is escaped."""
    for cells in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|').strip() for cell in cells)} |"


def commands_page() -> str:
    lines = ["# Commands", ""]
    command = typer.main.get_command(app)
    for path, each in walk(command, "osteon"):
        context = click.Context(each, info_name=path, terminal_width=100, max_content_width=100)
        lines += [f"## `{path}`", "", "```", each.get_help(context), "```", ""]
    return "\n".join(lines)


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from walk(child, f"{path} {name}")


def main() -> int:
    wanted = pages()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    stale += [
        path
        for path in REFERENCE.rglob("*.md")
        if path not in wanted and path.read_text(encoding="utf-8").startswith(GENERATED)
    ]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(REFERENCE.parent)} is out of date; run `make docs`.")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
