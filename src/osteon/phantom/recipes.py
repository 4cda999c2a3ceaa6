"""Which phantoms must a measurement pass before it is trusted?"""

from __future__ import annotations

from typing import Any

import numpy as np

from osteon.anatomy import Side
from osteon.phantom.recipe import LesionKind, Recipe

# Middle of the lesion's axis on the coronal plane and size in percent for each kind of place, lowest and highest:
# chosen so that every JIC type comes up over the seeds, from under 1 to over 20 degrees off its borders.
PLACES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float], int]] = {
    # name: coronal angle, anterior angle, percent, how many
    "medial": ((-78, -62), (0, 25), (5, 12), 10),
    "central": ((-60, -45), (5, 30), (8, 16), 12),
    "lateral": ((-42, -25), (5, 30), (15, 26), 14),
    "past the edge": ((-15, 20), (5, 35), (18, 45), 16),
    "anterior": ((-35, 0), (40, 55), (10, 25), 6),
    "large": ((-30, 10), (10, 25), (35, 55), 6),
}

# Hips whose first seed gave a socket with a hole in its floor: they take another one.
HOLED = (38, 50)

# Healthy hips among the phantoms.
HEALTHY = 8

# Ways of scanning: routine coronal ones most often, since types and angles are read there.
ACQUISITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"slice_mm": 4.0, "gap_mm": 0.4, "pixel_mm": 0.55},
    {"tilt_deg": (12.0, 0.0)},
    {"plane": "sag", "slice_mm": 3.0, "gap_mm": 0.3},
    {"slice_mm": 3.0, "gap_mm": 0.3, "pixel_mm": 0.7, "field_mm": 140.0, "snr": 18.0},
    {"plane": "ax", "slice_mm": 3.5},
    {"tilt_deg": (-8.0, 10.0), "snr": 28.0},
    {"slice_mm": 1.0, "gap_mm": 0.0, "pixel_mm": 0.9, "snr": 20.0},
    {"tilt_deg": (0.0, -15.0), "bias": 0.2},
    {"plane": "sag", "tilt_deg": (15.0, 0.0), "pixel_mm": 0.5, "snr": 20.0},
)
KINDS: tuple[LesionKind, ...] = ("cap", "wedge", "cap", "bowl")


def validation_recipes() -> tuple[Recipe, ...]:
    """Seventy-two recipes: all JIC types, sizes, sides and planes, with and without collapse, and healthy hips.

    Examples
    --------
    >>> recipes = validation_recipes()
    >>> len(recipes), sum(not recipe.has_lesion for recipe in recipes)
    (72, 8)
    """
    places = [place for place, (*_, count) in PLACES.items() for _ in range(count)]
    places += ["none"] * HEALTHY
    return tuple(recipe_at(index, place) for index, place in enumerate(places))


def recipe_at(index: int, place: str) -> Recipe:
    """The recipe with this number, its lesion in this place."""
    random = np.random.default_rng([20, index])
    side: Side = "left" if index % 2 else "right"
    seed = 1000 + index + (1000 if index in HOLED else 0)
    scan = ACQUISITIONS[index % len(ACQUISITIONS)]
    if place == "none":
        return Recipe(seed=seed, side=side, lesion_percent=0, **scan)
    coronal, anterior, percent, _ = PLACES[place]
    size = round(random.uniform(*percent), 1)
    collapsed = index % 3 == 2 and size >= 12
    return Recipe(
        seed=seed,
        side=side,
        lesion_percent=size,
        lesion_coronal_deg=round(random.uniform(*coronal), 1),
        lesion_anterior_deg=round(random.uniform(*anterior), 1),
        lesion_kind=KINDS[index % len(KINDS)],
        irregularity_mm=round(random.uniform(0, 2), 1),
        band_mm=round(random.uniform(1.2, 3.0), 1),
        core_signal=round(random.uniform(0.4, 0.98), 2),
        red_marrow_signal=round(random.uniform(0.68, 0.95), 2),
        effusion_mm=float(random.choice([0.0, 0.0, 0.0, 3.0])),
        collapse_depth_mm=round(random.uniform(1.2, 5.0), 1) if collapsed else 0.0,
        crescent=bool(collapsed and index % 2),
        **scan,
    )
