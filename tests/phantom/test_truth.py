"""The truth is held against closed forms: a ball for a head, a cap for a lesion, a part of a shell for a socket."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from osteon.anatomy import Sphere, covering_grid
from osteon.phantom import truth
from osteon.phantom.recipe import Recipe
from osteon.phantom.voxels import VOXEL_MM, Solids, offsets

CENTER = np.array([100.3, -20.1, 50.7])
RADIUS = 24.0
BASE = 12.0  # the cap lies above this height
EDGE, FLOOR = 30.0, -120.0


@pytest.fixture(scope="module")
def ball():
    """A round head with a cap lesion turned 25 degrees medially, in a socket from -120 to 30 degrees."""
    grid = covering_grid(CENTER, 45, VOXEL_MM)
    x, y, z = offsets(grid, CENTER)
    radius = np.sqrt(x**2 + y**2 + z**2)
    axis = np.array([-np.sin(np.radians(25)), 0, np.cos(np.radians(25))])
    femur = radius < RADIUS
    lesion = femur & (x * axis[0] + z * axis[2] > BASE)
    angle = np.degrees(np.arctan2(x, z))
    pelvis = (radius > RADIUS + 4) & (radius < RADIUS + 10) & (angle > FLOOR) & (angle < EDGE)
    solids = Solids(grid, femur, pelvis, lesion, femur, lesion, femur)
    bones = SimpleNamespace(
        head=Sphere(CENTER, RADIUS, 0.0, 100.0),
        neck_axis=np.array([0.7, 0.0, -0.7]),
        lateral=np.array([1.0, 0.0, 0.0]),
    )
    return truth.truth_of(Recipe(), bones, solids)


def test_volumes_are_those_of_ball_and_cap(ball):
    cap_ml = np.pi * (RADIUS - BASE) ** 2 * (3 * RADIUS - (RADIUS - BASE)) / 3 / 1000
    sphere_ml = 4 / 3 * np.pi * RADIUS**3 / 1000
    # Voxels of 0.5 mm: half a percent.
    assert ball["lesion_ml"] == pytest.approx(cap_ml, rel=0.005)
    assert ball["bone_in_sphere_ml"] == pytest.approx(sphere_ml, rel=0.005)
    assert ball["pct_of_sphere"] == pytest.approx(100 * cap_ml / sphere_ml, rel=0.005)
    assert ball["steinberg_size"] == "B"


def test_the_coronal_arc_is_that_of_the_cap_three_fifths_of_four_millimetres_deep(ball):
    # 60 % of 1 to 5 mm lies above the base where the point 3.4 mm deep does.
    half = np.degrees(np.arccos(BASE / (RADIUS - 3.4)))
    assert ball["coronal_lesion_from_to_deg"] == pytest.approx([-25 - half, -25 + half], abs=1.5)


def test_the_sagittal_arc_is_cut_through_the_tilted_cap(ball):
    half = np.degrees(np.arccos(BASE / np.cos(np.radians(25)) / (RADIUS - 3.4)))
    assert ball["sagittal_lesion_from_to_deg"] == pytest.approx([-half, half], abs=1.5)
    assert ball["modified_kerboul_deg"] == ball["kerboul_coronal_deg"] + ball["kerboul_sagittal_deg"]


def test_socket_edge_and_teardrop_are_the_shells_ends(ball):
    assert ball["acetabular_edge_deg"] == pytest.approx(EDGE, abs=1.0)
    assert ball["teardrop_deg"] == pytest.approx(FLOOR, abs=1.5)


def test_the_weight_bearing_part_begins_on_the_perpendicular_bisector(ball):
    def point(angle, reach):
        return reach * np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])

    edge, teardrop = point(EDGE, RADIUS + 4), point(FLOOR, RADIUS + 10)
    chord, middle = edge - teardrop, (edge + teardrop) / 2
    upward = np.array([-chord[1], chord[0]]) / np.linalg.norm(chord)
    # |middle + t upward| = inner radius of the socket.
    b = middle @ upward
    t = -b + np.sqrt(b**2 - middle @ middle + (RADIUS + 4) ** 2)
    x, z = middle + t * upward
    expected = np.degrees(np.arctan2(x, z))
    assert ball["weight_bearing_medial_deg"] == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize(
    ("lateral_end", "expected", "degrees"),
    [(-25, "A", 5), (-15, "B", 5), (9, "B", 1), (12, "C1", 2), (40, "C2", 10), (-60, "A", 40)],
)
def test_the_type_is_read_off_thirds_of_the_weight_bearing_part(lateral_end, expected, degrees):
    told = truth.type_truth(-50.0, 40.0 - 10 * (expected == "C2"), (-80.0, float(lateral_end)))
    if expected != "C2":
        assert told["jic_type"] == expected
        assert told["degrees_to_next_type"] == pytest.approx(degrees)
    else:
        assert told["jic_type"] == "C2"


def test_the_longest_arc_may_cross_the_lowest_point():
    flags = np.abs(truth.ANGLES_DEG) > 170
    flags |= np.abs(truth.ANGLES_DEG - 20) < 3
    first, last = truth.longest_arc(flags)
    assert (first, last) == (170.5, 189.5)


def test_no_lesion_has_no_arc_no_type_and_no_place(healthy):
    told = healthy.truth
    assert told["has_lesion"] is False
    assert told["lesion_ml"] == told["modified_kerboul_deg"] == told["collapse_depth_mm"] == 0
    assert told["jic_type"] is told["steinberg_size"] is told["latitude_deg"] is None


def test_the_deepest_point_lies_the_asked_depth_inside_the_sphere(collapsed):
    head = collapsed.hip.head
    axis = np.array(collapsed.truth["lesion_axis"])
    reach = np.arange(head.radius_mm - 8, head.radius_mm + 3, 0.05)
    index = collapsed.femur.to_index(head.center_mm + reach[:, None] * axis).T
    bone = ndimage.map_coordinates(collapsed.femur.array.astype(float), index, order=1) >= 0.5
    # Half a voxel.
    assert head.radius_mm - reach[bone].max() == pytest.approx(3.0, abs=0.3)
    assert collapsed.truth["collapse_depth_mm"] == 3


def test_collapse_takes_from_the_lesion_and_leaves_the_rest(collapsed):
    told = collapsed.truth
    assert told["lesion_ml_after_collapse"] < told["lesion_ml"]
    assert told["pct_of_head_plane"] == pytest.approx(25, abs=0.1)
    # The cap of the sphere that lies over the dent has at most this volume.
    assert told["lesion_ml"] - told["lesion_ml_after_collapse"] < told["collapse_area_mm2"] * 4 / 1000 + 0.5


def test_a_mirrored_hip_has_the_same_truth(collapsed, mirrored):
    right, left = collapsed.truth, mirrored.truth
    for key in ("modified_kerboul_deg", "acetabular_edge_deg", "weight_bearing_medial_deg"):
        assert right[key] == pytest.approx(left[key], abs=0.5)
    assert right["jic_type"] == left["jic_type"]
    assert right["lesion_ml"] == pytest.approx(left["lesion_ml"], rel=0.005)
    assert right["longitude_deg"] == pytest.approx(left["longitude_deg"], abs=1.0)
