"""Softmax, compiled: rows of K logits, computed in float64."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from .bits import bits_of, size, top
from .exponential import SHORT, maths
from .jit import in_any_order, inline, kernel

MAX_ULP = {
    "float32": {"value": 0.65, "backward": 0.65, "jacobian": 0.51},
    "float64": {"value": 4, "backward": 8, "jacobian": 9},
}

# Numbers that are raised together, in several rows where those are shorter.
CHUNK = 2048
# Sums that are added up side by side.
LANES = 32


class Kernels(NamedTuple):
    """Kernels for matrices of one dtype.

    Each returns whether it set any of the last argument's booleans, one a row: those it leaves to
    NumPy, since their largest logit or a gradient is infinite, or any is NaN.
    """

    value: Any  # of x, out, left
    backward: Any  # of g, x, out, left


def kernels(dtype: Any) -> Kernels:
    """Return the kernels for matrices of `dtype`."""
    real = numba.from_dtype(np.dtype(dtype))
    source = numba.types.Array(real, 2, "C", readonly=True)
    rest = (real[:, ::1], numba.boolean[::1])
    name = f"{__name__} {dtype.__name__}"
    return Kernels(
        kernel(f"{name} value", value(dtype), numba.boolean(source, *rest)),
        kernel(f"{name} backward", backward(dtype), numba.boolean(source, source, *rest)),
    )


def value(dtype: Any) -> Callable[..., Any]:
    """Return the loop for the value."""
    powers_of, total_of = powers(dtype), total(dtype)

    def loop(x, out, left):
        n, k = x.shape
        step = max(1, min(n, CHUNK // k))
        z = np.zeros(step * k)
        sums, lost = np.empty(LANES), np.empty(LANES)
        some = False
        for first in range(0, n, step):
            rows = min(step, n - first)
            some |= powers_of(x[first : first + rows].reshape(-1), z, left[first:], k)
            for row in range(rows):
                p, answer = z[row * k : (row + 1) * k], out[first + row]
                share = 1.0 / total_of(p, sums, lost)
                for j in range(k):
                    answer[j] = dtype(p[j] * share)
        return some

    return loop


def backward(dtype: Any) -> Callable[..., Any]:
    """Return the loop for what comes back."""
    powers_of, total_of = powers(dtype), total(dtype)
    size_of, most_of = size(dtype), top(np.float64)
    # Sums of this many gradients are finite.
    widest = bits_of(dtype(np.finfo(dtype).max / 2**40))

    def loop(g, x, out, left):
        n, k = x.shape
        step = max(1, min(n, CHUNK // k))
        z, d = np.zeros(step * k), np.empty(k)
        sums, lost = np.empty(LANES), np.empty(LANES)
        some = False
        for first in range(0, n, step):
            rows = min(step, n - first)
            some |= powers_of(x[first : first + rows].reshape(-1), z, left[first:], k)
            for row in range(rows):
                p, gradient, answer = z[row * k : (row + 1) * k], g[first + row], out[first + row]
                if size_of(gradient) > widest:
                    left[first + row] = True
                    some = True
                    continue
                share = 1.0 / total_of(p, sums, lost)
                for j in range(k):
                    p[j] *= share
                # Shifting the gradient changes nothing, as the rows of the Jacobian sum to 0.
                # Counted from a most probable class on, 1 - p never comes up.
                base = base_of(gradient, p, most_of(p))
                for j in range(k):
                    d[j] = p[j] * (np.float64(gradient[j]) - base)
                mean = total_of(d, sums, lost)
                for j in range(k):
                    answer[j] = dtype(p[j] * ((np.float64(gradient[j]) - base) - mean))
        return some

    return loop


@in_any_order
def base_of(g, p, most):
    """Return the gradient of the most probable class, or the mean of several."""
    base, count = 0.0, 0.0
    for j in range(g.size):
        one = 1.0 if p[j] == most else 0.0
        base += np.float64(g[j]) * one
        count += one
    return base / count


def total(dtype: Any) -> Callable[..., Any]:
    """Return a function for the sum of float64s, good enough for an answer in `dtype`."""

    @in_any_order
    def plain_sum(z, sums, lost):
        plain = 0.0
        for j in range(z.size):
            plain += z[j]
        return plain

    @inline
    def exact_sum(z, sums, lost):
        # What each step loses is added up beside it (Knuth 1969), in lanes, which is vectorised.
        whole = z.size - z.size % LANES
        so_far, rest = 0.0, 0.0
        if whole:
            for lane in range(LANES):
                sums[lane] = 0.0
                lost[lane] = 0.0
            for start in range(0, whole, LANES):
                part = z[start : start + LANES]
                for lane in range(LANES):
                    both = sums[lane] + part[lane]
                    back = both - sums[lane]
                    lost[lane] += (sums[lane] - (both - back)) + (part[lane] - back)
                    sums[lane] = both
            for lane in range(LANES):
                both = so_far + sums[lane]
                back = both - so_far
                rest += (so_far - (both - back)) + (sums[lane] - back) + lost[lane]
                so_far = both
        for j in range(whole, z.size):
            both = so_far + z[j]
            back = both - so_far
            rest += (so_far - (both - back)) + (z[j] - back)
            so_far = both
        return so_far + rest

    return plain_sum if dtype is np.float32 else exact_sum


def powers(dtype: Any) -> Callable[..., Any]:
    """Return a function that puts powers in proportion to e^x into z, for rows of k in x.

    It returns whether it left any row out, and marks those.
    """
    # A float32 answer needs fewer digits of the exponential.
    m = maths(np.float64, SHORT if dtype is np.float32 else None)
    exp, exp_of_sum = m.exp, m.exp_of_sum
    size_of, top_of = size(dtype), top(dtype)
    near, endless = bits_of(dtype(m.near)), bits_of(dtype(np.inf))

    @inline
    def near_powers(x, z):
        # No logit is so large that e^x overflows: there is nothing to subtract, nor to round.
        for j in range(x.size):
            z[j] = exp(np.float64(x[j]))

    @inline
    def far_powers(x, z):
        largest = np.float64(top_of(x))
        for j in range(x.size):
            a = np.float64(x[j])
            gap = a - largest
            # What a - largest lost in rounding (Knuth 1969).
            back = gap - a
            z[j] = exp_of_sum(gap, (a - (gap - back)) - (largest + back))

    @inline
    def powers_of(x, z, left, k):
        if size_of(x) <= near:
            near_powers(x, z)
            return False
        some = False
        for row in range(x.size // k):
            a, b = x[row * k : (row + 1) * k], z[row * k : (row + 1) * k]
            largest = size_of(a)
            if largest <= near:
                near_powers(a, b)
            elif largest > endless or (largest == endless and abs(top_of(a)) == np.inf):
                left[row] = True
                some = True
            else:
                far_powers(a, b)
        return some

    return powers_of
