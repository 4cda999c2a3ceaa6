"""Everything that was read on one modality, as one page: comparisons, series, contradictions, reviews, studies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from osteon.evidence.coverage import Coverage
from osteon.evidence.outcome_words import outcome_words, side_words
from osteon.evidence.result import Result
from osteon.knowledge import knowledge
from osteon.knowledge.judgements import ANY, judgements
from osteon.knowledge.studies import Study
from osteon.report.citations import Citations
from osteon.report.evidence.cards import study_cards
from osteon.report.evidence.comparison import Asked, comparison_line, contradiction, head, limits, method, steps
from osteon.report.evidence.outcome import forest
from osteon.report.evidence.page import Figure, ModalityPage
from osteon.report.evidence.published import concerning
from osteon.report.evidence.words import counted, expected_words, outcome_title, value_words
from osteon.report.figures import Table
from osteon.report.page import Reason
from osteon.report.words import capital


def modality_page(
    covered: Coverage, comparisons: Sequence[Asked], series: Sequence[Result], known: Mapping[str, Study]
) -> ModalityPage:
    """The page of one modality.

    Parameters
    ----------
    covered
        How much was read on it.
    comparisons
        Every pair that it is one side of, with its outcomes.
    series
        Its pooled shares of single arms, in the order of the page.
    known
        All studies by id.
    """
    cite = Citations(knowledge())
    modality = covered.modality
    studies = [study for study in known.values() if any(arm.modality == modality for arm in study.arm)]
    compared = [result for asked in comparisons for results in asked.values() for result in results]
    return ModalityPage(
        head=head(capital(side_words([modality]))),
        facts=coverage_words(covered),
        gaps=covered.gaps,
        comparisons=tuple(comparison_line(asked) for asked in comparisons),
        series=series_table(modality, series) if series else None,
        series_figures=tuple(series_figures(series, known)),
        contradictions=tuple(disagreements(modality, cite)),
        published=concerning(modality),
        studies=study_cards(studies),
        method=method(steps([*compared, *series]), cite),
        limits=limits(studies),
        sources=cite.lines(),
    )


def coverage_words(covered: Coverage) -> str:
    """How much was read, in one sentence."""
    apart = (
        f" Registries and reviews count {covered.joints_apart} more, which may be the same."
        if covered.joints_apart
        else ""
    )
    return (
        f"{capital(counted(covered.studies, 'study', 'studies'))} with {counted(covered.joints, 'joint', 'joints')} "
        f"treated so: {counted(covered.randomised, 'randomised trial', 'randomised trials')}, "
        f"{counted(covered.comparative, 'comparison', 'comparisons')} in all.{apart}"
    )


def series_table(modality: str, series: Iterable[Result]) -> Table:
    """What became of joints treated so, without a comparison."""
    lines = tuple(
        (
            outcome_title(result.question.outcome),
            str(result.effect.k),
            str(result.joints),
            value_words(result.effect, "PR"),
            expected_words(result.effect),
            "" if result.months is None else f"{result.months:.0f}",
        )
        for result in series
    )
    header = ("Outcome", "Studies", "Joints", "Share (95 % interval)", "Prediction interval, of 100", "Months, mean")
    title = f"{capital(side_words([modality]))}: what became of the joints, arms of all studies taken by themselves"
    return Table(title, header, lines)


def series_figures(series: Iterable[Result], known: Mapping[str, Study]) -> Iterator[Figure]:
    """A forest plot of each share that more than one study tells of."""
    for result in series:
        if result.effect.k > 1:
            outcome = result.question.outcome
            title = f"{capital(side_words(result.question.of))}: {outcome_words(outcome)}"
            yield forest(result, known, title, f"series-{outcome}")


def disagreements(modality: str, cite: Citations) -> Iterator[Reason]:
    """Where what was read on a modality disagrees, on either side of a comparison."""
    for record in judgements().contradictions:
        if modality in (*record.of, *record.versus) or ANY in record.of:
            yield contradiction(record, cite)
