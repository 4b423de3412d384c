"""Softmax, from logits to probabilities."""

from operator import index
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .activation import Activation
from .arrays import Array, floating, real, rows, with_rows


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a + b, rounded, and what the rounding lost, exactly (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def _row_sum(z: Array) -> Any:
    # Beside a number near 1 np.sum rounds at every step, to several ULP in all. The leading bits
    # of numbers up to 1, cut off where 2K of them still add up exactly, are summed on their own.
    room = 2.0 ** (z.shape[-1].bit_length() + 1)
    leading = (z + room) - room
    return np.sum(leading, axis=-1, keepdims=True) + np.sum(z - leading, axis=-1, keepdims=True)


def _softmax(x: Array) -> Any:
    # float32's exp falls here and there where it should rise, which would swap close logits.
    wide = x.astype(np.result_type(x, np.float64))
    top = np.max(wide, axis=-1, keepdims=True)
    infinite = np.isinf(top)
    if infinite.any():
        # The largest logits share the row evenly: the limit as they grow, or fall, together.
        wide = np.where(infinite & (wide == top), 0, np.where(infinite, -np.inf, wide))
        top = np.where(infinite, 0, top)
    if wide.dtype != x.dtype:  # what float64 rounds is far below a float32's last bit
        z = np.exp(wide - top)
        return z / np.sum(z, axis=-1, keepdims=True)
    # x - top rounds where x and top are far apart, by tens of ULP after exp. With what it lost,
    # e^(gap + lost) is z + z lost to the first order, where z = e^gap.
    gap, lost = _two_sum(wide, -top)
    z = np.exp(gap)
    # Where gap is -inf, lost is NaN: fmax takes it for -1, and 0 - 0 is the answer.
    z += z * np.fmax(lost, -1)
    return z / _row_sum(z)


def _backward(gradient: Array, x: Array) -> Any:
    p = _softmax(x)
    # Shifting the gradient changes nothing, as the rows of the Jacobian sum to 0. Counted from
    # the most probable class on, that class adds 0 to the mean and 1 - p never comes up.
    top = np.argmax(p, axis=-1, keepdims=True)
    g = gradient - np.take_along_axis(gradient, top, axis=-1)
    return p * (g - _row_sum(p * g))


def _jacobian(x: Array) -> Any:
    p = _softmax(x)
    matrix = -p[:, :, np.newaxis] * p[:, np.newaxis, :]
    # p (1 - p) cancels where p is near 1; minus the rest of the row is the same without it.
    k = np.arange(p.shape[-1])
    matrix[:, k, k] = 0
    matrix[:, k, k] = -_row_sum(matrix)[..., 0]
    return matrix


class Softmax(Activation):
    r"""From K logits to K probabilities, along one axis.

    .. math:: \varphi(\mathbf{x})_j = \frac{e^{x_j}}{\sum_{k=1}^K e^{x_k}}

    .. math:: \frac{\partial \varphi_i}{\partial x_j} = \varphi_i (\delta_{ij} - \varphi_j)

    Parameters
    ----------
    axis : int, default -1
        The axis along which the probabilities sum to 1.

    Raises
    ------
    TypeError
        If `axis` is not an integer.

    Notes
    -----
    `derivative` is an array of ones: it belongs to networks whose cross-entropy loss hands back
    the gradient with respect to the logits, `p - t`, so that there is nothing left to multiply by.
    The derivatives of the function itself are `jacobian` and `backward`.

    A row with infinite logits at its top divides 1 evenly among them; so does a row of -inf
    alone, as any row of equal logits does. A row with NaN is NaN, and a row of no elements has
    none. The inputs and errors are otherwise those of `Activation`, but that an array of no
    dimensions raises a ValueError, and an array without `axis` a `numpy.exceptions.AxisError`.

    Within 0.51 ULP in float16 and bfloat16, 0.51 in float32 and 4 in float64 (`max_ulp`), for
    rows of up to 100,000 logits between -10,000 and 10,000.

    References
    ----------
    J. S. Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs,
    with Relationships to Statistical Pattern Recognition", in Neurocomputing, Springer, 1990.
    https://doi.org/10.1007/978-3-642-76153-9_28

    Examples
    --------
    >>> softmax = Softmax()
    >>> print(softmax([0.0, 1.0, 2.0]).round(3))
    [0.09  0.245 0.665]
    >>> print(softmax.jacobian([0.0, 0.0]))
    [[ 0.25 -0.25]
     [-0.25  0.25]]
    >>> print(softmax.derivative([0.0, 1.0, 2.0]))
    [1. 1. 1.]
    """

    max_ulp: ClassVar = {"float16": 0.51, "bfloat16": 0.51, "float32": 0.51, "float64": 4}

    def __init__(self, axis: int = -1) -> None:
        msg = f"{self} takes an integer as axis, not {type(axis).__name__}"
        if isinstance(axis, bool | np.bool_):  # has an index, but is not meant as one
            raise TypeError(msg)
        try:
            self._axis = index(axis)
        except TypeError:
            raise TypeError(msg) from None

    @property
    def axis(self) -> int:
        """The axis along which the probabilities sum to 1."""
        return self._axis

    @property
    def _parameters(self) -> dict[str, Any]:
        return {"axis": self.axis}

    def __call__(self, x: ArrayLike, out: Array | None = None) -> Any:  # noqa: D102
        return rows(_softmax, with_rows(real(x, self), self), axis=self.axis, out=out)

    def derivative(self, input: ArrayLike | None = None) -> Any:  # noqa: A002
        """Return ones, of the input's shape: the loss supplies the fused gradient p - t.

        See `jacobian` and `backward` for the derivatives of the function itself.

        Parameters
        ----------
        input : array_like, optional
            Real numbers, one or more dimensions. The memory is not read if it is given.

        Returns
        -------
        ndarray
            Ones, of the input's shape and floating dtype.

        Raises
        ------
        RuntimeError
            If `input` is not given and there was no `forward` before.
        TypeError
            If `input` does not hold real numbers.
        ValueError
            If `input` has no dimensions.
        """
        x = with_rows(self._recall(input), self)
        return np.ones(x.shape, floating(x))

    def backward(self, gradient: ArrayLike) -> Any:  # noqa: D102
        return rows(_backward, *self._recall_with(gradient), axis=self.axis)

    def jacobian(self, x: ArrayLike | None = None) -> Array:
        """Return the Jacobian `dy_i/dx_j` along `axis`, at `x` or at the last `forward`'s input.

        Parameters
        ----------
        x : array_like, optional
            Real numbers, K of them along `axis`. The memory is not read if it is given.

        Returns
        -------
        ndarray, shape (..., K, K)
            A matrix for each row, with i before j, in the last two axes whatever `axis` is.

        Raises
        ------
        RuntimeError
            If `x` is not given and there was no `forward` before.
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If `x` has no dimensions.
        """
        return rows(_jacobian, with_rows(self._recall(x), self), axis=self.axis, square=True)
