"""What does the page of an examination show? One frozen object, and nothing else reaches its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from osteon.imaging.examination import Examination
from osteon.imaging.measure.settings import convention_text, setting_text
from osteon.imaging.series import Measurement, Series
from osteon.imaging.write.codes import table
from osteon.report.images.values import interval_text, measured, value_text
from osteon.report.page import Picture
from osteon.surgery import SurgicalPlan
from osteon.surgery.card import (
    PURPOSE,
    declared,
    drill_lines,
    graft_line,
    implant_lines,
    rotation_lines,
    strut_lines,
)
from osteon.version import __version__

GROUPS = {"lesion": "The lesion", "joint": "Shape of the head, and the joint", "head": "The head"}
STANDARD = {"lesion": "of the lesion", "head": "of the femoral head", "joint": ""}
SUMMARY = (
    "lesion_fraction_percent",
    "modified_kerboul_deg",
    "jic_type",
    "collapse_depth_mm",
)
METHODS = {
    "automatic": "marked by the computer and corrected by nobody",
    "drawn": "drawn by {}",
    "corrected": "marked by the computer and corrected by {}",
    "imported": "read from a mask made by {}",
}
SAID_ABOVE = "automatic_lesion"  # who marked the lesion stands above all numbers, and need not stand beside each
LIMITS = (
    "For research. Not a certified medical device. Look at every outline before a number is used.",
    "An interval shows how a number moves when centre, planes, outlines and rules are varied within what is usual "
    "between readers. It is no confidence interval of a study, and says nothing of a lesion that was marked wrongly.",
    "There is no agreed border between head and neck: the same lesion is a larger or a smaller part of the head by "
    "each of three borders. Compare only numbers of one convention.",
    "Moving the mid planes by 4 mm changes the modified Kerboul angle by 14 to 57 degrees. Thick slices, or slices "
    "with gaps, blur every border across them; on such series an angle or a depth is less sure than its digits.",
    "Collapse and joint space are best seen on CT. MR and radiograph agreed on the degree of collapse in 56.3 % of "
    "115 hips.",
    "The intervals and rules were checked on phantoms of real femurs, not on patients with a known truth.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement in words."""

    name: str
    convention: str
    value: str
    interval: str
    border: str
    source: str
    unconfirmed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Measurements under one heading."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a file beside the page."""

    file: str
    picture: Picture
    width: int  # pixels
    height: int
    wide: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation drawn on this bone: what it does in sentences, and its picture."""

    name: str
    lines: tuple[str, ...]
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file beside the page and what it is for; a folder's files of one kind share a line."""

    file: str
    purpose: str


@dataclass(frozen=True, slots=True)
class ExaminationPage:
    """Everything on the page of one examination, in the order in which it is read."""

    title: str
    osteon: str
    summary: tuple[Row, ...]
    rests_on: tuple[str, ...]
    warnings: tuple[str, ...]
    pictures: tuple[Shown, ...]
    groups: tuple[Group, ...]
    settings: tuple[tuple[str, str], ...]
    purpose: str
    operations: tuple[Operation, ...]
    to_note: tuple[str, ...]
    surgical_settings: tuple[str, ...]
    files: tuple[FileLine, ...]
    limits: tuple[str, ...]


def examination_page(
    examination: Examination,
    plan: SurgicalPlan | None,
    pictures: Sequence[Shown],
    drawn: Mapping[str, Shown],
    files: Sequence[FileLine],
    remarks: Sequence[str] = (),
) -> ExaminationPage:
    """The page of one examination.

    Parameters
    ----------
    pictures
        Of the hip and its measurements.
    drawn
        Of the operations, by the operation's name.
    files
        What lies beside the page.
    remarks
        What could not be written, and why.
    """
    settings = dict.fromkeys(name for each in examination.measurements for name in each.settings)
    return ExaminationPage(
        title=f"{examination.side.capitalize()} hip",
        osteon=__version__,
        summary=tuple(
            row(each, examination) for each in (measured(examination, name) for name in SUMMARY) if each is not None
        ),
        rests_on=tuple(rests_on(examination)),
        warnings=tuple(dict.fromkeys((*warnings_of(examination), *remarks))),
        pictures=tuple(pictures),
        groups=groups(examination),
        settings=tuple((spoken(name), setting_text(name)) for name in settings),
        purpose=PURPOSE if plan else "",
        operations=operations(plan, drawn) if plan else (),
        to_note=plan.warnings if plan else (),
        surgical_settings=declared(plan) if plan else (),
        files=tuple(files),
        limits=LIMITS,
    )


def groups(examination: Examination) -> tuple[Group, ...]:
    """All measurements, those of the lesion first."""
    by_group: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for each in examination.measurements:
        by_group[entry(each.name)["group"]].append(row(each, examination))
    return tuple(Group(GROUPS[name], tuple(rows)) for name, rows in by_group.items() if rows)


def row(each: Measurement, examination: Examination) -> Row:
    """One measurement in words; its source only where it is not the series that all rests on."""
    return Row(
        name=name_of(each.name),
        convention=convention_text(each.convention),
        value=value_text(each.value, each.unit),
        interval=interval_text(each),
        border=each.border.replace(" deg", "°"),
        source="" if each.series == examination.series.id else f"measured on series {each.series}",
        unconfirmed=tuple(spoken(name) for name in each.settings if name != SAID_ABOVE),
    )


def entry(name: str) -> Mapping[str, str]:
    """What the table of codes says of a measurement: its meaning in words, and its group."""
    known: Mapping[str, Mapping[str, str]] = table()["measurement"]
    return known.get(name, {"meaning": spoken(name), "group": "joint"})


def name_of(name: str) -> str:
    """A measurement's name in words.

    Examples
    --------
    >>> name_of("modified_kerboul_deg"), name_of("lesion_volume_ml")
    ('Modified Kerboul angle', 'Volume of the lesion')
    """
    known = entry(name)
    # A general term of SNOMED CT ("Volume") does not say of what.
    return f"{known['meaning']} {STANDARD[known['group']]}" if known.get("scheme") == "SCT" else known["meaning"]


def spoken(name: str) -> str:
    """A key in words.

    Examples
    --------
    >>> spoken("collapse_from_mr")
    'collapse from MR'
    """
    return name.replace("_", " ").replace(" mr", " MR").replace(" ct", " CT")


def rests_on(examination: Examination) -> list[str]:
    """The series, the way the head was found, and who marked the lesion, as sentences."""
    mask = examination.lesion
    marked = METHODS[mask.method].format(mask.author or "somebody who is not named")
    lines = [
        f"Measured on series {series_words(examination.series)}.",
        f"The hip was {examination.found.method}."
        if examination.found.method.startswith("found")
        else f"The hip was placed by {examination.found.method}.",
        f"The lesion was {marked}." if mask.volume.array.any() else "No lesion is marked.",
    ]
    if examination.agreement is not None:
        told = examination.agreement
        lines.append(
            f"The correction of {told.on} by {told.author} changed the proposed mark from {told.before_ml:.1f} to "
            f"{told.after_ml:.1f} ml (Dice {told.dice:.2f})."
        )
    if mask.notes:
        lines.append(f"Of the mark: {'; '.join(mask.notes)}.")
    if examination.ct is not None:
        lines.append(f"Shape and joint space were measured on series {series_words(examination.ct)}.")
    return lines


def series_words(series: Series) -> str:
    """A series in words: what it is and how fine, without any text from its header."""
    shape, spacing = series.volume.shape, series.volume.spacing_mm
    kind = " ".join(each for each in (series.plane, series.weighting, series.kind) if each)
    return (
        f"{series.id}: {kind}, {shape[0]} slices {spacing[0]:.2g} mm apart, "
        f"pixels of {spacing[1]:.2g} × {spacing[2]:.2g} mm"
    )


def warnings_of(examination: Examination) -> tuple[str, ...]:
    """What the reader should know of these images and this hip."""
    ct = examination.ct_found.warnings if examination.ct_found else ()
    return (*examination.series.warnings, *examination.found.warnings, *ct)


def operations(plan: SurgicalPlan, drawn: Mapping[str, Shown]) -> tuple[Operation, ...]:
    """Every operation that was planned, with its pictures."""
    told = {
        "Core decompression, one large tract": drill_lines(plan.core),
        "Core decompression, several small tracts": drill_lines(plan.pins),
        "Rod or fibular strut": strut_lines(plan.strut),
        "Graft to fill the cavity": [graft_line(each) for each in plan.grafts],
        **{each.kind.capitalize(): list(rotation_lines(each)) for each in plan.rotations},
        "Resurfacing or replacement": implant_lines(plan.implant),
    }
    return tuple(
        Operation(name, tuple(lines), (drawn[name],) if name in drawn else ()) for name, lines in told.items() if lines
    )
