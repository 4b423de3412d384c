"""SoftSign, a sigmoid that levels off like 1 / x."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array, finite, writes
from .elementwise import Elementwise


class SoftSign(Elementwise):
    r"""A sigmoid without exponentials: any real number to one between -1 and 1.

    .. math:: \varphi(x) = \frac{x}{1 + |x|}

    .. math:: \varphi'(x) = \frac{1}{(1 + |x|)^2}

    Notes
    -----
    The inputs and errors are those of `Activation`.

    Within 1.5 ULP (value), 3 (derivative), 3.5 (backward) in float32; 1.5, 3, 3.5 in float64;
    0.51 in 16 bits (`max_ulp`).

    References
    ----------
    J. Turian, J. Bergstra and Y. Bengio, "Quadratic Features and Deep Architectures for
    Chunking", NAACL HLT 2009.

    Examples
    --------
    >>> softsign = SoftSign()
    >>> print(softsign([-1, 0, 3]))
    [-0.5   0.    0.75]
    >>> print(softsign.derivative([-1, 0, 3]))
    [0.25   1.     0.0625]
    """

    names = ("SoftSign", "softsign", "soft_sign")
    formula = "x / (1 + Abs(x))"
    derivative_formula = "1 / (1 + Abs(x))**2"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 1.5, "derivative": 3, "backward": 3.5},
        "float64": {"value": 1.5, "derivative": 3, "backward": 3.5},
    }
    proved = ("value", "derivative", "backward")

    def _forward(self, x: Array) -> Any:
        x = finite(x)
        return x / (1 + np.abs(x))

    def _derivative(self, x: Array) -> Any:
        # Two divisions, because the square overflows long before 1 / d^2 is 0.
        d = 1 + np.abs(x)
        return 1 / d / d

    @writes
    def _backward(self, gradient: Array, x: Array, out: Array | None = None) -> Any:
        d = 1 + np.abs(x)
        return np.divide(gradient / d, d, out=out)
