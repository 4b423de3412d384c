"""Sigmoid, the logistic function."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array
from .elementwise import Elementwise


class Sigmoid(Elementwise):
    r"""The logistic function: any real number to one between 0 and 1.

    .. math:: \varphi(x) = \frac{1}{1 + e^{-x}}

    .. math:: \varphi'(x) = \frac{e^{-x}}{(1 + e^{-x})^2}

    Notes
    -----
    Both are right in the tails, where `1 / (1 + exp(-x))` overflows and `y (1 - y)` is 0.
    The inputs and errors are those of `Activation`.

    Within 4 ULP (value), 4 (derivative), 6 (backward) in float32; 3, 3, 5 in float64; 0.51 in
    16 bits (`max_ulp`).

    References
    ----------
    P.-F. Verhulst, "Notice sur la loi que la population suit dans son accroissement",
    Correspondance mathématique et physique 10, 1838.

    Examples
    --------
    >>> sigmoid = Sigmoid()
    >>> print(sigmoid([-1, 0, 1]).round(3))
    [0.269 0.5   0.731]
    >>> print(f"{sigmoid.derivative(40.0):.4g}")
    4.248e-18
    """

    names = ("sigmoid", "Sigmoid")
    formula = "1 / (1 + exp(-x))"
    derivative_formula = "exp(-x) / (1 + exp(-x))**2"
    literal_derivative = "y * (1 - y)"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 4, "derivative": 4, "backward": 6},
        "float64": {"value": 3, "derivative": 3, "backward": 5},
    }

    def _forward(self, x: Array) -> Any:
        # With z = e^-|x| nothing overflows: 1 / (1 + z) where x >= 0, z / (1 + z) where x < 0.
        z = np.exp(-np.abs(x))
        return np.maximum(z, x >= 0) / (1 + z)

    def _derivative(self, x: Array) -> Any:
        # Even, so z = e^-|x| serves both sides. (1 + z)^2 = 1 + z (2 + z) rounds once near 1.
        z = np.exp(-np.abs(x))
        return z / (1 + z * (2 + z))
