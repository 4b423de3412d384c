"""Softmax, from logits to probabilities."""

from math import isnan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .arithmetic import leading, row_sum
from .arrays import Array, checked_out, floating
from .rowwise import Rowwise

# Beside the one there is room for the digits of x down to 2^-36, where |x| is at most the other.
_ROOM, _FAR = 2.0**17, 2.0**16


class Softmax(Rowwise):
    r"""From K logits to K probabilities, along one axis.

    .. math:: \varphi(\mathbf{x})_j = \frac{e^{x_j}}{\sum_{k=1}^K e^{x_k}}

    .. math:: \frac{\partial \varphi_i}{\partial x_j} = \varphi_i (\delta_{ij} - \varphi_j)

    Parameters
    ----------
    axis : int, tuple of int or None, default -1
        The axis along which the probabilities sum to 1; several make one row together, None
        takes all.

    Raises
    ------
    TypeError
        If `axis` is neither None, an integer nor a tuple of integers.
    ValueError
        If `axis` is an empty tuple.

    Notes
    -----
    `derivative` is an array of ones: it belongs to networks whose cross-entropy loss hands back
    the gradient with respect to the logits, `p - t`, so that there is nothing left to multiply by.
    The derivatives of the function itself are `jacobian` and `backward`.

    A call and `forward` take a mask, `where`. What it takes out counts for nothing, whatever it
    is: its probability is 0 and its gradient too. A row taken out whole is 0.

    A larger logit gets no smaller probability. In float64 that holds to within 3 ULP for logits
    that are nearly equal.

    A row with infinite logits at its top divides 1 evenly among them; so does a row of -inf
    alone, as any row of equal logits does. A row with NaN is NaN, and a row of no elements has
    none. The inputs and errors are otherwise those of `Activation`, but that an array of no
    dimensions raises a ValueError, and an array without `axis` a `numpy.exceptions.AxisError`.

    Within 0.51 ULP (value), 0.51 (backward), 0.51 (jacobian) in float32; 4, 8, 8 in float64;
    0.51 in 16 bits (`max_ulp`), for rows of up to 100,000 logits between -10,000 and 10,000.
    The answer of `backward` has roots, so its error counts in ULP of the row's sum of `|p g|`.
    In float64 that bound ends where a probability below the smallest normal number meets a
    gradient so large that their product counts.

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

    names = ("softmax", "Softmax")
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "backward": 0.51, "jacobian": 0.51},
        "bfloat16": {"value": 0.51, "backward": 0.51, "jacobian": 0.51},
        "float32": {"value": 0.51, "backward": 0.51, "jacobian": 0.51},
        "float64": {"value": 4, "backward": 8, "jacobian": 8},
    }

    def _forward(self, x: Array, where: Array | None) -> Any:
        if where is not None:
            x = np.where(where, x, -np.inf)
        # np.maximum.reduce does the same, and to short rows in half as much time again.
        starts = np.arange(0, x.size, x.shape[-1])
        top = np.maximum.reduceat(x.reshape(-1), starts)[:, np.newaxis]
        if not np.vdot(top, top) < _FAR**2:  # a quick look, at all rows together
            far = np.abs(top) > _FAR
            # So far out x - top is exact wherever its exponential is not 0. The largest of
            # infinite logits share the row evenly: the limit as they grow, or fall, together.
            x = np.where(far, np.where(x == top, 0, x - top), x)
            top = np.where(far, 0, top)
        shares = _shares if x.itemsize >= 8 else _shares_to_be_rounded
        if where is None:
            return shares(x, top)
        return np.where(where, shares(x, top, where), 0)

    def _backward(self, gradient: Array, x: Array, where: Array | None) -> Any:
        p = self._forward(x, where)
        g = gradient.astype(p.dtype)
        # Where a logit is -inf or taken out nothing comes through, whatever arrives.
        g[(p == 0) & np.isneginf(x) if where is None else ~where] = 0
        # Differences and sums of the largest gradients overflow, those of a quarter do not.
        largest = np.abs(g).max(axis=-1, keepdims=True, initial=0)
        scale = np.where(largest > np.finfo(g.dtype).max / 4, 4.0, 1.0).astype(g.dtype)
        g /= scale
        # Shifting the gradient changes nothing, as the rows of the Jacobian sum to 0. Counted from
        # the most probable class on, that class adds 0 to the mean and 1 - p never comes up.
        top = np.argmax(p, axis=-1, keepdims=True)
        g -= np.take_along_axis(g, top, axis=-1)
        total = _total if x.itemsize >= 8 else _total_to_be_rounded
        return p * (g - total(p * g)) * scale

    def _jacobian(self, x: Array, where: Array | None) -> Any:
        p = self._forward(x, where)
        matrix = -p[:, :, np.newaxis] * p[:, np.newaxis, :]
        # p (1 - p) cancels where p is near 1; minus the rest of the row is the same without it.
        k = np.arange(p.shape[-1])
        matrix[:, k, k] = 0
        matrix[:, k, k] = -sum(row_sum(matrix))[..., 0]  # type: ignore[index]
        return matrix

    def derivative(self, input: ArrayLike | None = None, out: Array | None = None) -> Any:  # noqa: A002
        """Return ones, of the input's shape: the loss supplies the fused gradient p - t.

        See `jacobian` and `backward` for the derivatives of the function itself.

        Parameters
        ----------
        input : array_like, optional
            Real numbers, one or more dimensions. The memory is not read if it is given.
        out : ndarray, optional
            Where to write the ones, as in a call.

        Returns
        -------
        ndarray
            Ones, of the input's shape and floating dtype.

        Raises
        ------
        RuntimeError
            If `input` is not given and there was no `forward` before.
        TypeError
            If `input` does not hold real numbers, or `out` is not an array of their dtype.
        ValueError
            If `input` has no dimensions, or `out` another shape.
        numpy.exceptions.AxisError
            If `input` has no such axis.
        """
        x = self._recall(input)
        self._axes(x)  # there must be one, as for every verb
        answer = floating(x)
        if out is None:
            return np.ones(x.shape, answer)
        checked_out(out, x.shape, answer)[...] = np.ones((), answer)
        return out


def _shares_to_be_rounded(x: Array, top: Array, where: Array | None = None) -> Any:
    """Return each share in a row's sum of e^(x - top), computed in float64.

    float32's exp falls here and there where it should rise, which would swap close logits.
    """
    z = _power(np.subtract(x, top, dtype=np.float64), where)
    z /= np.add.reduce(z, axis=-1, keepdims=True)
    return z


def _shares(x: Array, top: Array, where: Array | None = None) -> Any:
    """Return each share in a row's sum of e^(x - top), with what rounding loses on the way."""
    # x - top rounds where x and top are far apart, by tens of ULP after exp. Their leading digits
    # subtract exactly. With what x has left, e^(gap + lost) is z + z lost to the first order,
    # where z = e^gap. What top has left is a factor of all, which changes no share.
    gap = leading(x, _ROOM)
    lost = x - gap
    gap -= leading(top, _ROOM)
    z = _power(gap, where)
    more = np.vecdot(z, lost)
    if isnan(np.vdot(more, more)):  # -inf has NaN left, and a z of 0
        lost[z == 0] = 0
        more = np.vecdot(z, lost)
    total, rest = row_sum(z)
    # (z + z lost) / (total + rest + more), to the first order.
    lost -= (rest + more[:, np.newaxis]) / total
    lost *= z
    z += lost
    z /= total
    return z


def _total_to_be_rounded(products: Array) -> Any:
    """Return the sums of rows."""
    return np.add.reduce(products, axis=-1, keepdims=True)


def _total(products: Array) -> Any:
    """Return the sums of rows, with what rounding loses on the way."""
    largest = np.abs(products).max(axis=-1, keepdims=True, initial=0)
    # row_sum takes numbers up to 1. A power of two changes no digit.
    unit = np.ldexp(products.dtype.type(1), np.frexp(largest)[1])
    total = sum(row_sum(products / unit)) * unit
    # What is infinite or NaN has nothing to keep.
    return np.where(np.isfinite(largest), total, _total_to_be_rounded(products))


def _power(gap: Array, where: Array | None) -> Any:
    """Return e^gap, and 0 for what a mask takes out."""
    z = np.exp(gap, out=gap)
    return z if where is None else np.where(where, z, 0)
