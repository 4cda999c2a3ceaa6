"""Recipes that can be built, and the set that measurements are judged by."""

from collections import Counter
from dataclasses import replace

import pytest

from osteon.errors import InputError
from osteon.phantom import Recipe, validation_recipes


def test_every_wrong_value_is_told_at_once():
    with pytest.raises(InputError) as told:
        Recipe(seed=-1, side="both", lesion_percent=71, snr=float("nan"), tilt_deg=(0, 30), plane="oblique")
    assert {fault.where for fault in told.value.faults} == {
        "seed",
        "side",
        "lesion_percent",
        "snr",
        "tilt_deg",
        "plane",
    }


@pytest.mark.parametrize("wrong", [{"collapse_depth_mm": 2.0}, {"crescent": True}])
def test_a_healthy_head_cannot_collapse(wrong):
    with pytest.raises(InputError, match="needs a lesion"):
        Recipe(lesion_percent=0, **wrong)


def test_the_validation_set_covers_sides_planes_shapes_sizes_collapse_and_health():
    recipes = validation_recipes()

    assert len(recipes) >= 60
    assert len({recipe.seed for recipe in recipes}) == len(recipes)
    assert min(Counter(recipe.side for recipe in recipes).values()) >= 30
    assert min(Counter(recipe.plane for recipe in recipes).values()) >= 5
    assert {recipe.lesion_kind for recipe in recipes} == {"cap", "wedge", "bowl"}
    assert sum(recipe.collapse_depth_mm > 0 for recipe in recipes) >= 15
    assert sum(not recipe.has_lesion for recipe in recipes) == 8
    sizes = [recipe.lesion_percent for recipe in recipes if recipe.has_lesion]
    assert min(sizes) < 8
    assert max(sizes) > 45


def test_the_validation_set_never_changes_between_calls():
    assert validation_recipes() == validation_recipes()


def test_a_recipe_can_be_changed_in_one_value():
    assert replace(Recipe(seed=4), plane="ax") == Recipe(seed=4, plane="ax")
