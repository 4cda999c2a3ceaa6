"""Which pictures are shown of a hip, what is to be seen in each, and by which convention was it drawn?"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from osteon.imaging.examination import Examination
from osteon.report.images.canvas import small_png
from osteon.report.images.head_map import head_map_figure, head_map_png
from osteon.report.images.mid_planes import mid_plane_figure, mid_plane_png
from osteon.report.images.montage import montage_png
from osteon.report.images.page import Shown
from osteon.report.images.rotation import rotation_png, turn_shown
from osteon.report.images.tracts import tract_png
from osteon.report.images.values import has_lesion, measured, number, value_text
from osteon.report.images.view_3d import view_3d_png
from osteon.report.page import Picture
from osteon.surgery import DrillPlan, RotationPlan, SurgicalPlan

MOST_REPORT_BYTES = 150_000  # a plan's report holds its pictures within the page
SEEN = {
    "mid-coronal": "coronal plane of the patient exactly through the head's centre, seen from the front: the patient's "
    "right is on the left",
    "mid-sagittal": "sagittal plane of the patient exactly through the head's centre, seen from the patient's left: "
    "the front is on the left",
    "mid-oblique": "plane through the head's centre that holds the neck, seen from below: the front is up",
}
DRAWN = {
    "mid-coronal": "The arc of necrosis counts directions with lesion under the surface; outside the head the "
    "weight-bearing arc with its thirds, and the acetabular edge.",
    "mid-sagittal": "The arc of necrosis counts directions with lesion under the surface.",
    "mid-oblique": "The anterior necrotic angle runs from the line of the neck, drawn on through the head, to the "
    "lesion's anterior end.",
}
ANGLES = {
    "mid-coronal": ("arc of necrosis", "kerboul_coronal_deg"),
    "mid-sagittal": ("arc of necrosis", "kerboul_sagittal_deg"),
    "mid-oblique": ("anterior necrotic angle", "anterior_necrotic_angle_deg"),
}


def hip_pictures(examination: Examination, plan: SurgicalPlan | None = None) -> tuple[Shown, ...]:
    """All pictures of one hip and its measurements, each with its text; the first ones are the most telling."""
    mids = [
        shown(f"figures/{name}.png", mid_plane_png(examination, name), *mid_plane_words(examination, name))
        for name in SEEN
    ]
    whole = shown("figures/head_map.png", head_map_png(examination), *head_map_words(examination))
    view = shown("figures/view_3d.png", view_3d_png(examination, plan), *view_3d_words(examination, plan), wide=True)
    slices = shown("figures/montage.png", montage_png(examination), *montage_words(examination), wide=True)
    return (*mids, whole, view, slices)


def operation_pictures(examination: Examination, plan: SurgicalPlan) -> dict[str, Shown]:
    """The pictures of the operations that are possible, by the operation's name on the page."""
    drawn = {}
    for name, file, drill in drills(plan):
        if drill.feasible:
            png = tract_png(examination, drill)
            drawn[name] = shown(f"figures/{file}.png", png, *tract_words(examination, drill), wide=True)
    for each in plan.rotations:
        file = f"figures/{each.kind.replace(' ', '_')}.png"
        png = rotation_png(examination, each)
        drawn[each.kind.capitalize()] = shown(file, png, *rotation_words(examination, each), wide=True)
    return drawn


def drills(plan: SurgicalPlan) -> Iterator[tuple[str, str, DrillPlan]]:
    """Every drill plan with the operation's name and its file's."""
    yield "Core decompression, one large tract", "core", plan.core
    yield "Core decompression, several small tracts", "pins", plan.pins
    yield "Rod or fibular strut", "strut", plan.strut.drill


def report_pictures(examination: Examination) -> tuple[Picture, ...]:
    """The most telling pictures, each under 150 kB: the mid-coronal and mid-sagittal plane and the map of the head."""
    mids = [
        Picture(small_png(mid_plane_figure(examination, name), MOST_REPORT_BYTES), *mid_plane_words(examination, name))
        for name in ("mid-coronal", "mid-sagittal")
    ]
    head = Picture(small_png(head_map_figure(examination), MOST_REPORT_BYTES), *head_map_words(examination))
    return (*mids, head)


def shown(file: str, png: bytes, alt: str, caption: str, *, wide: bool = False) -> Shown:
    """A picture as a file beside the page."""
    width, height = struct.unpack(">II", png[16:24])  # every PNG begins with its size
    return Shown(file, Picture(png, alt, caption), width, height, wide)


def mid_plane_words(examination: Examination, name: str) -> tuple[str, str]:
    """Text alternative and caption of a mid plane."""
    found = measured(examination, ANGLES[name][1]) if has_lesion(examination) else None
    angle = f" The {ANGLES[name][0]} is {value_text(found.value, found.unit)}." if found else ""
    where = f"{name} plane of the {examination.side} femoral head"
    alt = f"Image of the {where} {outlined(examination)}.{angle}"
    caption = f"{name.capitalize()}: {SEEN[name]}. {DRAWN[name]} Series {examination.series.id}, {marked(examination)}."
    return alt, caption


def montage_words(examination: Examination) -> tuple[str, str]:
    """Text alternative and caption of the series' own slices."""
    alt = f"Slices of the series through the {examination.side} femoral head {outlined(examination)}."
    caption = (
        f"Slices of series {examination.series.id} as taken ({examination.series.plane or 'plane not told'}). "
        "Numbers are the slices' places in the series; the letters hold for all. "
        f"{marked(examination).capitalize()}."
    )
    return alt, caption


def head_map_words(examination: Examination) -> tuple[str, str]:
    """Text alternative and caption of the map of the head."""
    part = number(examination, "lesion_surface_percent")
    lesion = " with the lesion" if has_lesion(examination) else "; no lesion is marked"
    over = f" It lies under {part:.0f} % of the head's surface." if part else ""
    depth = number(examination, "collapse_depth_mm")
    sunk = " Lines tell how deep the surface has sunk." if depth else ""
    alt = f"Map of the {examination.side} femoral head from above{lesion}.{over}"
    caption = (
        "The head's surface from above, the front upwards, spread out so that equal areas stay equal (azimuthal, "
        f"about the patient's upward axis). The patient's {examination.side} is on the {examination.side}, unlike on "
        "the coronal picture. Hatched: at least 60 % of the bone from 1 to 5 mm under the surface is lesion. Crossed "
        f"lines: borders of the octants.{sunk} Series {examination.series.id}, {marked(examination)}."
    )
    return alt, caption


def view_3d_words(examination: Examination, plan: SurgicalPlan | None) -> tuple[str, str]:
    """Text alternative and caption of the 3D view."""
    inner = ["the lesion"] if has_lesion(examination) else []
    if plan is not None and plan.core.feasible:
        inner.append("the planned large tract")
    shining = f", with {' and '.join(inner)} shining through" if inner else ""
    alt = f"The {examination.side} femur as a solid from the front, the outer side and above{shining}."
    caption = (
        f"The femur's mask from the front, the outer side and above, without perspective{shining}. Bone ends where the "
        f"images or the mask end. Series {examination.series.id}, {marked(examination)}."
    )
    return alt, caption


def tract_words(examination: Examination, plan: DrillPlan) -> tuple[str, str]:
    """Text alternative and caption of a drill plan."""
    count = "one tract" if len(plan.tracts) == 1 else f"{len(plan.tracts)} tracts"
    alt = (
        f"Two planes at right angles through the {examination.side} hip that hold the planned {plan.kind}: {count} of "
        f"{plan.diameter_mm:g} mm, reaching {plan.reached_percent:.0f} % of the lesion."
    )
    caption = (
        "Left: the plane that holds the (first) tract and lies nearest to coronal, seen from the front. Right: the "
        "plane at right angles that holds it too, seen from below, the front up. Dashed: the margins asked for, from "
        f"its side to the neck's cortex and from its tip to the joint. Series {examination.series.id}."
    )
    return alt, caption


def rotation_words(examination: Examination, plan: RotationPlan) -> tuple[str, str]:
    """Text alternative and caption of an osteotomy."""
    now, best = plan.intact_ratio_percent[0], max(plan.intact_ratio_percent)
    alt = (
        f"Intact ratio against the angle of {plan.kind}: {now:.0f} % now, at most {best:.0f} % at "
        f"{plan.best_angle_deg:g} degrees; and the head before and after on the mid-coronal plane."
    )
    caption = (
        "Left: intact ratio by angle with its interval; lines are published thresholds, the bars below them the "
        "angles that reach them. Right: the mid-coronal plane, seen from the front, as it is and with the head turned "
        f"by {turn_shown(plan):g} degrees; the pelvis stays, and where the bone would be cut is not drawn. Series "
        f"{examination.series.id}."
    )
    return alt, caption


def outlined(examination: Examination) -> str:
    """Which outlines a picture holds."""
    if has_lesion(examination):
        return "with outlines of the femur and the lesion"
    return "with the outline of the femur; no lesion is marked"


def marked(examination: Examination) -> str:
    """Who marked the lesion, in a few words."""
    if not has_lesion(examination):
        return "no lesion marked"
    by = "automatically" if examination.lesion.method == "automatic" else f"by {examination.lesion.author}"
    return f"lesion marked {by}"
