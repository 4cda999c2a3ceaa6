"""What do the studies say of one option for this joint? The part of its detail that is computed from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from osteon.evidence.ask import worst_bias
from osteon.evidence.by_treatment import Score
from osteon.evidence.certainty import certainty_sentence
from osteon.evidence.comparisons import Question
from osteon.evidence.outcome_words import better, modality_words, outcome_words
from osteon.evidence.result import Result
from osteon.knowledge.judgements import judgements, meets
from osteon.knowledge.records import Knowledge, Treatment
from osteon.knowledge.studies import interventions, studies
from osteon.planning.order import Rank, ordering
from osteon.planning.outlook import is_indirect, may_apply
from osteon.planning.plan import JointPlan, Option
from osteon.prognosis import EndpointForecast
from osteon.report import words
from osteon.report.citations import Citations
from osteon.report.evidence.words import study_names, value_words
from osteon.report.expected import DOING, basis_sentence, draws_words, endpoints_of, latest_point, no_figure, promise
from osteon.report.figures import forest_plot, forest_table, icon_array
from osteon.report.figures.curves import time_words
from osteon.report.figures.forest_rows import what_to_see
from osteon.report.figures.measures import MEASURES, MINUS
from osteon.report.page import Figure, Promise, Reason, Studied, SummaryRow

MOST_ROWS = 6  # rows of the summary of findings; the pages of the evidence hold the others
MOST_SCORES = 4
LEAST_MOVED = 0.005  # what moved a place by less than this is not told
SCORE_NAMES = {"hhs": "Harris hip score (higher is better)", "vas": "Pain on the visual scale (lower is better)"}


def studied(option: Option, plan: JointPlan, here: str, general: bool, cite: Citations) -> Studied:
    """Everything computed of one option.

    Parameters
    ----------
    here
        The option's anchor, with which the names inside its figures begin.
    general
        Whether what is the same for every joint is told here: the table of findings, the forest plot, contradictions.
    """
    results = option.outlook.results if general else ()
    rows = summary_results(results)
    pooled = next((each for each in results if each.effect.k > 1 and not is_indirect(each)), None)
    return Studied(
        promises=tuple(promises(option, plan, here, cite)),
        rating=rating(option, cite),
        record_rating=record_rating(option),
        rows=tuple(summary_row(each, results, cite) for each in rows[:MOST_ROWS]),
        further=len(rows[MOST_ROWS:]),
        forest=forest(pooled, f"{here}-forest", cite) if pooled else None,
        forest_compares=pooled is not None and bool(pooled.question.versus),
        contradictions=tuple(contradictions(option.treatment, cite)) if general else (),
        scores=tuple(scores(option, plan, cite)) if general else (),
        moved=moved(option.rank) if option.rank else "",
    )


def promises(option: Option, plan: JointPlan, here: str, cite: Citations) -> Iterator[Promise]:
    """Each endpoint as a sentence, the first that is comparable with a hundred dots; or why there is none."""
    told = [each for each in endpoints_of(option) if each.points]
    first = next((each.endpoint for each in told if each.comparable), "")
    for each in told:
        refs = cite.studies(each.evidence.studies) if each.evidence else ()
        icon = dots(each, f"{here}-dots") if each.endpoint == first else ""
        yield Promise(Reason(promise(each, plan), refs), basis_sentence(each, option), icon)
    if not told:
        yield Promise(Reason(no_figure(option, cite.knowledge)), "", "")


def dots(endpoint: EndpointForecast, ident: str) -> str:
    """A hundred dots for one endpoint at five years, or the last time before."""
    point = latest_point(endpoint)
    assert point is not None
    of_100, low, high = (round(100 * share) for share in (point.estimate, point.low, point.high))
    return icon_array(of_100, low, high, f"{DOING[endpoint.endpoint]} at {time_words(point.months)}", ident=ident)


def rating(option: Option, cite: Citations) -> Reason | None:
    """How sure the most telling answer is for this joint, with every reason that moved the rating."""
    if not option.outlook.results:
        return None
    told = option.outlook.results[0]
    sentence = words.plain_stages(words.plain_names(certainty_sentence(told.certainty)), cite.knowledge)
    sentence = sentence.replace("_", " ")  # the words of choices, as in "site is femoral_head"
    size = f"{told.effect.k} {'study' if told.effect.k == 1 else 'studies'}"
    joints = f", {told.joints} joints" if told.joints else ""
    text = f"{asked_words(told.question, cite.knowledge)}, {size}{joints}: {words.lower(sentence)}"
    moved_by = [key for step in told.certainty.steps if step.change and step.basis == "judged" for key in step.source]
    return Reason(words.capital(text), (*studies_of(told, cite), *cite.cite(moved_by)))


def record_rating(option: Option) -> str:
    """The record's own word where it differs from the computed one."""
    own, found = option.treatment.certainty, option.certainty
    if own == found:
        return ""
    return (
        f"Its record says {own.replace('_', ' ')}, for patients like those studied; the studies come to "
        f"{found.replace('_', ' ')} for this joint."
    )


def summary_results(results: Sequence[Result]) -> list[Result]:
    """One answer to each question, the most telling first."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...], str], Result] = {}
    for result in results:
        question = result.question
        found.setdefault((question.of, question.versus, question.outcome), result)
    return list(found.values())


def summary_row(result: Result, results: Sequence[Result], cite: Citations) -> SummaryRow:
    effect, question = result.effect, result.question
    value, shared = value_words(effect, effect.measure), effect.measure in ("PR", "RD")
    return SummaryRow(
        outcome=words.capital(outcome_words(question.outcome)),
        against=against(question, cite.knowledge),
        effect="" if shared else f"{words.capital(MEASURES[effect.measure].name)} {value}",
        of_100=value if shared else difference(result, results),
        studies=effect.k,
        joints=result.joints,
        months=time_words(round(result.months)) if result.months else "",
        certainty=result.certainty.word.replace("_", " "),
        note=" ".join(notes(result)),
        refs=studies_of(result, cite),
    )


def notes(result: Result) -> Iterator[str]:
    if result.randomised:
        yield "Randomised trials only."
    if is_indirect(result):
        yield "Through other treatments."


def against(question: Question, knowledge: Knowledge) -> str:
    """What was compared with what, in few words."""
    if not question.versus:
        return "no comparison"
    versus = words.joined([named(name, question, knowledge) for name in question.versus])
    if question.by == "treatment":
        return f"against {versus}"
    of = words.joined([named(name, question, knowledge) for name in question.of])
    return f"{of} as a class against {versus}"


def named(name: str, question: Question, knowledge: Knowledge) -> str:
    """What one side of a question is called in a sentence."""
    if name == "observation" or question.by == "modality":
        return modality_words(name)
    return words.lower(knowledge.treatments[name].name)


def asked_words(question: Question, knowledge: Knowledge) -> str:
    """A question as the head of a sentence."""
    return f"{outcome_words(question.outcome)} ({against(question, knowledge)})"


def difference(result: Result, results: Sequence[Result]) -> str:
    """How many more or fewer of 100 had the outcome in the studies; "" where only a ratio is known."""
    asked = (result.question, "RD", result.randomised)
    found = next((r for r in results if (r.question, r.effect.measure, r.randomised) == asked), None)
    return value_words(found.effect, "RD") if found is not None else ""


def studies_of(result: Result, cite: Citations) -> tuple[int, ...]:
    return cite.studies(each.study for each in result.effect.studies)


def forest(result: Result, ident: str, cite: Citations) -> Figure:
    """Every study of one answer, with its risk of bias."""
    known = {each.study: studies()[each.study] for each in result.effect.studies}
    judged = {name: worst_bias(study) for name, study in known.items()}
    names = {name: f"{study_names()[name]} [{cite.studies([name])[0]}]" for name in known}
    question = result.question
    title = f"{words.capital(outcome_words(question.outcome))}: {against(question, cite.knowledge)}"
    bias = judged if any(judged.values()) else {}
    favours = sides(result, cite.knowledge)
    return Figure(
        svg=forest_plot(result.effect, risk_of_bias=bias, favours=favours, title=title, ident=ident, names=names),
        caption=f"{title}. {what_to_see(result.effect, favours)}",
        table=forest_table(result.effect, risk_of_bias=bias, favours=favours, title=title, names=names),
    )


def sides(result: Result, knowledge: Knowledge) -> tuple[str, str]:
    """What lower and higher values of an effect favour."""
    question = result.question
    if not question.versus or better(question.outcome) == "neither":
        return "", ""
    versus = words.joined([named(name, question, knowledge) for name in question.versus])
    fewer_is_better = result.effect.measure == "HR" or better(question.outcome) == "less"
    return ("the treatment", versus) if fewer_is_better else (versus, "the treatment")


def contradictions(treatment: Treatment, cite: Citations) -> Iterator[Reason]:
    """Where sources on a treatment or its kind disagree, with their numbers."""
    nodes = [node for node in interventions().values() if treatment.id in node.treatments]
    names = {treatment.id, *(node.id for node in nodes), *(node.modality for node in nodes)}
    for record in judgements().contradictions:
        if meets(record.of, names):
            yield Reason(record.text, (*cite.studies(record.studies), *cite.cite(record.source)))


def scores(option: Option, plan: JointPlan, cite: Citations) -> Iterator[Reason]:
    """What patients reported before and after, study by study, those with most joints first; like joints only."""
    fitting = [score for score in option.outlook.scores if may_apply(score.study, plan.course)]
    for score in sorted(fitting, key=lambda each: (-each.joints, each.study, each.outcome))[:MOST_SCORES]:
        yield Reason(score_words(score), cite.studies([score.study]))


def score_words(score: Score) -> str:
    joints = f"{score.joints} joints" if score.joints else "number of joints not printed"
    scale = f", scale {score.unit}" if score.unit not in ("", "points") else ""
    after = f"after {time_words(score.months)}" if score.months else "at the last visit"
    return (
        f"{SCORE_NAMES[score.outcome]}: {score.mean_before:g} before, {score.mean_after:g} {after} ({joints}{scale})."
    )


def moved(rank: Rank) -> str:
    """How often an option comes first among those with its verdict, and what moves it up or down among them."""
    if len(rank.acceptability) == 1:
        return "No other option has this verdict, so nothing moves it."
    meanings = ordering()["criteria"]
    parts = [
        f"{meanings[name]['meaning']} {signed(by)}"
        for name, by in sorted(rank.moved.items(), key=lambda item: -abs(item[1]))
        if abs(by) >= LEAST_MOVED
    ]
    among = len(rank.acceptability)
    few = f", among the first three in {draws_words(sum(rank.acceptability[:3]))}" if among > 3 else ""
    why = f" Against the mean of those with the same verdict: {', '.join(parts)}." if parts else ""
    return f"First among {among} with this verdict in {draws_words(rank.first)} of 100 draws{few}.{why}"


def signed(points: float) -> str:
    """Points with their sign.

    Examples
    --------
    >>> signed(0.113), signed(-0.0216)
    ('+0.11', '−0.02')
    """
    return f"{'+' if points > 0 else MINUS}{abs(points):.2f}"
