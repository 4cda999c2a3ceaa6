import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from osteon.anatomy import Volume
from osteon.errors import InputError
from osteon.imaging.corrections import agreement, apply, correction_between, dice, digest, from_json, to_json, undo
from osteon.imaging.series import Mask

SHAPE = (3, 4, 5)
GRID = np.array([[0.0, 0.0, 0.6, -3.0], [3.5, 0.0, 0.0, 7.0], [0.0, -0.6, 0.0, 11.0], [0.0, 0.0, 0.0, 1.0]])
masks = arrays(bool, SHAPE)


def mask_of(array, method="automatic"):
    return Mask(Volume(array, GRID), "lesion", method, "Osteon", notes=("a note",))


def change(before, after):
    return correction_between(mask_of(before), mask_of(after), "Dr A", "2026-03-01", "the band was missing")


@settings(max_examples=30)
@given(masks, masks)
def test_a_correction_carries_one_mask_to_the_other_and_back(before, after):
    correction = change(before, after)
    corrected = apply(mask_of(before), correction)
    assert (corrected.volume.array == after).all()
    assert (corrected.method, corrected.author, corrected.on) == ("corrected", "Dr A", "2026-03-01")
    back = undo(corrected, correction)
    assert (back.volume.array == before).all()
    assert (back.method, back.author, back.on, back.notes) == ("automatic", "Osteon", None, ("a note",))


@settings(max_examples=30)
@given(masks, masks)
def test_a_correction_survives_its_file(before, after):
    correction = change(before, after)
    read = from_json(to_json(correction))
    assert (read.added, read.removed, read.base, read.shape) == (
        correction.added,
        correction.removed,
        correction.base,
        correction.shape,
    )
    assert (read.affine == correction.affine).all()
    assert (apply(mask_of(before), read).volume.array == after).all()


@settings(max_examples=30)
@given(masks, masks)
def test_only_the_difference_is_kept(before, after):
    assert change(before, after).changed_voxels == (before != after).sum()


def test_corrections_follow_one_another():
    empty, half, full = np.zeros(SHAPE, bool), np.arange(60).reshape(SHAPE) < 30, np.ones(SHAPE, bool)
    first = change(empty, half)
    middle = apply(mask_of(empty), first)
    second = correction_between(middle, replace(middle, volume=middle.volume.with_array(full)), "Dr B", "2026-03-02")
    last = apply(middle, second)
    assert last.volume.array.all()
    assert undo(last, second).author == "Dr A"
    assert not undo(undo(last, second), first).volume.array.any()


def test_a_correction_is_not_laid_on_another_mask():
    correction = change(np.zeros(SHAPE, bool), np.ones(SHAPE, bool))
    with pytest.raises(InputError, match="made for another mask"):
        apply(mask_of(np.ones(SHAPE, bool)), correction)
    with pytest.raises(InputError, match="made for another mask"):
        undo(mask_of(np.zeros(SHAPE, bool)), correction)
    moved = Mask(Volume(np.zeros(SHAPE, bool), GRID + 0.1 * np.eye(4)), "lesion", "automatic", "Osteon")
    with pytest.raises(InputError, match="made for another mask"):
        apply(moved, correction)
    with pytest.raises(InputError, match="made for another mask"):
        undo(Mask(Volume(np.zeros((2, 2, 2), bool), GRID), "lesion", "corrected", "Dr A"), correction)


def test_masks_on_different_grids_and_bad_signatures_are_refused_at_once():
    one = mask_of(np.zeros(SHAPE, bool))
    other = Mask(Volume(np.zeros((2, 2, 2), bool), np.eye(4)), "lesion", "drawn", "Dr A")
    with pytest.raises(InputError) as refused:
        correction_between(one, other, " ", "March 1st", "x" * 5000)
    assert [fault.where for fault in refused.value.faults] == ["author", "on", "note", "grid"]


def test_the_digest_does_not_see_rounding_of_the_grid():
    volume = Volume(np.zeros(SHAPE, bool), GRID)
    assert digest(volume) == digest(Volume(volume.array, GRID + 1e-9))
    assert digest(volume) == digest(Volume(volume.array.astype(np.uint8), GRID))


def test_dice_of_two_overlapping_boxes():
    one, other = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    one[:2], other[1:] = True, True
    assert dice(mask_of(one), mask_of(other)) == pytest.approx(2 * 20 / (40 + 40))
    assert dice(mask_of(one * False), mask_of(one * False)) == 1.0


def test_dice_across_grids_uses_the_finer_one():
    coarse = np.zeros((6, 6, 6), bool)
    coarse[2:4, 2:4, 2:4] = True
    fine_affine = np.diag([0.5, 0.5, 0.5, 1.0])
    fine_affine[:3, 3] = -0.25
    fine = np.zeros((12, 12, 12), bool)
    fine[4:8, 4:8, 4:8] = True
    a = Mask(Volume(coarse, np.eye(4)), "lesion", "drawn", "a")
    b = Mask(Volume(fine, fine_affine), "lesion", "drawn", "b")
    # Half-level interpolation rounds the coarse cube's edges and corners a little.
    assert dice(a, b) == pytest.approx(1.0, abs=0.12)
    assert dice(a, b) == dice(b, a)


def test_the_agreement_tells_what_a_reader_changed():
    before, after = np.arange(60).reshape(SHAPE) < 40, np.arange(60).reshape(SHAPE) >= 20
    told = agreement(mask_of(before), change(before, after))
    ml = 0.6 * 0.6 * 3.5 / 1000
    assert told.dice == pytest.approx(0.5)
    assert (told.before_ml, told.after_ml) == pytest.approx((40 * ml, 40 * ml))
    assert (told.added_ml, told.removed_ml) == pytest.approx((20 * ml, 20 * ml))
    assert (told.author, told.on) == ("Dr A", "2026-03-01")


GOOD = json.loads(to_json(change(np.zeros(SHAPE, bool), np.ones(SHAPE, bool))))


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("author", 3, "author"),
        ("author", "", "author"),
        ("on", "2026-02-30", "on"),
        ("on", "20260301AA", "on"),
        ("note", "x" * 5000, "note"),
        ("base", "xyz", "base"),
        ("base_method", "guessed", "base_method"),
        ("base_on", 5, "base_on"),
        ("base_author", "x" * 5000, "base_author"),
        ("shape", [3, 4], "shape"),
        ("shape", [3, 4, True], "shape"),
        ("shape", [10**9, 10**9, 10**9], "shape"),
        ("affine", [[1, 2], [3, 4]], "affine"),
        ("affine", [[1e300] * 4] * 4, "affine"),
        ("added", [[0, 61]], "added"),
        ("added", [[5, 2], [4, 1]], "added"),
        ("added", [[-1, 2]], "added"),
        ("added", [[0, 0]], "added"),
        ("added", [[0.0, 1]], "added"),
        ("removed", "all", "removed"),
        ("removed", [7], "removed"),
    ],
)
def test_every_wrong_value_is_named(key, value, where):
    with pytest.raises(InputError) as refused:
        from_json(json.dumps({**GOOD, key: value}).encode())
    assert [fault.where for fault in refused.value.faults] == [where]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no JSON text"),
        (b"\xff\xfe", "no JSON text"),
        (b"[" * 100_000, "no JSON text"),
        (b"[]", "is not 'osteon-correction-1'"),
        (b'{"format": "other"}', "is not 'osteon-correction-1'"),
        (b'{"format": "osteon-correction-1"}', "author: is missing"),
        (json.dumps({**GOOD, "script": "x"}).encode(), "1 keys that no correction has"),
        (json.dumps(GOOD).replace('"affine": [[0.0', '"affine": [[NaN').encode(), "4 x 4 numbers"),
        (b" " * 20_000_001, "at most 20,000,000"),
        (b'{"format": ' + b"9" * 5000 + b"}", "no JSON text"),
    ],
)
def test_files_that_are_no_correction_are_refused_in_words(data, message):
    with pytest.raises(InputError, match=message):
        from_json(data, "a file")


@settings(max_examples=40)
@given(st.integers(0, 500), st.binary(min_size=1, max_size=4))
def test_damaged_files_are_read_or_refused_but_never_break(place, noise):
    data = bytearray(json.dumps(GOOD).encode())
    data[place : place + len(noise)] = noise
    with contextlib.suppress(InputError):
        assert from_json(bytes(data)).changed_voxels <= 60
