"""`compiled`: an activation whose kernels are machine code."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from operator import index
from threading import Lock
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from npdl_activations.activation import Activation
from npdl_activations.arrays import Array, elementwise, real, writes
from npdl_activations.elementwise import Elementwise
from npdl_activations.rowwise import Rowwise

from . import loops, softmax

# Fewer numbers than this are computed sooner than a second thread is awake.
WORTH_A_THREAD = 1 << 16

_compiling = Lock()


class Compiled(Activation):
    """An activation with the kernels of its module in this folder."""

    plain: ClassVar[type[Activation]]
    _threads: int

    def __init__(self, *, threads: int = 1, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._threads = threads

    def _spread(self, kernel: Callable[..., Any], arrays: Sequence[Array], *others: float) -> bool:
        """Run a kernel on as many parts of the arrays at once as there are threads.

        Return whether any part answered True.
        """
        if self._threads == 1 or arrays[0].size < WORTH_A_THREAD:
            return bool(kernel(*arrays, *others))
        bounds = np.linspace(0, len(arrays[0]), self._threads + 1).astype(int).tolist()
        parts = [[a[i:j] for a in arrays] for i, j in pairwise(bounds)]
        return any([*_pool(self._threads).map(lambda part: kernel(*part, *others), parts)])

    def __repr__(self) -> str:
        threads = f", threads={self._threads}" if self._threads > 1 else ""
        return f"compiled({super().__repr__()}{threads})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Compiled) or self._threads != other._threads:
            return NotImplemented
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self._threads))

    def __reduce__(self) -> Any:
        return partial(compiled, self.plain(**self._parameters), self._threads), ()


class CompiledElementwise(Compiled, Elementwise):
    """An elementwise activation with compiled kernels."""

    _kernels: Mapping[np.dtype[Any], loops.Kernels]

    def __init__(self, *, threads: int = 1, **parameters: Any) -> None:
        super().__init__(threads=threads, **parameters)
        # Times a steepness that rounds, numbers are computed in float64, whatever their dtype.
        single = self._narrowest is np.float32
        self._narrowest = np.float32
        self._kernels = _loaded(self.plain, single)
        self._scales = getattr(self, "steepness", 1.0), getattr(self, "_unit", 1.0)

    @writes
    def _forward(self, x: Array, out: Array | None = None) -> Any:
        if own := self._kernels.get(x.dtype):
            return self._run(own.value, x, out=out)
        return _put(super()._forward(x), out)

    @writes
    def _derivative(self, x: Array, *gradient: Array, out: Array | None = None) -> Any:
        own = self._kernels.get(x.dtype)
        if own and not gradient:
            return self._run(own.derivative, x, out=out)
        return _put(super()._derivative(x, *gradient), out)

    @writes
    def _backward(self, gradient: Array, x: Array, out: Array | None = None) -> Any:
        if own := self._kernels.get(x.dtype):
            return self._run(own.backward, gradient, x, out=out)
        return _put(super()._backward(gradient, x), out)

    def _run(self, kernel: Any, *operands: Array, out: Array | None = None) -> Any:
        """Run a kernel on contiguous operands of its dtype."""
        result = np.empty_like(operands[0]) if out is None else out
        if result.ndim == 1:
            self._spread(kernel, (*operands, result), *self._scales)
            return result
        flat = tuple(a.reshape(-1) for a in (*operands, result))
        self._spread(kernel, flat, *self._scales)
        return result if out is not None or result.ndim else result[()]

    # A kernel runs at once where nothing has to be converted, else block by block.

    def __call__(self, x: ArrayLike, out: Array | None = None) -> Any:
        x = real(x, self)
        if _at_once(out, x) and (own := self._kernels.get(x.dtype)):
            return self._run(own.value, x, out=out)
        return elementwise(self._forward, x, out=out)

    def derivative(self, input: ArrayLike | None = None, out: Array | None = None) -> Any:  # noqa: A002
        x = self._recall(input)
        if _at_once(out, x) and (own := self._kernels.get(x.dtype)):
            return self._run(own.derivative, x, out=out)
        return elementwise(self._derivative, x, out=out)

    def backward(self, gradient: ArrayLike, out: Array | None = None) -> Any:
        g, x = self._recall_with(gradient)
        if _at_once(out, g, x) and (own := self._kernels.get(x.dtype)):
            return self._run(own.backward, g, x, out=out)
        return elementwise(self._backward, g, x, out=out)


class CompiledRowwise(Compiled, Rowwise):
    """An activation of rows with compiled kernels.

    They leave to NumPy the rows whose largest logit or gradient is infinite or NaN.
    """

    _kernels: Mapping[np.dtype[Any], softmax.Kernels]

    def __init__(self, *, threads: int = 1, **parameters: Any) -> None:
        super().__init__(threads=threads, **parameters)
        self._kernels = _loaded(self.plain)
        self._along_last = self.axis == -1

    def _forward(self, x: Array, where: Array | None) -> Any:
        if own := self._kernels.get(x.dtype):
            return self._by_rows(own.value, super()._forward, (x,), where)
        return super()._forward(x, where)

    def _backward(self, gradient: Array, x: Array, where: Array | None) -> Any:
        if own := self._kernels.get(x.dtype):
            return self._by_rows(own.backward, super()._backward, (gradient, x), where)
        return super()._backward(gradient, x, where)

    def _by_rows(
        self, kernel: Any, plain: Any, operands: tuple[Array, ...], where: Array | None
    ) -> Any:
        """Run a kernel, and NumPy's on the rows that it leaves."""
        x = operands[-1]
        given = operands
        if where is not None:
            # What a mask takes out is as if it were -inf, but where a row has nothing else.
            given = (*operands[:-1], np.where(where, x, -np.inf))
        out, left = np.empty_like(x), np.zeros(len(x), bool)
        if self._spread(kernel, (*given, out, left)):
            wide = np.result_type(x, np.float64)
            rest = where if where is None else where[left]
            with np.errstate(all="ignore"):
                out[left] = plain(*(a[left].astype(wide) for a in operands), rest)
        return out

    def _jacobian(self, x: Array, where: Array | None) -> Any:
        # float32's entries are rounded once, from probabilities in float64.
        return super()._jacobian(x.astype(np.result_type(x, np.float64)), where)

    # A kernel runs at once where the rows lie in memory one after the other.

    def __call__(
        self, x: ArrayLike, out: Array | None = None, *, where: ArrayLike | None = None
    ) -> Any:
        x = real(x, self)
        if where is None and out is None and self._straight(x):
            if x.ndim == 2:
                return self._forward(x, None)
            return self._forward(x.reshape(-1, x.shape[-1]), None).reshape(x.shape)
        return super().__call__(x, out, where=where)

    def backward(self, gradient: ArrayLike, out: Array | None = None) -> Any:
        g, x = self._recall_with(gradient)
        if self._where is None and out is None and self._straight(x) and _at_once(None, x, g):
            k = x.shape[-1]
            return self._backward(g.reshape(-1, k), x.reshape(-1, k), None).reshape(x.shape)
        return super().backward(g, out)

    def _straight(self, x: Array) -> bool:
        """Return whether x is of rows as the kernels take them."""
        return bool(
            self._along_last and x.size and x.ndim and x.flags.carray and x.dtype in self._kernels
        )


def _at_once(out: Any, *operands: Array) -> bool:
    """Return whether a kernel can read these operands and write to `out` as they lie in memory."""
    first = operands[0]
    if out is not None and (type(out) is not np.ndarray or out.shape != first.shape):
        return False  # what is wrong is said elsewhere
    for array in operands if out is None else (*operands, out):
        if not (array.flags.carray and array.dtype == first.dtype):
            return False
    return out is None or all(a is out or not np.may_share_memory(a, out) for a in operands)


def _put(answer: Array, out: Array | None) -> Array:
    """Return the answer, in `out` where it is given."""
    if out is None:
        return answer
    out[...] = answer
    return out


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads that share the work."""
    return ThreadPoolExecutor(threads, thread_name_prefix="npdl_activations")


def _begin_anew() -> None:
    _compiling.release()
    _pool.cache_clear()


# A child process has none of its parent's threads, and must not be born while one compiles.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_compiling.acquire,
        after_in_parent=_compiling.release,
        after_in_child=_begin_anew,
    )


@cache
def compiled_class(plain: Any) -> type[Compiled]:
    """Return the class whose instances are called as `plain` is."""
    base = CompiledRowwise if issubclass(plain, Rowwise) else CompiledElementwise
    own = {
        "plain": plain,
        # In 16 bits and where they are exact, both tiers keep the same bounds.
        "max_ulp": plain.max_ulp | getattr(_module(plain), "MAX_ULP", {}),
        "proved": (),
        "__doc__": f"{plain.__name__}, compiled.",
        "__module__": __name__,
    }
    return type(plain.__name__, (base, plain), own)


def _module(plain: type[Activation]) -> Any:
    """Return the module of a class's compiled kernels."""
    return import_module(f"{__package__}.{plain.__module__.rpartition('.')[2]}")


def _loaded(plain: Any, *settings: bool) -> Any:
    """Return the kernels of an activation by dtype, compiled now or before."""
    with _compiling:
        return _load(plain, *settings)


@cache
def _load(plain: Any, *settings: bool) -> Any:
    module = _module(plain)
    rowwise = issubclass(plain, Rowwise)
    kernels = module.kernels if rowwise else partial(loops.kernels, module.formulas)
    return {np.dtype(dtype): kernels(dtype, *settings) for dtype in (np.float32, np.float64)}


def has_kernels(plain: type[Activation]) -> bool:
    """Return whether a class is one of the package's, with a module in this folder."""
    package, _, name = plain.__module__.rpartition(".")
    return package == __package__.rpartition(".")[0] and bool(find_spec(f"{__package__}.{name}"))


def compiled(activation: Activation, threads: int = 1) -> Any:
    """Return a copy of an activation whose kernels are compiled.

    It answers as the activation does: every verb, dtype, edge and error. float16 and bfloat16 are
    computed by the float32 kernels, longdouble by NumPy.

    Parameters
    ----------
    activation : Activation
        One of the package's activations.
    threads : int, default 1
        How many threads share large arrays. The answer's bits are the same for any number.

    Returns
    -------
    Activation
        A new instance, which remembers nothing.

    Raises
    ------
    TypeError
        If `activation` has no compiled kernels, or `threads` is not an integer.
    ValueError
        If `threads` is not positive.

    Notes
    -----
    The first call for a class compiles its kernels, in a few seconds. They are kept on disk, so
    that later processes load them.

    Examples
    --------
    >>> from npdl_activations import Sigmoid
    >>> fast = compiled(Sigmoid())
    >>> fast
    compiled(Sigmoid())
    >>> print(fast([-1.0, 0.0, 1.0]).round(3))
    [0.269 0.5   0.731]
    """
    if not isinstance(activation, Activation):
        msg = f"compiled takes an activation, such as Sigmoid(), not {activation!r}"
        raise TypeError(msg)
    if isinstance(threads, bool | np.bool_) or not hasattr(threads, "__index__"):
        msg = f"compiled takes an integer as threads, not {threads!r}"
        raise TypeError(msg)
    if index(threads) < 1:
        msg = f"compiled takes 1 thread or more, not {threads}"
        raise ValueError(msg)
    plain: Any = activation.plain if isinstance(activation, Compiled) else type(activation)
    if not has_kernels(plain):
        msg = f"{activation!r} has no compiled kernels"
        raise TypeError(msg)
    return compiled_class(plain)(threads=index(threads), **activation.parameters)
