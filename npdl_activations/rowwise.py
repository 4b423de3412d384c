"""Rowwise: the activations that act on rows of numbers, along one axis or several."""

from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .activation import Activation
from .arrays import Array, all_axes, real, rows, with_rows


class Rowwise(Activation):
    """An activation of rows: K numbers along `axis` go in, K come out.

    A subclass computes `_forward`, `_backward` and `_jacobian` on floating arrays of shape (n, K),
    with booleans `where` of that shape, or None.

    Parameters
    ----------
    axis : int, tuple of int or None, default -1
        The axis along which a row lies; several make one row together, None takes all.

    Raises
    ------
    TypeError
        If `axis` is neither None, an integer nor a tuple of integers.
    ValueError
        If `axis` is an empty tuple.
    """

    _where: Array | None = None

    def __init__(self, axis: int | tuple[int, ...] | None = -1) -> None:
        self._parameters = {"axis": self._checked_axis(axis)}

    @property
    def axis(self) -> int | tuple[int, ...] | None:
        """The axis along which a row lies, or the axes."""
        axis: int | tuple[int, ...] | None = self._parameters["axis"]
        return axis

    def _checked_axis(self, axis: Any) -> int | tuple[int, ...] | None:
        """Return `axis` in plain integers."""
        if axis is None:
            return None
        several = isinstance(axis, tuple)
        if several and not axis:
            msg = f"{self} takes one axis or more, not an empty tuple"
            raise ValueError(msg)
        for one in axis if several else (axis,):
            # A boolean has an index, but is not meant as one.
            if isinstance(one, bool | np.bool_) or not hasattr(one, "__index__"):
                kind = type(one).__name__
                msg = f"{self} takes an integer, a tuple of integers or None as axis, not {kind}"
                raise TypeError(msg)
        return tuple(map(index, axis)) if several else index(axis)

    def _forward(self, x: Array, where: Array | None) -> Any:
        raise NotImplementedError

    def _backward(self, gradient: Array, x: Array, where: Array | None) -> Any:
        raise NotImplementedError

    def _jacobian(self, x: Array, where: Array | None) -> Any:
        raise NotImplementedError

    def _axes(self, x: Array) -> tuple[int, ...]:
        return all_axes(self.axis, with_rows(x, self).ndim, self)

    def _mask(self, where: ArrayLike | None, x: Array) -> Array | None:
        """Return `where` as booleans of x's shape."""
        if where is None:
            return None
        mask = real(where, f"{self}'s where")
        if mask.dtype != np.bool_:
            msg = f"{self}'s where takes booleans, not {mask.dtype}"
            raise TypeError(msg)
        try:
            return np.broadcast_to(mask, x.shape)
        except ValueError:
            msg = f"{self}'s where has the shape {mask.shape}, which does not fit {x.shape}"
            raise ValueError(msg) from None

    def __call__(
        self, x: ArrayLike, out: Array | None = None, *, where: ArrayLike | None = None
    ) -> Any:
        """Return the activation's value at `x`, remembering nothing.

        Parameters
        ----------
        x : array_like
            Real numbers, one or more dimensions.
        out : ndarray, optional
            Where to write the value: an array of the answer's shape and dtype. It may be `x`.
        where : array_like of bool, optional
            A mask that broadcasts to `x`'s shape. Where it is False a number is taken out of its
            row, whatever it is, and the answer is 0.

        Returns
        -------
        ndarray
            The value, of `x`'s shape; `out` where one was given.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers or `where` booleans, or `out` is not an array of the
            answer's dtype.
        ValueError
            If `x` has no dimensions, `out` has another shape or is read-only, or `where` does not
            fit `x`.
        numpy.exceptions.AxisError
            If `x` has no such axis.
        """
        x = real(x, self)
        return rows(self._forward, x, axes=self._axes(x), where=self._mask(where, x), out=out)

    def forward(
        self,
        input: ArrayLike,  # noqa: A002
        out: Array | None = None,
        *,
        where: ArrayLike | None = None,
    ) -> Any:
        """Return the activation's value at `input`, and remember `input` and `where`.

        Parameters
        ----------
        input : array_like
            Real numbers, one or more dimensions.
        out : ndarray, optional
            Where to write the value, as in a call.
        where : array_like of bool, optional
            A mask, as in a call. What it takes out gets no gradient from `backward` either.

        Returns
        -------
        ndarray
            The value, of `input`'s shape.

        Raises
        ------
        TypeError, ValueError, numpy.exceptions.AxisError
            As a call does. What was remembered before is then kept.
        """
        x = real(input, self)
        kept, mask = x.copy(), self._mask(where, x)
        value = self(x, out=out, where=mask)
        self._last, self._where = kept, None if mask is None else mask.copy()
        return value

    def derivative(self, input: ArrayLike | None = None, out: Array | None = None) -> Any:  # noqa: A002, ARG002
        """Raise a TypeError: a function of rows has no elementwise derivative."""
        msg = f"{self} has no elementwise derivative: use jacobian or backward"
        raise TypeError(msg)

    def backward(self, gradient: ArrayLike, out: Array | None = None) -> Any:  # noqa: D102
        g, x = self._recall_with(gradient)
        return rows(self._backward, g, x, axes=self._axes(x), where=self._where, out=out)

    def jacobian(self, x: ArrayLike | None = None) -> Array:
        """Return the Jacobian `dy_i/dx_j` along `axis`, at `x` or at the last `forward`'s input.

        Parameters
        ----------
        x : array_like, optional
            Real numbers, K of them along `axis`; of several axes, K is the product. Neither the
            memory nor its mask is read if it is given.

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
        numpy.exceptions.AxisError
            If `x` has no such axis.
        """
        where = self._where if x is None else None
        x = self._recall(x)
        return rows(self._jacobian, x, axes=self._axes(x), where=where, square=True)
