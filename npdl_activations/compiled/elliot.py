"""Elliot, compiled."""

from .exponential import Maths
from .jit import inline
from .loops import Formulas

MAX_ULP = {
    "float32": {"value": 1.5, "derivative": 3, "backward": 3.5},
    "float64": {"value": 1.5, "derivative": 3, "backward": 3.5},
}


def formulas(m: Maths) -> Formulas:
    """Return the formulas. Counted in the unit u, |s x| does not overflow."""
    zero, half, one = map(m.number, (0, 0.5, 1))

    @inline
    def value(x, s, u):
        small = half * u / (u + abs(s * u * x))
        return abs((one if x >= 0 else zero) - small)

    @inline
    def backward(g, x, s, u):
        d = u + abs(s * u * x)
        return g * (half * s * u * u) / d / d

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)
