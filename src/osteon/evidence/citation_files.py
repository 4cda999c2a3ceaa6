"""Which papers does a reference manager's file name? RIS and MEDLINE files (PubMed's .nbib), one `Citation` a paper.

Both formats have the same lines: a tag in four columns, a hyphen, a blank and the value; a MEDLINE value may go on in
lines that begin with six blanks. A record begins with `TY` in RIS and with `PMID` in MEDLINE.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from osteon.errors import Fault, InputError
from osteon.whole_file import read_whole

MAX_BYTES = 20_000_000  # some ten thousand references

SUFFIXES = (".ris", ".nbib", ".txt")
LINE = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}- ?(.*)")
BEGINS = ("TY", "PMID")
MAX_RECORDS = 20_000

Tags = dict[str, list[str]]  # the values of one record by tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One paper as a reference manager knows it; "" or None where the file does not say."""

    id: str  # of the study to be: first author and year, as in lai-2005; a second one of the same is lai-2005-2
    authors: tuple[str, ...]
    title: str
    journal: str
    year: int | None
    volume: str
    issue: str
    pages: str
    doi: str
    pmid: str

    @property
    def url(self) -> str:
        """Where a reader finds the paper; "" where the file gives neither DOI nor PubMed number."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}" if self.pmid else ""

    @property
    def text(self) -> str:
        """The citation in one line, as studies carry it.

        Examples
        --------
        >>> records("TY  - JOUR\\nAU  - Lai, K. A.\\nJO  - J Demo\\nPY  - 2005\\nVL  - 87\\nSP  - 1\\nEP  - 9")[0].text
        'Lai KA. J Demo 2005;87:1-9'
        """
        first = self.authors[0] if self.authors else self.title.rstrip(".")
        author = f"{first} et al." if len(self.authors) > 1 else f"{first}."
        issue = f"({self.issue})" if self.issue else ""
        place = f"{self.year or ''};{self.volume}{issue}:{self.pages}".strip(";:").replace(";:", ";")
        return " ".join(filter(None, (author, self.journal, place)))


def read_citations(path: Path) -> tuple[Citation, ...]:
    """Every paper of a RIS (.ris) or MEDLINE (.nbib, .txt) file, in the order of the file.

    Raises
    ------
    InputError
        When the file cannot be read, is too large, is no UTF-8 text or holds no record.
    """
    if path.suffix.lower() not in SUFFIXES:
        accepted = ", ".join(SUFFIXES)
        raise InputError(path.name, [Fault("", f"the name ends in {path.suffix or 'nothing'!r}; use {accepted}.")])
    found = records(read_whole(path, MAX_BYTES, "file of citations", "Export it anew."))
    if not found:
        why = "holds no record: none begins with TY (RIS) or PMID (MEDLINE). Export the references again."
        raise InputError(path.name, [Fault("", why)])
    if len(found) > MAX_RECORDS:
        raise InputError(path.name, [Fault("", f"holds {len(found)} records; at most {MAX_RECORDS} are read at once.")])
    return found


def records(text: str) -> tuple[Citation, ...]:
    """The papers of a RIS or MEDLINE text; lines before the first record are passed over.

    Examples
    --------
    >>> [paper] = records("PMID- 1\\nDP  - 2005 Oct\\nTI  - A long\\n      title.\\nLID - 10.0/x [doi]\\n")
    >>> paper.title, paper.year, paper.doi
    ('A long title.', 2005, '10.0/x')
    """
    found: list[Tags] = []
    last: list[str] = []
    for line in text.splitlines():
        match = LINE.fullmatch(line.rstrip())
        if match and line[4:5] == "-":
            tag, value = match.groups()
            if tag in BEGINS:
                found.append({})
            last = found[-1].setdefault(tag, []) if found else []
            last.append(value.strip())
        elif line.startswith("      ") and last:
            last[-1] += " " + line.strip()
    papers = []
    counts: Counter[str] = Counter()
    for paper in map(citation, found):
        counts[paper.id] += 1
        papers.append(paper if counts[paper.id] == 1 else replace(paper, id=f"{paper.id}-{counts[paper.id]}"))
    return tuple(papers)


def citation(tags: Mapping[str, list[str]]) -> Citation:
    """One paper from its tags; the RIS tag comes first, then MEDLINE's."""
    year = re.search(r"\b(1[89]|20)\d\d\b", first(tags, "PY", "Y1", "DA", "DP"))
    dois = [
        *tags.get("DO", ()),
        *(v.removesuffix(" [doi]") for v in (*tags.get("LID", ()), *tags.get("AID", ())) if v.endswith(" [doi]")),
    ]
    pages = "-".join(filter(None, (first(tags, "SP"), first(tags, "EP")))) or first(tags, "PG")
    authors = tuple(map(family_initials, tags.get("AU") or tags.get("A1") or ()))
    return Citation(
        id=short_key(authors[0] if authors else "", year[0] if year else ""),
        authors=authors,
        title=first(tags, "TI", "T1"),
        journal=first(tags, "TA", "JA", "J2", "JO", "JF", "T2", "JT"),
        year=int(year[0]) if year else None,
        volume=first(tags, "VL", "VI"),
        issue=first(tags, "IS", "IP"),
        pages=pages,
        doi=bare_doi(dois[0]) if dois else "",
        pmid=first(tags, "PMID"),
    )


def first(tags: Mapping[str, list[str]], *names: str) -> str:
    return next((tags[name][0] for name in names if tags.get(name) and tags[name][0]), "")


def bare_doi(text: str) -> str:
    """A DOI without the address of a resolver.

    Examples
    --------
    >>> bare_doi("https://doi.org/10.2106/JBJS.D.02959")
    '10.2106/JBJS.D.02959'
    """
    return re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", text.strip(), flags=re.IGNORECASE)


def short_key(author: str, year: str) -> str:
    """First author's family name and the year, in plain letters.

    Examples
    --------
    >>> short_key("Müller-Gerbl M", "1989"), short_key("", "")
    ('muller-gerbl-1989', 'study')
    """
    family = author.rpartition(" ")[0] or author
    plain = unicodedata.normalize("NFKD", family).encode("ascii", "ignore").decode().lower()
    return "-".join([*(re.findall(r"[a-z0-9]+", plain[:40]) or ["study"]), *filter(None, [year])])


def family_initials(author: str) -> str:
    """An author as medical journals write one.

    Examples
    --------
    >>> family_initials("Lai, Kuo-An"), family_initials("Lai KA")
    ('Lai KA', 'Lai KA')
    """
    family, comma, given = author.partition(",")
    initials = "".join(word[0].upper() for word in re.findall(r"\w+", given))
    return f"{family.strip()} {initials}".strip() if comma else author.strip()
