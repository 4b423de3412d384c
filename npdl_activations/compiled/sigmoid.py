"""Sigmoid, compiled."""

from .exponential import Maths
from .jit import inline
from .loops import Formulas

MAX_ULP = {
    "float32": {"value": 2.5, "derivative": 2.5, "backward": 4},
    "float64": {"value": 2.5, "derivative": 2.5, "backward": 4},
}


def formulas(m: Maths) -> Formulas:
    """Return the formulas; far out only one term of each is left."""
    one, two = m.number(1), m.number(2)
    exp, times_exp = m.exp, m.times_exp

    @inline
    def value(x, s, u):
        z = exp(-abs(x))
        return (one if x >= 0 else z) / (one + z)

    @inline
    def slope(x, s, u):
        z = exp(-abs(x))
        return z / (one + z * (two + z))

    @inline
    def backward(g, x, s, u):
        return g * slope(x, s, u)

    @inline
    def far_value(x):
        return one if x > 0 else times_exp(one, x, 0)

    @inline
    def far_backward(g, x):
        return times_exp(g, -abs(x), 0)

    return Formulas(value, slope, backward, far_value, far_backward)
