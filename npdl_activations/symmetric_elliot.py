"""SymmetricElliot, Elliott's sigmoid between -1 and 1."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array, finite
from .elementwise import Steep


class SymmetricElliot(Steep):
    r"""Elliott's sigmoid, symmetric about 0: any real number to one between -1 and 1.

    .. math:: \varphi(x) = \frac{s x}{1 + |s x|}

    .. math:: \varphi'(x) = \frac{s}{(1 + |s x|)^2}

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
    With a steepness of 1 it is `SoftSign`. The inputs and errors are those of `Activation`.

    Within 1.5 ULP (value), 3 (derivative), 4.5 (backward) in float32; 2.5, 5.5, 7 in float64;
    0.51 in 16 bits (`max_ulp`). In float64 a steepness that is a power of two keeps float32's
    bounds.

    References
    ----------
    D. L. Elliott, "A Better Activation Function for Artificial Neural Networks", ISR Technical
    Report TR 93-8, University of Maryland, 1993.

    Examples
    --------
    >>> elliot = SymmetricElliot(steepness=2)
    >>> print(elliot([-0.5, 0, 1.5]))
    [-0.5   0.    0.75]
    >>> print(elliot.derivative([-0.5, 0, 1.5]))
    [0.5   2.    0.125]
    """

    names = ("symmetric_elliot", "SymmetricElliot")
    formula = "steepness*x / (1 + Abs(steepness*x))"
    derivative_formula = "steepness / (1 + Abs(steepness*x))**2"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 1.5, "derivative": 3, "backward": 4.5},
        "float64": {"value": 2.5, "derivative": 5.5, "backward": 7},
    }
    proved = ("value", "derivative")

    def _forward(self, x: Array) -> Any:
        a = finite(self.steepness * x)
        return a / (1 + np.abs(a))

    def _derivative(self, x: Array, gradient: Any = 1) -> Any:
        # Two divisions, because the square overflows long before s / d^2 is 0. Here d is
        # 1 + |s x| counted in a unit in which |s x| does not overflow.
        u = self._unit
        d = u + np.abs(self.steepness * u * x)
        return gradient * (self.steepness * u * u) / d / d
