"""What force do the nodes of a voxel grid feel when displaced, and how is that found at the machine's speed?

**The element.** In one cube let each displacement component be written in eight modes, sums of its corner values with
the signs of 1, x, y, z, yz, zx, xy, xyz; index 1 to 7 below, and mode 0 (translation) gives no force. With u, v, w the
components along x, y, z, and lambda and mu multiplied by edge/16, the exact (2 x 2 x 2 Gauss) forces are

    gu1 = lambda t + 2 mu u1,  t = u1 + v2 + w3               and the same for gv2, gw3
    gu2 = gv1 = mu (u2 + v1),  gv3 = gw2 = mu (v3 + w2),  gw1 = gu3 = mu (w1 + u3)
    gu6 = lambda/3 (u6 + w4) + mu u6,  gw4 = lambda/3 (u6 + w4) + mu w4     and for the pairs (v6, w5), (u5, v4)
    gu4 = mu/3 (s + u4),  s = u4 + v5 + w6                    and the same for gv5, gw6
    gu7 = (lambda + 4 mu)/9 u7                                and for v, w

Corner forces are the modes summed back with the same signs. This needs a seventh of the arithmetic of a 24 x 24 matrix,
and lambda and mu may differ in every voxel.

**The sweep.** Planes are visited upwards along z, rows along y. The sums and differences along x and z of one row of
node pairs serve the element rows on both its sides, and the forces of both are added up before they are turned back;
only one plane of forces waits for the slab above. When a row of nodes is complete, what is wanted (product, residual,
smoothing step) is finished while the row is in the first-level cache. Threads own ranges of planes and compute one slab
twice, so they share nothing.

**The form.** LLVM vectorises the loop over x because all it writes lies in one flat scratch array at constant unsigned
offsets; with two-dimensional arrays and signed indices it runs four times slower.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# Reassociation lets sums vectorise. Infinity and NaN keep their meaning, so a broken input cannot pass for a result.
COMPILE: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nsz", "arcp"}, "cache": True, "nogil": True}
INLINE: dict[str, Any] = {"fastmath": COMPILE["fastmath"], "forceinline": True}

PRODUCT, RESIDUAL, SMOOTH = 0, 1, 2
RIGID = -1.0
"""Value of `hold` where a component is fixed; other values are springs in N/mm."""

LONGEST_ROW = 4096
# Not a multiple of a memory page, so that the scratch rows do not compete for the same lines of the cache.
_PITCH = LONGEST_ROW + 96
SCRATCH_SIZE = 40 * _PITCH

_ONE = np.uintp(1)
# Scratch rows, four to a component: sum, x-difference, z-difference and xz-difference.
_LOW = tuple(np.uintp((1 + k) * _PITCH) for k in range(12))  # displacement modes of the last row of nodes
_CARRY = tuple(np.uintp((13 + k) * _PITCH) for k in range(12))  # force modes it has from the element row before
_TOTAL = tuple(np.uintp((25 + k) * _PITCH) for k in range(12))  # force modes it has in all
_FORCE = tuple(np.uintp((37 + k) * _PITCH) for k in range(3))  # forces on the row that is complete
_LU, _LV, _LW = _LOW[0], _LOW[4], _LOW[8]
_CU, _CV, _CW = _CARRY[0], _CARRY[4], _CARRY[8]
_TU, _TV, _TW = _TOTAL[0], _TOTAL[4], _TOTAL[8]
_F0, _F1, _F2 = _FORCE
_P1, _P2, _P3 = np.uintp(_PITCH), np.uintp(2 * _PITCH), np.uintp(3 * _PITCH)


@njit(**INLINE)
def corner_modes(scratch, x, low, bottom, top):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Modes 1 to 7 of one component in the element at x; the upper row's halves replace the lower's in scratch."""
    a, b, c, d = bottom[x], bottom[x + _ONE], top[x], top[x + _ONE]
    bottom_sum, bottom_step, top_sum, top_step = a + b, b - a, c + d, d - c
    same, along_x = bottom_sum + top_sum, bottom_step + top_step
    along_z, along_zx = top_sum - bottom_sum, top_step - bottom_step
    same0, along_x0 = scratch[x + low], scratch[x + low + _P1]
    along_z0, along_zx0 = scratch[x + low + _P2], scratch[x + low + _P3]
    scratch[x + low], scratch[x + low + _P1] = same, along_x
    scratch[x + low + _P2], scratch[x + low + _P3] = along_z, along_zx
    return (
        along_x0 + along_x,
        same - same0,
        along_z0 + along_z,
        along_z - along_z0,
        along_zx0 + along_zx,
        along_x - along_x0,
        along_zx - along_zx0,
    )


@njit(**INLINE)
def spread_modes(scratch, x, total, carry, g1, g2, g3, g4, g5, g6, g7):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Force modes of one component to the element's lower row of nodes, which they complete, and to its upper row."""
    scratch[x + total] = scratch[x + carry] - g2
    scratch[x + total + _P1] = scratch[x + carry + _P1] + (g1 - g6)
    scratch[x + total + _P2] = scratch[x + carry + _P2] + (g3 - g4)
    scratch[x + total + _P3] = scratch[x + carry + _P3] + (g5 - g7)
    scratch[x + carry] = g2
    scratch[x + carry + _P1] = g1 + g6
    scratch[x + carry + _P2] = g3 + g4
    scratch[x + carry + _P3] = g5 + g7


@njit(**INLINE)
def element_row(scratch, n, lam, mu, third, ub, ut, vb, vt, wb, wt):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Forces of one row of elements, from the upper row of nodes (b bottom, t top) and the lower kept in scratch."""
    for x in range(n):
        la, m = lam[x], mu[x]
        u1, u2, u3, u4, u5, u6, u7 = corner_modes(scratch, x, _LU, ub, ut)
        v1, v2, v3, v4, v5, v6, v7 = corner_modes(scratch, x, _LV, vb, vt)
        w1, w2, w3, w4, w5, w6, w7 = corner_modes(scratch, x, _LW, wb, wt)
        la3, m3 = la * third, m * third
        stretch, twice, last = la * (u1 + v2 + w3), m + m, third * (la3 + m3 + m3 + m3 + m3)
        xy, yz, zx = m * (u2 + v1), m * (v3 + w2), m * (w1 + u3)
        uw, vw, uv = la3 * (u6 + w4), la3 * (v6 + w5), la3 * (u5 + v4)
        three = m3 * (u4 + v5 + w6)
        spread_modes(
            scratch, x, _TU, _CU, stretch + twice * u1, xy, zx, three + m3 * u4, uv + m * u5, uw + m * u6, last * u7
        )
        spread_modes(
            scratch, x, _TV, _CV, xy, stretch + twice * v2, yz, uv + m * v4, three + m3 * v5, vw + m * v6, last * v7
        )
        spread_modes(
            scratch, x, _TW, _CW, zx, yz, stretch + twice * w3, uw + m * w4, vw + m * w5, three + m3 * w6, last * w7
        )


@njit(**INLINE)
def end_row(scratch):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Nothing lies before the first element of a row."""
    for k in range(12):
        scratch[_TOTAL[k] - _ONE] = 0


@njit(**INLINE)
def node_forces(scratch, x, total, force, waiting):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn one component's modes at x back: the lower node gets its last part, the upper node's part waits."""
    left = total - _ONE
    flat = (scratch[x + total] - scratch[x + total + _P1]) + (scratch[x + left] + scratch[x + left + _P1])
    tilt = (scratch[x + total + _P2] - scratch[x + total + _P3]) + (scratch[x + left + _P2] + scratch[x + left + _P3])
    scratch[x + force] = waiting[x] + (flat - tilt)
    waiting[x] = flat + tilt


@njit(**INLINE)
def node_row(scratch, n, u_waiting, v_waiting, w_waiting):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Forces of a complete row of nodes into scratch; those of the row above it into the waiting plane."""
    for x in range(n):
        node_forces(scratch, x, _TU, _F0, u_waiting)
    for x in range(n):
        node_forces(scratch, x, _TV, _F1, v_waiting)
    for x in range(n):
        node_forces(scratch, x, _TW, _F2, w_waiting)


@njit(**INLINE)
def hold_row(force, hold, u, n):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Springs pull, and fixed components take any force."""
    for x in range(n):
        k = hold[x]
        if k >= 0:
            force[x] += k * u[x]
        else:
            force[x] = 0


@njit(**INLINE)
def product_row(y, force, u, n):  # type: ignore[no-untyped-def]  # pragma: no cover
    total = 0.0
    for x in range(n):
        y[x] = force[x]
        total += np.float64(force[x]) * np.float64(u[x])
    return total


@njit(**INLINE)
def residual_row(y, force, b, n):  # type: ignore[no-untyped-def]  # pragma: no cover
    for x in range(n):
        y[x] = b[x] - force[x]


@njit(**INLINE)
def smooth_row(y, force, b, d, inverse, u, keep, gain, n):  # type: ignore[no-untyped-def]  # pragma: no cover
    for x in range(n):
        step = keep * d[x] + gain * inverse[x] * (b[x] - force[x])
        d[x] = step
        y[x] = u[x] + step


@njit(**COMPILE)
def sweep(  # type: ignore[no-untyped-def]  # pragma: no cover
    what, start, stop, stiffness, first, last, hold, held, u, y, b, d, inverse, keep, gain, third, plane, scratch
):
    """Product, residual or smoothing step on the node planes `start` to `stop`; gives the share of u A u of a product.

    `first[z, y]` and `last[z, y]` bound the x where any element beside or one row ahead of the row of nodes has
    stiffness, so that what is carried along is always valid or zero (see `grid.working_rows`).
    """
    energy = 0.0
    plane[:] = 0
    for e in range(start - 1, stop):
        for j in range(first.shape[1]):
            xs, xe = first[e, j], last[e, j]
            if xe <= xs:
                continue
            n, s = np.uintp(xe - xs), scratch[xs:]
            end_row(s)
            bottom, top, material, waiting = u[e, j + 1], u[e + 1, j + 1], stiffness[e, j], plane[j]
            element_row(
                s,
                n,
                material[0, xs:],
                material[1, xs:],
                third,
                bottom[0, xs:],
                top[0, xs:],
                bottom[1, xs:],
                top[1, xs:],
                bottom[2, xs:],
                top[2, xs:],
            )
            node_row(s, n, waiting[0, xs:], waiting[1, xs:], waiting[2, xs:])
            if e < start:
                continue
            for c in range(3):
                force = s[_FORCE[c] :]
                if held[e, j]:
                    hold_row(force, hold[e, j, c, xs:], u[e, j, c, xs:], n)
                out = y[e, j, c, xs:]
                if what == PRODUCT:
                    energy += product_row(out, force, u[e, j, c, xs:], n)
                elif what == RESIDUAL:
                    residual_row(out, force, b[e, j, c, xs:], n)
                else:
                    smooth_row(
                        out,
                        force,
                        b[e, j, c, xs:],
                        d[e, j, c, xs:],
                        inverse[e, j, c, xs:],
                        u[e, j, c, xs:],
                        keep,
                        gain,
                        n,
                    )
    return energy
