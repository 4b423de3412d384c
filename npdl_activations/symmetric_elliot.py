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
        The factor s, a positive finite number.

    Raises
    ------
    TypeError
        If `steepness` is not a real number.
    ValueError
        If `steepness` is not positive and finite.

    Notes
    -----
    With a steepness of 1 it is `SoftSign`. The inputs and errors are those of `Activation`.

    Within 0.51 ULP in float16 and bfloat16, 3 in float32 and 3 in float64 (`max_ulp`).
    With a steepness that is no power of two, up to 2 ULP more.

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

    formula = "s*x / (1 + Abs(s*x))"
    derivative_formula = "s / (1 + Abs(s*x))**2"
    max_ulp: ClassVar = {"float16": 0.51, "bfloat16": 0.51, "float32": 3, "float64": 3}

    def _forward(self, x: Array) -> Any:
        a = finite(self.steepness * x)
        return a / (1 + np.abs(a))

    def _derivative(self, x: Array) -> Any:
        # Two divisions, because the square overflows long before s / d^2 is 0. Here d is
        # 1 + |s x| counted in a unit in which |s x| does not overflow.
        u = self._unit
        d = u + np.abs(self.steepness * u * x)
        return self.steepness * u / d * u / d
