"""How wide is the joint space, and how far does the acetabulum cover the head?"""

from __future__ import annotations

import numpy as np

from osteon.anatomy import Floats, angle_deg, directions, shifted
from osteon.imaging.measure.rays import values
from osteon.imaging.measure.reading import Reading, Values
from osteon.imaging.measure.settings import settings

SITE_INSIDE_DEG = 5.0  # the outer sites lie this far inside the ends, where both bones face each other
NARROWEST_SHARE = 5.0  # percent of the places below the width called smallest; the very smallest is a voxel's noise


def coverage(reading: Reading) -> Values:
    """Lateral centre-edge angle in degrees; nothing where the acetabulum is not seen."""
    if reading.roof is None:
        return {}
    return {("centre_edge_angle_deg", "patient_vertical"): angle_deg(reading.coronal, reading.roof.lateral_mm)}


def joint_space(reading: Reading) -> Values:
    """Joint space width in mm: smallest, mean and at three sites; nothing where the acetabulum is not seen."""
    if reading.roof is None or reading.pelvis is None:
        return {}
    medial, lateral = (angle_deg(reading.coronal, p) for p in (reading.roof.medial_mm, reading.roof.lateral_mm))
    if lateral - medial <= 2 * SITE_INSIDE_DEG:
        return {}
    half_mm = settings()["setting"]["joint_space_sites"]["half_mm"]
    rays = directions(reading.coronal, np.arange(medial + SITE_INSIDE_DEG, lateral - SITE_INSIDE_DEG, 3.0))
    slices = [shifted(reading.coronal, offset).center_mm for offset in np.linspace(-half_mm, half_mm, 9)]
    widths = widths_mm(reading, np.tile(rays, (len(slices), 1)), np.repeat(slices, len(rays), axis=0))
    if not np.isfinite(widths).any():
        return {}
    found: Values = {
        ("joint_space_width_mm", "smallest"): float(np.nanpercentile(widths, NARROWEST_SHARE)),
        ("joint_space_width_mm", "mean"): float(np.nanmean(widths)),
    }
    sites = {"superolateral": lateral - SITE_INSIDE_DEG, "apical": 0.0, "superomedial": medial + SITE_INSIDE_DEG}
    for site, angle in sites.items():
        there = widths_mm(reading, directions(reading.coronal, angle + np.array([-2.0, 0.0, 2.0])), reading.center_mm)
        if np.isfinite(there).any():
            found["joint_space_width_mm", site] = float(np.nanmean(there))
    return found


def widths_mm(reading: Reading, rays: Floats, center_mm: Floats) -> Floats:
    """Distance from the femur's surface on each ray to the nearest bone of the pelvis, in mm; NaN without surface."""
    if reading.pelvis is None:
        return np.full(len(rays), np.nan)
    away = reading.surface_mm(rays, center_mm)
    points = np.broadcast_to(center_mm, rays.shape) + np.nan_to_num(away)[:, None] * rays
    gap = 0.5 - values(reading.pelvis, points)
    return np.where(np.isfinite(away), np.maximum(gap, 0.0), np.nan)
