"""The inputs at which accuracy is measured: all there are, or samples that are always the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from npdl_activations import registry
from npdl_activations.activation import Activation
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.yardstick import WIDER, Array, dtype_named, information, verbs

CHUNK = 1 << 15  # numbers at a time: a chunk and its float64 temporaries stay in the cache

# What a name begins with in the second tier.
COMPILED = "compiled "

# A binade of float32 is all floats of one sign and exponent; the subnormals are one of them.
BINADES = 512
BINADE = 1 << 23

PART = 10**6  # numbers in a part of a sample
FLOAT64_PARTS = 12
PAIR_PARTS = 28  # of x with a gradient, for `backward`
USUAL = 10.0  # inputs that people use are between -USUAL and USUAL

# Parameters other than the default ones.
OTHERS = (2.0, 0.1, 3.0, 1e-3, 2.0**100, 1e-40)
OTHER_STRIDES = {"float16": 1, "bfloat16": 1, "float32": 997, "float64": 5}

# Softmax: how many rows of how many logits, and of how many at most the Jacobian is measured.
ROWS = {
    **dict.fromkeys((1, 2, 3, 4, 5, 7, 10, 16, 33, 64, 100), 8_500),
    **dict.fromkeys((128, 300, 1_000), 2_000),
    3_000: 500,
    10_000: 300,
    32_768: 100,
    100_000: 100,
}
REACH = 1e4  # logits are between -REACH and REACH
SQUARE = 33
SUM_OFF = 4  # how far the sum of a row may lie from 1, in units of the dtype's epsilon

# What a part of the inputs is: all there are, a sample, the same for other parameters, inputs that
# people use.
EVERY, SAMPLE, OTHER, PEOPLE = "every", "sample", "other", "people"


@dataclass(frozen=True)
class Unit:
    """A piece of work: a part of the inputs of an activation's verb in a dtype."""

    name: str
    verb: str
    dtype: str
    kind: str
    part: int


def every_name() -> list[str]:
    """Return the activations' names, in both tiers where Numba is installed."""
    classes = registry.classes()
    plain = [cls.__name__ for cls in classes]
    try:
        from npdl_activations.compiled.tier import has_kernels
    except ImportError:  # Numba is no part of the lab
        return plain
    return [*plain, *(COMPILED + cls.__name__ for cls in classes if has_kernels(cls))]


def named(name: str) -> type[Activation]:
    """Return the activation class of that name, such as "Sigmoid" or "compiled Sigmoid"."""
    classes: dict[str, type[Activation]] = {cls.__name__: cls for cls in registry.classes()}
    plain: Any = classes[name.removeprefix(COMPILED)]
    if plain.__name__ == name:
        return classes[name]
    from npdl_activations.compiled.tier import compiled_class

    found: type[Activation] = compiled_class(plain)
    return found


def others(cls: type[Activation]) -> list[Activation]:
    """Return activations of other parameters than the default ones, one parameter at a time."""
    if not issubclass(cls, Elementwise):
        return []
    return [cls(**{key: number}) for key in cls().parameters for number in OTHERS]


def activation(unit: Unit) -> Activation:
    """Return the activation that a unit measures."""
    cls = named(unit.name)
    return others(cls)[unit.part] if unit.kind == OTHER else cls()


def units(names: Iterable[str], dtypes: Iterable[str]) -> list[Unit]:
    """Return all the work that can be done on these activations in these dtypes."""
    return [
        Unit(name, verb, dtype, kind, part)
        for name in names
        for verb in verbs(named(name))
        for dtype in dtypes
        for kind, parts in _parts(named(name), verb, dtype).items()
        for part in parts
    ]


def _parts(cls: type[Activation], verb: str, dtype: str) -> dict[str, Iterable[int]]:
    """Return the kinds of inputs that a verb is measured at, and the parts that each has."""
    if not issubclass(cls, Elementwise):
        # What reads like a default is the number of logits in a row.
        return {SAMPLE: [k for k in ROWS if verb != "jacobian" or k <= SQUARE], PEOPLE: [10]}
    rest: dict[str, Iterable[int]] = {OTHER: range(len(others(cls))), PEOPLE: [0]}
    if verb == "backward":
        return {SAMPLE: range(PAIR_PARTS), OTHER: rest[OTHER]}
    if dtype == "float64":
        return {SAMPLE: range(FLOAT64_PARTS), **rest}
    return {EVERY: range(BINADES if dtype == "float32" else 1), **rest}


def inputs(unit: Unit, stride: int = 1) -> Iterator[tuple[Array, ...]]:
    """Yield every stride-th input of a unit, or every stride-th row, a chunk at a time.

    They are the operands of the unit's verb: x, and for `backward` a gradient.
    """
    dtype = dtype_named(unit.dtype)
    cls = named(unit.name)
    if unit.dtype == "float64" and not WIDER:
        stride *= 5_000
    if not issubclass(cls, Elementwise):
        for rows in logits(dtype, unit.part, unit.kind, stride):
            if unit.verb == "backward":
                yield rows, row_gradients(rows)
            else:
                yield (rows,)
    elif unit.kind == PEOPLE:
        rng = np.random.default_rng(unit.part)
        yield from chunks(rng.uniform(-USUAL, USUAL, PART)[::stride].astype(dtype))
    elif unit.verb == "backward":
        part, stride = (0, stride) if unit.kind == OTHER else (unit.part, stride)
        yield from pairs(cls, dtype, part, stride)
        if unit.kind == OTHER:
            yield from pairs(cls, dtype, PAIR_PARTS - 1, stride)
    else:
        yield from _numbers(cls, unit, dtype, stride)


def _numbers(
    cls: type[Elementwise], unit: Unit, dtype: np.dtype[Any], stride: int
) -> Iterator[tuple[Array, ...]]:
    """Yield every stride-th x of a unit, a chunk at a time."""
    other = unit.kind == OTHER
    if other:
        stride *= OTHER_STRIDES[unit.dtype]
    if unit.dtype == "float64":
        for part in range(FLOAT64_PARTS) if other else [unit.part]:
            yield from chunks(float64_part(cls, part)[-part * PART % stride :: stride])
    else:
        width = BINADE if unit.dtype == "float32" and not other else 1 << 8 * dtype.itemsize
        first = 0 if other else unit.part * width
        for x in bit_patterns(dtype, first, first + width, stride):
            yield (x,)


def chunks(*operands: Array) -> Iterator[tuple[Array, ...]]:
    """Yield arrays of one length a chunk at a time."""
    for i in range(0, len(operands[0]), CHUNK):
        yield tuple(operand[i : i + CHUNK] for operand in operands)


def bit_patterns(dtype: np.dtype[Any], first: int, last: int, stride: int = 1) -> Iterator[Array]:
    """Yield the floats whose bits, read as a number, are in [first, last) and divide by stride."""
    bits = np.dtype(f"u{dtype.itemsize}")
    step = CHUNK * stride
    for begin in range(first + -first % stride, last, step):
        # In int64, because `last` may be one more than the bits can hold.
        yield np.arange(begin, min(begin + step, last), stride).astype(bits).view(dtype)


def bends(cls: type[Elementwise]) -> Array:
    """Return where a function or a kernel of it may change, on the right of 0.

    That is at the kinks; at 0 and 1; where e^x and e^2x are the largest float, the smallest normal
    or the smallest subnormal one; where 1 + e^-x is 1; where 1 + x is x, and where a square or its
    inverse leaves the range.
    """
    info = np.finfo(np.float64)
    logs = np.abs(np.log([info.max, info.tiny, info.smallest_subnormal, info.eps / 2, 2]))
    powers = np.ldexp(1.0, [-54, -53, -27, 26, 27, 52, 53, 54, 511, 512, 537, 538])
    kinks = np.abs(np.array(cls.kinks, dtype=float))
    return np.array([0, info.tiny, 1, info.max, *logs, *logs / 2, *powers, *kinks])


def near(points: Array, reach: int) -> Array:
    """Return the float64s within so many neighbours of points and of their negatives."""
    bits = points.view(np.int64)[:, np.newaxis] + np.arange(-reach, reach + 1)
    found = np.clip(bits, 0, np.array(np.inf).view(np.int64)).view(np.float64).ravel()
    return np.concatenate([found, -found])


def float64_part(cls: type[Elementwise], part: int) -> Array:
    """Return one of the parts of the float64 inputs, the same ones every time."""
    rng = np.random.default_rng(part)
    if part < 5:
        return rng.integers(0, 1 << 64, PART, dtype=np.uint64).view(np.float64)
    if part < 9:
        # A dense grid over all that is not yet at its limit: e^-745.2 is below every float64.
        return np.linspace(-750, 750, 4 * PART)[part - 5 :: 4]
    if part < 11:
        return _of_any_size(rng, PART)
    return near(bends(cls), 20_000)


def _of_any_size(rng: np.random.Generator, count: int) -> Array:
    """Return numbers of either sign and of sizes between 10^-20 and 10^3."""
    return np.copysign(10 ** rng.uniform(-20, 3, count), rng.uniform(-1, 1, count))


def by_exponent(rng: np.random.Generator, dtype: np.dtype[Any], exponents: Array) -> Array:
    """Return floats of these binary exponents, of either sign and random digits."""
    largest = float(information(dtype).max)
    size = np.ldexp(1 + rng.random(exponents.shape), exponents)
    x = np.copysign(np.minimum(size, largest), rng.uniform(-1, 1, exponents.shape))
    return x.astype(dtype)


def exponents(dtype: np.dtype[Any]) -> Array:
    """Return the exponents of a dtype's floats, from the smallest subnormal to the largest."""
    info = information(dtype)
    smallest = int(np.frexp(float(info.smallest_subnormal))[1]) - 1
    return np.arange(smallest, int(np.frexp(float(info.max))[1]))


def pairs(
    cls: type[Elementwise], dtype: np.dtype[Any], part: int, stride: int = 1
) -> Iterator[tuple[Array, ...]]:
    """Yield inputs with gradients, for `backward`.

    Every binade of x with every binade of the gradient, in all but the last parts; then gradients
    drawn by exponent with x where a function is not yet at its limit, of any size, and near its
    bends. Zeros, infinities and NaN are among both.
    """
    rng = np.random.default_rng(1_000 + part)
    every = exponents(dtype)
    dense = PAIR_PARTS - 12
    if part < dense:
        mine = every[part::dense]
        times = max(4, PART // (mine.size * every.size))
        mesh = np.meshgrid(mine, np.repeat(every, times))
        x, gradient = (by_exponent(rng, dtype, e.ravel()) for e in mesh)
    else:
        info = information(dtype)
        reach = float(np.log(float(info.max)) - np.log(float(info.smallest_subnormal)))
        kind = part % 4
        if kind == 0:
            wide = near(bends(cls), 15_000)
        elif kind == 1:
            wide = _of_any_size(rng, PART)
        else:
            wide = rng.uniform(-reach, reach, PART) / (1 if kind == 2 else 20)
        x = wide.astype(dtype)
        gradient = by_exponent(rng, dtype, rng.choice(every, x.size))
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan]).astype(dtype)
    for operand in (x, gradient):
        at = rng.integers(0, x.size, x.size // 64 + 4)
        operand[at] = rng.choice(special, at.size)
    yield from chunks(x[::stride], gradient[::stride])


def logits(dtype: np.dtype[Any], k: int, kind: str = SAMPLE, stride: int = 1) -> Iterator[Array]:
    """Yield matrices of rows of `k` logits: near and far, equal, neighbouring, infinite."""
    rng = np.random.default_rng(k)
    if kind == PEOPLE:
        yield rng.uniform(-USUAL, USUAL, (PART // k, k))[::stride].astype(dtype)
        return
    bits = np.dtype(f"u{dtype.itemsize}")
    step = max(6, CHUNK // k)
    for begin in range(0, ROWS[k], step):
        n = min(step, ROWS[k] - begin)
        x = rng.standard_normal((n, k)) * 10 ** rng.uniform(-3, 4, (n, 1))
        which = (begin + np.arange(n)) % 6
        x[which == 1] = rng.uniform(-REACH, REACH, (n, k))[which == 1]
        x[which == 2] = rng.integers(-3, 4, (n, k))[which == 2]
        # All equal but for one.
        x[which == 3] = rng.uniform(-20, 20, (n, 1))[which == 3]
        x[which == 3, rng.integers(k)] += rng.uniform(0, 20)
        x = np.clip(x, -REACH, REACH).astype(dtype)
        # Neighbouring floats, in no order.
        close = (
            np.clip(x[:, :1], -5e3, 5e3).astype(dtype).view(bits) + np.arange(k, dtype=bits) % 99
        )
        x[which == 4] = rng.permuted(close, axis=1).view(dtype)[which == 4]
        x[(which == 5)[:, np.newaxis] & (rng.random((n, k)) < 0.1)] = -np.inf
        yield x[-begin % stride :: stride]


def row_gradients(rows: Array) -> Array:
    """Return gradients for rows of logits.

    Of five kinds: normal ones times a power of ten, by exponent, near the largest float, rows
    whose answers nearly cancel, and of one entry alone.
    """
    dtype = rows.dtype
    n, k = rows.shape
    info = information(dtype)
    rng = np.random.default_rng([n, k])
    largest = float(info.max)
    power = np.log10(largest)
    wide = rng.standard_normal((n, k)) * 10 ** rng.uniform(-power, power - 1, (n, 1))
    which = np.arange(n) % 5
    some = which == 1
    every = exponents(dtype)
    wide[some] = by_exponent(rng, np.dtype(float), rng.choice(every, (n, k)))[some]
    some = which == 2
    wide[some] = (rng.choice([-1.0, 1.0], (n, k)) * rng.uniform(0.5, 1, (n, k)) * largest)[some]
    # All gradients of a row nearly equal: in the exact answer they cancel.
    some = which == 3
    wide[some] = (rng.uniform(1, 2, (n, 1)) * (1 + 1e-3 * rng.standard_normal((n, k))))[some]
    some = which == 4
    wide[some] = np.where(np.arange(k) == rng.integers(0, k, (n, 1)), wide, 0)[some]
    return np.clip(wide, -largest, largest).astype(dtype)
