"""Does Osteon measure on images what is true of the hips they show? A fixed set of phantoms, from files to numbers.

python validation/phantoms/run.py                     all phantoms of `validation_recipes`
python validation/phantoms/run.py 0 17 35             only these
python validation/phantoms/run.py --every 6           every sixth
python validation/phantoms/run.py --folders A B       folders written by `write_phantom`, or laid out like it
    --processes N   how many at once (1)
    --draws N       readings drawn for the intervals (as measure does)
    --out DIR       where results.json and results.md are written; without it only the summary is printed

Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np

from osteon.anatomy import Floats, Volume, resample
from osteon.errors import InputError
from osteon.imaging.head import find_hip
from osteon.imaging.lesion import propose_lesion
from osteon.imaging.measure import measure
from osteon.imaging.read import read_images, read_series
from osteon.imaging.series import Mask, Measurement
from osteon.phantom import make_phantom, validation_recipes, write_phantom
from osteon.whole_file import write_whole

Row = dict[str, Any]

# Truth that each measurement is held against, by its name and convention. Images show the hip after its collapse.
TRUTH = {
    ("lesion_fraction_percent", "proximal_to_0.55r"): "pct_of_head_plane_after_collapse",
    ("lesion_fraction_percent", "bone_in_sphere"): "pct_of_bone_in_sphere_after_collapse",
    ("lesion_fraction_percent", "sphere"): "pct_of_sphere_after_collapse",
    ("lesion_volume_ml", "outer_margin_of_band"): "lesion_ml_after_collapse",
    ("kerboul_coronal_deg", "mid_planes"): "kerboul_coronal_deg",
    ("kerboul_sagittal_deg", "mid_planes"): "kerboul_sagittal_deg",
    ("modified_kerboul_deg", "mid_planes"): "modified_kerboul_deg",
    ("collapse_depth_mm", "intact_sphere"): "collapse_depth_mm",
    ("head_radius_mm", "fitted_sphere"): "head_radius",
    ("weight_bearing_medial_end_deg", "ministry_weight_bearing"): "weight_bearing_medial_deg",
    ("lesion_latitude_deg", "centre_of_gravity"): "latitude_deg",
}
JIC = ("jic_type", "jic_2002_borders")


class Bar(NamedTuple):
    """One promise: its name, how the rows answer it, and whether that is good enough."""

    name: str
    value: Callable[[Sequence[Row]], float]
    limit: float
    at_least: bool = False
    unit: str = ""

    def line(self, rows: Sequence[Row]) -> tuple[str, bool]:
        """The line of the table, and whether the bar is reached; a bar that no row speaks to is not missed."""
        value = self.value(rows)
        reached = bool(np.isnan(value) or (value >= self.limit if self.at_least else value <= self.limit))
        sign = ">=" if self.at_least else "<="
        shown = "no case" if np.isnan(value) else f"{value:.2f}{self.unit}"
        return (
            f"| {self.name} | {sign} {self.limit:g}{self.unit} | {shown} | {'yes' if reached else '**no**'} |",
            reached,
        )


def main() -> None:
    """Measure, write the results and say how it ended."""
    asked = arguments()
    cases: list[int | str] = [str(folder) for folder in asked.folders] or [*wanted(asked)]
    jobs = [(case, asked.draws) for case in cases]
    started, rows = time.monotonic(), []
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        for row in pool.imap_unordered(measured, jobs):
            rows.append(row)
            sys.stderr.write(f"{len(rows)}/{len(jobs)}  {brief(row)}\n")
    rows.sort(key=lambda row: str(row["case"]).zfill(4))
    text, reached = summary(rows, time.monotonic() - started)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        write_whole(asked.out / "results.json", (json.dumps(rows, indent=1) + "\n").encode(), 0o644)
        write_whole(asked.out / "results.md", text.encode(), 0o644)
    sys.stdout.write(text)
    sys.exit(not reached)


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--folders", nargs="*", type=Path, default=[])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--draws", type=int, default=None)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def wanted(asked: argparse.Namespace) -> list[int]:
    """Numbers of the phantoms that are to be measured."""
    return asked.numbers or list(range(0, len(validation_recipes()), asked.every))


def measured(job: tuple[int | str, int | None]) -> Row:
    """One phantom from its files to its row of results; a hip that is not found is a row as well."""
    case, draws = job
    if isinstance(case, str):
        return row_of(Path(case).name, Path(case), draws)
    with tempfile.TemporaryDirectory() as folder:
        write_phantom(make_phantom(validation_recipes()[case]), Path(folder))
        return row_of(case, Path(folder), draws)


def row_of(case: int | str, folder: Path, draws: int | None) -> Row:
    """Everything that is compared for one folder of images and truth."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    row: Row = {"case": case, "truth": {key: truth[key] for key in sorted(truth)}, "seconds": {}}
    try:
        compared(row, folder, truth, draws)
    except InputError as wrong:
        row["refused"] = str(wrong)
    return row


def compared(row: Row, folder: Path, truth: dict[str, Any], draws: int | None) -> None:
    """Measure with the automatic and with the true lesion, and keep both beside the truth."""
    clock = Clock(row["seconds"])
    [series] = [one for one in read_images(folder / "mr").series if one.kind == "MR"]
    # A NIfTI file does not say that it is CT, and one cut so close to the hip holds too little fat to be taken for one.
    ct = replace(read_series(folder / "ct.nii.gz"), kind="CT")
    clock.tick("read")
    found = find_hip(series)
    clock.tick("head")
    proposed = propose_lesion(series, found)
    clock.tick("lesion")
    ct_found = find_hip(ct, found.hip.side)
    clock.tick("head in CT")
    head = found.hip.head
    row["centre_error_mm"] = float(np.linalg.norm(head.center_mm - np.array(truth["head_centre"])))
    row["side_right"] = found.hip.side[0].upper() == truth["side"]
    row["said_lesion"] = bool(proposed.volume.array.any())
    true_mask = Mask(true_lesion(folder), "lesion", "drawn", "truth")
    row["dice"] = dice(proposed.volume, true_mask.volume) if true_mask.volume.array.any() else None
    automatic = measure(series, found, proposed, ct=ct, ct_found=ct_found, draws=draws)
    clock.tick("measure")
    given = measure(series, found, true_mask, ct=ct, ct_found=ct_found, draws=draws)
    row["automatic"] = beside_truth(automatic, truth)
    row["true_mask"] = beside_truth(given, truth)


class Clock:
    """Notes the seconds between one tick and the next."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, time.monotonic()

    def tick(self, stage: str) -> None:
        """End a stage."""
        now = time.monotonic()
        self.seconds[stage], self.last = round(now - self.last, 2), now


def true_lesion(folder: Path) -> Volume:
    """The true mask: on its fine grid, or on the slices' where the folder holds only that."""
    fine = folder / "truth_lesion.nii.gz"
    if fine.is_file():
        image: Any = nib.load(fine)
        turned = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine  # NIfTI counts to the right and to the front
        return Volume(np.asarray(image.dataobj) > 0, turned)
    stored = np.load(folder / "truth_masks_mr_grid.npz")
    shape = tuple(int(n) for n in stored["shape"])
    affine = np.eye(4)
    affine[:3, :3] = np.stack([stored["slice_dir"], stored["col_dir"], stored["row_dir"]], 1) * stored["spacing"]
    affine[:3, 3] = stored["origin"]
    bits = np.unpackbits(stored["lesion"])[: int(np.prod(shape))]
    return Volume(bits.reshape(shape).astype(bool), affine)


def dice(proposed: Volume, true: Volume) -> float:
    """Overlap of two masks on the grid of the true one: twice what they share over the sum of both."""
    ours = resample(proposed.with_array(proposed.array.astype(np.float32)), true).array >= 0.5
    return float(2 * (ours & true.array).sum() / (ours.sum() + true.array.sum()))


def beside_truth(measurements: Sequence[Measurement], truth: dict[str, Any]) -> Row:
    """Value, interval and truth of every measurement that has one."""
    row: Row = {}
    for one in measurements:
        true = truth_of(one, truth)
        if true is not None:
            row[f"{one.name}, {one.convention}"] = [one.value, one.low, one.high, true]
    return row


def truth_of(one: Measurement, truth: dict[str, Any]) -> Any:
    """What is true under the name of a measurement; None where nothing is known."""
    if (one.name, one.convention) == JIC:
        return truth.get("jic_type")
    key = TRUTH.get((one.name, one.convention), "")
    return truth.get(key, truth.get(key.removesuffix("_after_collapse")))


def brief(row: Row) -> str:
    """One line about one phantom."""
    if "refused" in row:
        return f"{row['case']}: {row['refused']}"
    dice_text = "no lesion" if row["dice"] is None else f"Dice {row['dice']:.3f}"
    angle = row["automatic"].get("modified_kerboul_deg, mid_planes", [float("nan")] * 4)
    return (
        f"{row['case']}: centre {row['centre_error_mm']:.2f} mm, {dice_text}, "
        f"Kerboul {angle[0]:.0f} ({angle[3]:.0f}), {sum(row['seconds'].values()):.0f} s"
    )


def errors(rows: Sequence[Row], mask: str, key: str, *, absolute: bool = True) -> Floats:
    """Measured less true, of all rows that have both."""
    pairs = [row[mask][key] for row in rows if key in row.get(mask, {})]
    found = np.array([value - true for value, _, _, true in pairs if not isinstance(true, str) and is_number(value)])
    return np.abs(found) if absolute else found


def is_number(value: object) -> bool:
    """Whether a depth was said, and not that it is unclear."""
    return isinstance(value, int | float)


def worst(rows: Sequence[Row], mask: str, key: str) -> float:
    """The largest error."""
    return float(errors(rows, mask, key).max(initial=-np.inf)) if len(errors(rows, mask, key)) else float("nan")


def median(values: Sequence[float] | Floats) -> float:
    """The middle value; not a number where there is none."""
    return float(np.median(values)) if len(values) else float("nan")


def refused(rows: Sequence[Row], mask: str) -> float:
    """Hips with a lesion whose depth of collapse was not said."""
    return float(sum(not is_number(row[mask].get(DEPTH, [None])[0]) for row in with_lesion(rows)))


def with_lesion(rows: Sequence[Row]) -> list[Row]:
    """Rows of hips that have a lesion and were measured."""
    return [row for row in rows if row.get("dice") is not None]


def covered_percent(rows: Sequence[Row], mask: str) -> float:
    """How often the intervals of all angles, fractions, volumes and depths hold the truth, in percent."""
    held = [
        low - 1e-9 <= true <= high + 1e-9
        for row in with_lesion(rows)
        for value, low, high, true in row[mask].values()
        if low is not None and not isinstance(true, str)
    ]
    return 100 * float(np.mean(held)) if held else float("nan")


def angle_covered_percent(rows: Sequence[Row], mask: str) -> float:
    """How often the interval of the modified Kerboul angle holds the truth, in percent."""
    held = [
        low <= true <= high
        for row in with_lesion(rows)
        for value, low, high, true in [row[mask]["modified_kerboul_deg, mid_planes"]]
        if low is not None
    ]
    return 100 * float(np.mean(held)) if held else float("nan")


def wrong_types(rows: Sequence[Row], mask: str) -> float:
    """Hips whose JIC type is wrong though the truth lies at least 5 degrees from a border."""
    sure = [row for row in with_lesion(rows) if (row["truth"].get("degrees_to_next_type") or 0) >= 5]
    pairs = [row[mask].get(", ".join(JIC)) for row in sure]
    return float(sum(pair is None or pair[0] != pair[3] for pair in pairs)) if sure else float("nan")


def maximum(values: Sequence[float]) -> float:
    """The largest value; not a number where there is none."""
    return float(max(values)) if len(values) else float("nan")


FRACTION = "lesion_fraction_percent, proximal_to_0.55r"
KERBOUL = "modified_kerboul_deg, mid_planes"
DEPTH = "collapse_depth_mm, intact_sphere"

# The bars of docs/explanation/images.md, section 7, as sharpened for the product.
BARS = (
    Bar("hips not found", lambda rows: float(sum("refused" in row for row in rows)), 0),
    Bar("wrong side", lambda rows: float(sum(not row.get("side_right", True) for row in rows)), 0),
    Bar(
        "centre from MR, worst",
        lambda rows: maximum([r["centre_error_mm"] for r in rows if "dice" in r]),
        1.0,
        unit=" mm",
    ),
    Bar(
        "radius from MR, worst", lambda rows: worst(rows, "automatic", "head_radius_mm, fitted_sphere"), 0.5, unit=" mm"
    ),
    Bar("lesion Dice, median", lambda rows: median([row["dice"] for row in with_lesion(rows)]), 0.89, at_least=True),
    Bar("lesion Dice, lowest", lambda rows: -maximum([-row["dice"] for row in with_lesion(rows)]), 0.80, at_least=True),
    Bar("fraction, automatic, worst", lambda rows: worst(rows, "automatic", FRACTION), 3, unit=" points"),
    Bar("fraction, true mask, worst", lambda rows: worst(rows, "true_mask", FRACTION), 3, unit=" points"),
    Bar(
        "Kerboul, true mask, median",
        lambda rows: median(errors(with_lesion(rows), "true_mask", KERBOUL)),
        5,
        unit=" deg",
    ),
    Bar(
        "Kerboul, automatic, median",
        lambda rows: median(errors(with_lesion(rows), "automatic", KERBOUL)),
        10,
        unit=" deg",
    ),
    Bar("Kerboul interval, true mask", lambda rows: angle_covered_percent(rows, "true_mask"), 90, True, " %"),
    Bar("Kerboul interval, automatic", lambda rows: angle_covered_percent(rows, "automatic"), 90, True, " %"),
    Bar("all intervals, automatic", lambda rows: covered_percent(rows, "automatic"), 90, True, " %"),
    Bar("collapse depth, worst", lambda rows: worst(with_lesion(rows), "automatic", DEPTH), 0.7, unit=" mm"),
    Bar("collapse refused, automatic", lambda rows: refused(rows, "automatic"), 4),
    Bar("collapse refused, true mask", lambda rows: refused(rows, "true_mask"), 4),
    Bar("JIC type wrong, true mask", lambda rows: wrong_types(rows, "true_mask"), 0),
    Bar("JIC type wrong, automatic", lambda rows: wrong_types(rows, "automatic"), 0),
    Bar("lesion said where none is", lambda rows: said(rows, has_lesion=False), 0),
    Bar("no lesion said where one is", lambda rows: said(rows, has_lesion=True), 0),
)


def said(rows: Sequence[Row], *, has_lesion: bool) -> float:
    """Hips with (or without) a lesion of which the opposite was said."""
    asked = [row for row in rows if "said_lesion" in row and (row["dice"] is not None) == has_lesion]
    return float(sum(row["said_lesion"] != has_lesion for row in asked)) if asked else float("nan")


def summary(rows: Sequence[Row], seconds: float) -> tuple[str, bool]:
    """The bars, the phantoms one by one, and whether every bar is reached."""
    lines = [bar.line(rows) for bar in BARS]
    count = f"{len(rows)} hips, {len(with_lesion(rows))} with a lesion, {seconds:.0f} s in all.\n"
    head = ["# Measured on phantoms", "", count, "| what | bar | reached | |", "| --- | --- | --- | --- |"]
    table = [
        "",
        "| hip | centre mm | radius mm | Dice | fraction | Kerboul true / auto | depth | JIC |",
        "| --- " * 8 + "|",
    ]
    return "\n".join([*head, *(line for line, _ in lines), *table, *row_lines(rows), ""]), all(ok for _, ok in lines)


def row_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Errors of every hip."""
    for row in rows:
        if "refused" in row:
            yield f"| {row['case']} | {row['refused'].splitlines()[-1].strip()} |" + " |" * 6
            continue
        shown = [
            f"{row['centre_error_mm']:.2f}",
            signed(row, "automatic", "head_radius_mm, fitted_sphere", 2),
            "" if row["dice"] is None else f"{row['dice']:.3f}",
            signed(row, "automatic", FRACTION, 1),
            signed(row, "true_mask", KERBOUL, 0) + " / " + signed(row, "automatic", KERBOUL, 0),
            signed(row, "automatic", DEPTH, 2),
            types(row),
        ]
        yield f"| {row['case']} | " + " | ".join(shown) + " |"


def signed(row: Row, mask: str, key: str, digits: int) -> str:
    """Measured less true, with its sign."""
    if key not in row[mask]:
        return ""
    value, _, _, true = row[mask][key]
    return f"{value - true:+.{digits}f}" if is_number(value) else str(value)


def types(row: Row) -> str:
    """The automatic JIC type, and the true one where it differs."""
    pair = row["automatic"].get(", ".join(JIC))
    if pair is None:
        return ""
    off = row["truth"].get("degrees_to_next_type")
    where = "" if off is None else f" ({off:.0f} deg)"
    return f"{pair[0]}{where}" if pair[0] == pair[3] else f"{pair[0]}, true {pair[3]}{where}"


if __name__ == "__main__":
    main()
