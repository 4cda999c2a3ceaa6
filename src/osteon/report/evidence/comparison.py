"""Everything the studies say on two modalities set against each other, as one page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from osteon.evidence.base import FEWEST_FOR_T
from osteon.evidence.comparisons import Question, sides
from osteon.evidence.methods import MethodStep, method_sentences
from osteon.evidence.outcome_words import side_words
from osteon.evidence.result import Result
from osteon.evidence.sensitivity import SMALL_STUDY_MINIMUM
from osteon.knowledge import knowledge
from osteon.knowledge.judgements import Contradiction, concerns, judgements
from osteon.knowledge.studies import Study
from osteon.report.citations import Citations
from osteon.report.evidence.cards import study_cards
from osteon.report.evidence.outcome import outcome_part, short, unanswered
from osteon.report.evidence.page import ComparisonLine, ComparisonPage, Link
from osteon.report.evidence.rating import choices
from osteon.report.evidence.words import comparison_title, counted, study_names
from osteon.report.page import Head, Reason
from osteon.report.words import capital, day, joined
from osteon.version import __version__

Pair = tuple[str, str]  # the modality and what it is compared with
Asked = Mapping[Question, Sequence[Result]]  # every outcome of a pair with its pooled answers; none where none could be


def comparison_page(asked: Asked, known: Mapping[str, Study]) -> ComparisonPage:
    """The page of one pair of modalities.

    Parameters
    ----------
    asked
        Every outcome of the pair, in the order of the page.
    known
        All studies by id.
    """
    cite = Citations(knowledge())
    question = next(iter(asked))
    studies = compared_studies(asked, known.values())
    answered = [results for results in asked.values() if results]
    parts = tuple(outcome_part(results, known, cite) for results in answered)
    ratings = [result.certainty for results in answered for result in results]
    return ComparisonPage(
        head=head(comparison_title(question)),
        facts=facts(studies, len(answered), len(asked)),
        sides=tuple(modality_link(name) for name in (*question.of, *question.versus)),
        short=tuple(short(results) for results in answered),
        outcomes=parts,
        unanswered=tuple(unanswered(each, known) for each, results in asked.items() if not results),
        contradictions=contradictions(question.of, question.versus, cite),
        studies=study_cards(studies),
        method=method(steps([result for results in answered for result in results]), cite),
        limits=limits(studies),
        settings=choices(ratings, cite),
        sources=cite.lines(),
    )


def head(title: str) -> Head:
    """The head of a page of the evidence, which is about nobody."""
    version = knowledge().version
    return Head(
        title=title,
        running=f"Osteon {__version__}, knowledge {version}",
        person="",
        assessed="",
        osteon=__version__,
        knowledge=version,
        fictional=False,
        case_source="",
    )


def comparison_file(question: Question) -> str:
    """The file of the page on a question's two sides.

    Examples
    --------
    >>> comparison_file(Question(("msc",), ("core-decompression",), "collapse"))
    'msc-versus-core-decompression.html'
    """
    return f"{'-'.join(question.of)}-versus-{'-'.join(question.versus)}.html"


def modality_link(name: str) -> Link:
    return Link(capital(side_words([name])), f"modality-{name}.html")


def comparison_line(asked: Asked, most: int | None = None) -> ComparisonLine:
    """A comparison in short, as other pages list it; the first `most` answers, or all of them."""
    question = next(iter(asked))
    file = comparison_file(question)
    answered = [results for results in asked.values() if results]
    shown = answered[:most]
    more = [
        counted(len(answered) - len(shown), "more outcome", "more outcomes") if len(shown) < len(answered) else "",
        f"{counted(len(asked) - len(answered), 'outcome', 'outcomes')} reported without numbers to pool"
        if len(answered) < len(asked)
        else "",
    ]
    return ComparisonLine(
        link=Link(comparison_title(question), file),
        answers=tuple(short(results, file) for results in shown),
        further=capital("; ".join(filter(None, more))),
    )


def compared_studies(questions: Iterable[Question], studies: Iterable[Study]) -> list[Study]:
    """The studies that have arms on both sides of some question."""
    asked = list(questions)
    return [study for study in studies if any(all(sides(study, question)) for question in asked)]


def facts(studies: Sequence[Study], answered: int, asked: int) -> str:
    trials = sum(study.design == "rct" for study in studies)
    return (
        f"{capital(counted(len(studies), 'study', 'studies'))}, {trials or 'none'} of them randomised; "
        f"{counted(asked, 'outcome', 'outcomes')}, {answered or 'none'} of them with numbers to pool."
    )


def contradictions(of: Iterable[str], versus: Iterable[str], cite: Citations) -> tuple[Reason, ...]:
    """Where what was read on two sides disagrees, in the words of the record."""
    of, versus = tuple(of), tuple(versus)
    found = [each for each in judgements().contradictions if concerns(each, of, versus)]
    return tuple(contradiction(each, cite) for each in found)


def contradiction(record: Contradiction, cite: Citations) -> Reason:
    read = joined([study_names()[name] for name in record.studies])
    return Reason(record.text, cite.cite(record.source), read)


def steps(results: Sequence[Result]) -> list[MethodStep]:
    """What was done to come to these answers."""
    compared = [result for result in results if result.question.versus]
    made = [MethodStep("compared")] if compared else []
    if len(compared) < len(results):
        made.append(MethodStep("single_arms"))
    made.append(MethodStep("pooled_reml", {"fewest_for_t": FEWEST_FOR_T}))
    if any("0.5 was added" in note for result in results for note in result.effect.notes):
        made.append(MethodStep("rare_events"))
    made.append(MethodStep("heterogeneity"))
    if any(result.effect.k > 1 for result in compared):
        made += [MethodStep(f"pooled_{name}") for name in ("dersimonian_laird", "mantel_haenszel", "peto")]
        made.append(MethodStep("small_studies", {"fewest": SMALL_STUDY_MINIMUM}))
    judged = {step.because for result in results for step in result.certainty.steps if step.basis == "judged"}
    made.append(MethodStep("certainty", {"judgements": len(judged) or "no"}))
    return made if results else []


def method(made: Iterable[MethodStep], cite: Citations) -> tuple[Reason, ...]:
    """A sentence for each step that ran, with its sources."""
    return tuple(cite.reason(sentence.text, sentence.source) for sentence in method_sentences(made))


def limits(studies: Sequence[Study]) -> tuple[str, ...]:
    """What holds of every page of the evidence, and how far these studies' records were checked."""
    unchecked = sum(not study.review.checked_by for study in studies)
    said = [
        "Most studies were read in abstracts or in the tables of reviews; each number's place stands in the record of "
        "its study. A study that is not here was not read.",
        "The studies pooled differ in stage, technique and follow-up. A pooled number describes their average, not one "
        "patient.",
    ]
    if unchecked:
        due = min(study.review.next_review for study in studies)
        said.append(
            f"{unchecked} of {len(studies)} study records have not been checked by a second person; the first is due "
            f"for review on {day(due)}."
        )
    return tuple(said)
