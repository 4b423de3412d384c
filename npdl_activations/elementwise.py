"""Elementwise: the activations that act on one number at a time."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .activation import Activation, positive
from .arrays import Array, elementwise, finite, real, with_rows, writes

# What a slope too small for a dtype is computed in. Where longdouble is no wider than float64,
# float64's smallest slopes stay as they are.
_WIDER: dict[Any, Any] = {np.float32: np.float64, np.float64: np.longdouble}
_SMALLEST = {t: np.finfo(t).smallest_normal for t in (np.float32, np.float64, np.longdouble)}


class Elementwise(Activation):
    """An activation whose i-th value depends on the i-th input alone.

    A subclass gives its formula twice, as text and as code: `formula` and `derivative_formula`
    say what the function is, in `x` and its parameters' names, in words that SymPy parses;
    `_forward` and `_derivative` compute them on a 1-d floating array.

    Attributes
    ----------
    formula, derivative_formula : str
        What the function and its derivative are.
    literal_derivative : str
        How a textbook computes the derivative where that is not `derivative_formula`, in `x` and
        the value `y`.
    kinks : tuple of float
        Where the derivative jumps.
    """

    formula: ClassVar[str]
    derivative_formula: ClassVar[str]
    literal_derivative: ClassVar[str] = ""
    kinks: ClassVar[tuple[float, ...]] = ()

    _narrowest: DTypeLike = np.float32

    def _forward(self, x: Array) -> Any:
        raise NotImplementedError

    def _derivative(self, x: Array) -> Any:
        raise NotImplementedError

    @writes
    def _backward(self, gradient: Array, x: Array, out: Array | None = None) -> Any:
        slope = self._derivative(x)
        product = np.multiply(gradient, slope, out=out)
        kind = x.dtype.type
        limit = 8 * _SMALLEST[kind]
        if kind in _WIDER and np.fmin.reduce(np.abs(slope), initial=1) < limit:
            # A slope computed from subnormal numbers has lost digits, or is 0, before a large
            # gradient meets it. No slope of a finite number is 0, so infinity stays infinite.
            faint = np.abs(slope) < limit
            g, at = gradient[faint], x[faint].astype(_WIDER[kind])
            slope = self._derivative(at)
            endless = np.isinf(g) & np.isfinite(at)
            product[faint] = np.where(endless, np.copysign(g, g * np.copysign(1, slope)), g * slope)
        return product

    def _parameter_slopes(self, x: Array) -> Mapping[str, Array]:  # noqa: ARG002
        """Return the derivative with respect to each parameter at x, by name."""
        return {}

    def __call__(self, x: ArrayLike, out: Array | None = None) -> Any:  # noqa: D102
        return elementwise(self._forward, real(x, self), narrowest=self._narrowest, out=out)

    def derivative(self, input: ArrayLike | None = None, out: Array | None = None) -> Any:  # noqa: A002, D102
        x = self._recall(input)
        return elementwise(self._derivative, x, narrowest=self._narrowest, out=out)

    def backward(self, gradient: ArrayLike, out: Array | None = None) -> Any:  # noqa: D102
        # One pass, so that a derivative too small for float16 still meets its gradient unrounded.
        operands = self._recall_with(gradient)
        return elementwise(self._backward, *operands, narrowest=self._narrowest, out=out)

    def parameter_gradients(self, gradient: ArrayLike) -> dict[str, float]:  # noqa: D102
        g, x = (a.astype(np.result_type(a, np.float64)) for a in self._recall_with(gradient))
        slopes = self._parameter_slopes(x)
        return {name: float(np.sum(g * slope)) for name, slope in slopes.items()}

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
        The factor s, positive and below 2^1020.

    Raises
    ------
    TypeError
        If `steepness` is not a real number.
    ValueError
        If `steepness` is not positive, or 2^1020 or more.
    """

    def __init__(self, steepness: float = 1.0) -> None:
        s = positive(steepness, "steepness", self, below=2.0**1020)
        self._parameters = {"steepness": s}
        # A power of two, at most 1 and 1 / s. Counted in this unit, |s x| never overflows. The
        # unit and s times its square are normal numbers, which have all their digits.
        mantissa, exponent = math.frexp(s)
        self._unit: float = 2.0 ** min(0, (mantissa == 0.5) - exponent)
        # Times a power of two x stays exact. Times another number, or out of float32's range, it
        # is rounded before the rest begins: then the kernels work in float64.
        exact = mantissa == 0.5 and 2.0**-120 <= s <= 2.0**120
        self._narrowest = np.float32 if exact else np.float64

    @property
    def steepness(self) -> float:
        """The factor s."""
        return float(self._parameters["steepness"])

    def _derivative(self, x: Array, gradient: Any = 1) -> Any:
        raise NotImplementedError

    def _backward(self, gradient: Array, x: Array) -> Any:
        # Where the unit is 1 the divisions can begin at the gradient, and no slope underflows.
        if self._unit == 1:
            return self._derivative(x, gradient)
        return super()._backward(gradient, x)

    def _parameter_slopes(self, x: Array) -> Mapping[str, Array]:
        # The value is a function of s x, so dy/ds is dy/dx times x / s.
        x = finite(x)
        return {"steepness": self._derivative(x) / self.steepness * x}
