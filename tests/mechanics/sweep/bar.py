"""One task of a sweep, in a module of its own: other processes have to find it by name."""

import numpy as np

from osteon.errors import Fault, InputError
from osteon.mechanics.solve import solve


def squeezed(modulus_mpa):
    """The end of a bar of 4 x 1 x 1 mm under 8 N along it, and a fault for a modulus below 0."""
    if modulus_mpa < 0:
        raise InputError("modulus", [Fault("", f"is {modulus_mpa}; send a modulus above 0.")])
    fixed = np.zeros((5, 2, 2, 3), bool)
    fixed[0, ..., 2] = fixed[:, :, 0, 0] = fixed[:, 0, :, 1] = True
    force = np.zeros((5, 2, 2, 3))
    force[4, ..., 2] = 2.0
    modulus = np.full((4, 1, 1), float(modulus_mpa))
    solved = solve(modulus, 1.0, fixed=fixed, force_n=force, tolerance=1e-10)
    return {"end_mm": round(float(solved.displacement_mm[4, 0, 0, 2]), 6)}
