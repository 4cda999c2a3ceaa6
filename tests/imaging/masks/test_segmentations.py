"""What is read from a DICOM Segmentation, whoever wrote it."""

import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.masks import masks_of_bytes, read_mask

REAL = (
    "24x38x3/label.seg",
    "hd_seg_image_ct_binary_overlap.dcm",
    "hd_seg_image_ct_true_fractional.dcm",
    "liver.dcm",
    "partial_overlaps.dcm",
)


def same_places(mask, volume):
    """Whether the marked voxels of a mask lie where those of a volume lie, to a hundredth of a millimetre."""
    ours = mask.volume.to_mm(np.argwhere(mask.volume.array))
    theirs = volume.to_mm(np.argwhere(volume.array))
    return len(ours) == len(theirs) and np.allclose(
        sorted(ours.round(3).tolist()), sorted(theirs.round(3).tolist()), atol=0.01
    )


def test_overlapping_segments_of_odd_size_come_back_apart(segments, segmentation, saved):
    masks = masks_of_bytes(saved(segmentation(segments)), "two.dcm")
    assert [mask.label for mask in masks] == ["lesion", "femoral_head"]
    assert [same_places(mask, volume) for mask, volume in zip(masks, segments, strict=True)] == [True, True]
    assert (masks[0].volume.array & masks[1].volume.array).any()


def test_a_segmentation_tells_who_drew_it_and_on_what(segments, segmentation, saved):
    mask, _ = masks_of_bytes(saved(segmentation(segments)), "two.dcm")
    assert (mask.author, mask.series_uid, mask.frame_of_reference_uid) == ("Reader^One", "1.2.3.4", "1.2.3.5")
    assert (mask.method, mask.notes) == ("imported", ("segmented manual",))


@pytest.mark.parametrize("wanted", ["femoral_head", "Femoral Head", "2"])
def test_one_segment_is_read_by_its_name_or_number(segments, segmentation, saved, wanted):
    (mask,) = masks_of_bytes(saved(segmentation(segments)), "two.dcm", wanted)
    assert same_places(mask, segments[1])


def test_a_name_that_is_not_there_is_answered_with_those_that_are(segments, segmentation, saved):
    with pytest.raises(InputError, match="no mask called 'femur'; it holds lesion, femoral_head"):
        masks_of_bytes(saved(segmentation(segments)), "two.dcm", "femur")


def test_frames_left_out_because_they_are_empty_leave_a_gap(segments, segmentation, saved):
    masks = masks_of_bytes(saved(segmentation(segments, omit=True)), "sparse.dcm")
    assert [same_places(mask, volume) for mask, volume in zip(masks, segments, strict=True)] == [True, True]
    assert masks[0].volume.spacing_mm == pytest.approx([3.0, 0.75, 0.5], abs=1e-4)


def test_the_order_of_frames_does_not_matter(segments, segmentation, saved):
    dataset = segmentation(segments)
    frames = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")[: 10 * 63].reshape(10, 63)
    order = np.random.default_rng(0).permutation(10)
    dataset.PixelData = np.packbits(frames[order].reshape(-1), bitorder="little").tobytes() + b"\0"
    dataset.PerFrameFunctionalGroupsSequence = [dataset.PerFrameFunctionalGroupsSequence[i] for i in order]
    masks = masks_of_bytes(saved(dataset), "shuffled.dcm")
    assert [same_places(mask, volume) for mask, volume in zip(masks, segments, strict=True)] == [True, True]


def test_a_missing_or_wrong_slice_distance_is_read_from_the_frames(segments, segmentation, saved):
    dataset = segmentation(segments[:1])
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for stated in (None, "2.2"):
        measures.SpacingBetweenSlices = stated
        (mask,) = masks_of_bytes(saved(dataset), "odd.dcm")
        assert same_places(mask, segments[0])


def test_a_fraction_counts_from_one_half_on(segments, segmentation, saved):
    fraction = np.where(segments[0].array, 0.5, 0.49).astype(np.float32)
    dataset = segmentation(segments[:1], "FRACTIONAL", fraction)
    (mask,) = masks_of_bytes(saved(dataset), "fractions.dcm")
    assert same_places(mask, segments[0])


def test_a_label_map_is_read_by_its_numbers(segments, segmentation, saved):
    numbers = np.where(segments[0].array, 1, np.where(segments[1].array, 2, 0)).astype(np.uint8)
    masks = masks_of_bytes(saved(segmentation(segments, "LABELMAP", numbers)), "map.dcm")
    assert same_places(masks[0], segments[0])
    assert same_places(masks[1], segments[1].with_array(segments[1].array & ~segments[0].array))


def packed_frames(dataset, pack):
    """The same object with each frame packed on its own."""
    from pydicom.encaps import encapsulate

    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")[: 5 * 63].reshape(5, 63)
    frames = [pack(np.packbits(frame, bitorder="little").tobytes()) for frame in bits]
    dataset.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2) for frame in frames])
    dataset["PixelData"].is_undefined_length = True
    return dataset


def test_frames_deflated_one_by_one_are_unpacked(segments, segmentation, saved):
    def deflated(data):
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return stream.compress(data) + stream.flush()

    dataset = packed_frames(segmentation(segments[:1]), deflated)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"  # pydicom cannot write the one that is meant
    data = saved(dataset).replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.8.1\0")
    (mask,) = masks_of_bytes(data, "deflated_frames.dcm")
    assert same_places(mask, segments[0])


def test_frames_of_one_bit_in_run_lengths_are_unpacked(segments, segmentation, saved):
    def literal(data):
        return bytes([1, 0, 0, 0, 64]) + bytes(59) + bytes([len(data) - 1]) + data

    dataset = packed_frames(segmentation(segments[:1]), literal)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.5"
    (mask,) = masks_of_bytes(saved(dataset), "rle.dcm")
    assert same_places(mask, segments[0])


def test_a_wholly_deflated_file_is_unpacked(segments, segmentation, saved):
    dataset = segmentation(segments[:1])
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    (mask,) = masks_of_bytes(saved(dataset), "deflated.dcm")
    assert same_places(mask, segments[0])


def test_a_big_endian_file_reads_as_its_little_endian_twin():
    from pydicom.data import get_testdata_file

    (little,) = read_mask(Path(get_testdata_file("liver_1frame.dcm")))
    (big,) = read_mask(Path(get_testdata_file("liver_expb_1frame.dcm")))
    assert np.array_equal(little.volume.array, big.volume.array)
    assert little.volume.array.sum() == 36233  # as pydicom's own pixel_array counts


def uneven(dataset):
    dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient[0] += 1.1


def crooked(dataset):
    dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient[1] += 1.1


def placeless(dataset):
    del dataset.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def emptied(dataset):
    dataset.PixelData = bytes(len(dataset.PixelData))


def cut(dataset):
    dataset.PixelData = dataset.PixelData[:10]


def huge(dataset):
    dataset.Rows = dataset.Columns = 65535


def image(dataset):
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (uneven, "off an even, straight stack"),
        (crooked, "off an even, straight stack"),
        (placeless, "damaged or cut off"),
        (emptied, "no marked voxel"),
        (cut, "damaged or cut off"),
        (huge, "voxels, more than"),
        (image, "DICOM object without masks"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_words(segments, segmentation, saved, change, words):
    dataset = segmentation(segments[:1])
    change(dataset)
    with pytest.raises(InputError, match=words):
        masks_of_bytes(saved(dataset), "odd.dcm")


@pytest.mark.parametrize("name", REAL)
def test_real_segmentations_read_as_highdicom_reads_them(real_data, name):
    import highdicom

    from osteon.anatomy import Volume

    path = real_data("dicom_odd/seg") / name
    masks = read_mask(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = highdicom.seg.segread(path)
        theirs = [
            reference.get_volume(combine_segments=False, segment_numbers=[n], allow_missing_positions=True)
            for n in reference.segment_numbers
        ]
    volumes = [Volume(np.asarray(each.array)[..., 0] >= 0.5, np.asarray(each.affine)) for each in theirs]
    assert [same_places(mask, volume) for mask, volume in zip(masks, volumes, strict=True)] == [True] * len(volumes)


def test_a_sparse_label_map_keeps_its_slice_distance(real_data):
    (mask,) = read_mask(real_data("dicom_odd/seg") / "sparse-labelmap-noppv.dcm")
    assert (mask.label, int(mask.volume.array.sum())) == ("liver", 630)
    assert mask.volume.spacing_mm == pytest.approx([2.5, 0.7, 0.7])
