"""All evidence as HTML pages that stand beside each other in one folder: an index, modalities, comparisons."""

from __future__ import annotations

from collections.abc import Mapping

from osteon.evidence.base import evidence_base
from osteon.evidence.comparisons import Question, questions
from osteon.evidence.coverage import coverage
from osteon.evidence.result import Result
from osteon.knowledge.studies import studies
from osteon.report.evidence.comparison import Asked, comparison_file, comparison_page
from osteon.report.evidence.index import index_page
from osteon.report.evidence.modality import modality_page
from osteon.report.evidence.page import ComparisonPage, IndexPage, ModalityPage
from osteon.report.evidence.words import place_of
from osteon.report.html import environment

EvidencePage = IndexPage | ModalityPage | ComparisonPage
TEMPLATES: Mapping[type, str] = {
    IndexPage: "evidence_index.html.j2",
    ModalityPage: "evidence_modality.html.j2",
    ComparisonPage: "evidence_comparison.html.j2",
}


def evidence_pages() -> Mapping[str, str]:
    """Every page by the name of its file; the same studies give the same bytes.

    `index.html` leads to one page per modality and one per comparison of two modalities.
    """
    made = environment()
    return {
        name: made.get_template(TEMPLATES[type(page)]).render(page=page) for name, page in evidence_page_data().items()
    }


def evidence_page_data() -> Mapping[str, EvidencePage]:
    """What each page is made of, by the name of its file."""
    known = studies()
    covered = coverage(known.values())
    comparisons = compared_pairs()
    pages: dict[str, EvidencePage] = {"index.html": index_page(covered, comparisons, known)}
    for each in covered:
        own = [asked for asked in comparisons if each.modality in sides_of(asked)]
        pages[f"modality-{each.modality}.html"] = modality_page(each, own, series_of(each.modality), known)
    for asked in comparisons:
        pages[comparison_file(next(iter(asked)))] = comparison_page(asked, known)
    return pages


def compared_pairs() -> list[Asked]:
    """Every pair of modalities that some study compares, each outcome with its pooled answers, in the pages' order."""
    pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[Question, list[Result]]] = {}
    for question in sorted(questions(studies().values()), key=lambda each: place_of(each.outcome)):
        pairs.setdefault((question.of, question.versus), {})[question] = []
    for result in evidence_base():
        if result.question.versus:
            pairs[result.question.of, result.question.versus][result.question].append(result)
    return [pairs[pair] for pair in sorted(pairs)]


def sides_of(asked: Asked) -> tuple[str, ...]:
    question = next(iter(asked))
    return (*question.of, *question.versus)


def series_of(modality: str) -> list[Result]:
    """The pooled shares of a modality's arms, the fate of the joint first."""
    own = [result for result in evidence_base() if result.question.of == (modality,) and not result.question.versus]
    return sorted(own, key=lambda result: place_of(result.question.outcome))
