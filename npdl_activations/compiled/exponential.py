"""The exponential and the logarithm that the compiled kernels share, for float32 and float64."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .jit import inline

# e^t = 2^k e^f, where k is the whole number nearest to t / ln 2 and f = t - k ln 2 lies within
# ln(2) / 2 of 0 (Cody and Waite 1980). k times `ln2_high` is exact, since that has few digits.
# e^f = 1 + f + f^2 q(f), where q makes the largest relative error smallest (Sollya's fpminimax).


class Constants(NamedTuple):
    """What the functions of one dtype need."""

    integer: Any
    # 1.5 times 2^(digits): adding it rounds to a whole number, which its last bits then hold.
    magic: float
    digits: int
    bias: int
    ln2_high: float
    ln2_low: float
    # What ln 2 is more than the number nearest to it.
    ln2_rest: float
    # Of q, beginning at f^0. The relative error of the whole, before rounding, is below 2^-28, and
    # 2^-57.7. `make proofs` proves this and the bounds below.
    exp: tuple[float, ...]
    # Of (atanh(s) / s - 1) / s^2 in powers of s^2. The error beside 1 is below 2^-34, and 2^-65.6.
    log: tuple[float, ...]
    # Up to here e^-x, and 4 e^-2x, are normal numbers.
    near: float
    # Powers of two by which a number can be scaled in one step.
    stride: int


CONSTANTS = {
    np.float32: Constants(
        integer=np.int32,
        magic=1.5 * 2.0**23,
        digits=23,
        bias=127,
        ln2_high=0.693145751953125,
        ln2_low=1.42860682030941723212e-6,
        ln2_rest=-1.904654299957768e-09,
        exp=(
            0.49999988079071044921875,
            0.16666518151760101318359375,
            4.166965186595916748046875e-2,
            8.368945680558681488037109375e-3,
            1.374497078359127044677734375e-3,
        ),
        log=(
            0.3333333432674407958984375,
            0.19999776780605316162109375,
            0.1429464519023895263671875,
            0.1129315197467803955078125,
        ),
        near=43.0,
        stride=100,
    ),
    np.float64: Constants(
        integer=np.int64,
        magic=1.5 * 2.0**52,
        digits=52,
        bias=1023,
        ln2_high=6.93147180369123816490e-1,
        ln2_low=1.90821492927058770002e-10,
        ln2_rest=2.3190468138462996e-17,
        exp=(
            0.50000000000000122124532708767219446599483489990234375,
            0.1666666666666647700356662653575767762959003448486328125,
            4.1666666666519726336392892562798806466162204742431640625e-2,
            8.333333333455046620930062317711417563259601593017578125e-3,
            1.388888894592874186095787791828115587122738361358642578125e-3,
            1.984126958912126525384073127966642278785679489374160766601562e-4,
            2.48014910222095681137377543024058468290604650974273681640625e-5,
            2.755751451803430774012372214687438543023745296522974967956543e-6,
            2.763091071741931797502004643229955860306290560401976108551025e-7,
            2.502234069030866102488197533475905443012266005098354071378708e-8,
        ),
        log=(
            0.333333333333333314829616256247390992939472198486328125,
            0.2000000000000266009436700187507085502147674560546875,
            0.142857142845860263236090759164653718471527099609375,
            0.11111111327907145784887884887906376704024212211884521,
            9.090886849229842803272630608500706404447555541992188e-2,
            7.693607922910161710276171616971027402503718137741089e-2,
            6.623329727643287672075812213718891143798828125e-2,
            6.643500143499798948898416028896463103592395782470703125e-2,
        ),
        near=354.0,
        stride=1000,
    ),
}


class Maths(NamedTuple):
    """The functions of one dtype, which whatever calls them takes up into its own code."""

    number: Any
    # Up to this |x|, e^-x and e^-2x are normal numbers, and exp serves.
    near: float
    # e^t for -2 near <= t <= 2 near, within 1.65 ULP in float32 and 1.6 in float64.
    exp: Callable[..., Any]
    # e^t - 1, as exp.
    expm1: Callable[..., Any]
    # log(1 + z) for 0 <= z <= 1, and from 2^(-2 near) on within 4.2 ULP, and 4.5.
    log1p: Callable[..., Any]
    # g 2^j e^t for any g and any t <= 0: also where e^t alone would be subnormal, or 0.
    times_exp: Callable[..., Any]
    # e^(t + lost) for any t <= 0 and a far smaller number, subnormal or 0 where that is.
    exp_of_sum: Callable[..., Any]


def horner(coefficients: tuple[Any, ...]) -> Any:
    """Return the polynomial with these coefficients, that of x^0 first."""
    first, *others = coefficients
    if not others:
        return inline(lambda x: first)  # noqa: ARG005
    rest = horner(tuple(others))
    return inline(lambda x: first + x * rest(x))


# In float64 arithmetic, for an answer in float32: below 2^-28.
SHORT = CONSTANTS[np.float32].exp


@cache
def maths(dtype: Any, exp_series: tuple[float, ...] | None = None) -> Maths:
    """Return the functions for numpy.float32 or numpy.float64, with q of other coefficients."""
    c = CONSTANTS[dtype]
    number, integer = dtype, c.integer
    zero, half, one, two = map(number, (0, 0.5, 1, 2))
    magic, high, low, rest_of_ln2 = map(number, (c.magic, c.ln2_high, c.ln2_low, c.ln2_rest))
    per_ln2, ln2, middle = map(number, (1 / np.log(2.0), np.log(2.0), np.sqrt(2.0) - 1))
    nearly = number(0.45)
    digits, bias, stride = map(integer, (c.digits, c.bias, c.stride))
    down, lowest = number(2.0**-c.stride), number(-8 * c.near)
    # Up to here e^t is not 0.
    last = number(np.log(2.0) * (-c.bias - c.digits))
    q, series = (horner(tuple(map(number, some))) for some in (exp_series or c.exp, c.log))
    one_more = integer(1)
    zero_bits = number(c.magic).view(integer)

    @inline
    def power(k):
        return integer((k + bias) << digits).view(number)

    @inline
    def reduced(t):
        """Return k, and f and f^2 q(f), whose sum is e^f - 1."""
        shifted = t * per_ln2 + magic
        k = shifted - magic
        f = (t - k * high) - k * low
        return number(shifted).view(integer) - zero_bits, f, f * f * q(f)

    @inline
    def exp(t):
        k, f, rest = reduced(t)
        return (one + (f + rest)) * power(k)

    @inline
    def expm1(t):
        k, f, rest = reduced(t)
        # The sum of the two large parts, and what its rounding lost.
        unit = power(k)
        base, more = unit - one, unit * f
        total = base + more
        return total + ((more - (total - base)) + unit * rest)

    @inline
    def log1p(z):
        # 1 + z = 2^j (1 + s) / (1 - s), where |s| is below 0.172, and log(1 + z) = j ln 2 + 2
        # atanh(s). What rounding lost of the divisor, which is near 2.2, is taken off again.
        j = one if z > middle else zero
        whole = two + j
        below = whole + z
        s = (z - j) / below
        s -= s * nearly * (z - (below - whole))
        w = s * s
        return j * ln2 + (two * s + (two * s * w * series(w) + j * rest_of_ln2))

    @inline
    def times_exp(g, t, j):
        if t == -np.inf:
            return g * zero  # NaN for an infinite g
        k, f, rest = reduced(max(t, lowest))
        # e^f / 2 is below 1, so that the product does not overflow. The last factors are all
        # alike and the rest comes first: only one of the steps can round.
        y = g * (half + half * (f + rest))
        steps = -(k + j + one_more)
        y *= power(-(steps % stride))
        for _ in range(steps // stride):
            y *= down
        return y

    @inline
    def exp_of_sum(t, lost):
        out = not t > last
        k, f, _ = reduced(last if out else t)
        f += zero if out else lost
        y = one + (f + f * f * q(f))
        # A power of two alone may be below the smallest normal number.
        part = k >> one_more
        return zero if out else y * power(part) * power(k - part)

    return Maths(number, c.near, exp, expm1, log1p, times_exp, exp_of_sum)
