"""The table and the picture of what a folder of images holds."""

from io import BytesIO

import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.imaging import overview
from osteon.imaging.overview import contact_sheet_png, overview_rows, upright
from osteon.imaging.series import Images, Mask, Refused, Series


def series(name="s1", shape=(5, 20, 30), affine=None, **fields):
    """A ramp along the columns, axial unless an affine says otherwise."""
    array = np.broadcast_to(np.arange(shape[2], dtype=np.float32), shape)
    place = np.array([[0, 0, 0.5, 0], [0, 0.5, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]]) if affine is None else affine
    return Series(name, "MR", Volume(array.copy(), place), **fields)


def picture(images):
    from PIL import Image

    return Image.open(BytesIO(contact_sheet_png(images)))


def test_a_row_tells_what_a_surgeon_asks_of_a_series():
    one = series(
        plane="coronal", weighting="T1", echo_time_ms=12.0, description="T1 COR", source="mr", warnings=("a", "b")
    )

    row = overview_rows(Images((one,)))[0]

    assert (row.id, row.kind, row.plane, row.weighting, row.echo_ms) == ("s1", "MR", "coronal", "T1", "12")
    assert (row.size, row.spacing_mm, row.slices) == ("30 x 20", "0.5 x 0.5 x 3", "5")
    assert (row.description, row.source, row.remark) == ("T1 COR", "mr", "a; b")


def test_masks_are_listed_with_their_volume():
    grid = Volume(np.ones((10, 10, 10), bool), np.diag([1.0, 1.0, 2.0, 1.0]))

    row = overview_rows(Images((), (Mask(grid, "lesion", "drawn", "A. Reader"),)))[0]

    assert (row.id, row.kind, row.description) == ("m1", "mask", "lesion, 2.0 ml")


def test_equal_reasons_are_put_together_and_others_kept_apart():
    refused = (*(Refused(f"{k}.txt", "is text.") for k in range(40)), Refused("x.dcm", "is cut off."))

    rows = overview_rows(Images((), (), refused))

    assert [(row.source, row.remark) for row in rows] == [("0.txt and 39 more", "is text."), ("x.dcm", "is cut off.")]


@pytest.mark.parametrize(
    ("along_slices", "along_rows", "along_columns", "sides"),
    [
        ((0, 0, 1), (0, 1, 0), (1, 0, 0), ("R", "A")),
        ((0, 0, 1), (0, -1, 0), (-1, 0, 0), ("R", "A")),
        ((0, 1, 0), (0, 0, -1), (1, 0, 0), ("R", "H")),
        ((0, 1, 0), (0, 0, 1), (-1, 0, 0), ("R", "H")),
        ((1, 0, 0), (0, 0, -1), (0, 1, 0), ("A", "H")),
        ((1, 0, 0), (0, 1, 0), (0, 0, 1), ("A", "H")),
    ],
)
def test_slices_hang_as_on_a_light_box_however_they_are_stored(along_slices, along_rows, along_columns, sides):
    affine = np.eye(4)
    affine[:3, :3] = np.array([along_slices, along_rows, along_columns]).T
    volume = Volume(np.zeros((3, 4, 5)), affine)
    corner = volume.to_index(np.array([-99, -99, 99]))  # right, front, head
    marked = volume.array.copy()
    first = tuple(int(np.clip(corner[axis], 0, volume.shape[axis] - 1)) for axis in range(3))
    marked[(slice(None), *first[1:])] = 1

    shown, letters, _ = upright(volume.with_array(marked), 1)

    assert letters == sides
    assert shown[0, 0] == 1


def test_pixels_keep_their_proportions():
    stretched = np.array([[0, 0, 1.0, 0], [0, 2.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])

    assert upright(series(affine=stretched).volume, 0)[2] == 2.0


def test_the_picture_has_one_strip_for_each_series():
    one, three = picture(Images((series(),))), picture(Images(tuple(series(f"s{k}") for k in range(3))))

    assert one.size[0] == three.size[0]
    assert three.size[1] > 2.5 * one.size[1]


def test_the_picture_shows_the_slices():
    shown = np.asarray(picture(Images((series(),))).convert("L"))

    # Black page, a ramp from black to white in each of three boxes.
    assert shown[:, : shown.shape[1] // 3].max() > 200
    assert (shown > 100).mean() > 0.15


def test_the_picture_is_the_same_each_time():
    assert contact_sheet_png(Images((series(),))) == contact_sheet_png(Images((series(),)))


@pytest.mark.parametrize("description", ["$\\frac{1}{0}$", "股関節 T1", "%s{x}", ""])
def test_any_description_can_be_drawn(description):
    assert picture(Images((series(description=description),))).size[0] > 100


def test_a_flat_image_and_two_slices_can_be_drawn():
    flat = series(shape=(2, 8, 8))
    flat.volume.array[:] = 7

    assert picture(Images((flat,))).size[0] > 100


def test_very_many_series_are_counted_and_not_drawn(monkeypatch):
    monkeypatch.setattr(overview, "MOST_SHOWN", 2)

    few, many = (picture(Images(tuple(series(f"s{k}") for k in range(n)))) for n in (2, 5))

    assert few.size == many.size
    assert few.tobytes() != many.tobytes()


def test_no_series_gives_a_page_that_says_so():
    assert picture(Images(())).size[0] > 100
