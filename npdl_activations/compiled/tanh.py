"""Tanh, compiled."""

from .exponential import Maths
from .jit import inline
from .loops import Formulas

MAX_ULP = {
    "float32": {"value": 2.5, "derivative": 2.5, "backward": 4},
    "float64": {"value": 2.5, "derivative": 2.5, "backward": 4},
}


def formulas(m: Maths) -> Formulas:
    """Return the formulas; far out only one term of each is left."""
    half, one, two, four = map(m.number, (0.5, 1, 2, 4))
    far = m.number(1e30)
    exp, expm1, times_exp = m.exp, m.expm1, m.times_exp

    @inline
    def value(x, s, u):
        # tanh |x| = (1 - z) / (1 + z) with z = e^-2|x|, and 1 - z does not cancel as -expm1.
        # 1 / (1 + z) is (1 + tanh |x|) / 2: by it the divisor's rounding is taken off again.
        less = expm1(-two * abs(x))
        divisor = two + less
        size = -less / divisor
        size -= size * (half + half * size) * (less - (divisor - two))
        return -size if x < 0 else size

    @inline
    def slope(x, s, u):
        z = exp(-two * abs(x))
        return four * z / (one + z * (two + z))

    @inline
    def backward(g, x, s, u):
        return g * slope(x, s, u)

    @inline
    def far_value(x):
        return one if x > 0 else -one

    @inline
    def far_backward(g, x):
        # Twice the largest floats would be infinite, where an infinite g counts for nothing.
        return times_exp(g, -abs(x) if abs(x) > far else -two * abs(x), 2)

    return Formulas(value, slope, backward, far_value, far_backward)
