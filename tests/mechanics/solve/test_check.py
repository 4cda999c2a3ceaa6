"""Are models that cannot be solved refused, with every fault and what to do?"""

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.mechanics.solve import pressure_force, solve, supported_voxels


def refusal(**arguments):
    with pytest.raises(InputError) as refused:
        solve(arguments.pop("modulus_mpa"), arguments.pop("spacing_mm"), **arguments)
    return str(refused.value)


def test_every_faulty_value_is_told_at_once(bar):
    bar["modulus_mpa"][3] = -1
    bar["force_n"][1, 1, 1, 1] = np.nan

    told = refusal(**bar | {"spacing_mm": 0.0}, poisson=0.5)

    assert "4 faults" in told
    assert "spacing_mm: is 0.0" in told
    assert "force_n: has 1 values that are not finite" in told
    assert "modulus_mpa: is as low as -1" in told
    assert "poisson: lies from 0.5 to 0.5" in told


def test_finite_numbers_whose_sum_is_not_are_no_fault(bar):
    force = bar["force_n"]
    force[1:3, 1, 1, 1], force[3:5, 1, 1, 1] = 1e308, -1e308

    told = refusal(**bar | {"spacing_mm": 0.0})

    assert "finite" not in told


def test_every_wrong_shape_is_told_with_the_right_one(bar):
    told = refusal(**bar | {"force_n": np.zeros((11, 2, 2)), "fixed": np.zeros((10, 1, 1), bool)}, poisson=np.ones(4))

    assert "poisson: has shape (4,)" in told
    assert "fixed: has shape (10, 1, 1); give (11, 2, 2)" in told
    assert "force_n: has shape (11, 2, 2); give (11, 2, 2, 3)" in told


@pytest.mark.parametrize("modulus", [np.ones((3, 3)), np.ones((0, 3, 3))])
def test_voxels_have_three_axes(bar, modulus):
    assert "give one number for each voxel" in refusal(**bar | {"modulus_mpa": modulus})


def test_voxels_that_are_not_cubes_are_refused(bar):
    assert "Resample voxels that are not cubes" in refusal(**bar | {"spacing_mm": (1.0, 1.0, 2.0)})


def test_nan_in_the_bone_is_refused(bar):
    bar["modulus_mpa"][0] = np.nan

    assert "modulus_mpa: has 1 values that are not finite" in refusal(**bar)


def test_only_void_is_refused(bar):
    assert "there is only void" in refusal(**bar | {"modulus_mpa": np.zeros((10, 1, 1))})


def test_kinds_of_numbers_are_checked(bar):
    told = refusal(**bar | {"fixed": bar["fixed"].astype(int), "modulus_mpa": np.full((10, 1, 1), "soft")})

    assert "modulus_mpa: holds <U4; give real numbers" in told
    assert "fixed: holds int64; give True" in told


def test_three_thousand_cubed_is_refused_before_anything_is_made(bar):
    told = refusal(
        modulus_mpa=np.broadcast_to(np.float32(1), (3000, 3000, 3000)),
        spacing_mm=0.02,
        fixed=np.broadcast_to(np.False_, (3001, 3001, 3001)),
        force_n=np.broadcast_to(np.float32(0), (3001, 3001, 3001, 3)),
    )

    assert "need about 9459.5 GB" in told
    assert "may be used. Use larger voxels" in told


def test_memory_is_bounded_by_what_the_caller_allows(bar):
    assert "0.0 GB may be used" in refusal(**bar, memory_gb=1e-9)


def test_rows_longer_than_the_kernel_takes_are_refused():
    fixed = np.ones((2, 2, 5001), bool)

    assert "5000 voxels along x; at most 4094 fit" in refusal(
        modulus_mpa=np.ones((1, 1, 5000)), spacing_mm=1.0, fixed=fixed, force_n=np.zeros((2, 2, 5001, 3))
    )


def test_a_loose_part_is_named_with_its_size_and_place(bar):
    bar["modulus_mpa"][6] = 0

    told = refusal(**bar)

    assert "part 1 of 1 without firm support: 3 voxels at z 7..9 y 0..0 x 0..0, held in 0 of 6 ways" in told


def test_a_part_that_can_turn_is_not_held(bar):
    bar["fixed"][0, 0, 1, 1] = False

    assert "held in 5 of 6 ways" in refusal(**bar)


def test_springs_hold_too(bar):
    springs = np.where(bar["fixed"], 5.0, 0)
    bar["force_n"][10, :, :, 2] = 1

    solution = solve(**bar | {"fixed": np.zeros_like(bar["fixed"])}, spring_n_per_mm=springs, tolerance=1e-9)

    assert solution.reaction_n == pytest.approx([0, 0, -4], abs=1e-6)


def test_supported_voxels_leave_out_what_hangs_on_an_edge():
    modulus = np.zeros((2, 2, 2))
    modulus[0], modulus[1, 1, 1] = 1, 1
    modulus[0, 1, 1] = 0
    fixed = np.zeros((3, 3, 3), bool)
    fixed[0] = True

    assert supported_voxels(modulus, fixed).sum() == 3


def test_a_force_in_void_is_refused(bar):
    bar["modulus_mpa"][8:] = 0
    bar["force_n"][10, 0, 0, 0] = 1

    assert "force_n: loads 1 nodes that touch no material" in refusal(**bar)


def test_springs_pull_back(bar):
    assert "a spring has 0 N/mm or more" in refusal(**bar, spring_n_per_mm=np.full_like(bar["force_n"], -1.0))


def test_starts_and_cases_must_agree(bar):
    start = np.zeros((3, *bar["force_n"].shape))

    assert "has 3 cases" in refusal(**bar, start=start)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"tolerance": 0.0}, "tolerance: is 0.0"),
        ({"max_iterations": 0}, "max_iterations: is 0"),
        ({"threads": 0}, "threads: is 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(bar, setting, told):
    assert told in refusal(**bar, **setting)


def test_a_thin_model_is_solved_and_says_what_it_cannot_show(bar):
    notes = solve(**bar).notes

    assert notes == tuple(f"Only 1 voxels through along {a}: bending comes out too stiff." for a in "yx")


def test_pressure_needs_the_shape_of_the_voxels():
    with pytest.raises(InputError, match="one number for each voxel"):
        pressure_force(np.ones((2, 2, 2)), 1.0, np.ones(3))
