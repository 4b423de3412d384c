"""The loops over arrays: what is computed of one number becomes a kernel."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from .bits import bits_of, size
from .exponential import Maths, maths
from .jit import inline, kernel

# Numbers whose size is looked at together. They stay in the processor's first cache.
CHUNK = 2048


class Formulas(NamedTuple):
    """An activation's formulas for one number x; s and u are the steepness and its unit.

    Where `far` formulas are given, the first three hold for |x| up to `Maths.near` only.
    """

    value: Callable[..., Any]  # of x, s, u
    slope: Callable[..., Any]  # of x, s, u
    backward: Callable[..., Any]  # of g, x, s, u
    far_value: Callable[..., Any] | None = None  # of x
    far_backward: Callable[..., Any] | None = None  # of g, x


class Kernels(NamedTuple):
    """An activation's kernels for one dtype."""

    value: Any  # of x, out, s, u
    derivative: Any  # of x, out, s, u
    backward: Any  # of g, x, out, s, u


def kernels(formulas: Callable[[Maths], Formulas], dtype: Any, single: bool = True) -> Kernels:
    """Return the kernels for arrays of `dtype`, computed in it, or in float64."""
    work = dtype if single else np.float64
    m = maths(work)
    value, slope, backward, far_value, far_backward = formulas(m)
    name = f"{formulas.__module__} {dtype.__name__} {work.__name__}"
    real = numba.from_dtype(np.dtype(dtype))
    source = numba.types.Array(real, 1, "C", readonly=True)
    rest = (real[::1], numba.float64, numba.float64)

    def compiled(verb: str, loop: Callable[..., Any], *operands: Any) -> Any:
        return kernel(f"{name} {verb}", loop, numba.void(*operands, *rest))

    if far_value is None or far_backward is None:
        return Kernels(
            compiled("value", one_operand(value, work), source),
            compiled("derivative", one_operand(slope, work), source),
            compiled("backward", two_operands(backward, work), source, source),
        )
    size_of, near_bits, limit = size(dtype), bits_of(dtype(m.near)), work(m.near)

    @inline
    def near(x):
        return size_of(x) <= near_bits

    @inline
    def value_at(x, s, u):
        if np.isnan(x):
            return x
        return value(x, s, u) if abs(x) <= limit else far_value(x)

    @inline
    def backward_at(g, x, s, u):
        if np.isnan(x):
            return x
        return backward(g, x, s, u) if abs(x) <= limit else far_backward(g, x)

    @inline
    def slope_at(x, s, u):
        return backward_at(work(1), x, s, u)

    return Kernels(
        compiled("value", one_in_two(near, value, value_at, work), source),
        compiled("derivative", one_in_two(near, slope, slope_at, work), source),
        compiled("backward", two_in_two(near, backward, backward_at, work), source, source),
    )


def one_operand(formula: Callable[..., Any], work: Any) -> Callable[..., Any]:
    """Return the loop for a formula of x."""

    def loop(x, out, s, u):
        for i in range(x.size):
            out[i] = formula(work(x[i]), work(s), work(u))

    return loop


def two_operands(formula: Callable[..., Any], work: Any) -> Callable[..., Any]:
    """Return the loop for a formula of g and x."""

    def loop(g, x, out, s, u):
        for i in range(x.size):
            out[i] = formula(work(g[i]), work(x[i]), work(s), work(u))

    return loop


def one_in_two(near: Any, formula: Any, anywhere: Any, work: Any) -> Callable[..., Any]:
    """Return the loop for a formula of x that holds where the numbers are near."""
    quick, careful = (inline(one_operand(f, work)) for f in (formula, anywhere))

    def loop(x, out, s, u):
        for start in range(0, x.size, CHUNK):
            some, answer = x[start : start + CHUNK], out[start : start + CHUNK]
            if near(some):
                quick(some, answer, s, u)
            else:
                careful(some, answer, s, u)

    return loop


def two_in_two(near: Any, formula: Any, anywhere: Any, work: Any) -> Callable[..., Any]:
    """Return the loop for a formula of g and x that holds where the x are near."""
    quick, careful = (inline(two_operands(f, work)) for f in (formula, anywhere))

    def loop(g, x, out, s, u):
        for start in range(0, x.size, CHUNK):
            some, answer = x[start : start + CHUNK], out[start : start + CHUNK]
            if near(some):
                quick(g[start : start + CHUNK], some, answer, s, u)
            else:
                careful(g[start : start + CHUNK], some, answer, s, u)

    return loop
