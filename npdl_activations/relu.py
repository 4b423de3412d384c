"""ReLU, the rectified linear unit."""

from typing import Any, ClassVar

import numpy as np

from .arithmetic import nan_where, where_positive
from .arrays import Array, writes
from .elementwise import Elementwise


class ReLU(Elementwise):
    r"""The rectified linear unit: positive numbers as they are, 0 for the others.

    .. math:: \varphi(x) = \max(0, x)

    .. math:: \varphi'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}

    Notes
    -----
    The derivative at 0, where there is none, is 0 by convention.
    The inputs and errors are those of `Activation`.

    Exact in every dtype (`max_ulp`).

    References
    ----------
    V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines",
    ICML 2010.

    Examples
    --------
    >>> relu = ReLU()
    >>> print(relu([-1.0, 0.0, 2.0]))
    [0. 0. 2.]
    >>> print(relu.derivative([-1.0, 0.0, 2.0]))
    [0. 0. 1.]
    """

    names = ("relu", "ReLU", "RELU")
    formula = "Max(0, x)"
    derivative_formula = "Heaviside(x, 0)"
    kinks = (0.0,)
    max_ulp: ClassVar = {
        "float16": {"value": 0, "derivative": 0, "backward": 0},
        "bfloat16": {"value": 0, "derivative": 0, "backward": 0},
        "float32": {"value": 0, "derivative": 0, "backward": 0},
        "float64": {"value": 0, "derivative": 0, "backward": 0},
    }
    proved = ("value", "derivative", "backward")

    @writes
    def _forward(self, x: Array, out: Array | None = None) -> Any:
        # + 0 turns -0 into 0: which of two zeros a maximum returns depends on the processor.
        return np.add(np.clip(x, 0, np.inf, out=out), 0, out=out)

    @writes
    def _derivative(self, x: Array, out: Array | None = None) -> Any:
        # What is left between 0 and 1 is rounded up. NaN stays, where x > 0 would be False.
        return np.add(np.ceil(np.clip(x, 0, 1, out=out), out=out), 0, out=out)

    @writes
    def _backward(self, gradient: Array, x: Array, out: Array | None = None) -> Any:
        # 0 where the unit is off, whatever arrives: 0 times infinity would be NaN.
        return nan_where(x, where_positive(x, gradient, out))
