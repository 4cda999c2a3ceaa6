"""Where every voxel of a DICOM series lies, and what its value is."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from osteon.errors import InputError
from osteon.imaging.read import read_images, read_series

AXIAL, CORONAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)
MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"


def test_every_pixel_lies_where_its_own_header_says(stack):
    series = read_series(stack(4, orientation=CORONAL))

    # DICOM PS3.3 C.7.6.2.1.1: position + row direction x column spacing x column + column direction x row spacing x row.
    place = series.volume.to_mm([2, 4, 3])
    expected = np.array([10, -20 + 2 * 3.0, 30]) + 3 * 0.75 * np.array([1, 0, 0]) + 4 * 0.5 * np.array([0, 0, -1])
    assert place == pytest.approx(expected, abs=1e-6)
    assert series.volume.array[2, 4, 3] == 4 * 5 + 3 + 200
    assert series.volume.array.dtype == np.float32


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turn=st.tuples(*[st.floats(-180, 180)] * 3),
    order=st.permutations(range(5)),
    apart=st.floats(0.5, 9),
)
def test_order_of_files_and_numbers_does_not_matter_and_any_direction_is_read(
    slice_of, tmp_path_factory, turn, order, apart
):
    orientation = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()[:, :2].T.reshape(6)
    folder = tmp_path_factory.mktemp("turned")
    for k, number in enumerate(order):
        one = slice_of(k, orientation=orientation, apart=apart, InstanceNumber=number, AcquisitionNumber=number)
        one.save_as(folder / f"{number}.dcm")

    volume = read_series(folder).volume

    inner = np.cross(orientation[:3], orientation[3:])
    expected = np.array([10, -20, 30]) + 4 * apart * inner + 2 * 0.5 * orientation[3:] + 1 * 0.75 * orientation[:3]
    # Positions are written with 6 digits, directions with 16 signs: 1e-4 mm over this distance.
    assert volume.to_mm([4, 2, 1]) == pytest.approx(expected, abs=1e-4)
    assert volume.array[:, 0, 0].tolist() == [0, 100, 200, 300, 400]
    # Columns, rows and slices make a right-handed frame; the array has them in the opposite order.
    assert np.linalg.det(volume.affine[:3, :3]) < 0


def test_a_patient_lying_on_the_side_or_feet_first_is_placed_by_the_header_alone(stack):
    supine = read_series(stack(3, "a", PatientPosition="HFS")).volume
    turned = read_series(stack(3, "b", PatientPosition="FFDR")).volume

    assert turned.affine == pytest.approx(supine.affine)


def test_three_planes_in_one_series_become_three_volumes(stack):
    for name, orientation in (("ax", AXIAL), ("cor", CORONAL), ("sag", SAGITTAL)):
        folder = stack(3, "localizer", name=name + "{k}.dcm", orientation=orientation)

    images = read_images(folder)

    assert sorted(one.plane for one in images.series) == ["axial", "coronal", "sagittal"]
    assert [one.id for one in images.series] == ["s1", "s2", "s3"]


def test_echoes_of_one_series_become_two_volumes(stack):
    for echo in (9.0, 18.0):
        folder = stack(4, "echoes", name=f"{echo}" + "-{k}.dcm", EchoTime=echo)

    assert [one.echo_time_ms for one in read_images(folder).series] == [9.0, 18.0]


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("AcquisitionNumber", (1, 2)),
        ("DiffusionBValue", (50.0, 800.0)),
        ("TemporalPositionIdentifier", (1, 2)),
        ("InversionTime", (100.0, 200.0)),
        ("ImageType", (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"])),
    ],
)
def test_two_images_of_each_place_are_told_apart_by_what_differs(stack, attribute, values):
    for n, value in enumerate(values):
        folder = stack(3, "twice", name=f"{n}" + "-{k}.dcm", **{attribute: value, "ContentTime": lambda k: f"10100{k}"})

    assert [one.volume.shape for one in read_images(folder).series] == [(3, 6, 5), (3, 6, 5)]


def test_two_stacks_side_by_side_become_two_volumes(stack):
    for n, origin in enumerate([(10, 0, 0), (-150, 0, 0)]):
        folder = stack(3, "both_hips", name=f"{n}" + "-{k}.dcm", orientation=CORONAL, origin=origin)

    corners = [one.volume.affine[0, 3] for one in read_images(folder).series]
    assert sorted(corners) == [-150, 10]


def test_a_number_that_differs_from_slice_to_slice_splits_nothing(stack):
    folder = stack(5, AcquisitionNumber=lambda k: k, AcquisitionTime=lambda k: f"10100{k}")

    assert read_series(folder).volume.shape == (5, 6, 5)


def test_each_slice_has_its_own_rescale(stack):
    folder = stack(3, kind=CT, RescaleSlope=lambda k: 1 + k, RescaleIntercept=lambda k: -1000 * k)

    values = read_series(folder).volume.array

    assert values[:, 0, 1].tolist() == [1, 2 * 101 - 1000, 3 * 201 - 2000]


def test_padding_below_air_in_a_ct_is_told(stack):
    pixels = np.full((6, 5), 1024, np.int16)
    pixels[0, 0] = -2000

    series = read_series(stack(3, kind=CT, pixels=pixels, PixelPaddingValue=-2000))

    assert series.volume.array[1, 0, 0] == -3024
    assert series.volume.array[1, 1, 1] == 0
    assert "outside the scanned field" in series.warnings[0]


def test_padding_brighter_than_all_signal_becomes_background_in_an_mr(stack):
    pixels = np.arange(10, 40, dtype=np.uint16).reshape(6, 5)
    pixels[5, 4] = 65535

    series = read_series(stack(3, pixels=pixels, PixelPaddingValue=65535))

    assert series.volume.array[1, 5, 4] == 10
    assert series.volume.array.max() == 38


def test_padding_of_zero_in_an_mr_is_left_alone(stack):
    series = read_series(stack(3, pixels=np.arange(30, dtype=np.uint16).reshape(6, 5), PixelPaddingValue=0))

    assert series.volume.array[0, 0, 0] == 0
    assert series.warnings == ()


def test_a_negative_is_turned_so_that_high_signal_is_high(stack):
    series = read_series(stack(2, PhotometricInterpretation="MONOCHROME1"))

    assert series.volume.array[0, 0, 0] == 129
    assert series.volume.array[1, 5, 4] == 0
    assert "MONOCHROME1" in series.warnings[0]


def test_hounsfield_units_of_a_negative_stay_as_they_are(stack):
    assert read_series(stack(2, kind=CT, PhotometricInterpretation="MONOCHROME1")).volume.array[0, 0, 0] == -1024


def test_a_modality_table_gives_the_values(slice_of, tmp_path):
    from pydicom import Dataset

    for k in range(2):
        one = slice_of(k, pixels=np.array([[0, 1], [2, 3]], np.uint16))
        table = Dataset()
        table.LUTDescriptor = [4, 0, 16]
        table.LUTData = np.array([5, 50, 500, 5000], "<u2").tobytes()
        one.ModalityLUTSequence = [table]
        one.save_as(tmp_path / f"{k}.dcm")

    assert read_series(tmp_path).volume.array[1].tolist() == [[5, 50], [500, 5000]]


def test_drawings_in_the_unused_high_bits_are_not_taken_for_signal(slice_of, tmp_path):
    for k in range(2):
        one = slice_of(k, pixels=np.array([[5, 6], [7, 8 + 0x8000]], np.uint16), BitsStored=12, HighBit=11)
        one.add_new(0x60000102, "US", 15)
        one.save_as(tmp_path / f"{k}.dcm")

    assert read_series(tmp_path).volume.array[1].tolist() == [[5, 6], [7, 8]]


def test_slices_are_named_in_the_order_of_the_volume(stack):
    series = read_series(stack(4, name="{k}.dcm", InstanceNumber=lambda k: 9 - k))

    assert [one.path for one in series.instances] == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]
    assert series.instances[0].sop_class_uid == MR
    assert series.series_uid == "1.2.3.4"
    assert series.frame_of_reference_uid == "1.2.3.5"


def test_a_file_sent_twice_is_used_once(stack):
    folder = stack(4)
    (folder / "copy.dcm").write_bytes((folder / "02.dcm").read_bytes())

    series = read_series(folder)

    assert series.volume.shape == (4, 6, 5)
    assert "twice" in series.warnings[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"origin": lambda k: (0, 0, 40 if k == 3 else 0)}, "gap of"),
        ({"origin": lambda k: (0, 0, 0.4 if k >= 2 else 0)}, "gap of 3.40 mm between 01.dcm and 02.dcm"),
        ({"origin": lambda k: (0, 1.5 * k, 0)}, "gantry was tilted"),
        ({"apart": 0.0, "SOPInstanceUID": lambda k: f"1.2.{k + 1}"}, "lies"),
        ({"PixelSpacing": None}, "no PixelSpacing"),
        ({"ImagePositionPatient": None, "ImageOrientationPatient": None}, "no ImageOrientationPatient, ImagePosition"),
        ({"PixelSpacing": [0.0, 0.0]}, "pixels of 0 x 0 mm"),
        ({"orientation": (1, 0, 0, 0.1, 1, 0)}, "not at right angles"),
        ({"orientation": (1, 0, 0, 1, 0, 0)}, "not at right angles"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "colour"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "Secondary Capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.128"}, "Positron"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "mosaic"),
        ({"RescaleSlope": 0.0, "RescaleIntercept": 0.0}, "RescaleSlope of 0"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "bits"),
        ({"HighBit": 11}, "upper bits"),
        ({"PixelData": None}, "no pixels"),
        ({"Rows": 65535, "Columns": 65535}, "million voxels"),
        ({"NumberOfFrames": 1_000_000_000}, "million voxels"),
        ({"NumberOfFrames": 7, "Rows": 1, "Columns": 1}, "where it lies"),
        ({"Rows": 600}, "cut off: 6,000 bytes of pixels are declared"),
        ({"Rows": 0}, "0 rows"),
    ],
)
def test_what_makes_no_sure_volume_is_refused_with_the_reason_and_what_to_send(stack, changed, words):
    folder = stack(5, **changed)

    with pytest.raises(InputError, match=words) as refused:
        read_images(folder)

    assert "send" in str(refused.value).lower() or "copy" in str(refused.value).lower()


def test_a_single_slice_is_refused(stack):
    with pytest.raises(InputError, match="single slice"):
        read_images(stack(1))


def test_slices_of_many_directions_get_one_reason(stack):
    def turned(k):
        return (np.cos(k / 3), np.sin(k / 3), 0, 0, 0, -1)

    with pytest.raises(InputError, match="are 6 single slices") as refused:
        read_images(stack(6, orientation=turned, spacing=(0.5, 0.5)))

    assert len(refused.value.faults) == 1


def test_one_slice_of_another_size_is_refused_and_the_rest_is_uneven(stack):
    folder = stack(5, pixels=lambda k: np.zeros((6, 6 if k == 2 else 5), np.int16))

    with pytest.raises(InputError) as refused:
        read_images(folder)

    assert {fault.where for fault in refused.value.faults} == {"02.dcm", "00.dcm and 3 more"}


def test_a_damaged_last_slice_leaves_a_warning(stack):
    folder = stack(5)
    last = folder / "04.dcm"
    last.write_bytes(last.read_bytes()[:-20])

    images = read_images(folder)

    assert images.series[0].volume.shape == (4, 6, 5)
    assert images.series[0].warnings == (
        "a damaged file beside it could not be read: slices at its ends may be missing",
    )
    assert [one.name for one in images.refused] == ["04.dcm"]


def test_a_good_series_beside_a_bad_one_is_read(stack):
    stack(4, "all/good")
    stack(1, "all/bad", SeriesInstanceUID="1.2.9")

    images = read_images(stack(0, "all"))

    assert [one.source for one in images.series] == ["good"]
    assert [(one.name, "single" in one.reason) for one in images.refused] == [("bad/00.dcm", True)]


def test_images_of_two_patients_are_refused_without_naming_them(stack):
    stack(3, "all/a", PatientID="SECRET-1", PatientName="Moon^Ada")
    stack(3, "all/b", PatientID="SECRET-2", PatientName="Sun^Bob", SeriesInstanceUID="1.2.9")

    with pytest.raises(InputError, match=r"2 patients .*a/00\.dcm, b/00\.dcm") as refused:
        read_images(stack(0, "all"))

    assert not {"SECRET", "Ada", "Moon"} & set(str(refused.value).replace("^", " ").split())


def test_a_file_without_a_birth_date_may_be_of_the_same_patient(stack):
    stack(3, "all/a", PatientBirthDate="19600101", PatientName="Moon^Ada")
    stack(3, "all/b", SeriesInstanceUID="1.2.9", PatientName="MOON^ADA^")

    assert len(read_images(stack(0, "all")).series) == 2


def test_patients_are_told_apart_by_a_key_that_does_not_name_them(stack):
    ada = read_series(stack(2, "a", PatientID="ADA-1")).patient_key
    bob = read_series(stack(2, "b", PatientID="BOB-2")).patient_key

    assert ada != bob
    assert len(ada) == 8
    assert "ADA" not in ada.upper().replace("A", "", 1) or ada.isalnum()


def test_a_description_cannot_steer_the_screen_and_is_bounded(stack):
    series = read_series(stack(2, SeriesDescription="T1 COR\x1b[2J" + "x" * 100))

    assert "\x1b" not in series.description
    assert len(series.description) == 64


@pytest.mark.parametrize(("letter", "side"), [("L", "left"), ("R", "right"), ("B", None), ("", None)])
def test_the_side_is_taken_from_the_header(stack, letter, side):
    assert read_series(stack(2, Laterality=letter)).laterality == side


def test_exactly_one_series_is_asked_for_and_all_are_listed_when_there_are_more(stack):
    stack(2, "all/a")
    stack(2, "all/b", SeriesInstanceUID="1.2.9", SeriesDescription="second")

    with pytest.raises(InputError, match=r"holds 2 series(.|\n)*s2: axial MR second from b"):
        read_series(stack(0, "all"))


def test_progress_names_its_stages_and_ends_at_one(stack):
    told = []

    read_images(stack(4), lambda stage, part: told.append((stage, part)))

    assert [stage for stage, _ in told] == ["headers"] * 4 + ["pixels"] * 5
    assert all(0 <= part <= 1 for _, part in told)
    assert told[-1] == ("pixels", 1.0)


def test_an_interruption_ends_the_reading(stack):
    def interrupt(stage, part):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_images(stack(2), interrupt)
