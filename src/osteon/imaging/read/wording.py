"""In which plane was a series taken, and with which weighting, as far as its header says?"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from osteon.imaging.read.header import Frame, MrWords

# The plane in which angles are measured is varied by 5 degrees for their intervals, so that less than that is no tilt.
OBLIQUE_DEG = 5.0
# Spin echo, "Summary of parameters" (radiologykey.com/parameters-and-trade-offs, table 2.1, after MRI in Practice):
# short TR up to 900 ms at 3 T, long TR 2000 ms and more, short TE up to 30 ms, long TE 70 ms and more.
SHORT_TR_MS, LONG_TR_MS, SHORT_TE_MS, LONG_TE_MS = 900.0, 2000.0, 30.0, 70.0
# Same table: the inversion time of STIR is 100 to 175 ms at 1.5 T and 210 ms at 3 T.
STIR_TI_MS = (90.0, 250.0)

MAPS = re.compile(r"\bT[12]\W?(MAP|RHO)|MAPPING|RELAXO|T2\*|T2\W?STAR")
WORDS = {
    "STIR": re.compile(r"STIR|TIRM"),
    "T1": re.compile(r"(?<![A-Z0-9])T1(?![0-9])"),
    "T2": re.compile(r"(?<![A-Z0-9])T2(?![0-9])"),
    "PD": re.compile(r"(?<![A-Z])PD(?=W|FS|SPAIR|[^A-Z]|$)|PROTON.?DENS"),
}
CONTRASTS = {"T1": "T1", "T2": "T2", "STIR": "STIR", "PROTON_DENSITY": "PD"}
# FS is the term for fat saturation in ScanOptions (0018,0022), as in the dictionary of dicom3tools.
FAT_DARK = re.compile(r"(?<![A-Z])(FS|FATSAT|FAT.SAT\w*|SPIR|SPAIR)(?![A-Z])|(PD|T1W?|T2W?)FS(?![A-Z])")


@dataclass(frozen=True, slots=True)
class Weighting:
    """T1, PD, T2, STIR or "", and what has to be said of it."""

    name: str
    warnings: tuple[str, ...] = ()


def plane(normal: ArrayLike) -> str:
    """The plane of slices with this normal (LPS): coronal, sagittal, axial, or how far off the nearest of them.

    Examples
    --------
    >>> plane([0, 1, 0])
    'coronal'
    >>> plane([0, 0.94, 0.34])
    'oblique (coronal, 20° off)'
    """
    unit = np.abs(np.asarray(normal, float) / np.linalg.norm(normal))
    axis = int(unit.argmax())
    nearest = ("sagittal", "coronal", "axial")[axis]
    off_deg = float(np.degrees(np.arccos(min(1.0, unit[axis]))))
    return nearest if off_deg <= OBLIQUE_DEG else f"oblique ({nearest}, {off_deg:.0f}° off)"


def weighting(frame: Frame) -> Weighting:
    """The weighting of an MR series by its names and by echo and repetition time; "" where these do not tell or differ.

    Fat-suppressed T1 is not called T1: healthy marrow is dark on it, and a lesion's band cannot be seen.
    """
    words = frame.words
    named = by_name(words)
    timed = by_times(words, frame.repetition_time_ms, frame.echo_time_ms)
    if named and timed and named != timed:
        told = f"is named {named}, but its times are those of {timed}: its weighting is left open"
        return Weighting("", (told,))
    name = named or timed
    if name == "T1" and ("FS" in words.options or FAT_DARK.search(words.text)):
        return Weighting("", ("is T1 with fat suppression: healthy marrow is dark on it, so it is not used as T1",))
    return Weighting(name)


def by_name(words: MrWords) -> str:
    """The one weighting that description, protocol or sequence name; "" when there is none or more than one."""
    if words.contrast in CONTRASTS:
        return CONTRASTS[words.contrast]
    if MAPS.search(words.text):
        return ""
    named = [name for name, pattern in WORDS.items() if pattern.search(words.text)]
    return named[0] if len(named) == 1 or named[:1] == ["STIR"] else ""


def by_times(words: MrWords, tr_ms: float | None, te_ms: float | None) -> str:
    """The weighting of a spin or inversion-recovery echo by its times; gradient echoes depend on the flip angle too."""
    if tr_ms is None or te_ms is None or "GR" in words.sequence or "GRADIENT" in words.sequence:
        return ""
    if "IR" in words.sequence:
        ti_ms = words.inversion_time_ms
        return "STIR" if ti_ms is not None and STIR_TI_MS[0] <= ti_ms <= STIR_TI_MS[1] else ""
    if not words.sequence & {"SE", "SPIN"}:
        return ""
    if tr_ms < SHORT_TR_MS and te_ms <= SHORT_TE_MS:
        return "T1"
    if tr_ms >= LONG_TR_MS:
        return "T2" if te_ms >= LONG_TE_MS else "PD" if te_ms <= SHORT_TE_MS else ""
    return ""
