"""What is one study worth? Its design, arms as printed, patients, follow-up and risk of bias, for a reader to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from osteon.evidence.ask import worst_bias
from osteon.knowledge.studies import Arm, Bias, Population, Study
from osteon.report.evidence.page import BiasLine, StudyCard
from osteon.report.evidence.words import BIAS_DOMAINS, BLINDINGS, DESIGNS, named, study_names
from osteon.report.figures.forest_rows import BIAS_WORDS
from osteon.report.words import capital, day, joined, number, unique

COLLAPSED: Mapping[str, str] = {
    "before": "before collapse",
    "after": "after collapse",
    "both": "before and after collapse",
}
WORST_FIRST = ("high", "some_concerns", "low")


def study_cards(studies: Iterable[Study]) -> tuple[StudyCard, ...]:
    """A card for each study, the latest last."""
    return tuple(study_card(study) for study in sorted(studies, key=lambda each: (each.year or 0, each.id)))


def study_card(study: Study) -> StudyCard:
    return StudyCard(
        anchor=study_anchor(study.id),
        name=study_names()[study.id],
        citation=study.citation,
        link=study.url,
        design=capital(DESIGNS[study.design]),
        blinding=capital(BLINDINGS[study.blinding]) if compares(study) else "",
        arms=tuple(arm_line(study, arm) for arm in study.arm),
        population=tuple(population_lines(study)),
        followup="; ".join(unique(f"{number(m)} months" for m in followups(study))) or "not printed",
        bias=BIAS_WORDS[worst_bias(study)],
        bias_lines=tuple(bias_line(bias) for bias in study.risk_of_bias),
        notes=tuple(study_notes(study)),
    )


def study_anchor(name: str) -> str:
    return f"study-{name}"


def compares(study: Study) -> bool:
    return study.design == "rct" or study.design.endswith("-comparative")


def arm_line(study: Study, arm: Arm) -> str:
    """An arm as printed, with how many it holds and how old they are."""
    people = study.population_of(arm)
    counts = [
        f"{people.joints} joints" if people.joints else "",
        f"{people.patients} patients" if people.patients else "",
        f"mean age {number(people.mean_age_years)} years" if people.mean_age_years else "",
    ]
    told = ", ".join(filter(None, counts))
    return f"{arm.label} ({told})" if told else f"{arm.label} (size not printed)"


def populations(study: Study) -> list[Population]:
    return [study.population_of(arm) for arm in study.arm]


def population_lines(study: Study) -> Iterator[str]:
    """Whom the study took, in the paper's words; what its arms differ in stands side by side."""
    people = populations(study)
    where = unique(arm.site or study.site for arm in study.arm)
    yield capital(", ".join(filter(None, (joined(where), study.country))))
    stages = unique(f"{each.stage_system} {each.stage_range}".strip() for each in people)
    for name, words in (
        ("Stage", stages),
        ("Lesion", unique(each.lesion for each in people)),
        ("Cause", unique(each.cause for each in people)),
    ):
        if told := "; ".join(filter(None, words)):
            yield f"{name}: {told}"
    if study.collapse:
        yield capital(COLLAPSED[study.collapse])


def followups(study: Study) -> Iterator[float]:
    yield from (each.followup_months for each in populations(study) if each.followup_months is not None)


def bias_line(bias: Bias) -> BiasLine:
    return BiasLine(
        domain=capital(BIAS_DOMAINS[bias.domain]),
        judgement=BIAS_WORDS[bias.judgement],
        because=bias.because,
        where=named(bias.where),
        judged=f"{bias.by}, {day(bias.on)}",
    )


def study_notes(study: Study) -> Iterator[str]:
    """What a reader must know besides: the same patients elsewhere, other diseases within."""
    if study.same_patients_as:
        yield f"Reports the same patients as {joined([study_names()[other] for other in study.same_patients_as])}."
    if study.indirect:
        yield f"Not osteonecrosis alone: {study.indirect}."
