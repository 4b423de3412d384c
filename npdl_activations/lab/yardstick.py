"""The yardstick: how far an activation's answers lie from the truth, in ULP.

The truth is the activation itself, one format wider: float64 for float32 and the 16-bit formats,
longdouble for float64 where it is wider. What it is worth is then asked of `exactly`, which
knows the formula alone and works it out in high precision.
"""

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from npdl_activations.activation import Activation
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.check import ulp_error
from npdl_activations.lab.extra import extra

Array = NDArray[Any]

DTYPES = ("float16", "bfloat16", "float32", "float64")
# longdouble is the yardstick of float64 where it is wider: on x86 it is, on many others not.
WIDER = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant

ROW_KEPT = 1_000  # the longest row that a tally keeps
DIGITS = 50  # of a row's exact answers
DOUBTFUL = 256  # answers at most, in one go, whose binade is settled in high precision


@dataclass
class Tally:
    """How far the answers at some inputs lie from the truth.

    `at` says where the largest error is: the operands, each a list of numbers (one for an
    elementwise activation, a row for Softmax). What rows alone have is 0 for the others.
    """

    largest: float = 0.0  # error, in ULP
    at: list[list[float]] = field(default_factory=list)
    correct: int = 0  # answers within half a ULP, which is to say correctly rounded
    inputs: int = 0  # answers judged
    nans: int = 0  # of the inputs
    wrong_nans: int = 0  # NaN where the truth is not, or the other way round
    rows: int = 0
    row_length: int = 0
    sum_off: float = 0.0  # of a row's sum from 1, at most, in units of the dtype's epsilon
    out_of_order: float = 0.0  # how far an entry lies below that of a smaller logit, in ULP

    def add(self, other: Self) -> None:
        """Count what `other` counted too."""
        if other.largest > self.largest or not self.inputs:
            self.largest, self.at, self.row_length = other.largest, other.at, other.row_length
        self.correct += other.correct
        self.inputs += other.inputs
        self.nans += other.nans
        self.wrong_nans += other.wrong_nans
        self.rows += other.rows
        self.sum_off = max(self.sum_off, other.sum_off)
        self.out_of_order = max(self.out_of_order, other.out_of_order)


def verbs(activation: Activation | type[Activation]) -> tuple[str, ...]:
    """Return the verbs whose accuracy is stated, in the order of the class's `max_ulp`."""
    bounds: dict[str, dict[str, float]] = activation.max_ulp
    return tuple(bounds["float64"])


def dtype_named(name: str) -> np.dtype[Any]:
    """Return the dtype of that name, bfloat16 included."""
    with extra():
        import ml_dtypes

    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def information(dtype: np.dtype[Any]) -> Any:
    """Return what `numpy.finfo` says of a dtype, bfloat16 included."""
    with extra():
        import ml_dtypes

    finfo: Any = ml_dtypes.finfo
    return finfo(dtype)


def answer(activation: Activation, verb: str, *operands: Array) -> Array:
    """Return what an activation answers: to `x`, or in `backward` to `x` and a gradient."""
    match verb:
        case "value":
            return np.asarray(activation(*operands))
        case "backward":
            x, gradient = operands
            activation.forward(x)
            return np.asarray(activation.backward(gradient))
        case _:
            return np.asarray(getattr(activation, verb)(*operands))


def widened(x: Array) -> Array:
    """Return `x` in the format in which the truth is computed."""
    return x.astype(np.longdouble if x.dtype == np.float64 else np.float64)


def truth(activation: Activation, verb: str, *operands: Array) -> Array:
    """Return the true answers, one format wider than the operands, and good to a few ULP of it.

    The true `backward` of an elementwise activation is the product of gradient and slope. A row's
    are the sums that define them.
    """
    x, *gradient = (widened(operand) for operand in operands)
    if not gradient:
        return answer(activation, verb, x)
    if isinstance(activation, Elementwise):
        slope = answer(activation, "derivative", x)
        return np.asarray(np.where(dead(activation, x, slope), 0, gradient[0] * slope))
    p = answer(activation, "value", x)
    mean = np.sum(p * gradient[0], axis=-1, keepdims=True)
    return np.asarray(p * (gradient[0] - mean))


@cache
def dead_intervals(activation: Elementwise) -> tuple[tuple[float, float], ...]:
    """Return the intervals between kinks on which an activation's slope is exactly 0."""
    ends = (-np.inf, *activation.kinks, np.inf)
    dead = []
    for left, right in pairwise(ends):
        points = np.array([1.0, 2.5, 7.0])
        if np.isfinite(left) and np.isfinite(right):
            points = left + (right - left) * points / 8
        elif np.isfinite(left):
            points = left + points
        elif np.isfinite(right):
            points = right - points
        else:
            points = np.concatenate([-points, points])
        zero = np.zeros_like(points)
        if not ulp_error(
            zero, activation.derivative_formula, points, **activation.parameters
        ).any():
            dead.append((left, right))
    return tuple(dead)


def dead(activation: Elementwise, x: Array, slope: Array) -> Array:
    """Return where the slope is 0 on a whole interval, so that no gradient passes."""
    inside = np.zeros(x.shape, bool)
    for left, right in dead_intervals(activation):
        inside |= (left <= x) & (x <= right) & (slope == 0)
    return inside


def spacing(truth: Array, dtype: np.dtype[Any]) -> Array:
    """Return the spacing of the floats of `dtype` in the binade where `truth` lies.

    Within a few units in its own last place of a power of two, a truth may belong to the binade
    below. It is given the finer spacing there, so that no error is counted as too small.
    """
    wide = truth.dtype.type
    one, zero, inf = (dtype.type(number) for number in (1, 0, np.inf))
    epsilon = wide(np.spacing(one))
    normal = wide(np.spacing(zero)) / epsilon
    largest = wide(np.nextafter(inf, one))
    size = np.abs(truth) * (1 - 16 * np.finfo(wide).eps)
    if wide is np.float64:
        # The power of two below: the exponent's bits alone.
        size = (size.view(np.int64) & 0x7FF0_0000_0000_0000).view(np.float64)
        largest = np.ldexp(wide(1), np.frexp(largest)[1] - 1)
        return np.asarray(np.clip(size, normal, largest) * epsilon)
    _, exponent = np.frexp(np.clip(size, normal, largest))
    return np.asarray(np.ldexp(epsilon, exponent - 1))


def errors(computed: Array, truth: Array, unit: Array | None = None) -> Array:
    """Return how far `computed` lies from `truth`, in ULP of the dtype of `computed`.

    The unit is that of the truth, or the one given.
    """
    if unit is None:
        unit = spacing(truth, computed.dtype)
    off = np.abs(computed.astype(truth.dtype) - truth) / unit
    infinite = np.isinf(computed)
    if infinite.any():
        off[infinite & (computed == truth.astype(computed.dtype))] = 0
    return np.asarray(off)


def exactly(activation: Activation, verb: str, computed: Array, *operands: Array) -> Array:
    """Return the errors of an activation's answers, found in high precision."""
    if not isinstance(activation, Elementwise):
        return exactly_in_rows(verb, computed, *operands)
    x, *gradient = operands
    if verb == "value":
        return ulp_error(computed, activation.formula, x, **activation.parameters)
    if not gradient:
        return ulp_error(computed, activation.derivative_formula, x, **activation.parameters)
    product = f"gradient * ({activation.derivative_formula})"
    return np.concatenate(
        [
            ulp_error([y], product, [at], gradient=g, **activation.parameters)
            for y, at, g in zip(computed, x, gradient[0], strict=True)
        ]
    )


def exactly_in_rows(verb: str, computed: Array, x: Array, *gradient: Array) -> Array:
    """Return the errors of Softmax's answers on rows of finite logits, in high precision."""
    with extra():
        import mpmath

    def numbers(row: Array) -> list[Any]:
        return [mpmath.mp.convert(np.longdouble(number)) for number in row]

    off = np.empty(computed.shape)
    with mpmath.workdps(DIGITS):
        for i, row in enumerate(x):
            logits = numbers(row)
            top = max(logits)
            e = [mpmath.exp(logit - top) for logit in logits]
            total = mpmath.fsum(e)
            p = [z / total for z in e]
            unit = None
            if verb == "value":
                true = p
            elif verb == "backward":
                products = [a * b for a, b in zip(p, numbers(gradient[0][i]), strict=True)]
                mean = mpmath.fsum(products)
                true = [a - b * mean for a, b in zip(products, p, strict=True)]
                unit = ulp(mpmath.fsum(products, absolute=True), computed.dtype)
            else:
                rest = [mpmath.fsum(e[:k] + e[k + 1 :]) / total for k in range(len(e))]
                true = [
                    a * rest[k] if j == k else -a * b
                    for k, a in enumerate(p)
                    for j, b in enumerate(p)
                ]
            off[i] = np.reshape(
                [
                    float(abs(a - b) / (unit or ulp(b, computed.dtype)))
                    for a, b in zip(numbers(computed[i].ravel()), true, strict=True)
                ],
                computed[i].shape,
            )
    return off


def ulp(truth: Any, dtype: np.dtype[Any]) -> Any:
    """Return the unit in the last place of an mpmath number, in a dtype."""
    with extra():
        import mpmath

    epsilon, smallest = (
        mpmath.mp.convert(np.longdouble(np.spacing(dtype.type(number)))) for number in (1, 0)
    )
    _, exponent = mpmath.frexp(truth)
    return max(smallest, mpmath.ldexp(epsilon, exponent - 1))


@np.errstate(all="ignore")
def judged(activation: Activation, verb: str, *operands: Array) -> tuple[Array, Array, Array]:
    """Return an activation's answers, the true ones, and how many ULP lie between them.

    A row of Softmax in which the bound of `backward` does not hold is NaN.
    """
    computed = answer(activation, verb, *operands)
    true = truth(activation, verb, *operands)
    x, *gradient = operands
    if not gradient:
        return computed, true, errors(computed, true)
    [g] = gradient
    if not isinstance(activation, Elementwise):
        return computed, true, errors(computed, true, unit_of_rows(activation, x, g))
    off = errors(computed, true)
    if np.isinf(g).any():
        # An infinite gradient meets a slope that is 0 in the wider format too: infinite is right,
        # and where x is infinite as well, nothing is wrong.
        unsettled = np.isinf(g) & np.isnan(true) & ~np.isnan(x)
        right = unsettled & (np.isinf(computed) | np.isinf(x))
        true[unsettled] = np.inf
        true[right] = computed[right]
        off[right] = 0
    return computed, true, off


def unit_of_rows(activation: Activation, x: Array, gradient: Array) -> Array:
    """Return the ULP of each row's sum of |p g|: the unit in which `backward` is judged.

    No entry of the answer exceeds that sum, and the entries have roots. The unit is NaN where a
    probability below the smallest normal number of the format that Softmax works in, which is
    float64, meets a gradient so large that the product still counts.
    """
    p = answer(activation, "value", widened(x))
    size = p * np.abs(widened(gradient))
    unit = spacing(size.sum(axis=-1, keepdims=True), gradient.dtype)
    lost = np.where(p < np.finfo(np.float64).tiny, size, 0).sum(axis=-1, keepdims=True)
    unit[lost > unit / 16] = np.nan
    return unit


def near_power_of_two(truth: Array) -> Array:
    """Return where `spacing` had to guess the binade."""
    fraction, _ = np.frexp(np.abs(truth))
    margin = 32 * np.finfo(truth.dtype).eps
    return np.asarray((fraction < 0.5 + margin) | (fraction > 1 - margin))


@np.errstate(all="ignore")
def measure(activation: Activation, verb: str, *operands: Array) -> tuple[Tally, Array]:
    """Return how accurate an activation's verb is at the operands, and its answers there.

    The operands are `x`, and for `backward` the gradient: one axis for an elementwise activation,
    rows for Softmax.
    """
    x = operands[0]
    if x.dtype == np.float64 and not WIDER:
        finite = np.isfinite(operands).all(axis=0)
        finite = finite if x.ndim == 1 else finite.all(axis=-1)
        operands = tuple(operand[finite] for operand in operands)
        x = operands[0]
        computed = answer(activation, verb, *operands)
        off = exactly(activation, verb, computed, *operands)
        true = computed.astype(float)
    else:
        computed, true, off = judged(activation, verb, *operands)
    tally = Tally(inputs=off.size)
    elementwise = isinstance(activation, Elementwise)
    if np.isnan(off.max()):
        if elementwise:
            wrong = np.isnan(true) != np.isnan(computed)
            off[np.isnan(true) & ~wrong] = 0
            off[np.isnan(off) | wrong] = np.inf
            tally.wrong_nans = int(np.count_nonzero(wrong))
            tally.nans = int(np.count_nonzero(np.isnan(true)))
        else:
            ended = np.isnan(off).reshape(len(x), -1).all(axis=-1) & ~np.isnan(computed).reshape(
                len(x), -1
            ).any(axis=-1)
            tally.inputs -= off[ended].size
            off[ended] = 0
            off[np.isnan(off)] = np.inf
    if isinstance(activation, Elementwise) and (WIDER or x.dtype != np.float64):
        settle(activation, verb, computed, true, off, *operands)
    worst = np.unravel_index(off.argmax(), off.shape)
    tally.largest = float(off[worst])
    if elementwise or x.shape[-1] <= ROW_KEPT:
        tally.at = [np.atleast_1d(operand[worst[0]]).astype(float).tolist() for operand in operands]
    tally.correct = int(np.count_nonzero(off <= 0.5)) - (off.size - tally.inputs)
    if not elementwise:
        tally.rows, tally.row_length = len(x), x.shape[-1]
        if verb == "value":
            judge_rows(tally, x, computed)
    return tally, computed


def settle(
    activation: Elementwise, verb: str, computed: Array, true: Array, off: Array, *operands: Array
) -> None:
    """Put the exact error where the largest ones depend on a guess of the binade."""
    largest = off.max()
    if not 0.25 < largest < np.inf:
        return
    doubtful = np.flatnonzero(near_power_of_two(true) & (off > largest / 2) & np.isfinite(true))
    if doubtful.size:
        doubtful = doubtful[:DOUBTFUL]
        at = [operand[doubtful] for operand in operands]
        off[doubtful] = exactly(activation, verb, computed[doubtful], *at)


def judge_rows(tally: Tally, x: Array, p: Array) -> None:
    """Note how far the sums of Softmax's rows lie from 1, and whether they keep the order."""
    entries = p.astype(np.longdouble)
    tally.sum_off = float(np.abs(entries.sum(axis=-1) - 1).max() / np.spacing(x.dtype.type(1)))
    order = np.argsort(x, axis=-1)
    x, entries = (np.take_along_axis(a, order, axis=-1) for a in (x, entries))
    fall = entries[:, :-1] - entries[:, 1:]
    fall = np.where(x[:, :-1] == x[:, 1:], np.abs(fall), fall)
    tally.out_of_order = float((fall / spacing(entries[:, 1:], p.dtype)).max(initial=0))
