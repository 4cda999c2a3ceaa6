"""Which other laws, lesions and forces is a hip solved with, to see how far its ratios depend on them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osteon.anatomy import Hip
from osteon.knowledge.materials import materials
from osteon.mechanics.loads import JointForce, joint_force, loads, measured_forces
from osteon.mechanics.materials import Materials

# One order of draws for everybody: the same hip gives the same interval.
SEED = 2026


@dataclass(frozen=True, slots=True)
class Draw:
    """One choice of everything that is uncertain: a law and a lesion, and the force of one measured person."""

    materials: Materials
    force: JointForce


def draws_of(activity: str, hip: Hip, body_weight_n: float, count: int, seed: int = SEED) -> tuple[Draw, ...]:
    """Draws that cover what is uncertain evenly.

    Every law of stiffness and every measured person comes about equally often, and the stiffness of necrotic bone, as a
    part of healthy bone's, once in each of `count` equal parts of its range. Its strength is drawn with its stiffness.

    Parameters
    ----------
    activity
        One with measured vectors; the others are drawn with those of walking, scaled to the same mean size.
    count
        How many; 20 or more cover two rounds of the ten people and every law.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> hip = Hip("left", Sphere(np.zeros(3), 24.0, 0.3, 80.0), np.array([0.7, 0, -0.7]))
    >>> found = draws_of("walking", hip, 800.0, 20)
    >>> len({each.force.name for each in found})
    10
    """
    order = np.random.default_rng(seed)
    laws = sorted(each.id for each in materials().laws.values() if each.gives == "modulus")
    forces = people(activity, hip, body_weight_n)
    part = materials().materials["necrotic_bone"].modulus_factor[0]
    low, high = part.low or part.value, part.high or part.value
    ladder = low + (high - low) * (order.permutation(count) + order.random(count)) / count
    law, person = (order.permutation(np.arange(count) % length) for length in (len(laws), len(forces)))
    return tuple(
        Draw(
            Materials(
                modulus_law=laws[law[k]],
                modulus_factor={"necrotic_bone": float(ladder[k])},
                strength_factor={"necrotic_bone": float(ladder[k])},
            ),
            forces[person[k]],
        )
        for k in range(count)
    )


def people(activity: str, hip: Hip, body_weight_n: float) -> tuple[JointForce, ...]:
    """The forces of every measured person; those of walking, made as large, where an activity has no vectors."""
    if activity in loads()["activity"]:
        return measured_forces(activity, hip, body_weight_n)
    larger = np.linalg.norm(joint_force(activity, hip, body_weight_n).force_n)
    larger /= np.linalg.norm(joint_force("walking", hip, body_weight_n).force_n)
    return tuple(each.scaled(float(larger)) for each in measured_forces("walking", hip, body_weight_n))
