"""What a DICOM Segmentation by Osteon holds, read back by others and by Osteon itself."""

import warnings
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.errors import InputError
from osteon.imaging.masks import masks_of_bytes
from osteon.imaging.write import new_stamp, seg_bytes, source_headers


@pytest.fixture(scope="module")
def seg(written):
    import highdicom
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return highdicom.seg.Segmentation.from_dataset(pydicom.dcmread(BytesIO(written["seg"])))


def test_highdicom_reads_the_very_voxels_at_their_places(seg, masks):
    volume = seg.get_volume(combine_segments=False)
    grid = masks[0].volume
    # highdicom may stack the slices from the other end: compare places, not indices
    ours = np.stack([mask.volume.array for mask in masks], axis=-1)
    theirs = Volume(np.asarray(volume.array)[..., 0], np.asarray(volume.affine))
    index = np.rint(grid.to_index(theirs.to_mm(np.argwhere(np.ones(theirs.shape))))).astype(int)
    assert np.array_equal(ours[tuple(index.T)].reshape(volume.array.shape), np.asarray(volume.array).astype(bool))
    assert np.allclose(grid.to_mm(index), theirs.to_mm(np.argwhere(np.ones(theirs.shape))), atol=1e-4)


def test_osteon_reads_its_own_segmentation_voxel_by_voxel(written, masks):
    read = masks_of_bytes(written["seg"], "seg.dcm")
    assert [mask.label for mask in read] == ["lesion", "femoral_head", "femur_left"]
    assert all(np.array_equal(a.volume.array, b.volume.array) for a, b in zip(read, masks, strict=True))
    assert all(np.allclose(a.volume.affine, b.volume.affine, atol=1e-4) for a, b in zip(read, masks, strict=True))


def test_every_slice_has_a_frame_for_every_segment_even_where_it_is_empty(seg, masks):
    assert int(seg.NumberOfFrames) == 3 * masks[0].volume.shape[0]
    assert not masks[0].volume.array[0].any()


def test_the_distance_of_slices_is_stated_although_the_source_states_none(seg):
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SpacingBetweenSlices) == pytest.approx(3.5, abs=1e-5)


def test_every_frame_refers_to_the_image_at_its_place(seg, mr):
    at = {f"2.25.2{k:03}": mr[1].volume.to_mm([k, 0, 0]) for k in range(10)}
    for groups in seg.PerFrameFunctionalGroupsSequence:
        source = groups.DerivationImageSequence[0].SourceImageSequence[0]
        place = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        assert place == pytest.approx(at[source.ReferencedSOPInstanceUID], abs=1e-4)


def test_patient_and_study_are_those_of_the_images(seg):
    assert (str(seg.PatientName), seg.PatientID, seg.PatientBirthDate) == ("Schäfer^Zoë", "P-77", "19700102")
    assert (seg.StudyInstanceUID, seg.AccessionNumber, seg.FrameOfReferenceUID) == ("2.25.1001", "A1", "2.25.1003")


def test_segments_say_what_they_are_where_and_how_they_came_about(seg):
    lesion, head, femur = (seg.get_segment_description(n) for n in (1, 2, 3))
    assert (lesion.segmented_property_type.value, head.segmented_property_type.value) == ("6574001", "2812003")
    assert femur.segmented_property_type.value == "71341001"
    assert lesion.AnatomicRegionSequence[0].AnatomicRegionModifierSequence[0].CodeMeaning == "Left"
    assert head.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert [part.SegmentAlgorithmType for part in (lesion, head, femur)] == [
        "SEMIAUTOMATIC",
        "AUTOMATIC",
        "SEMIAUTOMATIC",
    ]
    assert head.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "Osteon 0.1.0"
    assert str(seg.ContentCreatorName) == "Müller^Ä"


def test_the_same_stamp_writes_the_same_bytes_and_a_new_one_new_identifiers(written, mr, masks, stamp):
    import pydicom

    folder, series = mr
    headers = source_headers(series, folder)
    assert seg_bytes(masks, series, headers, stamp, side="left") == written["seg"]
    other = pydicom.dcmread(BytesIO(seg_bytes(masks, series, headers, new_stamp(), side="left")))
    first = pydicom.dcmread(BytesIO(written["seg"]))
    assert other.SOPInstanceUID != first.SOPInstanceUID
    assert other.SOPInstanceUID.startswith("2.25.")
    assert len(other.SOPInstanceUID) <= 64


def test_a_label_map_gives_shared_voxels_to_the_smallest_and_says_so(written, masks):
    import pydicom

    arrays = [mask.volume.array for mask in masks]
    read = masks_of_bytes(written["label_map"], "map.dcm")
    assert np.array_equal(read[0].volume.array, arrays[0])
    assert np.array_equal(read[1].volume.array, arrays[1] & ~arrays[0])
    assert np.array_equal(read[2].volume.array, arrays[2] & ~arrays[1] & ~arrays[0])
    parts = pydicom.dcmread(BytesIO(written["label_map"])).SegmentSequence
    assert parts[2].SegmentDescription == "Without the voxels of: lesion"
    assert parts[3].SegmentDescription == "Without the voxels of: lesion, femoral_head"


def test_frames_of_an_enhanced_object_are_referred_to_by_their_own_numbers(enhanced, masks, stamp):
    import pydicom

    folder, series = enhanced
    data = seg_bytes(masks, series, source_headers(series, folder), stamp)
    read, made = masks_of_bytes(data, "seg.dcm"), pydicom.dcmread(BytesIO(data))
    assert all(np.array_equal(a.volume.array, b.volume.array) for a, b in zip(read, masks, strict=True))
    sources = [g.DerivationImageSequence[0].SourceImageSequence[0] for g in made.PerFrameFunctionalGroupsSequence]
    frames = {each.frames[0] for each in series.instances}
    assert {int(each.ReferencedFrameNumber) for each in sources} == frames == set(range(2, 21, 2))
    places = {each.frames[0]: series.volume.to_mm([k, 0, 0]) for k, each in enumerate(series.instances)}
    for groups, source in zip(made.PerFrameFunctionalGroupsSequence, sources, strict=True):
        place = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        assert place == pytest.approx(places[int(source.ReferencedFrameNumber)], abs=1e-4)


def test_a_mask_on_another_grid_is_put_on_the_images(mr, masks, stamp):
    from osteon.anatomy import covering_grid
    from osteon.imaging.masks import mask_on

    folder, series = mr
    center = series.volume.to_mm((np.array(series.volume.shape) - 1) / 2)
    fine = replace(masks[1], volume=mask_on(masks[1], covering_grid(center, 20, 0.7)))
    (read,) = masks_of_bytes(seg_bytes([fine], series, source_headers(series, folder), stamp), "seg.dcm")
    overlap = 2 * (read.volume.array & masks[1].volume.array).sum()
    # to and fro over a finer grid moves the border by less than half a pixel of 0.8 mm on a ball of 15 mm
    assert overlap / (read.volume.array.sum() + masks[1].volume.array.sum()) > 0.96


def test_images_in_a_zip_are_found_by_the_names_they_had_in_it(mr, masks, stamp, written, tmp_path):
    import zipfile

    folder, series = mr
    with zipfile.ZipFile(tmp_path / "mr.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    headers = source_headers(series, tmp_path / "mr.zip")
    assert seg_bytes(masks, series, headers, stamp, side="left") == written["seg"]


def test_a_series_that_is_not_dicom_is_refused_in_words(mr, masks, stamp):
    series = replace(mr[1], instances=(), source="hip.nii.gz")
    with pytest.raises(InputError, match="nothing can refer to it in DICOM"):
        source_headers(series, mr[0])
    with pytest.raises(InputError, match="no DICOM images behind it"):
        seg_bytes(masks, series, (), stamp)


def test_images_that_changed_or_left_since_reading_are_refused_without_their_content(mr):
    folder, series = mr
    gone = replace(series.instances[0], path="im99.dcm")
    swapped = replace(series.instances[0], path=series.instances[1].path)
    outside = replace(series.instances[0], path="../../etc/passwd")
    for instance in (gone, swapped, outside):
        with pytest.raises(InputError, match="is gone, unreadable or another image") as told:
            source_headers(replace(series, instances=(instance,)), folder)
        assert "Schäfer" not in str(told.value)


def test_images_without_a_frame_of_reference_or_with_uneven_slices_are_refused(mr, masks, stamp):
    folder, series = mr
    headers = source_headers(series, folder)
    without = [*headers[:-1], source_headers(series, folder)[-1]]
    del without[-1].FrameOfReferenceUID
    with pytest.raises(InputError, match="names no frame of reference"):
        seg_bytes(masks, series, without, stamp)
    with pytest.raises(InputError, match="not an even stack"):
        seg_bytes(masks, series, [*headers[:4], *headers[5:]], stamp)


def test_every_mask_that_cannot_be_written_is_named_at_once(mr, masks, stamp):
    folder, series = mr
    empty = replace(masks[0], volume=masks[0].volume.with_array(np.zeros_like(masks[0].volume.array)))
    affine = masks[1].volume.affine.copy()
    affine[:3, 3] += 500
    away = replace(masks[1], volume=Volume(masks[1].volume.array, affine))
    with pytest.raises(InputError) as told:
        seg_bytes([empty, away, masks[2]], series, source_headers(series, folder), stamp)
    assert [fault.where for fault in told.value.faults] == ["lesion", "femoral_head"]
    assert "mm from it" in told.value.faults[1].message


def test_a_mask_of_another_frame_of_reference_is_not_written_onto_the_series(mr, masks, stamp):
    folder, series = mr
    foreign = replace(masks[0], frame_of_reference_uid="2.25.9")
    with pytest.raises(InputError, match="another frame of reference"):
        seg_bytes([foreign], series, source_headers(series, folder), stamp)


def test_deidentified_images_with_missing_elements_can_be_referred_to(mr, masks, stamp):
    import pydicom

    folder, series = mr
    headers = source_headers(series, folder)
    for each in headers:
        for name in ("PatientName", "PatientBirthDate", "StudyID", "AccessionNumber", "SliceThickness"):
            delattr(each, name)
    made = pydicom.dcmread(BytesIO(seg_bytes(masks, series, headers, stamp)))
    assert (str(made.PatientName), made.PatientID) == ("", "P-77")


def test_a_reader_whose_name_the_images_cannot_spell_keeps_it_beside_the_patients(mr, masks, stamp):
    import pydicom

    folder, series = mr
    headers = source_headers(series, folder)
    for author, characters in (("Müller^Ä", "ISO_IR 100"), ("山田^太郎", "ISO_IR 192")):
        data = seg_bytes([replace(masks[0], author=author)], series, headers, stamp)
        made = pydicom.dcmread(BytesIO(data))
        assert made.SpecificCharacterSet == characters
        assert (str(made.ContentCreatorName), str(made.PatientName)) == (author, "Schäfer^Zoë")
