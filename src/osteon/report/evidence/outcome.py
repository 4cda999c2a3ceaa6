"""What do the studies say on one outcome of one comparison? The answer, its figure, its certainty, its weak points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from osteon.evidence.ask import worst_bias
from osteon.evidence.comparisons import FAMILIES, Answers, Question, answers, family
from osteon.evidence.data import Counts
from osteon.evidence.outcome_words import better, favours, outcome_words, side_words
from osteon.evidence.pool import StudyEffect
from osteon.evidence.result import Result
from osteon.knowledge.studies import Study
from osteon.report.citations import Citations
from osteon.report.evidence.page import Figure, OutcomePart, ShortAnswer, Unanswered
from osteon.report.evidence.rating import rating, spoken
from osteon.report.evidence.sensitivity import analyses
from osteon.report.evidence.words import (
    comparison_title,
    direction,
    effect_words,
    expected_words,
    named,
    needed_words,
    outcome_title,
    prediction_sentence,
    short_answer,
    studies_joints,
    study_names,
    value_words,
)
from osteon.report.figures import Table, forest_plot, forest_table
from osteon.report.figures.forest_rows import what_to_see
from osteon.report.figures.measures import MEASURES
from osteon.report.words import capital

NNT_NOTE = (
    "NNTB: joints to treat for one more to do better; NNTH: for one more to do worse. Where the interval of the "
    "difference holds none, that of the number runs through infinity."
)


def main_result(results: Sequence[Result]) -> Result:
    """The answer that a page tells first: all studies, as a ratio where there is one."""
    return min(results, key=lambda each: (each.randomised, each.effect.measure == "RD"))


def short(results: Sequence[Result], file: str = "") -> ShortAnswer:
    """The main answer in one sentence."""
    result = main_result(results)
    return ShortAnswer(
        outcome=outcome_title(result.question.outcome),
        text=short_answer(result),
        certainty=spoken(result.certainty.word),
        anchor=result.question.outcome,
        file=file,
    )


def outcome_part(results: Sequence[Result], known: Mapping[str, Study], cite: Citations) -> OutcomePart:
    """Everything on one outcome, from all its pooled answers."""
    result = main_result(results)
    question, effect = result.question, result.effect
    found = answers(question, effect.measure, known.values())
    title = f"{comparison_title(question)}: {outcome_words(question.outcome)}"
    return OutcomePart(
        anchor=question.outcome,
        title=outcome_title(question.outcome),
        answer=tuple(answer_sentences(results)),
        rating=rating(result.certainty, cite),
        figure=forest(result, known, title, f"forest-{question.outcome}"),
        pooled=pooled_table(results) if effect.k > 1 else None,
        each_study=each_study(found, results),
        analyses=analyses(found, title, question.outcome) if effect.k > 1 else (),
        left_out=tuple(left_out(found)),
    )


def answer_sentences(results: Sequence[Result]) -> Iterator[str]:
    """The answer in words: effect, joints of 100, which side it speaks for, what to expect of a further study."""
    result = main_result(results)
    yield short_answer(result)
    yield direction(result)
    if expected := prediction_sentence(result.effect):
        yield expected
    for each in results:
        if each.randomised and each.effect.measure == result.effect.measure:
            certain = f"{spoken(each.certainty.word)} certainty"
            yield f"The randomised trials alone: {effect_words(each.effect)}; {studies_joints(each)}; {certain}."


def forest(result: Result, known: Mapping[str, Study], title: str, ident: str) -> Figure:
    """The forest plot of an answer and its table, with studies by name and their risk of bias."""
    question = result.question
    effect = replace(result.effect, notes=tuple(named(note) for note in result.effect.notes))
    bias = {study.study: worst_bias(known[study.study]) for study in effect.studies}
    shown: dict[str, Any] = {
        "risk_of_bias": bias if any(bias.values()) else {},
        "favours": favours(question, effect.measure) if question.versus else ("", ""),
        "title": title,
        "arms": (capital(side_words(question.of)), capital(side_words(question.versus))),
        "names": study_names(),
    }
    seen = capital(what_to_see(effect, shown["favours"]))
    plot, table = forest_plot(effect, ident=ident, **shown), forest_table(effect, **shown)
    return Figure(outcome_title(question.outcome), seen, plot, table)


def pooled_table(results: Sequence[Result]) -> Table:
    """Every measure of the outcome, all studies and the randomised trials alone."""
    lines = [line for result in results for line in pooled_lines(result)]
    notes = NNT_NOTE if any("NNT" in line[3] for line in lines) else ""
    header = ("Studies", "Number", "Measure", "Effect (95 % interval)", "Prediction interval", "I²", "Certainty")
    return without_blanks(Table(f"All studies together. {notes}".strip(), header, tuple(lines)))


def without_blanks(table: Table) -> Table:
    """The table without columns in which no row says anything."""
    kept = [i for i in range(len(table.header)) if any(row[i] for row in table.rows)]
    rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
    return Table(table.caption, tuple(table.header[i] for i in kept), rows)


def pooled_lines(result: Result) -> Iterator[tuple[str, ...]]:
    effect = result.effect
    whose = "randomised trials" if result.randomised else "all"
    certain = spoken(result.certainty.word)
    spread = f"{effect.i2:.0f} %" if effect.k > 1 else ""
    name, words = MEASURES[effect.measure].name, value_words(effect, effect.measure)
    yield whose, str(effect.k), name, words, expected_words(effect), spread, certain
    if effect.measure == "RD" and (needed := needed_words(effect, result.question.outcome)):
        yield whose, str(effect.k), "number needed to treat", needed, "", "", certain


def each_study(found: Answers, results: Iterable[Result]) -> Table | None:
    """Every study by itself with ratio, difference and number needed to treat; None where studies count nothing."""
    by_measure = {
        result.effect.measure: {study.study: study for study in result.effect.studies}
        for result in results
        if not result.randomised
    }
    differences = by_measure.get("RD")
    if not differences:
        return None
    question = found.question
    numbered = better(question.outcome) != "neither"
    lines = tuple(
        study_line(study, by_measure.get("RR", {}).get(name), question.outcome if numbered else "")
        for name, study in differences.items()
        if isinstance(study.row, Counts)
    )
    sides = (capital(side_words(question.of)), capital(side_words(question.versus)))
    numbers = ("Number needed to treat",) if numbered else ()
    header = ("Study", *(f"{side}, events/joints" for side in sides), "Risk ratio", "Risk difference", *numbers)
    notes = f" {NNT_NOTE}" if numbered and len(found.rows) == 1 else ""  # else it stands above the pooled numbers
    return Table(f"Each study by itself, with 95 % intervals.{notes}", header, lines)


def study_line(difference: StudyEffect, ratio: StudyEffect | None, outcome: str) -> tuple[str, ...]:
    row = difference.row
    assert isinstance(row, Counts)
    return (
        study_names()[row.study],
        f"{row.events_1}/{row.total_1}",
        f"{row.events_2}/{row.total_2}",
        "none: no events" if ratio is None else value_words(ratio, "RR"),
        value_words(difference, "RD"),
        *([needed_words(difference, outcome)] if outcome else []),
    )


def left_out(found: Answers) -> Iterator[str]:
    """The studies that report the outcome but could not be used, each with its reason."""
    for each in found.left_out:
        yield f"{study_names()[each.study]} {named(each.because)}"


def unanswered(question: Question, known: Mapping[str, Study]) -> Unanswered:
    """An outcome that both sides report and nothing could be pooled of."""
    measure = FAMILIES[family(question, known.values())][0]
    found = answers(question, measure, known.values())
    return Unanswered(outcome_title(question.outcome), MEASURES[measure].name, tuple(left_out(found)))
