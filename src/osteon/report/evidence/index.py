"""The way into the evidence: how much was read on what, every comparison, networks, disagreements, checked claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from osteon.evidence.comparisons import Question
from osteon.evidence.coverage import Coverage
from osteon.evidence.data import CountArm
from osteon.evidence.methods import MethodStep
from osteon.evidence.network import Network, NetworkEffect
from osteon.evidence.networks import TreatmentNetwork, treatment_network
from osteon.evidence.outcome_words import modality_words, more_is_better
from osteon.knowledge import knowledge
from osteon.knowledge.judgements import ReviewStatement, judgements
from osteon.knowledge.studies import Study, interventions
from osteon.report.citations import Citations
from osteon.report.evidence.comparison import (
    Asked,
    comparison_file,
    comparison_line,
    contradiction,
    head,
    limits,
    method,
    modality_link,
    steps,
)
from osteon.report.evidence.page import CoverageLine, Figure, IndexPage, Link, NetworkPart, StatementLine
from osteon.report.evidence.published import published_lines
from osteon.report.evidence.words import outcome_title, study_names
from osteon.report.figures import Node, Table, network_drawing, network_table
from osteon.report.figures.measures import MEASURES, interval_words, p_words
from osteon.report.figures.network_drawing import network_sentence
from osteon.report.page import Reason
from osteon.report.words import capital, joined, lower

FIRST_ANSWERS = 3  # of each comparison; its own page tells all
NETWORKS = ("collapse", "tha-conversion")
VERDICTS: Mapping[str, str] = {
    "confirmed": "confirmed",
    "plausible": "plausible",
    "supported": "supported",
    "weakly_supported": "weakly supported",
    "over_general": "too general",
    "not_confirmed": "not confirmed",
    "not_supported": "not supported",
    "contradicted": "contradicted",
}


def index_page(covered: Sequence[Coverage], comparisons: Sequence[Asked], known: Mapping[str, Study]) -> IndexPage:
    """The first page.

    Parameters
    ----------
    covered
        How much was read on each modality.
    comparisons
        Every pair of modalities with its outcomes.
    known
        All studies by id.
    """
    cite = Citations(knowledge())
    networks = [treatment_network(known, outcome) for outcome in NETWORKS]
    found = judgements()
    results = [result for asked in comparisons for answers in asked.values() for result in answers]
    published = published_lines()
    return IndexPage(
        head=head("What the studies say"),
        facts=facts(known.values(), covered),
        coverage=tuple(coverage_line(each, comparisons) for each in covered),
        comparisons=tuple(comparison_line(asked, FIRST_ANSWERS) for asked in comparisons),
        networks=tuple(network_part(each) for each in networks),
        contradictions=tuple(contradiction(each, cite) for each in found.contradictions),
        statements=tuple(statement_line(each, cite) for each in found.statements),
        published=tuple(line for line in published if line.ours),
        published_alone=tuple(line for line in published if not line.ours),
        method=method([*steps(results), *(network_step(each.network) for each in networks)], cite),
        limits=limits(list(known.values())),
        sources=cite.lines(),
    )


def facts(studies: Iterable[Study], covered: Sequence[Coverage]) -> str:
    read = list(studies)
    trials = sum(study.design == "rct" for study in read)
    compared = sum(bool(each.compared_with) for each in covered)
    return (
        f"{len(read)} studies, {trials} of them randomised, with {sum(len(study.arm) for study in read)} groups of "
        f"patients; {len(covered)} modalities, {compared} of which some study sets against another."
    )


def coverage_line(covered: Coverage, comparisons: Sequence[Asked]) -> CoverageLine:
    apart = f"; {covered.joints_apart} more in registries and reviews" if covered.joints_apart else ""
    kinds = f"{covered.randomised or 'none'} randomised, {covered.comparative or 'none'} comparative"
    return CoverageLine(
        link=modality_link(covered.modality),
        studies=f"{covered.studies}, of them {kinds}",
        joints=f"{covered.joints}{apart}",
        compared=tuple(partners(covered.modality, comparisons)),
        gaps=covered.gaps,
    )


def partners(modality: str, comparisons: Iterable[Asked]) -> Iterator[Link]:
    """What a modality is compared with, each with the page that tells of it."""
    for asked in comparisons:
        question: Question = next(iter(asked))
        both = (*question.of, *question.versus)
        if modality in both:
            others = [name for name in both if name != modality]
            yield Link(joined([modality_words(name) for name in others]), comparison_file(question))


def statement_line(record: ReviewStatement, cite: Citations) -> StatementLine:
    read = joined([study_names()[name] for name in record.studies])
    return StatementLine(
        claims=joined(record.claims),
        statement=record.statement,
        verdict=VERDICTS[record.verdict],
        found=Reason(record.found, cite.cite(record.source), read),
    )


# ------------------------------------------------------------------------------------------------------------ networks


def network_step(found: Network) -> MethodStep:
    return MethodStep("network", {"treatments": len(found.treatments), "studies": len(found.studies)})


def network_part(found: TreatmentNetwork) -> NetworkPart:
    """The network of one outcome with its figure, the order of the treatments and every pair."""
    title = outcome_title(found.outcome)
    nodes = network_nodes(found)
    edges = found.network.edges
    return NetworkPart(
        anchor=f"network-{found.outcome}",
        title=title,
        text=tuple(network_sentences(found)),
        figure=Figure(
            label=f"network, {lower(title)}",
            caption=network_sentence(nodes, edges),
            svg=network_drawing(nodes, edges, title=title, ident=f"net-{found.outcome}"),
            table=network_table(nodes, edges, title=title),
        ),
        ranks=ranks_table(found),
        league=league_table(found),
    )


def network_nodes(found: TreatmentNetwork) -> list[Node]:
    """The treatments with their joints and studies, in the order of the network."""
    rows = [row for row in found.rows if isinstance(row, CountArm)]
    return [
        Node(
            id=name,
            name=treatment_words(name),
            joints=sum(row.total for row in rows if row.treatment == name),
            studies=len({row.study for row in rows if row.treatment == name}),
        )
        for name in found.network.treatments
    ]


def treatment_words(name: str) -> str:
    return capital(interventions()[name].name)


def network_sentences(found: TreatmentNetwork) -> Iterator[str]:
    """How the network hangs together, and what it cannot say."""
    network = found.network
    yield (
        f"{len(network.studies)} studies connect {len(network.treatments)} treatments with untreated joints. Placebo "
        f"and care without an operation count as no treatment."
    )
    if network.between.p is None:
        yield "No loop is closed, so nothing tells whether direct and indirect comparisons agree."
    else:
        yield f"Direct and indirect comparisons: test of whether they agree, {p_words(network.between.p)}."
    yield from network.notes
    if found.apart:
        parts = "; ".join(joined([interventions()[name].name for name in part]) for part in found.apart)
        yield f"Compared with each other, but not connected with these: {parts}."


def ranks_table(found: TreatmentNetwork) -> Table:
    """Each treatment against none, those with the best P-score first."""
    network = found.network
    against = {effect.treatment: effect for effect in network.against_reference}
    order = sorted(network.p_scores.items(), key=lambda each: (-each[1], each[0]))
    lines = tuple(
        (treatment_words(name), cell(against[name]) if name in against else "compared with itself", f"{score:.2f}")
        for name, score in order
    )
    versus = treatment_words(network.reference).lower()
    caption = (
        f"{outcome_title(found.outcome)}: each treatment against {versus}. The P-score, from 0 to 1, says how often a "
        f"treatment beats the others by these numbers; it knows nothing of how sound the studies are, and "
        f"{'more' if more_is_better(found.outcome) else 'less'} is better."
    )
    return Table(caption, ("Treatment", f"Risk ratio against {versus} (95 % interval)", "P-score"), lines)


def league_table(found: TreatmentNetwork) -> Table:
    """Every treatment against every other."""
    network = found.network
    names = [treatment_words(name) for name in network.treatments]
    lines = tuple(
        (name, *("" if effect.treatment == effect.versus else cell(effect) for effect in row))
        for name, row in zip(names, network.league, strict=True)
    )
    caption = f"{outcome_title(found.outcome)}: risk ratio (95 % interval), each row against each column"
    return Table(caption, ("Treatment", *(f"against {name.lower()}" for name in names)), lines)


def cell(effect: NetworkEffect) -> str:
    return interval_words(MEASURES["RR"], (effect.estimate, effect.ci_low, effect.ci_high), 2)
