"""Linear, the identity."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .arithmetic import copied, nan_where
from .arrays import Array, writes
from .elementwise import Elementwise


class Linear(Elementwise):
    r"""The identity: every number as it is.

    .. math:: \varphi(x) = x

    .. math:: \varphi'(x) = 1

    Notes
    -----
    The value is a new array, never `x` itself.
    The inputs and errors are those of `Activation`.

    Exact in every dtype (`max_ulp`).

    References
    ----------
    C. M. Bishop, Neural Networks for Pattern Recognition, Oxford University Press, 1995.

    Examples
    --------
    >>> linear = Linear()
    >>> print(linear([-1.0, 0.0, 2.0]))
    [-1.  0.  2.]
    >>> print(linear.derivative([-1.0, 0.0, 2.0]))
    [1. 1. 1.]
    """

    names = ("linear", "Linear")
    formula = "x"
    derivative_formula = "1"
    max_ulp: ClassVar = {
        "float16": {"value": 0, "derivative": 0, "backward": 0},
        "bfloat16": {"value": 0, "derivative": 0, "backward": 0},
        "float32": {"value": 0, "derivative": 0, "backward": 0},
        "float64": {"value": 0, "derivative": 0, "backward": 0},
    }
    proved = ("value", "derivative", "backward")

    _nan: bool

    def forward(self, input: ArrayLike, out: Array | None = None) -> Any:  # noqa: A002, D102
        value = super().forward(input, out)
        # Seen now, while the numbers are near the processor: `backward` need not read them again.
        self._nan = bool(np.isnan(value).any())
        return value

    @writes
    def _forward(self, x: Array, out: Array | None = None) -> Any:
        return copied(x, out)

    def _derivative(self, x: Array) -> Any:
        # Clipping keeps NaN, where np.ones_like would hide it.
        return np.clip(x, 1, 1)

    @writes
    def _backward(self, gradient: Array, x: Array, out: Array | None = None) -> Any:
        answer = copied(gradient, out)
        return nan_where(x, answer) if self._nan else answer
