"""How is what a plan needs of the studies worked out: pooled answers, series and scores by treatment?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from osteon.evidence.base import evidence_base, results
from osteon.evidence.by_treatment import Paper, Score, Series, TreatmentEvidence
from osteon.evidence.comparisons import names_of
from osteon.evidence.networks import indirect
from osteon.evidence.study_toml import when_table
from osteon.knowledge.studies import Arm, Outcome, Study, studies

SCORES = ("hhs", "vas")
PRIMARY = ("rct", "prospective-comparative", "retrospective-comparative", "case-series", "registry")


def made_of() -> TreatmentEvidence:
    """Everything a plan needs, worked out from all studies."""
    known = studies()
    found = tuple(results(known, "treatment"))
    of_class = tuple(each for each in evidence_base("modality") if each.question.versus == ("observation",))
    through = tuple(indirect(known, found))
    survivals = tuple(series(known.values()))
    scored = tuple(scores(known.values()))
    used = {each.study for result in (*found, *of_class, *through) for each in result.effect.studies}
    used |= {each.study for each in survivals} | {each.study for each in scored}
    papers = tuple(paper(known[name]) for name in sorted(used))
    return TreatmentEvidence(found, of_class, through, survivals, scored, papers, tuple(classes(known.values())))


def classes(known: Iterable[Study]) -> Iterator[tuple[str, str]]:
    """Each treatment with the modality under which most arms that had it are filed."""
    filed: dict[str, Counter[str]] = {}
    for arm in (arm for study in known for arm in study.arm):
        for treatment in names_of(arm, "treatment"):
            filed.setdefault(treatment, Counter())[arm.modality] += 1
    for treatment, modalities in sorted(filed.items()):
        yield treatment, modalities.most_common(1)[0][0]


def paper(study: Study) -> Paper:
    link = f"https://doi.org/{study.doi}" if study.doi else study.url
    return Paper(study.id, study.citation, study.year, study.design, link, when_table(study.when))


def series(known: Iterable[Study]) -> Iterator[Series]:
    """Survivals in percent, one entry per arm and treatment; none where they only concern parts of the arm."""
    for study in known:
        for arm in study.arm:
            printed = [o for o in arm.outcome if is_survival(o)]
            if study.design in PRIMARY and printed and len({o.timepoint_months for o in printed}) == len(printed):
                last = max(printed, key=lambda o: o.timepoint_months or 0)
                for treatment in names_of(arm, "treatment"):
                    yield Series(
                        treatment=treatment,
                        study=study.id,
                        points=tuple(sorted((o.timepoint_months or 0, o.mean or 0) for o in printed)),
                        joints=study.population_of(arm, last).joints or 0,
                        percent_low=last.ci_low,
                        percent_high=last.ci_high,
                    )


def is_survival(outcome: Outcome) -> bool:
    kept_unit = outcome.unit == "%" and outcome.name == "survival" and not outcome.subset
    return outcome.type == "survival" and kept_unit and bool(outcome.timepoint_months) and outcome.mean is not None


def scores(known: Iterable[Study]) -> Iterator[Score]:
    """Means before and at the last time after treatment, of arms that print both in one unit."""
    for study in known:
        for arm in study.arm:
            for name in SCORES:
                pair = before_and_after(arm, name)
                for treatment in names_of(arm, "treatment") if pair else ():
                    yield score(treatment, study, arm, *pair)


def before_and_after(arm: Arm, name: str) -> tuple[Outcome, Outcome] | tuple[()]:
    means = [
        o for o in arm.outcome if o.name == name and o.type == "continuous" and o.mean is not None and not o.subset
    ]
    before = [o for o in means if o.timepoint_months == 0]
    after = [o for o in means if o.timepoint_months != 0]
    if len(before) != 1 or not after or any(o.unit != before[0].unit for o in after):
        return ()
    return before[0], max(after, key=lambda o: float("inf") if o.timepoint_months is None else o.timepoint_months)


def score(treatment: str, study: Study, arm: Arm, before: Outcome, after: Outcome) -> Score:
    population = study.population_of(arm, after)
    months = after.timepoint_months or population.followup_months or 0
    joints = after.total or population.joints or 0
    return Score(treatment, study.id, after.name, after.unit, months, before.mean or 0, after.mean or 0, joints)
