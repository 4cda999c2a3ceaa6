"""Everything that is written of one examination: a page, pictures, tables, masks, surfaces and DICOM objects."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from osteon.anatomy import Volume, head_region
from osteon.errors import InputError
from osteon.imaging.corrections import to_json
from osteon.imaging.examination import Examination
from osteon.imaging.masks import mask_on
from osteon.imaging.measure import measurements_dict
from osteon.imaging.series import Mask
from osteon.imaging.write import (
    Stamp,
    glb_bytes,
    new_stamp,
    nifti_bytes,
    seg_bytes,
    source_headers,
    sr_bytes,
    stl_bytes,
    surface_of,
)
from osteon.report.html import environment
from osteon.report.images.page import ExaminationPage, FileLine, examination_page
from osteon.report.images.pictures import hip_pictures, operation_pictures
from osteon.report.images.viewer import viewer_files
from osteon.surgery import SurgicalPlan, surgery_dict

PURPOSES = {
    "viewer.html": "the images in a viewer, where the lesion can be corrected by hand",
    "measurements.json": "every measurement with its interval, convention and settings, for programs",
    "measurements.csv": "the same as a table",
    "correction.json": "what was changed in the proposed lesion, by whom and when, and how well the two agreed",
    "surgery.json": "the operations: every point, direction, distance and volume, for programs",
    "masks/lesion.nii.gz": "mask of the lesion, on the grid it was marked on",
    "masks/femur.nii.gz": "mask of the proximal femur, the lesion filled in",
    "masks/head.nii.gz": "mask of the head: bone proximal to 0.55 radius past its centre",
    "masks/pelvis.nii.gz": "mask of the pelvis about the joint",
    "surfaces/femur.stl": "surface of the femur in mm (LPS), for planning programs and printers",
    "surfaces/lesion.stl": "surface of the lesion in mm (LPS)",
    "surfaces/hip.glb": "both surfaces in colour, for 3D viewers",
    "dicom/segmentation.dcm": "the masks as a DICOM Segmentation that refers to the images",
    "dicom/measurements.dcm": "the measurements as a DICOM Structured Report (TID 1500)",
}
COLUMNS = ("name", "value", "low", "high", "unit", "convention", "series", "author", "border", "settings")


def result_files(
    examination: Examination,
    surgical_plan: SurgicalPlan | None = None,
    *,
    stamp: Stamp | None = None,
) -> dict[str, bytes]:
    """All files of one examination by their names in the folder; `index.html` shows them.

    Parameters
    ----------
    examination
        One hip on its images, as `osteon.imaging.examination.examine` gives it.
    surgical_plan
        The operations planned on it, if any.
    stamp
        Time and identifiers of the DICOM objects; new ones where not given.
    """
    pictures = hip_pictures(examination, surgical_plan)
    drawn = operation_pictures(examination, surgical_plan) if surgical_plan else {}
    files = {each.file: each.picture.png for each in (*pictures, *drawn.values())}
    files |= tables(examination, surgical_plan) | masks(examination) | surfaces(examination)
    objects, remarks = dicom_objects(examination, examination.path, stamp or new_stamp())
    files |= objects | viewer(examination)
    listed = [FileLine(name, purpose) for name, purpose in PURPOSES.items() if name in files]
    page = examination_page(examination, surgical_plan, pictures, drawn, listed, remarks)
    return {"index.html": page_html(page).encode(), **files}


def page_html(page: ExaminationPage) -> str:
    """The page as HTML text."""
    return environment().get_template("examination.html.j2").render(page=page)


def tables(examination: Examination, plan: SurgicalPlan | None) -> dict[str, bytes]:
    """Measurements as JSON and CSV, and the operations as JSON."""
    content = measurements_dict(examination.measurements)
    files = {
        "measurements.json": json_bytes(content),
        "measurements.csv": csv_bytes(content["measurements"]),
    }
    if examination.correction and examination.agreement:
        change = json.loads(to_json(examination.correction))
        files["correction.json"] = json_bytes({"agreement": asdict(examination.agreement), "correction": change})
    return files if plan is None else files | {"surgery.json": json_bytes(surgery_dict(plan))}


def json_bytes(content: Mapping[str, object]) -> bytes:
    """A file of JSON that people can read too."""
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def csv_bytes(rows: list[dict[str, object]]) -> bytes:
    """Measurements as CSV with a header; points and settings are joined by blanks."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([joined(row[name]) for name in COLUMNS])
    return out.getvalue().encode()


def joined(value: object) -> object:
    """One cell: lists and the names of settings in one text, None as nothing."""
    if isinstance(value, list | tuple | Mapping):
        return " ".join(str(each) for each in value)
    return "" if value is None else value


def masks(examination: Examination) -> dict[str, bytes]:
    """All masks as NIfTI."""
    return {f"masks/{label}.nii.gz": nifti_bytes(volume) for label, volume in mask_volumes(examination)}


def mask_volumes(examination: Examination) -> Iterator[tuple[str, Volume]]:
    """Every mask under its name; the pelvis only where it was seen."""
    found = examination.found
    yield "lesion", examination.lesion.volume
    yield "femur", found.femur
    yield "head", head_mask(examination)
    if found.pelvis is not None and found.pelvis.array.any():
        yield "pelvis", found.pelvis


def head_mask(examination: Examination) -> Volume:
    """The voxels that belong to the head for a half or more, by the plane across the neck."""
    weights = head_region(examination.found.femur, examination.found.hip, "proximal_to_0.55r")
    return weights.with_array(weights.array >= 0.5)


def surfaces(examination: Examination) -> dict[str, bytes]:
    """Femur and lesion as STL, and both as glTF; without a lesion the femur only."""
    parts = {"femur": examination.found.femur, "lesion": examination.lesion.volume}
    found = {label: surface_of(volume) for label, volume in parts.items() if volume.array.any()}
    files = {f"surfaces/{label}.stl": stl_bytes(*surface) for label, surface in found.items()}
    return files | {"surfaces/hip.glb": glb_bytes(found)} if found else {}


def dicom_objects(
    examination: Examination, source: Path | None, stamp: Stamp
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Segmentation and report as DICOM, and why not where the images cannot be referred to.

    Images that did not come from DICOM have nothing that could be referred to; that needs no remark.
    """
    series = examination.series
    if source is None or not series.instances:
        return {}, ()
    try:
        headers = source_headers(series, source)
        segmentation = seg_bytes(segments(examination), series, headers, stamp, side=examination.side)
        report = sr_bytes(examination.measurements, series, headers, stamp, seg=segmentation, side=examination.side)
    except InputError as error:
        reasons = " ".join(fault.message for fault in error.faults)
        return {}, (f"No DICOM objects were written: the series {reasons}",)
    return {"dicom/segmentation.dcm": segmentation, "dicom/measurements.dcm": report}, ()


def segments(examination: Examination) -> list[Mask]:
    """Lesion (where there is one), head and femur, as the Segmentation holds them."""
    found = examination.found
    lesion = [examination.lesion] if examination.lesion.volume.array.any() else []
    parts = (("femoral_head", head_mask(examination)), ("femur", found.femur))
    return lesion + [Mask(volume, label, "automatic", "Osteon") for label, volume in parts]


def viewer(examination: Examination) -> dict[str, bytes]:
    """The viewer with the series and the lesion on its grid."""
    on_series = mask_on(examination.lesion, examination.series.volume)
    center = examination.found.hip.head.center_mm
    return viewer_files(f"{examination.side} hip", examination.series.volume, on_series, center)
