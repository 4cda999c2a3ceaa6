"""How do masks of a femur and a lesion become a model of voxels, with or without measured densities?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from osteon.anatomy import Floats, Hip, Volume, level, sample
from osteon.anatomy.joint import cover_distances
from osteon.errors import Fault, InputError
from osteon.mechanics.materials import ash_of_ct, thickness_mm
from osteon.mechanics.model import HALF, Cover, HeadModel, Share, declared, turned_into
from osteon.mechanics.shares import on_grid, share_of_level, share_of_mask
from osteon.surgery.bone import cubic, whole
from osteon.surgery.settings import Setting

if TYPE_CHECKING:
    from osteon.imaging.examination import Examination

FINEST_MM, COARSEST_MM = 0.2, 3.0
# More voxels than this do not fit a common machine: the solver needs some 200 bytes per degree of freedom.
MOST_VOXELS = 60_000_000
# How far the model reaches below the head's centre, in radii: past the lesser trochanter, which lies at 2.3 radii in
# the mean femur, and 40 mm of shaft beyond it.
REACH_RADII = 4.2
# Bone that ends nearer than this below the head's centre has hardly a neck; a cut that is to carry the load has at
# least the area of a small shaft.
LEAST_REACH_RADII = 1.2
LEAST_SUPPORT_MM2 = 300.0
# Slices at the lower end of a mask that are left out: its smoothed border is not the bone's there.
END_VOXELS = 2
# Where the head's joint surface ends along the neck, in radii past the centre, and where the cortex is that of a shaft.
PLATE_TO_RADII, SHAFT_FROM_RADII = 0.7, 3.0
# Directions a cover is told in: 4,000 lie about 3 degrees, or 1.2 mm on a head, apart.
RAYS = 4000


@cache
def bone_settings() -> Mapping[str, Setting]:
    """Every entry of `bone.toml` by its name."""
    tables = tomllib.loads(Path(__file__).with_name("bone.toml").read_text(encoding="utf-8"))
    return {name: Setting(name, **table) for name, table in tables.items()}


def setting(name: str) -> float:
    """The value of one entry of `bone.toml`."""
    value = bone_settings()[name].value
    assert value is not None, name
    return value


def named(*names: str) -> tuple[str, ...]:
    """Those of some entries that no source settles, in words, for the settings of a model."""
    chosen = (bone_settings()[name] for name in names)
    return tuple(
        each.text if each.value is None else f"{each.text} ({each.value:g} {each.unit})".replace(" )", ")")
        for each in chosen
        if not each.source
    )


def model_of_masks(
    hip: Hip,
    femur: Volume,
    lesion: Volume | None = None,
    *,
    voxel_mm: float = 1.0,
    cover: Cover | None = None,
    ash_g_cm3: Volume | None = None,
) -> HeadModel:
    """The model of one proximal femur: cubes of `voxel_mm` that the bone fills in part at its surface.

    Parameters
    ----------
    hip
        Side, head and axes.
    femur
        Mask of all bone of the proximal femur, lesion included, on any grid in LPS; best down to 4 cm below the
        lesser trochanter. The model ends 4.2 radii below the head's centre or where the mask ends, and is held there.
    lesion
        Mask of the lesion on any grid; None or empty for a healthy head.
    voxel_mm
        0.2 to 3. Fields settle below 1 mm; a neck wants 6 voxels at least.
    cover
        What the socket covers; `usual_cover(hip)` where not given.
    ash_g_cm3
        Ash density on any grid, from a calibrated CT (`ash_of_ct`). Cortex and plate are then as the CT shows them;
        without it they and the trabecular bone are templates, declared in the model's settings.

    Raises
    ------
    InputError
        Where the voxels are too small or large, the mask is empty or does not hold the head's centre.
    """
    check(hip, femur, voxel_mm)
    field = bone_field(hip, femur)
    return model_of_field(hip, field, lesion, voxel_mm=voxel_mm, cover=cover, ash_g_cm3=ash_g_cm3)


def bone_field(hip: Hip, femur: Volume) -> Volume:
    """A smooth field above 0 inside the bone of a mask, its holes filled and loose pieces left out."""
    return level(whole(cubic(femur, hip)))


def model_of_field(
    hip: Hip,
    field: Volume,
    lesion: Volume | None = None,
    *,
    voxel_mm: float = 1.0,
    cover: Cover | None = None,
    ash_g_cm3: Volume | None = None,
) -> HeadModel:
    """As `model_of_masks`, for a bone whose field is known already: the same bone at many settings."""
    model = empty_model(hip, field, voxel_mm, cover or usual_cover(hip))
    filled = share_of_level(model, field)
    model = replace(model, shares={"bone": filled}, fixed=lowest_nodes(filled))
    model = with_template_ash(model) if ash_g_cm3 is None else with_ash(model, ash_g_cm3)
    if lesion is not None and lesion.array.any():
        model = with_lesion(model, share_of_mask(model, lesion))
        if ash_g_cm3 is not None:
            return replace(model, settings=declared(model.settings, *named("ct_lesion")))
    return with_cortex(model) if ash_g_cm3 is None else model


def model_of_examination(
    examined: Examination, *, voxel_mm: float = 1.0, calibration: tuple[float, float, str] | None = None
) -> HeadModel:
    """The model of an examined hip: its femur, its lesion, the cover of its pelvis and, if calibrated, its CT.

    Parameters
    ----------
    calibration
        Slope and offset (g/cm³ per HU, g/cm³) and phantom of the CT, as `ash_of_ct` takes them. Without it CT numbers
        are not taken for densities: the template's are used, which the model's settings say.
    """
    found = examined.found
    cover = usual_cover(found.hip) if found.pelvis is None else cover_of_pelvis(found.hip, found.pelvis)
    ash = None
    ct = examined.series if examined.series.kind == "CT" else examined.ct
    if calibration is not None and ct is not None:
        ash = ct.volume.with_array(ash_of_ct(ct.volume.array, *calibration))
    lesion = examined.lesion.volume
    return model_of_masks(found.hip, found.femur, lesion, voxel_mm=voxel_mm, cover=cover, ash_g_cm3=ash)


def check(hip: Hip, femur: Volume, voxel_mm: float) -> None:
    """Refuse what cannot be modelled, all at once."""
    faults = wrong_voxels(voxel_mm)
    if not femur.array.any():
        faults.append(Fault("femur", "is empty. Send a mask of all bone of the proximal femur."))
    elif sample(femur.with_array(femur.array.astype(bool)), hip.head.center_mm[None], outside=0.0)[0] < HALF:
        faults.append(Fault("femur", "does not hold the head's centre. Send the mask of this side, lesion included."))
    if faults:
        raise InputError("model of the bone", faults)


def wrong_voxels(voxel_mm: float) -> list[Fault]:
    """What is wrong with a size of voxels."""
    if FINEST_MM <= voxel_mm <= COARSEST_MM:
        return []
    return [Fault("voxel_mm", f"is {voxel_mm:g}; it must be {FINEST_MM:g} to {COARSEST_MM:g}.")]


def empty_model(hip: Hip, field: Volume, voxel_mm: float, cover: Cover) -> HeadModel:
    """An empty grid about the bone: two voxels of margin, none below, where it is held."""
    places = field.to_mm(np.argwhere(field.array > 0))
    bottom, settings = lower_end(places[:, 2], field, hip)
    places = places[places[:, 2] >= bottom]
    low, high = places.min(axis=0) - 2 * voxel_mm, places.max(axis=0) + 2 * voxel_mm
    low[2] = bottom
    count = np.ceil((high - low) / voxel_mm).astype(int)
    if count.prod() > MOST_VOXELS:
        message = f"of {voxel_mm:g} make {count.prod():,} voxels, above {MOST_VOXELS:,}. Use larger ones."
        raise InputError("model of the bone", [Fault("voxel_mm", message)])
    nx, ny, nz = count
    fixed = np.zeros((nz + 1, ny + 1, nx + 1), bool)
    return HeadModel(hip, low, voxel_mm, {}, np.zeros((nz, ny, nx), np.float32), cover, fixed, settings)


def lower_end(heights_mm: Floats, field: Volume, hip: Hip) -> tuple[float, tuple[str, ...]]:
    """Height at which the bone is cut and held, LPS mm, and what to declare where that is higher than usual.

    4.2 radii below the head's centre, or the lowest plane that a shaft's worth of bone crosses in the mask: a mask may
    end in a tip, such as that of the lesser trochanter.
    """
    radius, middle = hip.head.radius_mm, hip.head.center_mm[2]
    step = float(field.spacing_mm.max())
    counts, edges = np.histogram(heights_mm, np.arange(heights_mm.min() - step / 2, heights_mm.max() + step, step))
    broad = counts * field.voxel_mm3 / step >= LEAST_SUPPORT_MM2
    seen = float(edges[np.argmax(broad)]) + END_VOXELS * step if broad.any() else np.inf
    usual = middle - REACH_RADII * radius
    if seen > middle - LEAST_REACH_RADII * radius:
        message = "ends before the neck does. Send a mask of the bone down to the lesser trochanter or below."
        raise InputError("model of the bone", [Fault("femur", message)])
    if seen <= usual:
        return usual, ()
    return seen, (
        f"The bone is seen, and held, {middle - seen:.0f} mm below the head's centre: stress near there is \
that of the support.",
    )


def lowest_nodes(filled: Share) -> NDArray[np.bool_]:
    """The nodes under the lowest layer of the bone, which are held."""
    nz, ny, nx = filled.shape
    fixed = np.zeros((nz + 1, ny + 1, nx + 1), bool)
    bone = filled[0] > 0
    for a in (0, 1):
        for b in (0, 1):
            fixed[0, a : a + ny, b : b + nx] |= bone
    return fixed


def with_ash(model: HeadModel, ash_g_cm3: Volume) -> HeadModel:
    """The model with measured densities; voxels beside the bone take the nearest voxel's that is half bone at least.

    A voxel that bone fills in part is read too low by the CT's own blur, and its share would count that twice.
    """
    ash = on_grid(model, ash_g_cm3, outside=0.0)
    nearest = ndimage.distance_transform_edt(
        ndimage.binary_erosion(model.filled >= HALF) == 0, return_distances=False, return_indices=True
    )
    edge = (model.filled > 0) & (model.filled < 1)
    ash[edge] = np.maximum(ash, ash[tuple(nearest)])[edge]
    return replace(model, ash_g_cm3=ash)


def with_template_ash(model: HeadModel) -> HeadModel:
    """The model with densities by place: a mean read in a source, a pattern that is declared."""
    head, spread = model.hip.head, setting("column_radii") * model.hip.head.radius_mm
    x, y, z = (axis - middle for axis, middle in zip(model.centres_mm(), head.center_mm, strict=True))
    down = force_line(model.hip)
    along = x * down[0] + y * down[1] + z * down[2]
    beside = np.maximum(x**2 + y**2 + z**2 - along**2, 0)
    column = 1 + (setting("column_contrast") - 1) * np.exp(-beside / (2 * spread**2))
    start, end = setting("marrow_from_radii") * head.radius_mm, setting("marrow_to_radii") * head.radius_mm
    sparse = 1 - smooth_step((-z - start) / (end - start))
    pattern = column * sparse
    inside = (x**2 + y**2 + z**2 < head.radius_mm**2) & (model.filled >= HALF)
    ash = (pattern * (setting("head_ash_g_cm3") / pattern[inside].mean())).astype(np.float32)
    settings = named("column_contrast", "column_radii", "marrow_from_radii", "marrow_to_radii")
    source = bone_settings()["head_ash_g_cm3"].source
    return replace(
        model,
        ash_g_cm3=ash,
        settings=declared(model.settings, TEMPLATE_DENSITY, *settings),
        sources=declared(model.sources, source),
    )


TEMPLATE_DENSITY = "Bone density is a template, not this patient's."


def force_line(hip: Hip) -> Floats:
    """Unit vector in LPS along which walking presses on the head, from `loads.toml`."""
    from osteon.mechanics.loads import joint_force

    force = joint_force("walking", hip, 1000.0).force_n
    return np.asarray(force / np.linalg.norm(force))


def smooth_step(part: Floats) -> Floats:
    """0 below 0, 1 above 1, and a cubic without corners between."""
    part = np.clip(part, 0, 1)
    return np.asarray(part * part * (3 - 2 * part))


def with_lesion(model: HeadModel, share: Share) -> HeadModel:
    """The model with a lesion and its sclerotic rim in the bone; the subchondral plate above it is put on later."""
    rim = rim_of(share, setting("rim_mm"), model.spacing_mm)
    model = turned_into(model, "sclerotic_bone", rim)
    model = turned_into(model, "necrotic_bone", share)
    return replace(model, settings=declared(model.settings, *named("rim_mm")))


def rim_of(share: Share, width_mm: float, spacing_mm: float) -> Share:
    """The part of every voxel that lies outside a region within a distance of it."""
    rim = np.zeros_like(share)
    margin = int(width_mm / spacing_mm) + 3
    inside = np.argwhere(share >= HALF)
    if not len(inside):
        return rim
    box = tuple(slice(max(a - margin, 0), b + margin + 1) for a, b in zip(inside.min(0), inside.max(0), strict=True))
    distance = (ndimage.distance_transform_edt(share[box] < HALF) - 0.5) * spacing_mm
    rim[box] = layer(distance, width_mm, spacing_mm) * (1 - share[box])
    return rim


def with_cortex(model: HeadModel) -> HeadModel:
    """The model with a subchondral plate over the head and a cortex that thickens down neck and shaft."""
    radius = model.hip.head.radius_mm
    x, y, z = (axis - middle for axis, middle in zip(model.centres_mm(), model.hip.head.center_mm, strict=True))
    axis = model.hip.neck_axis
    down = (x * axis[0] + y * axis[1] + z * axis[2]) / radius
    # Down the shaft the neck's axis leads out of the bone; there the depth below the centre tells how far it is.
    down = np.maximum(down, -z / radius)
    plate = (down < PLATE_TO_RADII) & (x**2 + y**2 + z**2 < (1.15 * radius) ** 2)
    thin, thick = setting("neck_cortex_mm"), setting("shaft_cortex_mm")
    cortex = thin + (thick - thin) * smooth_step((down - PLATE_TO_RADII) / (SHAFT_FROM_RADII - PLATE_TO_RADII))
    depth = depth_mm(model)
    over_head = layer(depth, thickness_mm("subchondral_plate"), model.spacing_mm)
    model = turned_into(model, "subchondral_plate", np.where(plate, over_head, 0))
    model = turned_into(model, "cortical_bone", np.where(plate, 0, layer(depth, cortex, model.spacing_mm)))
    return replace(
        model,
        settings=declared(model.settings, *named("neck_cortex_mm", "shaft_cortex_mm", "lesion_depth_rule")),
        sources=declared(model.sources, "brown_vrahas1984"),
    )


def depth_mm(model: HeadModel) -> Floats:
    """How deep every voxel's middle lies under the bone's surface, mm; below 0 outside. The lower cut is no surface."""
    # Six layers below the lower cut make it no surface. Outside, half a voxel stands for all distances: only the
    # smoothing reads them.
    solid = np.pad(model.filled >= HALF, ((6, 1), (1, 1), (1, 1)), mode="edge")
    solid[-1] = solid[:, 0] = solid[:, -1] = solid[:, :, 0] = solid[:, :, -1] = False
    signed = (ndimage.distance_transform_edt(solid) - 0.5).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(signed, 0.7)[6:-1, 1:-1, 1:-1] * model.spacing_mm)


def layer(depth_mm: Floats, thickness_mm: Floats | float, spacing_mm: float) -> Floats:
    """The part of every voxel that lies in a layer from the surface to a depth, by the depth of its middle."""
    return np.asarray(np.clip((thickness_mm - depth_mm) / spacing_mm + 0.5, 0, 1))


def usual_cover(hip: Hip, centre_edge_deg: float | None = None) -> Cover:
    """The cover of a socket that no image shows: a cap that ends at the centre-edge angle above the head.

    Parameters
    ----------
    centre_edge_deg
        Lateral centre-edge angle, -30 to 90; 32.5 where not known.

    Examples
    --------
    >>> from osteon.anatomy import Sphere
    >>> left = Hip("left", Sphere(np.zeros(3), 24.0, 0.3, 80.0), np.array([1.0, 0, 0]))
    >>> usual_cover(left, 30.0).holds([[0, 0, 1.0], [1, 0, 0], [-0.9, 0, 0.4]]).tolist()
    [True, False, True]
    """
    edge = setting("centre_edge_deg") if centre_edge_deg is None else centre_edge_deg
    half, turned = np.radians([setting("socket_half_angle_deg"), setting("socket_anteversion_deg")])
    medial = half - np.radians(edge)
    axis = np.cos(medial) * np.array([0.0, 0.0, 1.0]) - np.sin(medial) * hip.lateral
    # A socket that faces forward has its middle behind the head: +y is the back in LPS.
    axis = np.cos(turned) * axis + np.sin(turned) * np.array([0.0, 1.0, 0.0]) * np.sin(medial)
    rays = spread_rays()
    return Cover(rays, rays @ (axis / np.linalg.norm(axis)) >= np.cos(half))


def cover_of_pelvis(hip: Hip, pelvis: Volume) -> Cover:
    """The cover of the socket that a mask of the pelvis shows: directions with its bone within 12 mm of the head."""
    rays = spread_rays()
    return Cover(rays, np.isfinite(cover_distances(level(pelvis), hip, rays)))


@cache
def spread_rays() -> Floats:
    """Unit vectors spread evenly over the sphere, along a golden spiral, shape (4000, 3)."""
    place = np.arange(RAYS) + 0.5
    height = 1 - 2 * place / RAYS
    angle = np.pi * (1 + 5**0.5) * place
    across = np.sqrt(1 - height**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), height], axis=-1)
