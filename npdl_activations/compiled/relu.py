"""ReLU, compiled."""

import numpy as np

from .exponential import Maths
from .jit import inline
from .loops import Formulas


def formulas(m: Maths) -> Formulas:
    """Return the formulas, written so that NaN is no number that is at most 0."""
    zero, one = m.number(0), m.number(1)

    @inline
    def value(x, s, u):
        return zero if x <= 0 else x

    @inline
    def backward(g, x, s, u):
        passed = g if x > 0 else zero
        return x if np.isnan(x) else passed

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)
