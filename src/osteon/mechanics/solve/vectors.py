"""How do vectors move between two levels of the grid, and how are they updated, a range of planes at a time?

All arrays are packed as `grid` says: [plane, row, component, x], one empty row and plane before the first. The spans
`first` and `last` bound the x of a row of nodes that can differ from zero, so that empty corners cost nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from osteon.mechanics.solve.kernel import COMPILE


@njit(**COMPILE)
def advance(start, stop, first, last, x, r, p, q, alpha, single):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Step x += alpha p, r -= alpha q, with a copy of r in single precision; gives this range's share of r r."""
    total = 0.0
    for z in range(start, stop):
        for y in range(first.shape[1]):
            n, row = np.uintp(last[z, y] - first[z, y]), slice(first[z, y], last[z, y])
            for c in range(3):
                x_row, r_row, single_row = x[z, y, c, row], r[z, y, c, row], single[z, y, c, row]
                p_row, q_row = p[z, y, c, row], q[z, y, c, row]
                for i in range(n):
                    x_row[i] += alpha * p_row[i]
                    left = r_row[i] - alpha * q_row[i]
                    r_row[i] = left
                    single_row[i] = left
                    total += left * left
    return total


@njit(**COMPILE)
def products(start, stop, first, last, r, q, z):  # type: ignore[no-untyped-def]  # pragma: no cover
    """This range's shares of r z and q z."""
    one, other = 0.0, 0.0
    for k in range(start, stop):
        for y in range(first.shape[1]):
            n, row = np.uintp(last[k, y] - first[k, y]), slice(first[k, y], last[k, y])
            for c in range(3):
                r_row, q_row, z_row = r[k, y, c, row], q[k, y, c, row], z[k, y, c, row]
                for i in range(n):
                    one += r_row[i] * z_row[i]
                    other += q_row[i] * z_row[i]
    return one, other


@njit(**COMPILE)
def turn(start, stop, first, last, p, z, beta):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Turn to p = z + beta p."""
    for k in range(start, stop):
        for y in range(first.shape[1]):
            n, row = np.uintp(last[k, y] - first[k, y]), slice(first[k, y], last[k, y])
            for c in range(3):
                p_row, z_row = p[k, y, c, row], z[k, y, c, row]
                for i in range(n):
                    p_row[i] = z_row[i] + beta * p_row[i]


@njit(**COMPILE)
def first_step(start, stop, first, last, b, inverse, gain, d, u):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The smoothing step from zero, which needs no product: u = d = gain D^-1 b."""
    for z in range(start, stop):
        for y in range(first.shape[1]):
            n, row = np.uintp(last[z, y] - first[z, y]), slice(first[z, y], last[z, y])
            for c in range(3):
                b_row, inverse_row = b[z, y, c, row], inverse[z, y, c, row]
                d_row, u_row = d[z, y, c, row], u[z, y, c, row]
                for i in range(n):
                    step = gain * inverse_row[i] * b_row[i]
                    d_row[i] = step
                    u_row[i] = step


@njit(**COMPILE)
def restrict(start, stop, rows, first, last, fine, coarse, line, half):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum fine forces into coarse ones with trilinear weights, on coarse planes `start` to `stop`."""
    for z in range(start, stop):
        for y in range(1, rows + 2):
            xs, xe = first[z, y], last[z, y]
            if xe <= xs:
                continue
            low, high = max(2 * xs - 1, 0), min(2 * xe, fine.shape[3])
            for c in range(3):
                line[low:high] = 0
                for dz in range(-1, 2):
                    for dy in range(-1, 2):
                        source = fine[2 * z - 1 + dz, 2 * y - 1 + dy, c]
                        weight = (half if dz else half + half) * (half if dy else half + half)
                        for x in range(low, high):
                            line[x] += weight * source[x]
                for x in range(xs, min(xe, high // 2)):
                    both = line[2 * x + 1]
                    if x > 0:
                        both += line[2 * x - 1]
                    coarse[z, y, c, x] = line[2 * x] + half * both


@njit(**COMPILE)
def prolong(start, stop, first, last, coarse, inverse, u, line, half):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add the coarse displacement, interpolated, to the free fine nodes of planes `start` to `stop`."""
    for z in range(start, stop):
        z0, z1 = (z + 1) // 2, (z + 2) // 2
        for y in range(1, first.shape[1] - 1):
            xs, xe = first[z, y] // 2, last[z, y] // 2
            if xe <= xs:
                continue
            y0, y1 = (y + 1) // 2, (y + 2) // 2
            for c in range(3):
                a, b, d, e = coarse[z0, y0, c], coarse[z0, y1, c], coarse[z1, y0, c], coarse[z1, y1, c]
                for x in range(xs, xe + 1):
                    line[x] = half * half * (a[x] + b[x] + d[x] + e[x])
                target, free = u[z, y, c], inverse[z, y, c]
                for x in range(xs, xe):
                    if free[2 * x] > 0:
                        target[2 * x] += line[x]
                    if free[2 * x + 1] > 0:
                        target[2 * x + 1] += half * (line[x] + line[x + 1])


@njit(**COMPILE)
def invert(matrix):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Replace a symmetric positive definite matrix by its inverse (Gauss and Jordan; needs no pivoting then).

    A library would start threads, which on a busy machine cost twenty times what they compute here.
    """
    for k in range(len(matrix)):
        pivot = matrix[k]
        scale = 1 / pivot[k]
        pivot[k] = 1.0
        for i in range(len(matrix)):
            pivot[i] *= scale
        for j in range(len(matrix)):
            row = matrix[j]
            factor = row[k]
            if j != k and factor != 0:
                row[k] = 0.0
                for i in range(len(matrix)):
                    row[i] -= factor * pivot[i]


@njit(**COMPILE)
def apply_dense(matrix, places, b, u):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Put matrix b into u at the given places of flat arrays, for the reason given at `invert`."""
    for row in range(len(places)):
        total = np.float32(0)
        for column in range(len(places)):
            total += matrix[row, column] * b[places[column]]
        u[places[row]] = total
