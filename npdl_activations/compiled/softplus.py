"""SoftPlus, compiled."""

from . import sigmoid
from .exponential import Maths
from .jit import inline
from .loops import Formulas

MAX_ULP = {
    "float32": {"value": 2.5, "derivative": 2.5, "backward": 4},
    "float64": {"value": 2.6, "derivative": 2.5, "backward": 4},
}


def formulas(m: Maths) -> Formulas:
    """Return the formulas; far out only one term of each is left."""
    zero, one = m.number(0), m.number(1)
    exp, log1p, times_exp = m.exp, m.log1p, m.times_exp
    slope = sigmoid.formulas(m).value

    @inline
    def value(x, s, u):
        return (x if x > 0 else zero) + log1p(exp(-abs(x)))

    @inline
    def backward(g, x, s, u):
        return g * slope(x, s, u)

    @inline
    def far_value(x):
        return x if x > 0 else times_exp(one, x, 0)

    @inline
    def far_backward(g, x):
        return g if x > 0 else times_exp(g, x, 0)

    return Formulas(value, slope, backward, far_value, far_backward)
