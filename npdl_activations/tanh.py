"""Tanh, the hyperbolic tangent."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array, writes
from .elementwise import Elementwise
from .sigmoid import Sigmoid


class Tanh(Elementwise):
    r"""The hyperbolic tangent: any real number to one between -1 and 1.

    .. math:: \varphi(x) = \frac{\sinh x}{\cosh x} = \frac{e^x - e^{-x}}{e^x + e^{-x}}

    .. math:: \varphi'(x) = 1 - \tanh^2 x

    Notes
    -----
    The derivative is right in the tails, where `1 - tanh(x)**2` is 0.
    The inputs and errors are those of `Activation`.

    Within 2.5 ULP (value), 4 (derivative), 6 (backward) in float32; 2.5, 3, 5 in float64; 0.51
    in 16 bits (`max_ulp`).

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in Neural Networks:
    Tricks of the Trade, Springer, 1998. https://doi.org/10.1007/3-540-49430-8_2

    Examples
    --------
    >>> tanh = Tanh()
    >>> print(tanh([-1, 0, 1]).round(3))
    [-0.762  0.     0.762]
    >>> print(f"{tanh.derivative(20.0):.4g}")
    1.699e-17
    """

    names = ("tan", "tanh", "Tanh")
    formula = "tanh(x)"
    derivative_formula = "1 - tanh(x)**2"
    literal_derivative = "1 - y**2"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 2.5, "derivative": 4, "backward": 6},
        "float64": {"value": 2.5, "derivative": 3, "backward": 5},
    }

    @writes
    def _forward(self, x: Array, out: Array | None = None) -> Any:
        return np.tanh(x, out=out)

    def _derivative(self, x: Array) -> Any:
        # tanh(x) = 2 sigmoid(2x) - 1, so no 1 - y^2 that cancels where y is near 1.
        return 4 * Sigmoid()._derivative(2 * x)
