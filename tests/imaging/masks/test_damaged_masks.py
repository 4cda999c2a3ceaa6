"""Damaged and hostile files: whatever the bytes, the answer is a mask or a refusal in words, and soon."""

import gzip
import tracemalloc
import zlib

import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.errors import InputError
from osteon.imaging.masks import masks_of_bytes

GRID = Volume(np.zeros((5, 7, 9)), np.diag([3.0, 0.75, 0.5, 1.0]))


def nifti_file(segments, segmentation, saved):
    import nibabel

    return nibabel.Nifti1Image(segments[0].array.astype(np.uint8), np.diag([-3.0, -0.75, 0.5, 1.0])).to_bytes()


def zipped_nifti(segments, segmentation, saved):
    return gzip.compress(nifti_file(segments, segmentation, saved))


def nrrd_file(segments, segmentation, saved):
    head = (
        "NRRD0004\ntype: uint8\ndimension: 3\nspace: LPS\nsizes: 5 7 9\nspace directions: (3,0,0) (0,1,0) (0,0,1)\n"
        "encoding: gzip\nspace origin: (0,0,0)\nSegment0_Name:=Lesion\nSegment0_LabelValue:=1\n\n"
    )
    return head.encode() + gzip.compress(segments[0].array.astype(np.uint8).tobytes(order="F"))


def seg_file(segments, segmentation, saved):
    return saved(segmentation(segments))


def deflated_seg(segments, segmentation, saved):
    dataset = segmentation(segments)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    return saved(dataset)


def contour_file(segments, segmentation, saved):
    from pathlib import Path

    from pydicom.data import get_testdata_file

    return Path(get_testdata_file("rtstruct.dcm")).read_bytes()


FORMATS = [nifti_file, zipped_nifti, nrrd_file, seg_file, deflated_seg, contour_file]


def answered(data):
    """1 for masks, 0 for a refusal in a sentence; -1 for one without, and anything else raises."""
    try:
        masks = masks_of_bytes(data, "file", like=GRID)
    except InputError as refused:
        return 0 if refused.faults[0].message.endswith(".") else -1
    assert all(mask.volume.array.dtype == bool and mask.volume.array.any() for mask in masks)
    return 1


@pytest.mark.slow
@pytest.mark.parametrize("make", FORMATS)
def test_a_file_cut_off_anywhere_is_read_or_refused(segments, segmentation, saved, make):
    data = make(segments, segmentation, saved)
    ends = np.unique(np.linspace(0, len(data) - 1, 60).astype(int))
    answers = [answered(data[:end]) for end in ends]
    assert min(answers) == 0
    assert answers.count(1) < 10  # a few bytes of padding or checksum at the end may be lost without loss


@pytest.mark.slow
@pytest.mark.parametrize("make", FORMATS)
def test_a_file_with_flipped_bits_is_read_or_refused(segments, segmentation, saved, make):
    data = make(segments, segmentation, saved)
    rng = np.random.default_rng(11)
    answers = []
    for _ in range(120):
        changed = bytearray(data)
        # mostly in the header, where sizes and places stand; one to four bytes
        for at in rng.integers(0, min(len(data), rng.choice([400, len(data)])), rng.integers(1, 5)):
            changed[at] = rng.integers(0, 256)
        answers.append(answered(bytes(changed)))
    assert min(answers) == 0


def test_a_deflated_bomb_is_refused_before_it_fills_the_memory(segments, segmentation, saved):
    import struct

    data = deflated_seg(segments, segmentation, saved)
    end = 144 + struct.unpack("<L", data[140:144])[0]
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = data[:end] + b"".join(stream.compress(bytes(2**20)) for _ in range(600)) + stream.flush()
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to more than 256 MB"):
        masks_of_bytes(bomb, "bomb.dcm")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600 * 2**20  # the limit once as it grows and once as it is handed over


def test_no_word_of_the_patient_enters_a_refusal_or_a_label(segments, segmentation, saved):
    dataset = segmentation(segments[:1])
    dataset.PatientName, dataset.PatientID = "Secret^Person", "S-4711"
    (mask,) = masks_of_bytes(saved(dataset), "x.dcm")
    dataset.PixelData = b"\0\0"
    with pytest.raises(InputError) as refused:
        masks_of_bytes(saved(dataset), "x.dcm")
    for text in (str(refused.value), mask.label, mask.author, *mask.notes):
        assert "Secret" not in text
        assert "4711" not in text
