"""How stiff and how strong is every voxel of a model, by which law and which figures?

A voxel is as stiff as its materials by volume (sum of share times E). Stiffness of bone follows its density by a law;
published laws contradict each other, so the law is a choice, every rival can be asked for, and the answer names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from osteon.anatomy import Floats
from osteon.errors import Fault, InputError
from osteon.knowledge.materials import Figure, Law, Material, MaterialKnowledge, materials
from osteon.mechanics.model import HALF, HeadModel, declared

Field = NDArray[np.float32]  # [z, y, x]

# Materials whose yield strains are those of bone.
BONE_TISSUES = ("bone", "cortical_bone", "subchondral_plate", "necrotic_bone", "sclerotic_bone", "repaired_bone")
# What an empty voxel is given; the solver asks for a legal value everywhere.
EMPTY_POISSON = 0.3


@dataclass(frozen=True, slots=True)
class Materials:
    """Which of the rival figures to use; what is left out is as the records under `knowledge/materials` have it.

    Parameters
    ----------
    modulus_law, strength_law
        Ids in `laws.toml`; "" for the default.
    modulus_mpa, strength_mpa
        Material id -> MPa, above 0, for materials of kind "constant".
    modulus_factor, strength_factor
        Material id -> part of the healthy bone's, above 0, for materials of kind "factor".

    Examples
    --------
    `Materials(modulus_law="keyak", modulus_factor={"necrotic_bone": 0.1})`
    """

    modulus_law: str = ""
    strength_law: str = ""
    modulus_mpa: Mapping[str, float] = field(default_factory=dict)
    strength_mpa: Mapping[str, float] = field(default_factory=dict)
    modulus_factor: Mapping[str, float] = field(default_factory=dict)
    strength_factor: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Elastic:
    """Stiffness and strength of every voxel, ready for the solver; arrays [z, y, x], float32.

    Parameters
    ----------
    modulus_mpa
        Young's modulus; 0 where a voxel is empty.
    poisson
        Poisson's ratio.
    strength_mpa
        Stress at which the voxel yields in compression, by volume as the modulus; NaN where for most of what fills a
        voxel no strength was read (implants), 0 where it is empty or the bone's density is 0.
    yield_strain_compression, yield_strain_tension
        Strains at which bone (`BONE_TISSUES`) yields.
    settings, sources
        What every result has to declare: named choices of model and materials, and the sources used.
    """

    modulus_mpa: Field
    poisson: Field
    strength_mpa: Field
    yield_strain_compression: float
    yield_strain_tension: float
    settings: tuple[str, ...]
    sources: tuple[str, ...]


def elastic(model: HeadModel, chosen: Materials | None = None) -> Elastic:
    """The stiffness and strength of every voxel of a model.

    Parameters
    ----------
    chosen
        Laws and figures in place of the recorded ones; every replacement is declared in the answer.

    Raises
    ------
    InputError
        Where the model or `chosen` name a material or law that has no record, or a number that is not above 0.

    Examples
    --------
    A voxel half full of cement has half of cement's 2,500 MPa:

    >>> from osteon.mechanics.model import HeadModel
    >>> half = {"bone_cement": np.full((1, 1, 1), 0.5, np.float32)}
    >>> model = HeadModel(None, np.zeros(3), 1.0, half, np.zeros((1, 1, 1)), None, np.zeros((2, 2, 2), bool))
    >>> float(elastic(model).modulus_mpa[0, 0, 0])
    1250.0
    """
    chosen, known = chosen or Materials(), materials()
    check(model, chosen, known)
    stiff, strong = law_of("modulus", chosen.modulus_law), law_of("strength", chosen.strength_law)
    healthy = law_values(stiff, model.ash_g_cm3), law_values(strong, model.ash_g_cm3)
    modulus, poisson, strength, sure = (np.zeros(model.shape, np.float32) for _ in range(4))
    for name, share in model.shares.items():
        material = known.materials[name]
        modulus += share * modulus_of(material, chosen, healthy[0])
        poisson += share * np.float32(material.poisson[0].value)
        yields = strength_of(material, chosen, healthy[1])
        if yields is not None:
            strength += share * yields
            sure += share
    filled = model.filled
    floor = np.float32(known.materials["marrow"].modulus_mpa[0].value)
    np.divide(poisson, filled, out=poisson, where=filled > 0)
    poisson[filled <= 0] = EMPTY_POISSON
    strength *= np.divide(filled, sure, out=np.zeros_like(sure), where=sure > 0)
    strength[sure < HALF * filled] = np.nan
    used = [known.materials[name] for name in model.shares]
    strains = known.materials["bone"]
    return Elastic(
        np.maximum(modulus, floor * filled),
        poisson,
        strength,
        strains.yield_strain_compression[0].value,
        strains.yield_strain_tension[0].value,
        declared(model.settings, *law_words(chosen, stiff, strong), *settings_of(used, chosen)),
        declared(model.sources, *stiff.source, *strong.source, *sources_of(used)),
    )


def law_of(gives: str, name: str) -> Law:
    """A law by its id, or the default one for "modulus" or "strength"."""
    return materials().laws[name] if name else materials().default_law(gives)


def law_values(law: Law, ash_g_cm3: NDArray[np.floating]) -> Field:
    """What a law gives for ash densities, in MPa; densities below 0 count as 0.

    Examples
    --------
    >>> law_values(law_of("modulus", "keyak"), np.array([0.27, 0.6])).round().tolist()
    [1902.0, 3653.0]
    """
    density = ash_g_cm3
    if law.density != "ash":
        conversion = materials().conversions[f"ash_of_{law.density}"]
        density = (density - conversion.offset) / conversion.slope
    density = np.maximum(density, 0).astype(np.float32)
    ends = [np.inf if piece.up_to is None else piece.up_to for piece in law.piece]
    which = np.searchsorted(ends, density)
    values = np.empty_like(density)
    for number, piece in enumerate(law.piece):
        here = which == number
        values[here] = piece.factor * density[here] ** piece.exponent + piece.constant
    return np.asarray(values, np.float32)


def modulus_of(material: Material, chosen: Materials, healthy: Field) -> Field | np.float32:
    """Young's modulus of one material at every place, MPa."""
    if material.kind == "law":
        return healthy
    if material.kind == "factor":
        factor = chosen.modulus_factor.get(material.id, material.modulus_factor[0].value)
        return np.float32(factor) * healthy
    return np.float32(chosen.modulus_mpa.get(material.id, material.modulus_mpa[0].value))


def strength_of(material: Material, chosen: Materials, healthy: Field) -> Field | np.float32 | None:
    """Strength of one material at every place, MPa; None where none was read."""
    if material.kind == "law":
        return healthy
    if material.kind == "factor":
        factor = chosen.strength_factor.get(material.id, material.strength_factor[0].value)
        return np.float32(factor) * healthy
    own = material.strength_mpa[0].value if material.strength_mpa else None
    value = chosen.strength_mpa.get(material.id, own)
    return None if value is None else np.float32(value)


def check(model: HeadModel, chosen: Materials, known: MaterialKnowledge) -> None:
    """Refuse names without a record and numbers that are not above 0, all at once."""
    legal = {kind: [m.id for m in known.materials.values() if m.kind == kind] for kind in ("constant", "factor")}
    faults = [unknown("model", name, known.materials) for name in model.shares.keys() - known.materials.keys()]
    for name, gives in ((chosen.modulus_law, "modulus"), (chosen.strength_law, "strength")):
        laws = [law.id for law in known.laws.values() if law.gives == gives]
        faults += [unknown(f"{gives}_law", name, laws)] if name and name not in laws else []
    for place, kind in (("modulus", "factor"), ("strength", "factor"), ("modulus", "mpa"), ("strength", "mpa")):
        given: Mapping[str, float] = getattr(chosen, f"{place}_{kind}")
        names = legal["constant" if kind == "mpa" else "factor"]
        for name, value in given.items():
            if name not in names:
                faults.append(unknown(f"{place}_{kind}", name, names))
            elif not 0 < value < np.inf:
                faults.append(Fault(f"{place}_{kind}.{name}", f"is {value:g}, but it must be above 0."))
    if faults:
        raise InputError("materials", faults)


def unknown(place: str, name: str, legal: object) -> Fault:
    """A name that has no record."""
    return Fault(place, f"{name!r} has no record; use one of {', '.join(sorted(legal))}.")  # type: ignore[call-overload]


def law_words(chosen: Materials, stiff: Law, strong: Law) -> tuple[str, ...]:
    """The laws used and every figure that was replaced, in words."""
    changed = [
        f"{name}: {words} {value:g}"
        for words, given in (
            ("modulus in MPa", chosen.modulus_mpa),
            ("strength in MPa", chosen.strength_mpa),
            ("part of healthy bone's modulus", chosen.modulus_factor),
            ("part of healthy bone's strength", chosen.strength_factor),
        )
        for name, value in given.items()
    ]
    return (f"stiffness of bone by the law {stiff.name}", f"strength of bone by the law {strong.name}", *changed)


def settings_of(used: list[Material], chosen: Materials) -> tuple[str, ...]:
    """The named settings that the figures in use rest on."""
    replaced = {(name, "modulus_mpa") for name in chosen.modulus_mpa}
    replaced |= {(name, "modulus_factor") for name in chosen.modulus_factor}
    names = ("modulus_mpa", "modulus_factor", "strength_mpa", "strength_factor", "poisson")
    found: list[str] = []
    for material in used:
        texts = {setting.id: setting.text for setting in material.setting}
        for name in names:
            figures: tuple[Figure, ...] = getattr(material, name)
            if figures and figures[0].setting and (material.id, name) not in replaced:
                found.append(texts[figures[0].setting])
    return tuple(dict.fromkeys(found))


def sources_of(used: list[Material]) -> tuple[str, ...]:
    """The sources of the figures in use, each once."""
    return tuple(dict.fromkeys(key for material in used for figure in material.figures for key in figure.source))


def thickness_mm(material: str) -> float:
    """How thick a layer of a material is taken to be, mm."""
    return materials().materials[material].thickness_mm[0].value


def ash_of_ct(hounsfield: Floats, slope: float, offset: float, phantom: str) -> Floats:
    """Ash density in g/cm³ from CT numbers and the scanner's calibration.

    Parameters
    ----------
    hounsfield
        CT numbers, any shape.
    slope, offset
        Of the calibration: density in g/cm³ = slope * HU + offset.
    phantom
        What the calibration is in: "k2hpo4" (turned into ash density as parosol-py codes it after Keyak 1994) or "ash".

    Raises
    ------
    InputError
        Where the slope is not above 0 or the phantom is another: there is no law read that turns it into ash density.
        Without a calibration CT numbers are no densities; use the template's densities then, which says so.

    Examples
    --------
    >>> ash_of_ct(np.array([300.0]), 0.001, 0.0, "k2hpo4").round(4).tolist()
    [0.3569]
    """
    faults = [Fault("slope", f"is {slope:g}, but must be above 0.")] if not 0 < slope < np.inf else []
    if phantom not in ("k2hpo4", "ash"):
        faults.append(Fault("phantom", f"is {phantom!r}; calibrations in k2hpo4 or ash can be used."))
    if faults:
        raise InputError("calibration of the CT", faults)
    density = slope * np.asarray(hounsfield, float) + offset
    if phantom == "ash":
        return density
    law = materials().conversions["ash_of_k2hpo4"]
    return np.asarray(law.slope * np.maximum(density, law.least or 0.0) + law.offset)
