"""Linear, compiled."""

import numpy as np

from .exponential import Maths
from .jit import inline
from .loops import Formulas


def formulas(m: Maths) -> Formulas:
    """Return the formulas."""
    one = m.number(1)

    @inline
    def value(x, s, u):
        return x

    @inline
    def backward(g, x, s, u):
        return x if np.isnan(x) else g

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)
