"""Plane and weighting, as far as a header tells."""

import pytest

from osteon.imaging.read import read_series


@pytest.mark.parametrize(
    ("attributes", "weighting"),
    [
        ({"SeriesDescription": "T1 COR"}, "T1"),
        ({"SeriesDescription": "t1_tse_cor_hip"}, "T1"),
        ({"SeriesDescription": "Cor T1W FSE"}, "T1"),
        ({"ProtocolName": "t2_tse_cor"}, "T2"),
        ({"SeriesDescription": "COR STIR"}, "STIR"),
        ({"SeriesDescription": "t2_tirm_cor"}, "STIR"),
        ({"SeriesDescription": "PD FS SAG"}, "PD"),
        ({"SeriesDescription": "pd_tse_fs"}, "PD"),
        ({"SeriesDescription": "T2 map"}, ""),
        ({"SeriesDescription": "T2* GRE"}, ""),
        ({"SeriesDescription": "T1 T2 comparison"}, ""),
        ({"SeriesDescription": "COR 10 mm"}, ""),
        ({"SeriesDescription": "SPDX3"}, ""),
        ({"ScanningSequence": "SE", "RepetitionTime": 550, "EchoTime": 12}, "T1"),
        ({"ScanningSequence": "SE", "RepetitionTime": 4320, "EchoTime": 101}, "T2"),
        ({"ScanningSequence": "SE", "RepetitionTime": 2450, "EchoTime": 6.3}, "PD"),
        ({"ScanningSequence": "SE", "RepetitionTime": 2450, "EchoTime": 50}, ""),
        ({"ScanningSequence": "SE", "RepetitionTime": 1200, "EchoTime": 12}, ""),
        ({"ScanningSequence": "GR", "RepetitionTime": 500, "EchoTime": 12}, ""),
        ({"ScanningSequence": ["SE", "IR"], "RepetitionTime": 4000, "EchoTime": 60, "InversionTime": 160}, "STIR"),
        ({"ScanningSequence": ["SE", "IR"], "RepetitionTime": 9000, "EchoTime": 100, "InversionTime": 2500}, ""),
        ({"RepetitionTime": 550, "EchoTime": 12}, ""),
        ({}, ""),
    ],
)
def test_weighting_is_told_by_names_or_times_and_never_guessed(stack, attributes, weighting):
    assert read_series(stack(2, **attributes)).weighting == weighting


def test_a_name_against_the_times_leaves_the_weighting_open(stack):
    series = read_series(stack(2, SeriesDescription="T1 COR", ScanningSequence="SE", RepetitionTime=4000, EchoTime=100))

    assert series.weighting == ""
    assert "named T1, but its times are those of T2" in series.warnings[0]


@pytest.mark.parametrize("attributes", [{"SeriesDescription": "T1 FS COR"}, {"ScanOptions": ["FS", "SP"]}])
def test_fat_suppressed_t1_is_not_called_t1(stack, attributes):
    series = read_series(stack(2, **{"SeriesDescription": "T1 COR", **attributes}))

    assert series.weighting == ""
    assert "fat suppression" in series.warnings[0]


def test_times_are_kept(stack):
    series = read_series(stack(2, RepetitionTime=550.0, EchoTime=12.0, SliceThickness=3.5))

    assert (series.repetition_time_ms, series.echo_time_ms, series.slice_thickness_mm) == (550.0, 12.0, 3.5)
