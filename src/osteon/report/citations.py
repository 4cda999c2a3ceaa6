"""Which sources does the page cite, in which order, and from which places in them?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from osteon.knowledge.records import Knowledge, Source
from osteon.knowledge.studies import Study, studies
from osteon.knowledge.table import ConditionAnswer
from osteon.report.page import Asked, Reason, SourceLine
from osteon.report.words import asked_text, label, note_text, possible_text, unique

MOST_PLACES = 3  # places in a study that its line names as read


@dataclass(frozen=True, slots=True)
class Citations:
    """Numbers sources and studies by first mention. A page is written with one of these, from top to bottom.

    A study whose paper is also a source has the source's number.
    """

    knowledge: Knowledge
    numbers: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def cite(self, keys: Iterable[str], where: str = "") -> tuple[int, ...]:
        """The numbers of these sources; a place is kept for the list when it can belong to one source only."""
        each = unique(keys)
        for key in each:
            self.number(key)
            if where and len(each) == 1:
                self.places.setdefault(key, []).append(where)
        return tuple(self.numbers[key] for key in each)

    def studies(self, ids: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the papers behind these studies."""
        return self.cite(self.paper(name) for name in ids)

    def paper(self, study: str) -> str:
        """The key of a study: that of the source that is the same paper, if there is one."""
        if not self.addresses:
            for key, source in self.knowledge.sources.items():
                self.addresses.update(dict.fromkeys(addresses(source), key))
        known = addresses(studies()[study])
        return next((self.addresses[each] for each in known if each in self.addresses), study)

    def number(self, key: str) -> None:
        """Give a source its number, and the source that cites it one too, where it has no address of its own."""
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            source = self.knowledge.sources.get(key)
            if source is not None and not source.link and source.via:
                self.number(source.via)

    def reason(
        self,
        text: str,
        keys: Iterable[str],
        where: str = "",
        basis: str = "read",
        setting: str | None = None,
        conditions: Iterable[ConditionAnswer] = (),
        kind: str = "",
    ) -> Reason:
        """A sentence with its sources, and the conditions it rests on."""
        return Reason(
            text=text,
            refs=self.cite(keys, where),
            where=where,
            note=note_text(basis, setting),
            asked=tuple(self.asked(condition) for condition in conditions if condition.finding != "site"),
            kind=kind,
        )

    def asked(self, condition: ConditionAnswer) -> Asked:
        """One condition of a rule in words, with what is known and what that answers."""
        return Asked(
            finding=label(condition.finding, self.knowledge),
            wanted=asked_text(condition),
            known=possible_text(condition.finding, condition.known, self.knowledge),
            answer=condition.answer.value,
        )

    def cited_studies(self) -> tuple[Study, ...]:
        """The studies cited that are no sources too."""
        return tuple(studies()[key] for key in self.numbers if key not in self.knowledge.sources)

    def lines(self) -> tuple[SourceLine, ...]:
        """Every source cited so far, by number."""
        return tuple(self.line(key, number) for key, number in self.numbers.items())

    def line(self, key: str, number: int) -> SourceLine:
        if key not in self.knowledge.sources:
            return study_line(studies()[key], number)
        source = self.knowledge.sources[key]
        return SourceLine(
            number=number,
            citation=source.citation,
            link=source.link,
            cited_in=self.numbers[source.via] if source.via and not source.link else None,
            read=source.read,
            places=unique(self.places.get(key, ())),
            note=source.note or "",
        )


def study_line(study: Study, number: int) -> SourceLine:
    """A study in the list of sources: what was read of it is where its figures stand."""
    return SourceLine(
        number=number,
        citation=study.citation,
        link=study_link(study),
        cited_in=None,
        read=read_of(study),
        places=(),
        note="",
    )


def study_link(study: Study) -> str:
    """The address of a paper that a reader can open.

    Examples
    --------
    >>> study_link(studies()["lai-2005"])
    'https://doi.org/10.2106/JBJS.D.02959'
    """
    if study.doi:
        return f"https://doi.org/{study.doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{study.pmid}" if study.pmid else study.url


def read_of(study: Study) -> str:
    """Where the figures of a study were read.

    Examples
    --------
    >>> read_of(studies()["lai-2005"])
    'abstract; table 3 of Hong 2014 review'
    """
    places = places_of(study)
    more = f"; {len(places) - MOST_PLACES} more places" if len(places) > MOST_PLACES else ""
    return "; ".join(places[:MOST_PLACES]) + more


def places_of(study: Study) -> tuple[str, ...]:
    return unique(outcome.where for arm in study.arm for outcome in arm.outcome)


def addresses(paper: Source | Study) -> Iterator[str]:
    """The addresses under which a paper may be known."""
    if paper.doi:
        yield f"doi {paper.doi.lower()}"
    if paper.pmid:
        yield f"pmid {paper.pmid}"
    if paper.url and not (paper.doi or paper.pmid):
        yield paper.url.rstrip("/").lower()
