"""SymmetricElliot, compiled."""

import numpy as np

from .exponential import Maths
from .jit import inline
from .loops import Formulas

MAX_ULP = {
    "float32": {"value": 1.5, "derivative": 3, "backward": 3.5},
    "float64": {"value": 1.5, "derivative": 3, "backward": 3.5},
}


def formulas(m: Maths) -> Formulas:
    """Return the formulas. Counted in the unit u, |s x| does not overflow."""
    one = m.number(1)
    largest = m.number(np.finfo(m.number).max)

    @inline
    def value(x, s, u):
        a = s * x
        a = a if np.isnan(a) else min(max(a, -largest), largest)
        return a / (one + abs(a))

    @inline
    def backward(g, x, s, u):
        d = u + abs(s * u * x)
        return g * (s * u * u) / d / d

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)
