"""Can this problem be solved at all, and if not, what has to be mended?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from osteon.errors import Fault, InputError
from osteon.mechanics.solve.grid import Holds
from osteon.mechanics.solve.kernel import LONGEST_ROW, RIGID
from osteon.mechanics.solve.parts import label, parts

Array = NDArray[Any]

BYTES_PER_NODE = 350
"""Memory of a solve for each node of a full box, its result too: 371, 343, 308 were measured at 48, 80, 110 across."""

SHOWN_PARTS = 5
SLENDER_VOXELS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A problem that can be solved: arrays as `solve` takes them, forces and starts always with an axis of cases."""

    modulus_mpa: Array
    spacing_mm: float
    poisson: Array
    holds: Holds
    fixed: Array
    force_n: Array
    prescribed_mm: Array | None
    start_mm: Array | None
    notes: tuple[str, ...]


def checked(
    modulus_mpa: ArrayLike,
    spacing_mm: float,
    poisson: ArrayLike,
    fixed: ArrayLike,
    force_n: ArrayLike,
    *,
    prescribed_mm: ArrayLike | None = None,
    spring_n_per_mm: ArrayLike | None = None,
    start: ArrayLike | None = None,
    memory_gb: float | None = None,
) -> Problem:
    """The problem, or an `InputError` with every fault: first of shapes and memory, then of values, then of support."""
    modulus, ratio, fix, force = np.asarray(modulus_mpa), np.asarray(poisson), np.asarray(fixed), np.asarray(force_n)
    given = {"prescribed_mm": prescribed_mm, "spring_n_per_mm": spring_n_per_mm, "start": start}
    optional = {name: np.asarray(value) for name, value in given.items() if value is not None}
    refuse(shape_faults(modulus, ratio, fix, force, optional))
    refuse(memory_faults(modulus.shape, memory_gb))
    refuse(value_faults(modulus, spacing_mm, ratio, fix, force, optional))
    fix = np.broadcast_to(fix if fix.ndim == 4 else fix[..., None], (*fix.shape[:3], 3)).astype(bool, copy=False)
    holds = holds_of(fix, optional.get("spring_n_per_mm"))
    refuse(support_faults(modulus > 0, holds))
    start_mm = optional.get("start")
    return Problem(
        # A copy, so that a solution stays what it was when its model is edited for the next.
        np.array(modulus, np.float64),
        float(spacing_mm),
        np.array(ratio, np.float64),
        holds,
        fix,
        force if force.ndim == 5 else force[None],
        optional.get("prescribed_mm"),
        start_mm if start_mm is None or start_mm.ndim == 5 else start_mm[None],
        tuple(thin_notes(modulus > 0)),
    )


def supported_voxels(
    modulus_mpa: ArrayLike, fixed: ArrayLike, spring_n_per_mm: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """True in voxels of parts whose supports prevent every rigid movement: set the others to 0 to solve without them.

    Parameters
    ----------
    modulus_mpa, fixed, spring_n_per_mm
        As for `solve`.

    Examples
    --------
    >>> modulus = np.array([[[1.0, 0.0, 1.0]]])
    >>> fixed = np.zeros((2, 2, 4), bool)
    >>> fixed[..., 0] = True
    >>> supported_voxels(modulus, fixed).tolist()
    [[[True, False, False]]]
    """
    modulus, fix = np.asarray(modulus_mpa), np.asarray(fixed)
    labels = label(modulus > 0)
    full = np.broadcast_to(fix if fix.ndim == 4 else fix[..., None], (*fix.shape[:3], 3))
    springs = None if spring_n_per_mm is None else np.asarray(spring_n_per_mm)
    firm = [part.held == 6 for part in parts(labels, holds_of(full, springs))]
    return np.asarray(np.array([False, *firm])[labels])


def refuse(faults: Iterator[Fault]) -> None:
    """Raise all faults, if there are any."""
    found = list(faults)
    if found:
        raise InputError("the mechanical model", found)


def shape_faults(
    modulus: Array, ratio: Array, fixed: Array, force: Array, optional: dict[str, Array]
) -> Iterator[Fault]:
    """Arrays that do not fit together."""
    if modulus.ndim != 3 or 0 in modulus.shape:
        yield Fault("modulus_mpa", f"has shape {modulus.shape}; give one number for each voxel, [z, y, x].")
        return
    nodes = tuple(n + 1 for n in modulus.shape)
    if ratio.shape not in ((), modulus.shape):
        yield Fault("poisson", f"has shape {ratio.shape}; give one number, or one for each voxel, {modulus.shape}.")
    if fixed.shape not in (nodes, (*nodes, 3)):
        yield Fault("fixed", f"has shape {fixed.shape}; give {nodes}, one for each node, or {(*nodes, 3)}.")
    for name, array in {"force_n": force, **optional}.items():
        several = name in ("force_n", "start")
        if array.shape != (*nodes, 3) and not (several and array.ndim == 5 and array.shape[1:] == (*nodes, 3)):
            cases = ", or several of these along a first axis" if several else ""
            yield Fault(
                name, f"has shape {array.shape}; give {(*nodes, 3)}: nodes z, y, x and component x, y, z{cases}."
            )
    start = optional.get("start")
    if start is not None and start.ndim == 5 and (force.ndim != 5 or len(start) != len(force)):
        yield Fault("start", f"has {len(start)} cases, force_n another number; give one start for each or one for all.")
    for name, array in {"modulus_mpa": modulus, "poisson": ratio, "force_n": force, **optional}.items():
        if array.dtype.kind not in "fiu":
            yield Fault(name, f"holds {array.dtype}; give real numbers.")
    if fixed.dtype != bool:
        yield Fault("fixed", f"holds {fixed.dtype}; give True where a node or component is fixed.")


def memory_faults(cells: tuple[int, ...], memory_gb: float | None) -> Iterator[Fault]:
    """Models larger than the memory, before anything of their size is made."""
    need = BYTES_PER_NODE * float(np.prod([n + 1.0 for n in cells])) / 1e9
    most = memory_gb if memory_gb is not None else 0.9 * physical_memory_gb()
    if need > most:
        advice = "Use larger voxels, or crop the volume."
        yield Fault("modulus_mpa", f"{cells} voxels need about {need:.1f} GB; {most:.1f} GB may be used. {advice}")
    if cells[2] > LONGEST_ROW - 2:
        yield Fault("modulus_mpa", f"has {cells[2]} voxels along x; at most {LONGEST_ROW - 2} fit. Turn or crop it.")


def physical_memory_gb() -> float:
    """Memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def value_faults(
    modulus: Array, spacing_mm: float, ratio: Array, fixed: Array, force: Array, optional: dict[str, Array]
) -> Iterator[Fault]:
    """Numbers that mean nothing."""
    if not (np.ndim(spacing_mm) == 0 and np.isfinite(spacing_mm) and spacing_mm > 0):
        yield Fault("spacing_mm", f"is {spacing_mm}; give one edge above 0. Resample voxels that are not cubes.")
    everything = {"modulus_mpa": modulus, "poisson": ratio, "force_n": force, **optional}
    infinite = {name: count for name, array in everything.items() if (count := not_finite(array))}
    for name, count in infinite.items():
        yield Fault(name, f"has {count} values that are not finite. Give a number everywhere, 0 modulus for void.")
    if "modulus_mpa" not in infinite:
        yield from modulus_faults(modulus)
        yield from poisson_faults(modulus, ratio)
        loose = loaded_in_void(modulus > 0, force, fixed)
        if loose:
            yield Fault("force_n", f"loads {loose} nodes that touch no material. Move these forces to the bone.")
    spring = optional.get("spring_n_per_mm")
    if spring is not None and (spring < 0).any():
        yield Fault("spring_n_per_mm", f"is as low as {spring.min():g}; a spring has 0 N/mm or more.")


def not_finite(array: Array) -> int:
    """How many numbers are not finite. A finite sum, which takes no memory, has none of them."""
    with np.errstate(over="ignore", invalid="ignore"):
        return 0 if np.isfinite(array.sum()) else int((~np.isfinite(array)).sum())


def modulus_faults(modulus: Array) -> Iterator[Fault]:
    """A modulus below zero, or none at all."""
    if (modulus < 0).any():
        yield Fault("modulus_mpa", f"is as low as {modulus.min():g}; a modulus is above 0, and 0 means void.")
    elif not (modulus > 0).any():
        yield Fault("modulus_mpa", "is 0 everywhere: there is only void. Give material its modulus in MPa.")


def poisson_faults(modulus: Array, ratio: Array) -> Iterator[Fault]:
    """Poisson ratios no isotropic material has."""
    used = ratio if ratio.ndim == 0 else ratio[modulus > 0]
    if used.size and not ((used > -1) & (used < 0.5)).all():
        yield Fault(
            "poisson", f"lies from {used.min():g} to {used.max():g}; it must lie between -1 and 0.5, both left out."
        )


def loaded_in_void(material: NDArray[np.bool_], force: Array, fixed: Array) -> int:
    """How many free nodes bear a force but touch no material."""
    loaded = (force != 0).any(axis=(0, 4) if force.ndim == 5 else 3)
    loaded &= ~(fixed if fixed.ndim == 3 else fixed.all(axis=3))
    places = np.argwhere(loaded)
    padded = np.pad(material, 1)
    touched = np.zeros(len(places), bool)
    for corner in np.ndindex(2, 2, 2):
        touched |= padded[tuple((places + corner).T)]
    return int((~touched).sum())


def holds_of(fixed: Array, spring_n_per_mm: Array | None) -> Holds:
    """Fixed components and springs as lists."""
    *node, component = np.nonzero(fixed)
    nodes, components, stiffness = [np.stack(node, axis=1)], [component], [np.full(len(component), RIGID)]
    if spring_n_per_mm is not None:
        *node, component = np.nonzero((spring_n_per_mm > 0) & ~fixed)
        nodes, components = [*nodes, np.stack(node, axis=1)], [*components, component]
        stiffness = [*stiffness, spring_n_per_mm[*node, component]]
    return Holds(np.concatenate(nodes), np.concatenate(components), np.concatenate(stiffness))


def support_faults(material: NDArray[np.bool_], holds: Holds) -> Iterator[Fault]:
    """Parts that could move as a rigid body."""
    found = parts(label(material), holds)
    loose = sorted((part for part in found if part.held < 6), key=lambda part: -part.voxels)
    for number, part in enumerate(loose[:SHOWN_PARTS], 1):
        what = f"part {number} of {len(loose)} without firm support"
        advice = "Fix it, join it by faces, or clear it: `supported_voxels` marks what is held."
        yield Fault("modulus_mpa", f"{what}: {part}. {advice}")


def thin_notes(material: NDArray[np.bool_]) -> Iterator[str]:
    """What thin models cannot show."""
    for axis, name in enumerate("zyx"):
        filled = np.flatnonzero(material.any(axis=tuple({0, 1, 2} - {axis})))
        through = int(filled[-1] - filled[0] + 1)
        if through < SLENDER_VOXELS:
            yield f"Only {through} voxels through along {name}: bending comes out too stiff."
