"""How is one thing written in SQL that DuckDB and Spark read alike?

Spark is told to take double quotes as names (`spark.sql.ansi.doubleQuotedIdentifiers`), so that one text serves both.
Nothing that comes from outside stands bare in a statement: names and words go through `name` and `word`.

A yes-no finding is a BOOLEAN column. A choice is a BIGINT in which each bit is one value that is still possible, in the
order of the vocabulary; a list of items one in which each bit is one item it holds. A quantity or a date is two
columns, `_low` and `_high`. NULL is unknown everywhere, so that Kleene's logic is SQL's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from osteon.case.vocabulary import vocabulary
from osteon.errors import Fault, InputError

UNKNOWN = "CAST(NULL AS BOOLEAN)"
SPOKEN = frozenset("'\\$")  # a word may hold them, but one engine or the other reads more into them than the letter


def name(text: str) -> str:
    """A name of a column or table.

    Examples
    --------
    >>> print(name('say "x"'))
    "say ""x""\"
    """
    return '"' + sane(text).replace('"', '""') + '"'


def word(text: str) -> str:
    """A text value; quotes, backslashes and dollars are spelt by their codes, since the engines read them differently.

    Examples
    --------
    >>> print(word("M87.05"), word("it's"))
    'M87.05' concat('it', chr(39), 's')
    """
    pieces = [""]
    for letter in sane(text):
        if letter in SPOKEN:
            pieces += [letter, ""]
        else:
            pieces[-1] += letter
    spelt = [f"chr({ord(piece)})" if piece in SPOKEN else f"'{piece}'" for piece in pieces if piece]
    return f"concat({', '.join(spelt)})" if len(spelt) > 1 else spelt[0] if spelt else "''"


def sane(text: str) -> str:
    """The text; no engine takes a letter of value zero or half a surrogate pair."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("a name or word", [Fault("", "holds a letter that no table can hold. Take it out.")])
    return text


def number(value: float) -> str:
    """A finite number that both engines read as the very same double.

    Examples
    --------
    >>> print(number(2), number(0.1), number(1e-7))
    2.0e0 0.1e0 1e-07
    """
    written = repr(float(value))
    return written if "e" in written else f"{written}e0"


def words(texts: Iterable[str]) -> str:
    """A list for `IN`."""
    return f"({', '.join(map(word, texts))})"


def all_of(parts: Iterable[str]) -> str:
    """Kleene "and"; true for no parts.

    Examples
    --------
    >>> all_of(['"pain"', "TRUE", '"pain"']), all_of(['"pain"', "FALSE"]), all_of(["a > 1", "b OR c"])
    ('"pain"', 'FALSE', '(a > 1) AND (b OR c)')
    """
    return joined(parts, " AND ", "TRUE", "FALSE")


def any_of(parts: Iterable[str]) -> str:
    """Kleene "or"; false for no parts."""
    return joined(parts, " OR ", "FALSE", "TRUE")


def joined(parts: Iterable[str], between: str, neutral: str, decisive: str) -> str:
    distinct = [part for part in dict.fromkeys(parts) if part != neutral]
    if decisive in distinct:
        return decisive
    if len(distinct) < 2:
        return distinct[0] if distinct else neutral
    return between.join(f"({part})" for part in distinct)


def bits(values: Iterable[object], legal: Sequence[object]) -> int:
    """The set of values as a number, one bit for each, in the order of `legal`.

    Examples
    --------
    >>> bits({"II", "IV"}, ["I", "II", "III", "IV"])
    10
    """
    return sum(1 << legal.index(value) for value in set(values))


def is_range(finding: str) -> bool:
    """Whether a finding is held as two columns, `_low` and `_high`."""
    return vocabulary()[finding].kind in ("quantity", "date")


def columns(finding: str) -> tuple[str, ...]:
    """The columns that hold one finding.

    Examples
    --------
    >>> columns("pain"), columns("depression_mm")
    (('pain',), ('depression_mm_low', 'depression_mm_high'))
    """
    return (f"{finding}_low", f"{finding}_high") if is_range(finding) else (finding,)


def column_type(finding: str) -> str:
    """The SQL type of a finding's columns."""
    kind = vocabulary()[finding].kind
    return {"yes_no": "BOOLEAN", "choice": "BIGINT", "items": "BIGINT"}.get(kind, "DOUBLE")


def as_words(mask: str, legal: Sequence[str], between: str = " or ") -> str:
    """The possible values of a choice as one text; NULL where nothing is known.

    Examples
    --------
    >>> print(as_words("m", ["left"]))
    CASE WHEN m IS NOT NULL THEN concat_ws(' or ', CASE WHEN (m & 1) <> 0 THEN 'left' END) END
    """
    each = [f"CASE WHEN ({mask} & {1 << i}) <> 0 THEN {word(value)} END" for i, value in enumerate(legal)]
    return f"CASE WHEN {mask} IS NOT NULL THEN concat_ws({word(between)}, {', '.join(each)}) END"
