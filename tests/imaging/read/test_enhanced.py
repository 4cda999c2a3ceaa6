"""Enhanced multi-frame objects are read frame by frame."""

import numpy as np
import pytest

from osteon.errors import InputError
from osteon.imaging.read import read_images, read_series

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def items(**groups):
    """One functional group item: `items(PlanePosition={"ImagePositionPatient": ...})`."""
    from pydicom import Dataset

    item = Dataset()
    for name, content in groups.items():
        inner = Dataset()
        for key, value in content.items():
            setattr(inner, key, value)
        setattr(item, name + "Sequence", [inner])
    return item


@pytest.fixture
def enhanced(slice_of, tmp_path):
    """Writes one object with frames at the given places, echoes and slopes."""

    def write(places, echoes=None, slopes=None, shared_orientation=(1, 0, 0, 0, 1, 0)):
        one = slice_of(0, kind=ENHANCED_MR, ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None)
        one.NumberOfFrames = len(places)
        frames = np.arange(len(places) * 30).reshape(len(places), 6, 5).astype("<i2")
        one.PixelData = frames.tobytes()
        one.SharedFunctionalGroupsSequence = [
            items(
                PixelMeasures={"PixelSpacing": [0.5, 0.75], "SliceThickness": 2.0},
                PlaneOrientation={"ImageOrientationPatient": list(shared_orientation)},
                MRTimingAndRelatedParameters={"RepetitionTime": 550.0},
                FrameAnatomy={"FrameLaterality": "L"},
            )
        ]
        one.PerFrameFunctionalGroupsSequence = [
            items(
                PlanePosition={"ImagePositionPatient": [1.0, 2.0, float(place)]},
                MREcho={"EffectiveEchoTime": float((echoes or [9] * 99)[k])},
                PixelValueTransformation={"RescaleSlope": (slopes or [1] * 99)[k], "RescaleIntercept": 0},
            )
            for k, place in enumerate(places)
        ]
        one.save_as(tmp_path / "enhanced.dcm")
        return tmp_path / "enhanced.dcm"

    return write


def test_frames_are_ordered_by_place(enhanced):
    series = read_series(enhanced([6, 0, 2, 4]))

    assert series.volume.array[:, 0, 0].tolist() == [30, 60, 90, 0]
    assert series.volume.to_mm([3, 1, 1]) == pytest.approx([1.75, 2.5, 6.0])
    assert [one.frames for one in series.instances] == [(2,), (3,), (4,), (1,)]
    assert (series.laterality, series.repetition_time_ms, series.echo_time_ms) == ("left", 550.0, 9.0)


def test_echoes_in_one_object_become_two_volumes(enhanced):
    images = read_images(enhanced([0, 0, 2, 2], echoes=[9, 18, 9, 18]))

    assert [one.volume.array[:, 0, 0].tolist() for one in images.series] == [[0, 60], [30, 90]]


def test_each_frame_has_its_own_slope(enhanced):
    assert read_series(enhanced([0, 2], slopes=[1, 3])).volume.array[1, 0, 1] == 3 * 31


def test_frames_that_are_not_described_are_refused(enhanced):
    from pydicom import dcmread

    path = enhanced([0, 2, 4])
    one = dcmread(path)
    one.PerFrameFunctionalGroupsSequence = one.PerFrameFunctionalGroupsSequence[:2]
    one.save_as(path)

    with pytest.raises(InputError, match="3 frames but describes 2"):
        read_images(path)


def test_real_enhanced_mr_gives_one_volume_for_each_time(data):
    images = read_images(data / "dicom_odd" / "enhanced_mr")

    assert [one.volume.shape for one in images.series] == [(6, 64, 64), (6, 64, 64)]
    assert images.refused == ()
