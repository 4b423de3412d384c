"""Softmax, compiled: rows of K logits, computed in float64."""

from typing import Any, NamedTuple

import numba
import numpy as np

from .exponential import SHORT, Maths, maths
from .jit import in_any_order, inline, kernel

MAX_ULP = {
    "float32": {"value": 0.65, "backward": 0.65, "jacobian": 0.51},
    "float64": {"value": 4, "backward": 8, "jacobian": 8},
}

# Numbers that are raised together, rows of fewer of them at a time.
CHUNK = 2048
# Sums that are added up side by side.
LANES = 32


class Kernels(NamedTuple):
    """Kernels for matrices of one dtype.
    booleans, one a row: those it leaves to NumPy, as no finite logit or gradient is their largest.
    """

    value: Any  # of x, out, left
    backward: Any  # of g, x, out, left


def highest(dtype: Any) -> Any:
    """Return a function for the largest of an array without NaN."""
    integer = np.dtype(f"i{np.dtype(dtype).itemsize}").type
    size, last = integer(np.iinfo(integer).max), integer(8 * np.dtype(dtype).itemsize - 1)

    @inline
    def ordered(bits):
        return integer(bits ^ (integer(bits >> last) & size))

    @inline
    def top_of(x):
        # Compared as whole numbers of the same order, which is vectorised.
        bits = x.view(integer)
        top = ordered(bits[0])
        for j in range(bits.size):
            top = integer(max(top, ordered(bits[j])))
        return integer(ordered(top)).view(dtype)

    return top_of


def kernels(dtype: Any) -> Kernels:
    """Return the kernels for matrices of `dtype`."""
    name = f"{__name__} {dtype.__name__}"
    # A float32 answer needs fewer digits of the exponential.
    m: Maths = maths(np.float64, SHORT if dtype is np.float32 else None)
    exp, exp_of_sum, near = m.exp, m.exp_of_sum, np.float64(m.near)
    integer = np.dtype(f"i{np.dtype(dtype).itemsize}").type
    size, endless = integer(np.iinfo(integer).max), dtype(np.inf).view(integer)
    near_bits = dtype(near).view(integer)
    # Sums of this many gradients are finite.
    widest = dtype(np.finfo(dtype).max / 2**40).view(integer)

    top_of, most_of = highest(dtype), highest(np.float64)

    @inline
    def size_of(x):
        """Return the bits of the largest |x|; those of infinity and NaN are larger than all."""
        bits = x.view(integer)
        largest = integer(0)
        for j in range(bits.size):
            largest = integer(max(largest, integer(bits[j] & size)))
        return largest

    @in_any_order
    def base_of(g, p, most):
        """Return the gradient of the most probable class, or the mean of several."""
        base, count = 0.0, 0.0
        for j in range(g.size):
            one = 1.0 if p[j] == most else 0.0
            base += np.float64(g[j]) * one
            count += one
        return base / count

    @inline
    def raise_near(x, z):
        # No logit is so large that e^x overflows: there is nothing to subtract, nor to round.
        for j in range(x.size):
            z[j] = exp(np.float64(x[j]))

    @inline
    def raise_far(x, z):
        top = np.float64(top_of(x))
        for j in range(x.size):
            a = np.float64(x[j])
            gap = a - top
            # What a - top lost in rounding (Knuth 1969).
            back = gap - a
            z[j] = exp_of_sum(gap, (a - (gap - back)) - (top + back))

    if dtype is np.float32:

        @in_any_order
        def total_of(z, sums, lost):
            total = 0.0
            for j in range(z.size):
                total += z[j]
            return total

    else:

        @inline
        def total_of(z, sums, lost):
            """Return the sum of z, rounded nearly once: with what each step loses."""
            whole = z.size - z.size % LANES
            total, rest = 0.0, 0.0
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
                    both = total + sums[lane]
                    back = both - total
                    rest += (total - (both - back)) + (sums[lane] - back) + lost[lane]
                    total = both
            for j in range(whole, z.size):
                both = total + z[j]
                back = both - total
                rest += (total - (both - back)) + (z[j] - back)
                total = both
            return total + rest

    @inline
    def raise_rows(x, z, left, first, k):
        """Put e^x into z, of many rows at once where all their logits are near."""
        if size_of(x) <= near_bits:
            raise_near(x, z)
            return False
        some = False
        for row in range(x.size // k):
            a, b = x[row * k : (row + 1) * k], z[row * k : (row + 1) * k]
            largest = size_of(a)
            if largest <= near_bits:
                raise_near(a, b)
            elif largest > endless or (largest == endless and abs(top_of(a)) == np.inf):
                left[first + row] = True
                some = True
            else:
                raise_far(a, b)
        return some

    def value(x, out, left):
        n, k = x.shape
        step = max(1, CHUNK // k)
        z = np.zeros(step * k)
        sums, lost = np.empty(LANES), np.empty(LANES)
        some = False
        for first in range(0, n, step):
            rows = min(step, n - first)
            some |= raise_rows(x[first : first + rows].reshape(-1), z, left, first, k)
            for row in range(rows):
                powers, answer = z[row * k : (row + 1) * k], out[first + row]
                share = 1.0 / total_of(powers, sums, lost)
                for j in range(k):
                    answer[j] = dtype(powers[j] * share)
        return some

    def backward(g, x, out, left):
        n, k = x.shape
        step = max(1, CHUNK // k)
        z, d = np.zeros(step * k), np.empty(k)
        sums, lost = np.empty(LANES), np.empty(LANES)
        some = False
        for first in range(0, n, step):
            rows = min(step, n - first)
            some |= raise_rows(x[first : first + rows].reshape(-1), z, left, first, k)
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

    real = numba.from_dtype(np.dtype(dtype))
    source = numba.types.Array(real, 2, "C", readonly=True)
    target, left = real[:, ::1], numba.boolean[::1]
    return Kernels(
        kernel(f"{name} value", value, numba.boolean(source, target, left)),
        kernel(f"{name} backward", backward, numba.boolean(source, source, target, left)),
    )
