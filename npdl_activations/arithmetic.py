"""Arithmetic that several kernels share: sums that keep what rounding loses."""

from typing import Any

import numpy as np

from .arrays import Array


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a + b, rounded, and what the rounding lost, exactly (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def row_sum(z: Array, more: Any) -> tuple[Any, Any]:
    """Return the sums of rows of z + more, rounded, and what the rounding lost.

    The numbers in `z` are at most 1 in size, those in `more` far smaller. Beside a number near 1
    np.sum rounds at every step, to several ULP in all. The leading bits of such numbers, cut off
    where 2K of them still add up exactly, are summed on their own.
    """
    room = 2.0 ** (z.shape[-1].bit_length() + 1)
    leading = (z + room) - room
    rest = np.add.reduce(z - leading + more, axis=-1, keepdims=True)
    return two_sum(np.add.reduce(leading, axis=-1, keepdims=True), rest)


def kept(values: Array, mask: Array, out: Array | None = None) -> Array:
    """Return `values` where `mask` is True and 0 elsewhere, be the value there infinite or NaN."""
    out = np.empty_like(values) if out is None else out
    if values.itemsize > 8:
        out[...] = np.where(mask, values, 0)
    else:  # the bits, as integers, times 1 or 0: a third of np.where's time
        bits = f"i{values.itemsize}"
        np.multiply(values.view(bits), mask, out=out.view(bits))
    return out


def nan_where(x: Array, answer: Array) -> Array:
    """Return `answer`, with NaN put in where `x` is NaN."""
    if np.isnan(np.minimum.reduce(x, initial=0)):
        answer[np.isnan(x)] = np.nan
    return answer
