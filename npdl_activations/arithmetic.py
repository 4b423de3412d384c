"""Arithmetic that several kernels share: sums that keep what rounding loses."""

import numpy as np

from .arrays import Array


def leading(x: Array, room: float) -> Array:
    """Return the leading digits of `x`: those that fit beside `room`, a far larger number."""
    digits = x + room
    digits -= room
    return digits


def row_sum(z: Array) -> tuple[Array, Array]:
    """Return the sums of rows of `z`, rounded, and what the rounding lost.

    The numbers are at most 1 in size. Beside a number near 1 np.sum rounds at every step, to
    several ULP in all. The leading digits of such numbers, cut off where 2K of them still add up
    exactly, are summed on their own.
    """
    digits = leading(z, 2.0 ** (z.shape[-1].bit_length() + 1))
    exact = _short_sums(digits)
    rest = _short_sums(np.subtract(z, digits, out=digits))
    total = exact + rest
    return total, rest - (total - exact)


def _short_sums(rows: Array) -> Array:
    """Return the sum of each row, where it is short in half of np.sum's time."""
    sums: Array = np.einsum("...j->...", rows)
    return sums[..., np.newaxis]


def copied(x: Array, out: Array | None = None) -> Array:
    """Return a copy of `x`, which in float32 takes a third of np.positive's time."""
    if out is None:
        return x.copy()
    out[...] = x
    return out


def where_positive(x: Array, values: Array, out: Array | None = None) -> Array:
    """Return `values` where `x` is positive and 0 elsewhere, be the value infinite or NaN."""
    if x.itemsize > 8:  # no integer is as long
        return copied(np.where(x > 0, values, 0), out)
    # 0 - x has its first bit set where x is positive. The shift copies that to all the others.
    mask = np.subtract(0, x, out=out).view(f"i{x.itemsize}")
    np.right_shift(mask, 8 * x.itemsize - 1, out=mask)
    np.bitwise_and(mask, values.view(mask.dtype), out=mask)
    return mask.view(x.dtype)


def nan_where(x: Array, answer: Array) -> Array:
    """Return `answer`, with NaN put in where `x` is NaN."""
    if np.isnan(np.minimum.reduce(x, initial=0)):
        answer[np.isnan(x)] = np.nan
    return answer
