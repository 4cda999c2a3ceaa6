"""What is in this folder of images, as text for a terminal and as data for machines?"""

from __future__ import annotations

from dataclasses import asdict
from textwrap import fill

from osteon.errors import printable
from osteon.imaging.overview import OverviewRow, overview_rows
from osteon.imaging.series import Images


def overview_text(images: Images, width: int) -> str:
    """All that was found, one paragraph each; ends with a line break.

    Examples
    --------
    >>> from osteon.imaging.series import Refused
    >>> print(overview_text(Images((), (), (Refused("a.txt", "is no image."),)), 80), end="")
    NOT READ
      a.txt: is no image.
    """
    rows = overview_rows(images)
    headings = (("SERIES", ("MR", "CT", "other")), ("MASKS", ("mask",)), ("NOT READ", ("refused",)))
    lines: list[str] = []
    for heading, kinds in headings:
        meant = [row for row in rows if row.kind in kinds]
        lines += [heading, *(paragraph(row, width) for row in meant)] if meant else []
    return "\n".join(lines) + "\n"


def paragraph(row: OverviewRow, width: int) -> str:
    """One series, mask or refusal."""
    if row.kind == "refused":
        return filled(f"{row.source}: {row.remark}", width)
    kind = " ".join(filter(None, (row.kind, row.weighting, row.plane)))
    echo = f"echo {row.echo_ms} ms" if row.echo_ms else ""
    facts = ", ".join(filter(None, (kind, row.size, f"{row.spacing_mm} mm", f"{row.slices} slices", echo)))
    told = f"{row.id}  {facts}: {row.description or 'no description'} ({row.source or 'the file itself'})"
    return filled(told, width) + (f"\n{filled(row.remark, width, '      ! ')}" if row.remark else "")


def filled(text: str, width: int, begin: str = "  ") -> str:
    return fill(printable(text), width, initial_indent=begin, subsequent_indent="      ", break_on_hyphens=False)


def overview_dict(images: Images) -> dict[str, list[dict[str, str]]]:
    """The same for machines: `{"images": [{"id": ..., "kind": ..., ...}]}`, everything as text."""
    return {"images": [asdict(row) for row in overview_rows(images)]}
