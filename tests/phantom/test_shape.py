"""Surfaces from the shape model, and the sphere and neck axis fitted to them."""

import numpy as np
import pytest
import pyvista as pv
from hypothesis import given, settings
from hypothesis import strategies as st

from osteon.phantom.recipe import Recipe
from osteon.phantom.shape import Surface, bones_of, neck_axis_of, sphere_of, triangles

SEEDS = st.integers(0, 10_000)


def surface_of(mesh):
    mesh = mesh.triangulate()
    return Surface(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:].astype(np.int64))


def test_the_sphere_of_a_sphere_is_itself():
    ball = surface_of(pv.Icosphere(radius=24.0, center=(10, -20, 300), nsub=5))
    head = sphere_of(ball, np.array([11.0, -18.0, 302.0]))
    # The flat triangles lie up to 0.01 mm inside.
    np.testing.assert_allclose(head.center_mm, [10, -20, 300], atol=0.01)
    assert head.radius_mm == pytest.approx(24, abs=0.02)
    assert head.covered_percent == pytest.approx(100, abs=0.5)


def test_the_neck_axis_of_a_ball_on_a_cylinder_is_the_cylinders():
    axis = np.array([0.6, 0.2, -0.7])
    axis /= np.linalg.norm(axis)
    neck = surface_of(pv.Cylinder(center=40 * axis, direction=axis, radius=14, height=70, resolution=200))
    ball = surface_of(pv.Icosphere(radius=24.0, nsub=4))
    both = Surface(
        np.vstack([ball.vertices_mm, neck.vertices_mm]), np.vstack([ball.faces, neck.faces + len(ball.vertices_mm)])
    )
    head = sphere_of(ball, np.array([1.0, 1.0, 1.0]))
    found = neck_axis_of(both, head, np.array([0.8, 0.0, -0.6]))
    assert np.degrees(np.arccos(found @ axis)) < 0.5


@settings(max_examples=8)
@given(SEEDS)
def test_every_seed_gives_a_closed_hip_with_a_head_of_human_size(seed):
    bones = bones_of(Recipe(seed=seed))
    for surface in (bones.femur, bones.pelvis):
        corners = surface.vertices_mm[surface.faces]
        volume_ml = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6000
        assert 100 < volume_ml < 900
    assert 18 < bones.head.radius_mm < 28
    assert bones.head.residual_sd_mm < 0.7
    assert bones.neck_axis[0] > 0.3
    assert bones.neck_axis[2] < -0.3


@settings(max_examples=5)
@given(SEEDS)
def test_the_right_hip_is_the_left_one_mirrored(seed):
    left, right = bones_of(Recipe(seed=seed)), bones_of(Recipe(seed=seed, side="right"))
    mirror = np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(right.head.center_mm, left.head.center_mm * mirror, atol=1e-9)
    np.testing.assert_allclose(right.neck_axis, left.neck_axis * mirror, atol=1e-6)
    np.testing.assert_allclose(triangles(right.femur)[1], triangles(left.femur)[1] * mirror, atol=1e-9)


@settings(max_examples=5)
@given(SEEDS)
def test_a_seated_socket_lies_around_the_head(seed):
    bones = bones_of(Recipe(seed=seed))
    middles, normals, _ = triangles(bones.pelvis)
    offset = middles - bones.head.center_mm
    distance = np.linalg.norm(offset, axis=1)
    facing = ((offset * normals).sum(axis=1) < -0.95 * distance) & (distance < 1.4 * bones.head.radius_mm)
    # The joint space is drawn from 2.5 to 6.5 mm; the model's socket is round to about 1.5 mm.
    assert 1.0 < np.median(distance[facing]) - bones.head.radius_mm < 8.0
