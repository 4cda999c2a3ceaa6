"""What is read from an RTSTRUCT, on the image that its contours were drawn on."""

import warnings
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.errors import InputError
from osteon.imaging.masks import masks_of_bytes
from osteon.imaging.series import Series

ANGLES = np.deg2rad(np.arange(0, 360, 2))


@pytest.fixture
def image(tilted):
    """An oblique image of 12 slices of 3 mm, 60 x 90 pixels of 0.75 x 0.5 mm."""
    return Volume(np.zeros((12, 60, 90), np.float32), tilted())


def circle(image, k, radius_mm, row=30.3, column=44.6):
    """A circle on slice `k` of an image, as contour points in LPS."""
    rows = row + radius_mm * np.cos(ANGLES) / image.spacing_mm[1]
    columns = column + radius_mm * np.sin(ANGLES) / image.spacing_mm[2]
    return image.to_mm(np.stack([np.full(len(ANGLES), k), rows, columns], axis=-1))


def structure_set(*regions, frame="1.2.3.5", kind="CLOSED_PLANAR"):
    """An RTSTRUCT file of named regions, each a list of contours."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    whole = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    whole.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    whole.SOPInstanceUID = whole.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9"
    whole.StructureSetROISequence, whole.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(regions, start=1):
        region, drawn = Dataset(), Dataset()
        region.ROINumber = drawn.ReferencedROINumber = number
        region.ROIName, region.ReferencedFrameOfReferenceUID = name, frame
        drawn.ContourSequence = []
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{v:.3f}" for v in np.asarray(points).reshape(-1)]
            drawn.ContourSequence.append(contour)
        whole.StructureSetROISequence.append(region)
        whole.ROIContourSequence.append(drawn)
    stream = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def volume_ml(mask):
    return float(mask.volume.array.sum() * mask.volume.voxel_mm3 / 1000)


def test_a_cylinder_of_circles_has_the_volume_of_a_cylinder(image):
    file = structure_set(("Lesion", [circle(image, k, 12.0) for k in range(3, 8)]))
    (mask,) = masks_of_bytes(file, "rt.dcm", like=image)
    # 1 %: a circle of 12 mm crosses about 180 pixels of 0.375 mm²
    assert volume_ml(mask) == pytest.approx(np.pi * 12**2 * 15 / 1000, rel=0.01)
    assert np.flatnonzero(mask.volume.array.any(axis=(1, 2))).tolist() == [3, 4, 5, 6, 7]
    assert mask.label == "lesion"


def test_a_contour_within_another_one_is_a_hole_and_drawing_it_twice_is_none(image):
    outer, inner = circle(image, 5, 12.0), circle(image, 5, 6.0)
    holed = masks_of_bytes(structure_set(("a", [outer, inner])), "rt.dcm", like=image)[0]
    twice = masks_of_bytes(structure_set(("a", [outer, outer])), "rt.dcm", like=image)[0]
    assert volume_ml(holed) == pytest.approx(np.pi * (12**2 - 6**2) * 3 / 1000, rel=0.01)
    assert volume_ml(twice) == pytest.approx(np.pi * 12**2 * 3 / 1000, rel=0.01)


def test_contours_on_every_second_slice_are_joined(image):
    file = structure_set(("a", [circle(image, k, 12.0) for k in (2, 4, 6, 8)]))
    (mask,) = masks_of_bytes(file, "rt.dcm", like=image)
    # each of the four contours stands for two slices
    assert volume_ml(mask) == pytest.approx(np.pi * 12**2 * 24 / 1000, rel=0.02)
    assert mask.volume.array[3:8].any(axis=(1, 2)).all()


def test_regions_are_told_apart_by_name(image):
    file = structure_set(("Femoral Head", [circle(image, 5, 15.0)]), ("Lesion", [circle(image, 5, 5.0)]))
    assert [mask.label for mask in masks_of_bytes(file, "rt.dcm", like=image)] == ["femoral_head", "lesion"]
    assert [mask.label for mask in masks_of_bytes(file, "rt.dcm", "lesion", like=image)] == ["lesion"]


def test_contours_without_their_image_are_refused(image):
    with pytest.raises(InputError, match="need the image they were drawn on"):
        masks_of_bytes(structure_set(("a", [circle(image, 5, 5.0)])), "rt.dcm")


def test_contours_of_another_frame_of_reference_are_refused(image):
    series = Series("s1", "MR", image, frame_of_reference_uid="1.2.3.6")
    file = structure_set(("a", [circle(image, 5, 5.0)]))
    with pytest.raises(InputError, match="another frame of reference"):
        masks_of_bytes(file, "rt.dcm", like=series)
    assert masks_of_bytes(file, "rt.dcm", like=replace(series, frame_of_reference_uid="1.2.3.5"))


def test_contours_tilted_against_the_slices_are_refused(image, tilted):
    turned = Volume(image.array, tilted(degrees=40.0))
    with pytest.raises(InputError, match="tilted against the slices"):
        masks_of_bytes(structure_set(("a", [circle(turned, 5, 9.0)])), "rt.dcm", like=image)


def test_contours_beside_the_image_are_refused_with_the_distance(image):
    away = circle(image, 20, 5.0)  # the last slice ends at 11.5, so 8.5 - 0.5 slices of 3 mm further
    with pytest.raises(InputError, match=r"lies outside the image, 2[45]\.\d mm from it"):
        masks_of_bytes(structure_set(("a", [away])), "rt.dcm", like=image)


@pytest.mark.parametrize(("kind", "points"), [("POINT", 1), ("OPEN_PLANAR", 9), ("CLOSED_PLANAR", 2)])
def test_what_encloses_nothing_marks_nothing(image, kind, points):
    file = structure_set(("a", [circle(image, 5, 5.0)[:points]]), kind=kind)
    with pytest.raises(InputError, match="no marked voxel"):
        masks_of_bytes(file, "rt.dcm", like=image)


def test_a_file_without_a_preamble_is_read_too():
    from pathlib import Path

    from pydicom.data import get_testdata_file

    data = Path(get_testdata_file("rtstruct.dcm")).read_bytes()
    affine = np.array([[0, 0, 4.0, -250], [0, 4.0, 0, -250], [10.0, 0, 0, -220], [0, 0, 0, 1]])
    (mask,) = masks_of_bytes(data, "rtstruct.dcm", "patient", like=Volume(np.zeros((6, 125, 125)), affine))
    # the file outlines 400 mm x 300 mm on three slices of 10 mm; its border runs through half a pixel of 4 mm
    assert volume_ml(mask) == pytest.approx(400 * 300 * 30 / 1000, rel=0.02)
