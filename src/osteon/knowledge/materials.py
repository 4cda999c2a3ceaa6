"""How stiff and how strong are bone, grafts, cement and implants? One record a material under `materials/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from osteon.case.toml_files import parsed
from osteon.errors import Fault, KnowledgeError
from osteon.knowledge.load import Reader, knowledge
from osteon.knowledge.records import Review, Setting, Source

KINDS = ("law", "factor", "constant")
LEGAL: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Material", "kind"): KINDS,
    ("Law", "gives"): ("modulus", "strength"),
    ("Law", "density"): ("ash", "apparent", "k2hpo4"),
}
LAWS = "laws.toml"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as a source has it, with the range over sources or by its spread; `setting` where none settles it."""

    value: float
    low: float | None = None
    high: float | None = None
    source: tuple[str, ...] = ()
    where: str = ""
    setting: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """One material; of several figures the first is used and the others are its rivals.

    `kind` says where stiffness and strength come from: a law of the place's density, a factor on what the law gives,
    or constants. Without a strength, none was read.
    """

    id: str
    name: str
    kind: str
    poisson: tuple[Figure, ...]
    review: Review
    modulus_mpa: tuple[Figure, ...] = ()
    modulus_factor: tuple[Figure, ...] = ()
    strength_mpa: tuple[Figure, ...] = ()
    strength_factor: tuple[Figure, ...] = ()
    yield_strain_compression: tuple[Figure, ...] = ()
    yield_strain_tension: tuple[Figure, ...] = ()
    thickness_mm: tuple[Figure, ...] = ()
    setting: tuple[Setting, ...] = ()
    note: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure of the material."""
        own = self.modulus_mpa + self.modulus_factor + self.strength_mpa + self.strength_factor
        strains = self.yield_strain_compression + self.yield_strain_tension
        return own + strains + self.poisson + self.thickness_mm


@dataclass(frozen=True, slots=True)
class Piece:
    """`factor * density ** exponent + constant`, for densities up to `up_to` g/cm³ (None: all above)."""

    factor: float
    exponent: float
    constant: float = 0.0
    up_to: float | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """Modulus or strength in MPa from ash, apparent or K2HPO4-equivalent density in g/cm³."""

    id: str
    name: str
    gives: str
    density: str
    piece: tuple[Piece, ...]
    source: tuple[str, ...]
    where: str
    default: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One density from another: `slope * density + offset`, g/cm³; lower densities than `least` count as `least`."""

    id: str
    slope: float
    offset: float
    source: tuple[str, ...]
    where: str
    least: float | None = None


@dataclass(frozen=True, slots=True)
class MaterialKnowledge:
    """All materials, laws and conversions by id."""

    materials: Mapping[str, Material]
    laws: Mapping[str, Law]
    conversions: Mapping[str, Conversion]

    def default_law(self, gives: str) -> Law:
        """The law that is used unless another is named."""
        return next(law for law in self.laws.values() if law.gives == gives and law.default)


PARTS: Mapping[str, type] = {cls.__name__: cls for cls in (Figure, Piece, Setting, Review)}


@cache
def materials() -> MaterialKnowledge:
    """Every material, law of density and conversion, read and checked once.

    Raises
    ------
    KnowledgeError
        With every fault of every file.

    Examples
    --------
    >>> materials().materials["bone_cement"].modulus_mpa[0].value
    2500
    >>> materials().default_law("modulus").name
    'Morgan 2003, femoral neck'
    """
    folder = Path(__file__).with_name("materials")
    raw = parsed({path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))})
    return read_materials(raw, knowledge().sources)


def read_materials(raw: Mapping[str, Any], sources: Mapping[str, Source]) -> MaterialKnowledge:
    """The records from TOML tables by file name; raises `KnowledgeError` with every fault."""
    faults: list[Fault] = []
    found: dict[str, Material] = {}
    for file, table in raw.items():
        if file != LAWS:
            reader = Reader(f"materials/{file}", {}, faults)
            material: Material | None = reader.record(Material, table, "")
            if material is not None:
                faults += [Fault(reader.file, wrong) for wrong in wrong_in(material, file, sources)]
                found[material.id] = material
    laws = listed(Law, raw[LAWS]["law"], faults)
    conversions = listed(Conversion, raw[LAWS]["conversion"], faults)
    faults += [Fault(f"materials/{LAWS}", wrong) for law in laws.values() for wrong in wrong_law(law, sources)]
    if faults:
        raise KnowledgeError(faults)
    return MaterialKnowledge(found, laws, conversions)


def listed(cls: type, tables: list[Any], faults: list[Fault]) -> dict[str, Any]:
    """Records of one class by id."""
    reader = Reader(f"materials/{LAWS}", {}, faults)
    records = [reader.record(cls, table, f"{cls.__name__.lower()} {table.get('id')}") for table in tables]
    return {record.id: record for record in records if record is not None}


def wrong_in(material: Material, file: str, sources: Mapping[str, Source]) -> Iterator[str]:
    """What no single field shows: names that do not exist, ranges upside down, a kind without its figures."""
    if f"{material.id}.toml" != file:
        yield f"id is {material.id!r}, but the file is called {file}."
    needed = {"constant": material.modulus_mpa, "factor": material.modulus_factor, "law": material.poisson}
    if not needed[material.kind]:
        yield f"is of kind {material.kind!r} but has no figure for it."
    settings = {setting.id for setting in material.setting}
    for figure in material.figures:
        yield from wrong_figure(figure, settings, sources)
    if unused := settings - {figure.setting for figure in material.figures}:
        yield f"no figure rests on the setting {min(unused)!r}."


def wrong_figure(figure: Figure, settings: set[str], sources: Mapping[str, Source]) -> Iterator[str]:
    """What is wrong with one figure."""
    if not figure.source and figure.setting is None:
        yield f"{figure.value:g} has neither a source nor a setting."
    if figure.setting is not None and figure.setting not in settings:
        yield f"setting {figure.setting!r} is not among its [[setting]]s."
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    if not 0 < low <= figure.value <= high:
        yield f"{low:g} to {high:g} is no range about {figure.value:g} above 0."
    yield from (f"source {key!r} is not in sources/." for key in figure.source if key not in sources)


def wrong_law(law: Law, sources: Mapping[str, Source]) -> Iterator[str]:
    """What is wrong with one law."""
    ends = [piece.up_to for piece in law.piece]
    if ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(end for end in ends[:-1] if end is not None):
        yield f"law {law.id}: up_to must rise from piece to piece, and the last piece has none."
    yield from (f"law {law.id}: source {key!r} is not in sources/." for key in law.source if key not in sources)
