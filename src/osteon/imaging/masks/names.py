"""What is a mask called, whoever named it?

Labels are words in small letters joined by "_": `lesion`, `femoral_head`, `femur_left`. A name that somebody gave to a
segment is kept in this form; a file's name is searched for words of the hip only, since it may hold a patient's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_LETTERS = 64  # of a Segment Label in DICOM (LO); longer ones are cut

# Words that tell what a file marks, the more special ones first; anything else in its name is ignored.
KNOWN = (
    "femoral_head",
    "acetabulum",
    "necrosis",
    "lesion",
    "pelvis",
    "femur",
    "sacrum",
    "head",
    "hip",
)


def label_of(name: str, number: int = 0) -> str:
    """A segment's name as a label.

    Examples
    --------
    >>> label_of("Femur left"), label_of(" Femoral-Head "), label_of("", 3)
    ('femur_left', 'femoral_head', 'segment_3')
    """
    words = re.findall(r"\w+", name.lower().replace("_", " "))
    return "_".join(words)[:MOST_LETTERS] or f"segment_{number}"


def label_of_file(file_name: str) -> str:
    """What a file's name says it marks; "mask" when it holds no word that is known.

    Examples
    --------
    >>> label_of_file("femur_left.nii.gz"), label_of_file("case7-Lesion.nrrd"), label_of_file("doe_john.nii")
    ('femur_left', 'lesion', 'mask')
    """
    stem = label_of(file_name.split(".")[0])
    known = next((word for word in KNOWN if word in stem), "")
    side = next((word for word in ("left", "right") if word in stem.split("_")), "")
    return "_".join(filter(None, [known, side if known else ""])) or "mask"


def told_apart(labels: Sequence[str]) -> list[str]:
    """The labels with a number behind each one that came before.

    Examples
    --------
    >>> told_apart(["lesion", "femur", "lesion"])
    ['lesion', 'femur', 'lesion_2']
    """
    seen: dict[str, int] = {}
    apart = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        apart.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    return apart
