"""Elliot, compiled."""

from .exponential import Maths
from .jit import inline
from .loops import Formulas
from .symmetric_elliot import divided_twice


def formulas(m: Maths) -> Formulas:
    """Return the formulas. Counted in the unit u, |s x| does not overflow."""
    zero, half, one = map(m.number, (0, 0.5, 1))
    divided = divided_twice(m)

    @inline
    def value(x, s, u):
        small = half * u / (u + abs(s * u * x))
        return abs((one if x >= 0 else zero) - small)

    @inline
    def backward(g, x, s, u):
        return divided(g, half * s * u, u + abs(s * u * x), u)

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)
