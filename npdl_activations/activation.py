"""Activation: the verbs that every activation answers to, and the memory behind them."""

import math
from collections.abc import Mapping
from functools import partial
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike

from .arrays import Array, real


def positive(value: object, name: str, who: object, below: float = math.inf) -> float:
    """Return the parameter `name` as a float: a positive number, and smaller than `below`.

    Raises
    ------
    TypeError
        If it is not a real number.
    ValueError
        If it is not positive, or not smaller than `below`.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        msg = f"{who} takes a real number as {name}, not {type(value).__name__}"
        raise TypeError(msg)
    try:
        number = float(value)
    except OverflowError:  # an integer or fraction beyond every float
        number = math.inf
    if not 0 < number < below:
        limit = "finite" if below == math.inf else f"below {below:.3g}"
        msg = f"{who} takes a positive {name} that is {limit}, not {number}"
        raise ValueError(msg)
    return number


class Activation:
    """Base class of all activations.

    An activation is called as a function, or used as a layer's nonlinearity: `forward` remembers
    its input, and `derivative`, `backward` and `jacobian` then speak of that input. A call
    remembers nothing and is safe from any thread; an instance whose `forward` is used belongs to
    one thread at a time.

    Notes
    -----
    float16, float32, float64, longdouble and the bfloat16 of ml_dtypes come back as they went in.
    Booleans and integers are computed in float64; float16 and bfloat16 meet in float32. Anything
    else raises a TypeError that names the dtype. Lists and scalars are taken as `numpy.asarray`
    takes them; what has no dimensions comes back as a NumPy scalar.

    What would lose something as a plain array is a TypeError that says what to do instead: a
    masked array, a pandas or xarray object, a dask array, a quantity with a unit, a tensor that
    requires a gradient, alone or in a list. Other tensors that NumPy reads are converted.

    Nothing returned is the caller's own array (but for `out`), and nothing that the caller does
    to an array after `forward` changes what is remembered. A copy, a pickle and what `get` makes
    of an instance have its class and parameters, and remember nothing.

    Attributes
    ----------
    names : tuple of str
        The names by which `get` knows the class.
    max_ulp : dict of str to dict of str to float
        How far an answer lies from the truth at most, in units in the last place: by the name of
        the dtype, then by what is asked, ``"value"``, ``"derivative"``, ``"backward"`` or
        ``"jacobian"``.
    proved : tuple of str
        What of it is proved, in the chapter, and not only measured.
    """

    names: ClassVar[tuple[str, ...]] = ()
    max_ulp: ClassVar[dict[str, dict[str, float]]]
    proved: ClassVar[tuple[str, ...]] = ()

    _parameters: Mapping[str, Any] = MappingProxyType({})
    _last: Array | None = None

    def __call__(self, x: ArrayLike, out: Array | None = None) -> Any:
        """Return the activation's value at `x`, remembering nothing.

        Parameters
        ----------
        x : array_like
            Real numbers, any shape.
        out : ndarray, optional
            Where to write the value: an array of the answer's shape and dtype. It may be `x`.

        Returns
        -------
        ndarray or scalar
            The value, of `x`'s shape; `out` where one was given.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers, or `out` is not an array of the answer's dtype.
        ValueError
            If `out` has another shape than `x`, or is read-only.
        """
        raise NotImplementedError

    def forward(self, input: ArrayLike, out: Array | None = None) -> Any:  # noqa: A002 -- npdl's name
        """Return the activation's value at `input`, and remember `input`.

        Parameters
        ----------
        input : array_like
            Real numbers, any shape.
        out : ndarray, optional
            Where to write the value, as in a call.

        Returns
        -------
        ndarray or scalar
            The value, of `input`'s shape.

        Raises
        ------
        TypeError, ValueError
            As a call does. What was remembered before is then kept.
        """
        x = real(input, self)
        kept = x.copy()  # before `out`, which may be x, is written to
        value = self(x) if out is None else self(x, out=out)
        self._last = kept
        return value

    def derivative(self, input: ArrayLike | None = None, out: Array | None = None) -> Any:  # noqa: A002
        """Return the elementwise derivative at `input`, or at the last `forward`'s input.

        Parameters
        ----------
        input : array_like, optional
            Real numbers, any shape. The memory is neither read nor changed if it is given.
        out : ndarray, optional
            Where to write the derivative, as in a call.

        Returns
        -------
        ndarray or scalar
            The derivative, of the input's shape.

        Raises
        ------
        RuntimeError
            If `input` is not given and there was no `forward` before.
        TypeError
            If `input` does not hold real numbers, or `out` is not an array of their dtype.
        ValueError
            If `out` has another shape, or is read-only.
        """
        raise NotImplementedError

    def backward(self, gradient: ArrayLike, out: Array | None = None) -> Any:
        """Return the vector-Jacobian product at the last `forward`'s input.

        Parameters
        ----------
        gradient : array_like
            dL/dy, the loss's gradient with respect to what `forward` returned, of its shape.
        out : ndarray, optional
            Where to write the answer, as in a call; it may be `gradient`.

        Returns
        -------
        ndarray or scalar
            dL/dx, the loss's gradient with respect to `forward`'s input, of the same shape, in
            the wider dtype of the two.

        Raises
        ------
        RuntimeError
            If there was no `forward` before.
        TypeError
            If `gradient` does not hold real numbers, or `out` is no array of the answer's dtype.
        ValueError
            If `gradient` or `out` has another shape, or `out` is read-only.
        """
        raise NotImplementedError

    def parameter_gradients(self, gradient: ArrayLike) -> dict[str, float]:
        """Return the loss's gradient with respect to each parameter, at the last `forward`'s input.

        Parameters
        ----------
        gradient : array_like
            dL/dy, of the shape of what `forward` returned.

        Returns
        -------
        dict of str to float
            dL/d(parameter), summed over all numbers, by the parameter's name. Empty for an
            activation without parameters that a network could learn.

        Raises
        ------
        RuntimeError, TypeError, ValueError
            As `backward` does.
        """
        self._recall_with(gradient)
        return {}

    def jacobian(self, x: ArrayLike | None = None) -> Array:
        """Return the Jacobian `dy_i/dx_j` at `x`, or at the last `forward`'s input.

        Parameters
        ----------
        x : array_like, optional
            Real numbers, shape (..., K). The memory is neither read nor changed if it is given.

        Returns
        -------
        ndarray, shape (..., K, K)
            A matrix for each row of `x`, with i before j.

        Raises
        ------
        RuntimeError
            If `x` is not given and there was no `forward` before.
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If `x` has no dimensions.
        """
        raise NotImplementedError

    def _recall(self, x: ArrayLike | None = None) -> Array:
        """Return `x` as an array, or the last forward's input where `x` is None."""
        if x is not None:
            return real(x, self)
        if self._last is None:
            msg = f"{self} remembers no input: call forward(x) first, or pass x to derivative(x)"
            raise RuntimeError(msg)
        return self._last

    def _recall_with(self, gradient: ArrayLike) -> tuple[Array, Array]:
        """Return the gradient and the last forward's input, of one shape."""
        x = self._recall()
        g = real(gradient, f"{self}.backward")
        if g.shape != x.shape:
            msg = f"{self}.backward takes a gradient of forward's shape {x.shape}, not {g.shape}"
            raise ValueError(msg)
        return g, x

    @property
    def parameters(self) -> dict[str, Any]:
        """What the constructor takes, by name."""
        return dict(self._parameters)

    def __str__(self) -> str:
        """Return the class's name."""
        return type(self).__name__

    def __repr__(self) -> str:
        """Return the call that makes an equal activation."""
        return f"{self}({', '.join(f'{k}={v!r}' for k, v in self._parameters.items())})"

    def __eq__(self, other: object) -> bool:
        """Return whether `other` is the same function: same class, equal parameters."""
        if type(other) is not type(self):
            return NotImplemented
        return self._parameters == other._parameters

    def __hash__(self) -> int:
        """Return a hash that equal activations share."""
        return hash((type(self), *self._parameters.items()))

    def __reduce__(self) -> tuple[partial[Self], tuple[()]]:
        """Have copies and pickles carry the class and the parameters alone."""
        return partial(type(self), **self._parameters), ()

    def __setstate__(self, state: object) -> None:
        """Refuse the pickles of version 1, which hold attributes that no longer fit."""
        msg = f"this pickle of {self} comes from version 1: make the activation anew"
        raise ValueError(msg)
