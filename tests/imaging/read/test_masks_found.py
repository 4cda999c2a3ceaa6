"""Segmentations, structure sets and label maps beside the images become masks."""

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import read_images


def lesion():
    array = np.zeros((9, 8, 7), np.uint8)
    array[2:5, 3:6, 2:4] = 1
    return array


def test_a_label_map_beside_the_images_is_a_mask(stack):
    import nibabel as nib

    folder = stack(3)
    nib.save(nib.Nifti1Image(lesion(), np.eye(4)), folder / "lesion.nii.gz")

    images = read_images(folder)

    assert len(images.series) == 1
    assert [(mask.label, int(mask.volume.array.sum())) for mask in images.masks] == [("lesion", 18)]


def test_a_mask_alone_is_read(tmp_path):
    import nibabel as nib

    nib.save(nib.Nifti1Image(lesion(), np.eye(4)), tmp_path / "lesion.nii")

    assert len(read_images(tmp_path / "lesion.nii").masks) == 1


def test_an_empty_label_map_is_refused_by_name(stack):
    import nibabel as nib

    folder = stack(3)
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4)), folder / "lesion.nii")

    assert [one.name for one in read_images(folder).refused] == ["lesion.nii"]


def test_several_labels_in_patches_are_no_image(tmp_path):
    import nibabel as nib

    array = lesion()
    array[6:8, 1:7, 1:6] = 5
    nib.save(nib.Nifti1Image(array.astype(np.float32), np.eye(4)), tmp_path / "labels.nii")

    images = read_images(tmp_path / "labels.nii")

    assert images.series == ()
    assert sorted(int(mask.volume.array.sum()) for mask in images.masks) == [18, 60]


def test_a_real_seg_beside_its_images_becomes_a_mask(data):
    images = read_images(data / "dicom_odd" / "seg" / "24x38x3")

    assert len(images.series) == 2
    assert [int(mask.volume.array.sum()) for mask in images.masks] == [315, 315]  # SEG and NRRD of one liver


def test_a_seg_in_a_zip_is_read_in_memory(data, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "seg.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(data / "dicom_odd" / "seg" / "24x38x3" / "label.seg", "label.seg")

    assert [int(mask.volume.array.sum()) for mask in read_images(tmp_path / "seg.zip").masks] == [315]


def test_contours_are_filled_on_the_series_that_they_name(stack, slice_of):
    from pydicom import Dataset

    folder = stack(4, pixels=np.zeros((20, 20), np.int16), spacing=(1.0, 1.0), origin=(0, 0, 0))
    one = slice_of(0, kind="1.2.840.10008.5.1.4.1.1.481.3", PixelData=None, SeriesInstanceUID="1.2.77")
    roi, contours, frame = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 1, "lesion", "1.2.3.5"
    contours.ReferencedROINumber = 1
    contours.ContourSequence = []
    for k in range(4):
        ring = Dataset()
        ring.ContourGeometricType, ring.NumberOfContourPoints = "CLOSED_PLANAR", 4
        ring.ContourData = [4.5, 4.5, 3.0 * k, 10.5, 4.5, 3.0 * k, 10.5, 10.5, 3.0 * k, 4.5, 10.5, 3.0 * k]
        contours.ContourSequence.append(ring)
    frame.FrameOfReferenceUID = "1.2.3.5"
    one.StructureSetROISequence, one.ROIContourSequence = [roi], [contours]
    one.ReferencedFrameOfReferenceSequence = [frame]
    one.StructureSetLabel = "plan"
    one.save_as(folder / "structures.dcm")

    images = read_images(folder)

    assert [mask.label for mask in images.masks] == ["lesion"]
    assert int(images.masks[0].volume.array.sum()) == 4 * 6 * 6


def test_a_damaged_seg_is_refused_and_the_images_are_read(stack, data):
    folder = stack(3, PatientID=None)
    whole = (data / "dicom_odd" / "seg" / "24x38x3" / "label.seg").read_bytes()
    (folder / "label.seg").write_bytes(whole[: len(whole) - 200])

    images = read_images(folder)

    assert len(images.series) == 1
    assert [one.name for one in images.refused] == ["label.seg"]


def test_a_seg_of_another_patient_is_refused(stack, data):
    folder = stack(3, PatientID="another")
    seg = data / "dicom_odd" / "seg" / "24x38x3" / "label.seg"
    (folder / "label.seg").write_bytes(seg.read_bytes())

    with pytest.raises(InputError, match="2 patients"):
        read_images(folder)


def test_a_compressed_seg_is_decoded_where_it_can_do_no_harm(data, tmp_path):
    from pydicom import dcmread

    place = data / "dicom_odd" / "seg" / "hd_seg_image_ct_true_fractional.dcm"
    one = dcmread(place)
    one.compress("1.2.840.10008.1.2.4.80", generate_instance_uid=False)
    one.save_as(tmp_path / "seg.dcm")

    plain, packed = (read_images(path).masks[0].volume for path in (place, tmp_path / "seg.dcm"))

    assert np.array_equal(plain.array, packed.array)
    assert np.allclose(plain.affine, packed.affine)


def test_a_compressed_seg_that_is_damaged_is_refused(data, tmp_path):
    from pydicom import dcmread
    from pydicom.encaps import encapsulate

    one = dcmread(data / "dicom_odd" / "seg" / "hd_seg_image_ct_true_fractional.dcm")
    one.compress("1.2.840.10008.1.2.4.80", generate_instance_uid=False)
    one.PixelData = encapsulate([b"\xff\xd8\xff\xf7 no frame"] * int(one.NumberOfFrames))
    one.save_as(tmp_path / "seg.dcm")

    with pytest.raises(InputError, match="cannot be decoded"):
        read_images(tmp_path)
