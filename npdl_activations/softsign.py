"""SoftSign, a sigmoid that levels off like 1 / x."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array, finite
from .elementwise import Elementwise


class SoftSign(Elementwise):
    r"""A sigmoid without exponentials: any real number to one between -1 and 1.

    .. math:: \varphi(x) = \frac{x}{1 + |x|}

    .. math:: \varphi'(x) = \frac{1}{(1 + |x|)^2}

    Notes
    -----
    The inputs and errors are those of `Activation`.

    Within 0.51 ULP in float16 and bfloat16, 3 in float32 and 3 in float64 (`max_ulp`).

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

    formula = "x / (1 + Abs(x))"
    derivative_formula = "1 / (1 + Abs(x))**2"
    max_ulp: ClassVar = {"float16": 0.51, "bfloat16": 0.51, "float32": 3, "float64": 3}

    def _forward(self, x: Array) -> Any:
        x = finite(x)
        return x / (1 + np.abs(x))

    def _derivative(self, x: Array) -> Any:
        # Two divisions, because the square overflows long before 1 / d^2 is 0.
        d = 1 + np.abs(x)
        return 1 / d / d
