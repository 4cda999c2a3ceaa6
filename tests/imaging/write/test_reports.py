"""What a Structured Report by Osteon says, read back by highdicom."""

import warnings
from dataclasses import replace
from io import BytesIO

import pytest

from osteon.errors import InputError
from osteon.imaging.write import source_headers, sr_bytes


@pytest.fixture(scope="module")
def report(written):
    """The measurement groups of the report by their tracking identifier."""
    import highdicom
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = highdicom.sr.Comprehensive3DSR.from_dataset(pydicom.dcmread(BytesIO(written["sr"]))).content
        return content, {
            "lesion": content.get_volumetric_roi_measurement_groups()[0],
            **{each.tracking_identifier: each for each in content.get_image_measurement_groups()},
        }


def number(group, meaning, method=""):
    """The measurement of a group with a name, and a method where several share the name."""
    found = [m for m in group.get_measurements() if m.name.meaning == meaning]
    return next(m for m in found if not method or m.method.value == method)


def child(item, meaning):
    """The values of what stands below one measurement or word under a name."""
    below = [each for each in item.ContentSequence if each.name.meaning == meaning]
    return [each.value for each in below]


def test_every_number_has_its_value_and_ucum_unit(report, measurements):
    _, groups = report
    read = [(m.value, m.unit.value) for group in groups.values() for m in group.get_measurements()]
    sent = [(m.value, m.unit) for m in measurements if isinstance(m.value, float)]
    # a decimal string of DICOM has 16 characters
    assert [value for value, _ in sorted(read)] == pytest.approx([value for value, _ in sorted(sent)], rel=1e-12)
    assert [unit for _, unit in sorted(read)] == [unit for _, unit in sorted(sent)]


def test_one_name_by_three_conventions_is_told_apart_by_its_method(report):
    _, groups = report
    values = {
        m: number(groups["lesion"], "Lesion as part of the femoral head", m).value
        for m in ("proximal_0_55r", "bone_in_sphere", "sphere")
    }
    assert values == {"proximal_0_55r": 22.0, "bone_in_sphere": 18.9, "sphere": 18.5}


def test_the_interval_stands_as_distance_above_and_below_in_the_same_unit(report):
    _, groups = report
    item = number(groups["lesion"], "Volume")[0]
    assert child(item, "+, range of upper measurement uncertainty") == [pytest.approx(0.8)]
    assert child(item, "-, range of lower measurement uncertainty") == [pytest.approx(0.5)]
    assert {each.unit.value for each in item.ContentSequence if each.ValueType == "NUM"} == {"mL"}
    assert not child(number(groups["lesion"], "Modified Kerboul angle")[0], "+, range of upper measurement uncertainty")


def test_the_centre_of_the_head_is_a_point_in_the_frame_of_reference(report, measurements):
    _, groups = report
    (point,) = number(groups["Femoral head"], "Radius").referenced_coordinates
    assert (point.graphic_type.value, point.frame_of_reference_uid) == ("POINT", "2.25.1003")
    assert point.name.value == "112304"
    assert point.value[0] == pytest.approx(measurements[0].value, abs=1e-4)  # stored in 32 bits


def test_words_are_codes_where_they_have_one_and_text_otherwise(report):
    _, groups = report
    evaluations = {each.name.meaning: each.value for each in groups["lesion"].get_qualitative_evaluations()}
    assert (evaluations["JIC type"].value, evaluations["JIC type"].scheme_designator) == ("jic_c1", "99OSTEON")
    assert evaluations["Size of the lesion after Steinberg"].value == "steinberg_b"
    texts = [each for each in groups["Joint"][0].ContentSequence if each.name.meaning == "a new class"]
    assert [each.value for each in texts] == ["large"]


def test_convention_settings_interval_and_border_stand_beside_the_value(report):
    _, groups = report
    jic = next(each for each in groups["lesion"][0].ContentSequence if each.name.meaning == "JIC type")
    lines = child(jic, "Algorithm Parameters")
    assert lines[:3] == ["name: jic_type", "convention: jic_2002_borders", "marked by: Müller^Ä"]
    assert lines[3:] == ["interval: B to C2", "setting that no source confirms: exact thirds"]
    kerboul = number(groups["lesion"], "Modified Kerboul angle")[0]
    assert "next class: 11.0 deg above 1/2" in child(kerboul, "Algorithm Parameters")


def test_the_lesion_group_refers_to_its_segment_and_shares_its_tracking(report, written):
    import pydicom

    _, groups = report
    seg = pydicom.dcmread(BytesIO(written["seg"]))
    segment = groups["lesion"].referenced_segment
    assert (segment.referenced_sop_instance_uid, segment.referenced_segment_numbers) == (seg.SOPInstanceUID, [1])
    assert groups["lesion"].tracking_uid == seg.SegmentSequence[0].TrackingUID
    assert groups["lesion"].finding_type.value == "397758007"


def test_the_finding_site_is_the_head_of_the_left_femur(report):
    _, groups = report
    for group in groups.values():
        (site,) = group.finding_sites
        assert (site.value.value, site.laterality.value) == ("2812003", "7771000")


def test_all_images_stand_in_the_library_and_the_evidence(report, written):
    import pydicom

    content, _ = report
    made = pydicom.dcmread(BytesIO(written["sr"]))
    evidence = [
        item.ReferencedSOPInstanceUID
        for series in made.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]
    library = [each for each in content[0].ContentSequence if each.name.meaning == "Image Library"]
    assert len(library[0].ContentSequence[0].ContentSequence) == 10
    assert {f"2.25.2{k:03}" for k in range(10)} < set(evidence)
    assert len(evidence) == 11  # the segmentation too


def test_a_report_is_marked_as_a_draft_that_nobody_verified(written):
    import pydicom

    made = pydicom.dcmread(BytesIO(written["sr"]))
    assert (made.VerificationFlag, made.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert made.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99OSTEON"
    assert str(made.PatientName) == "Schäfer^Zoë"


def test_without_a_segment_no_finding_is_claimed(mr, measurements, stamp):
    import highdicom
    import pydicom

    folder, series = mr
    data = sr_bytes(measurements, series, source_headers(series, folder), stamp)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = highdicom.sr.Comprehensive3DSR.from_dataset(pydicom.dcmread(BytesIO(data))).content
    groups = content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["Lesion", "Femoral head", "Joint"]
    assert [group.finding_type for group in groups] == [None, None, None]
    assert [group.finding_sites[0].laterality for group in groups] == [None, None, None]


def test_the_same_stamp_writes_the_same_report(mr, measurements, stamp, written):
    folder, series = mr
    headers = source_headers(series, folder)
    assert sr_bytes(measurements, series, headers, stamp, seg=written["seg"], side="left") == written["sr"]


def test_a_report_of_an_enhanced_object_refers_to_its_frames(enhanced, measurements, stamp):
    import pydicom

    folder, series = enhanced
    made = pydicom.dcmread(BytesIO(sr_bytes(measurements, series, source_headers(series, folder), stamp)))
    group = made.ContentSequence[-1].ContentSequence[0]
    (image,) = [each for each in group.ContentSequence if each.ValueType == "IMAGE"]
    assert (
        list(image.ReferencedSOPSequence[0].ReferencedFrameNumber)
        == sorted(each.frames[0] for each in series.instances)[::-1]
    )


def test_what_is_no_number_is_refused_by_name(mr, measurements, stamp):
    folder, series = mr
    wrong = [replace(measurements[2], value=float("nan")), replace(measurements[3], high=float("inf"))]
    with pytest.raises(InputError) as told:
        sr_bytes(wrong, series, source_headers(series, folder), stamp)
    assert [fault.where for fault in told.value.faults] == ["lesion_volume_ml", "lesion_fraction_percent"]


@pytest.mark.parametrize("count", [0, 1])
def test_a_report_without_a_number_is_refused(mr, measurements, stamp, count):
    folder, series = mr
    with pytest.raises(InputError, match="holds no measurement"):
        sr_bytes(measurements[:count], series, source_headers(series, folder), stamp)
