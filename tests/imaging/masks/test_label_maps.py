"""What is read from NIfTI and NRRD label maps, and from the files that other programs write."""

import bz2
import gzip
import json
import re
import zlib

import numpy as np
import pytest

from osteon.anatomy import Volume
from osteon.errors import InputError
from osteon.imaging.masks import masks_of_bytes, read_mask

RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def labels(tilted):
    """A label map on an oblique grid: 1 in a block, 3 in another one."""
    array = np.zeros((6, 8, 10), np.int16)
    array[1:3, 2:5, 3:7] = 1
    array[4, 1:7, 2:4] = 3
    return Volume(array, tilted())


def nifti(volume, dtype=None, coded=True, extension=b""):
    """A NIfTI file of a volume, made by nibabel."""
    import nibabel

    image = nibabel.Nifti1Image(volume.array.astype(dtype or volume.array.dtype), RAS @ volume.affine)
    image.set_sform(RAS @ volume.affine, code=1 if coded else 0)
    image.set_qform(RAS @ volume.affine, code=1 if coded else 0)
    if extension:
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, extension))
    return image.to_bytes()


def nrrd(volume, encoding="raw", space="left-posterior-superior", signs=(1, 1, 1), layers="", more=()):
    """An NRRD file of a volume, written by hand."""
    pack = {"raw": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "ascii": bytes}[encoding]
    signed = np.array(signs)
    vectors = " ".join("(" + ",".join(map(str, column * signed)) + ")" for column in volume.affine[:3, :3].T)
    sizes = volume.array.shape
    lines = [
        "NRRD0004",
        f"type: {volume.array.dtype.name}",
        f"dimension: {len(sizes)}",
        f"space: {space}",
        f"sizes: {' '.join(map(str, sizes))}",
        f"space directions: {layers}{vectors}",
        "endian: little",
        f"encoding: {encoding}",
        f"space origin: ({','.join(map(str, volume.affine[:3, 3] * signed))})",
        *more,
    ]
    return "\n".join([*lines, "", ""]).encode() + pack(volume.array.tobytes(order="F"))


def found(masks, volume):
    """The masks by label, as numbers of voxels that lie where the label map has them."""
    return {
        m.label: (int(m.volume.array.sum()), bool(np.allclose(m.volume.affine, volume.affine, atol=1e-4)))
        for m in masks
    }


def test_a_nifti_label_map_gives_a_mask_for_each_number_where_it_lies(labels):
    assert found(masks_of_bytes(nifti(labels), "labels.nii"), labels) == {
        "segment_1": (24, True),
        "segment_3": (12, True),
    }


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
def test_the_type_of_the_numbers_does_not_matter_when_they_are_whole(labels, dtype):
    assert found(masks_of_bytes(gzip.compress(nifti(labels, dtype)), "labels.nii.gz"), labels)["segment_3"] == (
        12,
        True,
    )


def test_the_names_that_totalsegmentator_writes_into_the_header_are_used(labels):
    table = '<CaretExtension><LabelTable><Label Key="1" Red="1" Green="0"><![CDATA[femur_left]]></Label>\n'
    table += '<Label Key="3" Red="0" Green="1"><![CDATA[hip_left]]></Label></LabelTable></CaretExtension>'
    masks = masks_of_bytes(nifti(labels, extension=table.encode()), "total.nii")
    assert found(masks, labels) == {"femur_left": (24, True), "hip_left": (12, True)}


@pytest.mark.parametrize(
    "names",
    [{"background": 0, "lesion": 1, "femoral head": 3}, {"0": "background", "1": "lesion", "3": "femoral head"}],
)
def test_the_names_that_nnunet_leaves_beside_its_output_are_used(labels, tmp_path, names):
    (tmp_path / "case_1.nii").write_bytes(nifti(labels))
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": names}))
    assert list(found(read_mask(tmp_path / "case_1.nii"), labels)) == ["lesion", "femoral_head"]


def test_of_a_folder_with_one_file_a_class_those_of_the_hip_are_read(labels, tmp_path):
    mask = labels.with_array((labels.array == 1).astype(np.uint8))
    for name in ("femur_left", "femur_right", "hip_left", "spleen"):
        (tmp_path / f"{name}.nii.gz").write_bytes(gzip.compress(nifti(mask)))
    (tmp_path / "femur_right.nii.gz").write_bytes(gzip.compress(nifti(mask.with_array(mask.array * 0))))
    assert [each.label for each in read_mask(tmp_path)] == ["femur_left", "hip_left"]
    assert [each.label for each in read_mask(tmp_path, "spleen")] == ["spleen"]


def test_a_folder_without_the_asked_class_says_what_it_has(labels, tmp_path):
    (tmp_path / "femur_left.nii").write_bytes(nifti(labels))
    with pytest.raises(InputError, match="no file for 'patella'; the files of the hip in it are: femur_left"):
        read_mask(tmp_path, "patella")


@pytest.mark.parametrize(
    ("name", "label", "expected"),
    [("lesion.nii", None, "lesion"), ("Doe_John_1970.nii", None, "mask"), ("x.nii", "Lesion", "lesion")],
)
def test_a_single_unnamed_mask_is_called_as_asked_or_by_known_words_of_its_file(labels, name, label, expected):
    (mask,) = masks_of_bytes(nifti(labels.with_array((labels.array > 0).astype(np.uint8))), name, label)
    assert mask.label == expected


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
def test_an_nrrd_label_map_lies_where_it_was_saved(labels, encoding):
    assert found(masks_of_bytes(nrrd(labels, encoding), "labels.nrrd"), labels)["segment_1"] == (24, True)


@pytest.mark.parametrize(
    ("space", "signs"), [("RAS", (-1, -1, 1)), ("right-anterior-superior", (-1, -1, 1)), ("LAS", (1, -1, 1))]
)
def test_other_patient_axes_are_turned_into_lps(labels, space, signs):
    assert found(masks_of_bytes(nrrd(labels, space=space, signs=signs), "labels.nrrd"), labels)["segment_3"] == (
        12,
        True,
    )


def test_segments_of_3d_slicer_have_their_names_and_may_overlap_in_layers(labels):
    layered = np.stack([labels.array, (labels.array > 0).astype(np.int16)])
    more = ["kinds: list domain domain domain"]
    for n, (name, value, layer) in enumerate([("Lesion", 1, 0), ("Acetabulum", 3, 0), ("Femoral head", 1, 1)]):
        more += [f"Segment{n}_Name:={name}", f"Segment{n}_LabelValue:={value}", f"Segment{n}_Layer:={layer}"]
    data = nrrd(Volume(layered, labels.affine), "gzip", layers="none ", more=more)
    masks = masks_of_bytes(data, "Segmentation.seg.nrrd")
    assert found(masks, labels) == {"lesion": (24, True), "acetabulum": (12, True), "femoral_head": (36, True)}


@pytest.mark.parametrize("kind", ["nii.gz", "nrrd"])
def test_simpleitk_places_the_same_voxels_at_the_same_points(labels, tmp_path, kind):
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(labels.array.T))
    image.SetSpacing(labels.spacing_mm.tolist())
    image.SetDirection(labels.directions.reshape(-1).tolist())
    image.SetOrigin(labels.affine[:3, 3].tolist())
    path = tmp_path / f"labels.{kind}"
    SimpleITK.WriteImage(image, str(path))
    (mask,) = read_mask(path, "3")
    ours = mask.volume.to_mm(np.argwhere(mask.volume.array)[0])
    index = [int(i) for i in np.argwhere(labels.array == 3)[0]]
    assert ours == pytest.approx(image.TransformIndexToPhysicalPoint(index), abs=1e-3)


def sheared(volume):
    affine = volume.affine.copy()
    affine[:3, 0] += 0.4 * affine[:3, 1]
    return Volume(volume.array, affine)


def flipped(data):
    """The same bytes with one voxel changed."""
    return data[:700] + bytes([data[700] ^ 1]) + data[701:]


REFUSED = {
    "probabilities": (lambda v: nifti(v.with_array(v.array / 7.0)), "not whole numbers"),
    "missing numbers": (lambda v: nifti(v.with_array(np.where(v.array > 0, np.nan, 0.0))), "not whole numbers"),
    "a CT": (lambda v: nifti(v.with_array(v.array - 1000)), "labels are 0 to 65535"),
    "an MR": (lambda v: nifti(v.with_array(np.arange(480, dtype=np.int16).reshape(6, 8, 10))), "looks like an image"),
    "nothing marked": (lambda v: nifti(v.with_array(v.array * 0)), "no marked voxel"),
    "no geometry": (lambda v: nifti(v, coded=False), "does not tell where its voxels lie"),
    "colours": (lambda v: nifti(Volume(np.stack([v.array] * 3, -1), v.affine)), "a mask has three axes"),
    "two axes": (lambda v: nifti(Volume(v.array[0], v.affine)), "a mask has three axes"),
    "axes at an angle": (lambda v: nrrd(sheared(v)), "off a right angle"),
    "an unknown space": (lambda v: nrrd(v, space="scanner-xyz"), "does not tell where its voxels lie"),
    "a rare encoding": (lambda v: nrrd(v, "ascii"), "Save it as raw, gzip or bzip2"),
    "voxels elsewhere": (lambda v: nrrd(v, more=["data file: /etc/hostname"]), "in another file"),
    "half a file": (lambda v: nrrd(v)[:-100], "ends after 860 of 960 bytes"),
    "half a zipped file": (lambda v: gzip.compress(nifti(v))[:-20], "damaged or cut off"),
    "a flipped bit": (lambda v: flipped(gzip.compress(nifti(v), 0)), "damaged or cut off"),
    "another format": (lambda v: b"PK\x03\x04 and more", "no mask in a known format"),
    "an empty file": (lambda v: b"", "no mask in a known format"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_mask_is_refused_in_words(labels, what):
    make, words = REFUSED[what]
    with pytest.raises(InputError, match=words) as told:
        masks_of_bytes(make(labels), "file.x")
    assert re.fullmatch(r"[a-z].*\.", told.value.faults[0].message)


def test_a_file_that_is_not_there_is_told_without_a_traceback(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_mask(tmp_path / "none.nii")


def test_a_claim_of_more_voxels_than_memory_is_refused_before_any_is_taken(labels):
    header = bytearray(nifti(labels))
    header[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    with pytest.raises(InputError, match="30000 x 30000 x 30000 voxels, more than"):
        masks_of_bytes(bytes(header), "huge.nii")


def test_a_gzip_bomb_is_unpacked_no_further_than_its_header_says(labels):
    import tracemalloc

    stream = zlib.compressobj(wbits=31)
    bomb = stream.compress(nifti(labels)) + b"".join(stream.compress(bytes(2**20)) for _ in range(300)) + stream.flush()
    tracemalloc.start()
    masks = masks_of_bytes(bomb, "bomb.nii.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(masks) == 2
    assert peak < 50 * 2**20  # the header's 4 MB, several times over; unpacked it would be 300 MB


def test_many_labels_on_a_large_grid_ask_for_one_of_them(monkeypatch, labels):
    from osteon.imaging.masks import files

    monkeypatch.setattr(files, "MAX_MASK_BYTES", 900)  # two masks of 480 voxels
    with pytest.raises(InputError, match="Name the one to read; it holds segment_1, segment_3"):
        masks_of_bytes(nifti(labels), "total.nii")
    assert len(masks_of_bytes(nifti(labels), "total.nii", "3")) == 1
