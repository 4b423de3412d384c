"""SymmetricElliot, compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .exponential import Maths
from .jit import inline
from .loops import Formulas


def formulas(m: Maths) -> Formulas:
    """Return the formulas. Counted in the unit u, |s x| does not overflow."""
    one = m.number(1)
    largest = m.number(np.finfo(m.number).max)
    divided = divided_twice(m)

    @inline
    def value(x, s, u):
        a = s * x
        a = a if np.isnan(a) else min(max(a, -largest), largest)
        return a / (one + abs(a))

    @inline
    def backward(g, x, s, u):
        return divided(g, s * u, u + abs(s * u * x), u)

    @inline
    def slope(x, s, u):
        return backward(one, x, s, u)

    return Formulas(value, slope, backward)


def divided_twice(m: Maths) -> Callable[..., Any]:
    """Return a function for g a u / d^2, where d is at least u, and a, u at most 1."""
    one = m.number(1)

    @inline
    def divided(g, a, d, u):
        if u == one:
            return g * a / d / d
        # Nothing on the way is larger, or smaller, than both g and the answer.
        if d >= one:
            return g * a / d * u / d
        if abs(g) < one:
            return g / d * a / (d / u)
        return g * a / (d / u) / d

    return divided
