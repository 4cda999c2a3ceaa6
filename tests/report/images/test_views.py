"""Is every plane laid on the picture the way a reader expects it?"""

import numpy as np
import pytest

from osteon.anatomy import directions
from osteon.report.images.views import letter, on_picture, plane_named, slice_views, view_named


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_patients_right_is_on_the_left_of_a_coronal_picture(side, request):
    view = view_named(request.getfixturevalue(side).found.hip, "mid-coronal")
    assert (letter(-view.right), letter(view.right), letter(view.up)) == ("R", "L", "H")


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_front_is_on_the_left_of_a_sagittal_picture(side, request):
    view = view_named(request.getfixturevalue(side).found.hip, "mid-sagittal")
    assert (letter(-view.right), letter(view.up)) == ("A", "H")


@pytest.mark.parametrize(("side", "right_of_picture"), [("left", "LF"), ("right", "LH")])
def test_the_picture_along_the_neck_has_the_front_up_and_the_patients_left_on_the_right(
    side, right_of_picture, request
):
    view = view_named(request.getfixturevalue(side).found.hip, "mid-oblique")
    assert letter(view.up) == "A"
    assert letter(view.right) == right_of_picture


@pytest.mark.parametrize("name", ["mid-coronal", "mid-sagittal", "mid-oblique"])
def test_a_view_lies_in_the_plane_that_is_measured_on(left, name):
    plane, view = plane_named(left.found.hip, name), view_named(left.found.hip, name)
    assert np.abs([view.right @ plane.normal, view.up @ plane.normal]).max() < 1e-12
    assert view.right @ view.up == pytest.approx(0.0, abs=1e-12)


def test_lateral_angles_lie_on_the_lateral_side_of_the_picture(left, right):
    lateral = [
        on_picture(
            view_named(each.found.hip, "mid-coronal"), directions(plane_named(each.found.hip, "mid-coronal"), [90.0])
        )[0, 0]
        for each in (left, right)
    ]
    assert lateral == pytest.approx([1.0, -1.0])


def test_slices_are_those_of_the_series_one_voxel_apart(left):
    volume = left.series.volume
    views = slice_views(volume, left.found.hip.head.center_mm)
    apart = np.diff([view.center_mm for _, view in views], axis=0)
    assert len(views) == volume.shape[0]
    assert np.linalg.norm(apart, axis=1) == pytest.approx(volume.spacing_mm[0])
    assert [letter(-views[0][1].right), letter(views[0][1].up)] == ["A", "H"]
