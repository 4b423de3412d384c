"""Elliot, Elliott's sigmoid between 0 and 1."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array
from .elementwise import Steep


class Elliot(Steep):
    r"""Elliott's sigmoid, without exponentials: any real number to one between 0 and 1.

    .. math:: \varphi(x) = \frac{0.5\, s x}{1 + |s x|} + 0.5

    .. math:: \varphi'(x) = \frac{0.5\, s}{(1 + |s x|)^2}

    Parameters
    ----------
    steepness : float, default 1
        The factor s, a positive number below 2^1020.

    Raises
    ------
    TypeError
        If `steepness` is not a real number.
    ValueError
        If `steepness` is not positive, or 2^1020 or more.

    Notes
    -----
    The value is right on the far left, where the sum of -0.5 and 0.5 above cancels.
    The inputs and errors are those of `Activation`.

    Within 1.5 ULP (value), 3 (derivative), 4.5 (backward) in float32; 2.5, 5.5, 7 in float64;
    0.51 in 16 bits (`max_ulp`). In float64 a steepness that is a power of two keeps float32's
    bounds.

    References
    ----------
    D. L. Elliott, "A Better Activation Function for Artificial Neural Networks", ISR Technical
    Report TR 93-8, University of Maryland, 1993.

    Examples
    --------
    >>> elliot = Elliot(steepness=2)
    >>> print(elliot([-0.5, 0, 1.5]))
    [0.25  0.5   0.875]
    >>> print(f"{elliot(-1e10):.4g}")
    2.5e-11
    """

    names = ("elliot", "Elliot")
    formula = "steepness*x / (2 * (1 + Abs(steepness*x))) + 1/2"
    derivative_formula = "steepness / (2 * (1 + Abs(steepness*x))**2)"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 1.5, "derivative": 3, "backward": 4.5},
        "float64": {"value": 2.5, "derivative": 5.5, "backward": 7},
    }
    proved = ("value", "derivative")

    def _forward(self, x: Array) -> Any:
        # elliot(-x) = 1 - elliot(x), so the small side is computed as it is, and nothing cancels.
        # It is 0.5 / (1 + |s x|), the fraction scaled by a unit in which |s x| does not overflow.
        u = self._unit
        small = 0.5 * u / (u + np.abs(self.steepness * u * x))
        return np.abs((x >= 0) - small)

    def _derivative(self, x: Array, gradient: Any = 1) -> Any:
        # Two divisions, because the square overflows long before 0.5 s / d^2 is 0. Here d is
        # 1 + |s x| counted in that unit.
        u = self._unit
        d = u + np.abs(self.steepness * u * x)
        return gradient * (0.5 * self.steepness * u * u) / d / d
