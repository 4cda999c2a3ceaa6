"""What every table shares: its form, and the template head, the force and the measures it is computed with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from osteon.mechanics import HeadModel, Materials, template_model
from osteon.mechanics.compare import shown_by
from osteon.mechanics.loads import JointForce, joint_force
from osteon.mechanics.operations import Option
from osteon.mechanics.risk import Regions, bone_share, cube_mean, measures, regions_of
from osteon.mechanics.solve import stress, von_mises
from osteon.mechanics.solved import Solved, solve_option
from osteon.mechanics.template import template_femur

SIDE, WEIGHT_N, VOXEL_MM = "left", 800.0, 2.0


@dataclass(frozen=True)
class Row:
    """One printed figure or direction beside the computed one; `reached` None where nothing can be compared."""

    what: str
    printed: str
    computed: str
    reached: bool | None


@dataclass(frozen=True)
class Table:
    """One paper: where it is printed, the set-up here, the rows, and why misses miss."""

    id: str
    source: str
    setup: str
    rows: Sequence[Row]
    remark: str = ""


def head(percent: float = 0.0, axis: np.ndarray | None = None) -> HeadModel:
    """The template head with a cap-shaped lesion."""
    return template_model(SIDE, voxel_mm=VOXEL_MM, lesion_percent=percent, lesion_axis=axis)


def force(activity: str = "one_leg_stance") -> JointForce:
    """The mean measured force on it."""
    return joint_force(activity, template_femur(SIDE)[0], WEIGHT_N)


def solved(model: HeadModel, materials: Materials | None = None, turn: Rotation | None = None) -> Solved:
    """The head under one-legged stance."""
    return solve_option(Option("x", "x", model, turn=turn), force(), materials)


def indices(made: Solved, regions: Regions | None = None) -> dict[str, float | None]:
    """The measures of one solve."""
    return measures(made.option.model, shown_by(made), made.force_n, regions or regions_of(made.option.model))


def effective(made: Solved) -> np.ndarray:
    """Von Mises stress of bone, averaged over 27 voxels."""
    return cube_mean(von_mises(stress(made.solution)), bone_share(made.option.model))


def upper(values: np.ndarray, where: np.ndarray, percentile: float = 98.0) -> float:
    """A percentile of the values in a region."""
    return float(np.nanpercentile(values[where], percentile))


def moves(made: Solved, where: np.ndarray) -> np.ndarray:
    """How far the filled voxels of a region move, mm."""
    corner = made.solution.displacement_mm[:-1, :-1, :-1]
    return np.linalg.norm(corner[where & (made.option.model.filled > 0.5)], axis=-1)


def rising(values: Sequence[float]) -> bool:
    """Whether every value is above the one before it."""
    return all(b > a for a, b in itertools.pairwise(values))


def listed(values: Sequence[float], digits: int = 3) -> str:
    """Values one after another."""
    return ", ".join(f"{each:.{digits}g}" for each in values)
