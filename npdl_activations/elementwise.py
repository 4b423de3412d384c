"""Elementwise: the activations that act on one number at a time."""

import math
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .activation import Activation
from .arrays import Array, elementwise, real, with_rows


class Elementwise(Activation):
    """An activation whose i-th value depends on the i-th input alone.

    A subclass gives its formula twice, as text and as code: `formula` and `derivative_formula`
    say what the function is, in `x` and, where it has a steepness, `s`, in words that SymPy
    parses; `_forward` and `_derivative` compute them on a 1-d floating array.
    """

    formula: ClassVar[str]
    derivative_formula: ClassVar[str]

    _narrowest: DTypeLike = np.float32

    def _forward(self, x: Array) -> Any:
        raise NotImplementedError

    def _derivative(self, x: Array) -> Any:
        raise NotImplementedError

    def _backward(self, gradient: Array, x: Array) -> Any:
        return gradient * self._derivative(x)

    def __call__(self, x: ArrayLike, out: Array | None = None) -> Any:  # noqa: D102
        return elementwise(self._forward, real(x, self), narrowest=self._narrowest, out=out)

    def derivative(self, input: ArrayLike | None = None) -> Any:  # noqa: A002, D102
        return elementwise(self._derivative, self._recall(input), narrowest=self._narrowest)

    def backward(self, gradient: ArrayLike) -> Any:  # noqa: D102
        # One pass, so that a derivative too small for float16 still meets its gradient unrounded.
        return elementwise(self._backward, *self._recall_with(gradient), narrowest=self._narrowest)

    def jacobian(self, x: ArrayLike | None = None) -> Array:  # noqa: D102
        diagonal = self.derivative(with_rows(self._recall(x), self))
        index = np.arange(diagonal.shape[-1])
        matrix = np.zeros((*diagonal.shape, index.size), diagonal.dtype)
        matrix[..., index, index] = diagonal
        return matrix


class Steep(Elementwise):
    """An elementwise activation of s x, where s is its steepness.

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
    """

    def __init__(self, steepness: float = 1.0) -> None:
        if not isinstance(steepness, Real) or isinstance(steepness, bool):
            msg = f"{self} takes a real number as steepness, not {type(steepness).__name__}"
            raise TypeError(msg)
        try:
            s = float(steepness)
        except OverflowError:  # an integer or fraction beyond every float
            s = math.inf
        if not 0 < s < math.inf:
            msg = f"{self} takes a positive finite steepness, not {s}"
            raise ValueError(msg)
        self._steepness: float = s
        # A power of two, at most 1. Counted in this unit, |s x| never overflows.
        self._unit: float = 2.0 ** min(0, -math.frexp(s)[1])
        # A steepness that float32 cannot hold would be rounded before it is used: 0.1 by half an
        # ULP, 1e-40 by a part in 10^5, 1e39 to infinity. Then the kernels work in float64.
        with np.errstate(all="ignore"):
            exact = float(np.float32(s)) == s
        self._narrowest = np.float32 if exact else np.float64

    @property
    def steepness(self) -> float:
        """The factor s."""
        return self._steepness

    @property
    def _parameters(self) -> dict[str, Any]:
        return {"steepness": self.steepness}
