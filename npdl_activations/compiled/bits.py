"""Floats compared by their bits, as whole numbers: that is vectorised, where a maximum is not."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .jit import inline


def integer_of(dtype: Any) -> Any:
    """Return the integers as long as the floats of `dtype`."""
    return np.dtype(f"i{np.dtype(dtype).itemsize}").type


def bits_of(number: Any) -> Any:
    """Return the bits of a float as an integer: of two positive ones the larger has more."""
    return number.view(integer_of(type(number)))


def size(dtype: Any) -> Callable[..., Any]:
    """Return a function for the bits of the largest |x|; infinity's and NaN's are the largest."""
    integer = integer_of(dtype)
    all_but_sign = integer(np.iinfo(integer).max)

    @inline
    def size_of(x):
        bits = x.view(integer)
        largest = integer(0)
        for j in range(bits.size):
            largest = integer(max(largest, integer(bits[j] & all_but_sign)))
        return largest

    return size_of


def top(dtype: Any) -> Callable[..., Any]:
    """Return a function for the largest of an array without NaN."""
    integer = integer_of(dtype)
    all_but_sign = integer(np.iinfo(integer).max)
    last = integer(8 * np.dtype(dtype).itemsize - 1)

    @inline
    def ordered(bits):
        return integer(bits ^ (integer(bits >> last) & all_but_sign))

    @inline
    def top_of(x):
        bits = x.view(integer)
        largest = ordered(bits[0])
        for j in range(bits.size):
            largest = integer(max(largest, ordered(bits[j])))
        return integer(ordered(largest)).view(dtype)

    return top_of
