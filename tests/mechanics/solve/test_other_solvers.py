"""Do scikit-fem and CalculiX find the same displacements?"""

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from osteon.mechanics.solve import solve


def test_scikit_fem_finds_the_same_to_1e_8(problems):
    from skfem import Basis, ElementHex1, ElementVector, MeshHex, asm, condense
    from skfem.models.elasticity import lame_parameters, linear_elasticity

    shape, random = (6, 5, 7), np.random.default_rng(4)
    modulus = 100 * 200 ** random.random(shape)
    fixed = np.zeros((7, 6, 8), bool)
    fixed[0] = True
    force = np.zeros((7, 6, 8, 3))
    force[-1] = random.normal(size=force.shape[1:])

    mesh = MeshHex.init_tensor(*[0.5 * np.arange(n + 1) for n in shape[::-1]])
    basis = Basis(mesh, ElementVector(ElementHex1()))
    x, y, z = (mesh.p[:, mesh.t].mean(axis=1) / 0.5).astype(int)
    lam, mu = lame_parameters(modulus[z, y, x], 0.3)
    matrix = asm(linear_elasticity(lam[:, None], mu[:, None]), basis)
    column, row, plane = np.rint(mesh.p / 0.5).astype(int)
    load = np.zeros(basis.N)
    load[basis.nodal_dofs] = force[plane, row, column].T
    found = np.zeros(basis.N)
    clamped = basis.nodal_dofs[:, plane == 0].ravel()
    reduced, right, found, free = condense(matrix, load, D=clamped)
    found[free] = spsolve(reduced, right)

    ours = solve(modulus, 0.5, fixed=fixed, force_n=force, tolerance=1e-11).displacement_mm

    theirs = found[basis.nodal_dofs]
    assert pytest.approx(theirs, abs=1e-8 * abs(theirs).max()) == ours[plane, row, column].T


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(14, 12, 10), (100, 8, 8)])
def test_calculix_finds_the_same_to_1e_6(ccx, problems, shape):
    if not ccx.available():
        pytest.skip("CalculiX is not installed: apt-get install calculix-ccx")
    model = problems.clamped_bar(shape)

    theirs = ccx.calculix(**model)
    ours = problems.solved(model, tolerance=1e-9).displacement_mm

    known = np.isfinite(theirs)
    assert ours[known] == pytest.approx(theirs[known], abs=1e-6 * np.nanmax(abs(theirs)))
