"""How accurate the activations are, in ULP, on every input where that can be had.

One activation in one dtype, on every STRIDE-th input::

    python -m npdl_activations.lab.accuracy Sigmoid --dtype float32 --stride 1000003

``make verify`` measures everything on all cores and writes the table to ``book/data``.
Interrupted, it goes on where it stopped.
"""

import argparse
import ast
import hashlib
import io
import json
import math
import os
import platform
import re
import signal
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

import npdl_activations as package
from npdl_activations import Softmax
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.check import ulp_error

Array = NDArray[Any]

PACKAGE = Path(package.__file__).parent
DATA = PACKAGE.parent / "book" / "data"
JOURNAL = PACKAGE.parent / "_verify"

DTYPES = ("float16", "bfloat16", "float32", "float64")
KERNELS = ("value", "derivative")
# longdouble is the yardstick of float64 where it is wider: on x86 it is, on many others not.
WIDER = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant
WITHOUT = (
    "longdouble is no wider than float64 on this machine: float64 is measured in mpmath, at every "
    "5,000th input, and Softmax is not measured"
)

CHUNK = 1 << 15  # numbers at a time: a chunk and its float64 temporaries stay in the cache

# A binade of float32 is all floats of one sign and exponent; the subnormals are one of them.
BINADES = 512
BINADE = 1 << 23

FLOAT64_PART = 10**6
FLOAT64_PARTS = 12

# Softmax: how many rows of how many logits.
ROWS = {
    **dict.fromkeys((1, 2, 3, 4, 5, 7, 10, 16, 33, 64, 100), 8_500),
    **dict.fromkeys((128, 300, 1_000), 2_000),
    3_000: 500,
    10_000: 300,
    32_768: 100,
    100_000: 100,
}
SOFTMAX_SUM = 4  # how far the sum of a row may lie from 1, in units of the dtype's epsilon


# What the functions are, in forms that lose nothing to cancellation, overflow or underflow. They
# are evaluated in float64 for the narrower dtypes and in longdouble for float64. Each is a few
# operations, good to a ULP or two of that wider format, so it strays from the truth by about
# 10 / 2^29 = 2e-8 ULP of float32, and by 10 / 2^11 = 0.005 ULP of float64.


def _logistic(x: Array) -> Any:
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def _logistic_slope(x: Array) -> Any:
    z = np.exp(-np.abs(x))
    return z / (1 + z) ** 2


def _tanh_slope(x: Array) -> Any:
    z = np.exp(-2 * np.abs(x))
    return 4 * z / (1 + z) ** 2


def _softplus(x: Array) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _elliot(x: Array, steepness: float) -> Any:
    a = np.abs(steepness * x)
    return np.where(x >= 0, 0.5 + a, 0.5) / (1 + a)


def _elliot_slope(x: Array, steepness: float) -> Any:
    return _sign_slope(x, steepness) / 2


def _sign(x: Array, steepness: float = 1) -> Any:
    a = steepness * x
    return a / (1 + np.abs(a))


def _sign_slope(x: Array, steepness: float = 1) -> Any:
    return steepness / (1 + np.abs(steepness * x)) ** 2


TRUTHS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Elliot": (_elliot, _elliot_slope),
    "Linear": (lambda x: x, np.ones_like),
    "ReLU": (lambda x: np.where(x > 0, x, 0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "Sigmoid": (_logistic, _logistic_slope),
    "SoftPlus": (_softplus, _logistic),
    "SoftSign": (_sign, _sign_slope),
    "SymmetricElliot": (_sign, _sign_slope),
    "Tanh": (np.tanh, _tanh_slope),
}

# The textbook's formulas, computed as they stand in the dtype of x: what they cost is shown too.
LITERAL: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Elliot": (
        lambda x: 0.5 * x / (1 + np.abs(x)) + 0.5,
        lambda x: 0.5 / (1 + np.abs(x)) ** 2,
    ),
    "Linear": (lambda x: x, np.ones_like),
    "ReLU": (lambda x: np.maximum(0, x), lambda x: (x > 0).astype(x.dtype)),
    "Sigmoid": (
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: (y := 1 / (1 + np.exp(-x))) * (1 - y),
    ),
    "SoftPlus": (lambda x: np.log(1 + np.exp(x)), lambda x: np.exp(x) / (1 + np.exp(x))),
    "SoftSign": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "SymmetricElliot": (lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "Tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
}
LITERAL_STRIDE = 251

NAMES = sorted([*TRUTHS, "Softmax"])


@dataclass
class Tally:
    """How far the results at some inputs lie from the truth.

    `at`, `got` and `row_length` say where the largest error is; what Softmax alone has is 0 for
    the others.
    """

    largest: float = 0.0  # error, in ULP
    at: float = 0.0
    got: float = 0.0
    correct: int = 0  # results within half a ULP, which is to say correctly rounded
    inputs: int = 0
    nans: int = 0  # of the inputs
    wrong_nans: int = 0  # NaN where the input is not, or the other way round
    row_length: int = 0
    rows: int = 0
    sum_off: float = 0.0  # of a row's sum from 1, at most, in units of the dtype's epsilon
    out_of_order: float = 0.0  # how far an entry lies below that of a smaller logit, in ULP

    def add(self, other: Self) -> None:
        """Count what `other` counted too."""
        if other.largest > self.largest:
            self.largest, self.at, self.got = other.largest, other.at, other.got
            self.row_length = other.row_length
        self.correct += other.correct
        self.inputs += other.inputs
        self.nans += other.nans
        self.wrong_nans += other.wrong_nans
        self.rows += other.rows
        self.sum_off = max(self.sum_off, other.sum_off)
        self.out_of_order = max(self.out_of_order, other.out_of_order)


def dtype_named(name: str) -> np.dtype[Any]:
    """Return the dtype of that name, bfloat16 included."""
    import ml_dtypes  # makes NumPy know the name

    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def widened(x: Array) -> Array:
    """Return `x` in the format in which the truth is computed.

    An infinity becomes a number beyond every one that the dtype of `x` has, and so far out that
    each function has reached its limit there.
    """
    wide: Any = np.longdouble if x.dtype == np.float64 else np.float64
    far = np.ldexp(wide(1), np.finfo(wide).maxexp // 2)
    return np.asarray(np.clip(x.astype(wide), -far, far))


def spacing(truth: Array, dtype: np.dtype[Any]) -> Array:
    """Return the spacing of the floats of `dtype` in the binade where `truth` lies.

    At a power of two it is the finer spacing below, because a truth that was rounded to 1 may
    lie a little below it.
    """
    wide = truth.dtype.type
    one, zero, inf = (dtype.type(number) for number in (1, 0, np.inf))
    epsilon = wide(np.spacing(one))
    normal = wide(np.spacing(zero)) / epsilon
    size = np.abs(truth) * (1 - np.finfo(truth.dtype).epsneg)
    _, exponent = np.frexp(np.clip(size, normal, wide(np.nextafter(inf, one))))
    return np.asarray(np.ldexp(epsilon, exponent - 1))


def errors(computed: Array, truth: Array) -> Array:
    """Return how far `computed` lies from `truth`, in ULP of the dtype of `computed`."""
    off = np.abs(computed.astype(truth.dtype) - truth) / spacing(truth, computed.dtype)
    infinite = np.isinf(computed)
    if infinite.any():
        off[infinite & (computed == truth.astype(computed.dtype))] = 0
    return np.asarray(off)


def counted(x: Array, computed: Array, off: Array) -> Tally:
    """Return the tally of the results `computed` at `x`, which are `off` by so many ULP."""
    nan = np.isnan(x)
    wrong = nan != np.isnan(computed)
    off[np.isnan(off) | wrong] = np.inf
    off[nan & ~wrong] = 0
    worst = np.unravel_index(off.argmax(), off.shape)
    return Tally(
        largest=float(off[worst]),
        at=float(x[worst]),
        got=float(computed[worst]),
        correct=int(np.count_nonzero(off <= 0.5)),
        inputs=x.size,
        nans=int(np.count_nonzero(nan)),
        wrong_nans=int(np.count_nonzero(wrong)),
    )


def exactly(activation: Elementwise, kernel: str, x: Array, computed: Array) -> Array:
    """Return the errors of an activation's value or derivative, found in high precision."""
    formula = activation.formula if kernel == "value" else activation.derivative_formula
    symbols = {name[0]: value for name, value in activation._parameters.items()}
    return ulp_error(computed, formula, x, **symbols)


@np.errstate(all="ignore")
def measure(activation: Elementwise, x: Array) -> list[Tally]:
    """Return how accurate an activation's value and derivative are at the inputs `x`."""
    answers = (activation(x), activation.derivative(x))
    if x.dtype == np.float64 and not WIDER:
        off = [exactly(activation, k, x, y) for k, y in zip(KERNELS, answers, strict=True)]
    else:
        wide = widened(x)
        truths = (truth(wide, **activation._parameters) for truth in TRUTHS[str(activation)])
        off = [errors(y, truth) for y, truth in zip(answers, truths, strict=True)]
    return [counted(x, y, e) for y, e in zip(answers, off, strict=True)]


@np.errstate(all="ignore")
def measure_rows(x: Array) -> Tally:
    """Return how accurate Softmax is on the rows of the matrix `x`."""
    p = Softmax()(x)
    # The quotient as it is written: longdouble holds e^10000, so that nothing is subtracted.
    e = np.exp(x.astype(np.longdouble))
    truth = e / e.sum(axis=-1, keepdims=True)
    truth[np.isneginf(x).all(axis=-1)] = np.longdouble(1) / x.shape[-1]
    tally = counted(x, p, errors(p, truth))
    tally.row_length = x.shape[-1]
    tally.rows = len(x)
    entries = p.astype(np.longdouble)
    tally.sum_off = float(np.abs(entries.sum(axis=-1) - 1).max() / np.spacing(x.dtype.type(1)))
    order = np.argsort(x, axis=-1)
    x, entries = (np.take_along_axis(a, order, axis=-1) for a in (x, entries))
    fall = entries[:, :-1] - entries[:, 1:]
    fall = np.where(x[:, :-1] == x[:, 1:], np.abs(fall), fall)
    tally.out_of_order = float((fall / spacing(entries[:, 1:], p.dtype)).max(initial=0))
    return tally


def bit_patterns(dtype: np.dtype[Any], first: int, last: int, stride: int) -> Iterator[Array]:
    """Yield the floats whose bits, read as a number, are in [first, last) and divide by stride."""
    bits = np.dtype(f"u{dtype.itemsize}")
    step = CHUNK * stride
    for begin in range(first + -first % stride, last, step):
        # In int64, because `last` may be one more than the bits can hold.
        yield np.arange(begin, min(begin + step, last), stride).astype(bits).view(dtype)


def float64_part(part: int) -> Array:
    """Return one of the parts of the float64 inputs, the same ones every time."""
    rng = np.random.default_rng(part)
    if part < 5:
        return rng.integers(0, 1 << 64, FLOAT64_PART, dtype=np.uint64).view(np.float64)
    if part < 9:
        # A dense grid over all that is not yet at its limit: e^-745.2 is below every float64.
        return np.linspace(-750, 750, 4 * FLOAT64_PART)[part - 5 :: 4]
    if part < 11:
        size = 10 ** rng.uniform(-20, 3, FLOAT64_PART)
        return np.copysign(size, rng.uniform(-1, 1, FLOAT64_PART))
    # Every float near the points where a function or its kernel changes: the branch at 0; where
    # results become subnormal, 0 or infinite, for e^x and for e^2x; where 1 + e^-x is 1.
    info = np.finfo(np.float64)
    bends = np.abs(np.log([info.max, info.tiny, info.smallest_subnormal, info.eps / 2, 2]))
    points = np.array([0, info.tiny, 1, info.max, *bends, *bends / 2])
    bits = points.view(np.int64)[:, np.newaxis] + np.arange(-20_000, 20_001)
    near = np.clip(bits, 0, np.array(np.inf).view(np.int64)).view(np.float64).ravel()
    return np.concatenate([near, -near])


def logits(dtype: np.dtype[Any], k: int, stride: int) -> Iterator[Array]:
    """Yield matrices of rows of `k` logits: near and far, equal, neighbouring, infinite."""
    rng = np.random.default_rng(k)
    bits = np.dtype(f"u{dtype.itemsize}")
    step = max(6, CHUNK // k)
    for begin in range(0, ROWS[k], step):
        n = min(step, ROWS[k] - begin)
        x = rng.standard_normal((n, k)) * 10 ** rng.uniform(-3, 4, (n, 1))
        kind = (begin + np.arange(n)) % 6
        x[kind == 1] = rng.uniform(-1e4, 1e4, (n, k))[kind == 1]
        x[kind == 2] = rng.integers(-3, 4, (n, k))[kind == 2]
        # All equal but for one.
        x[kind == 3] = rng.uniform(-20, 20, (n, 1))[kind == 3]
        x[kind == 3, rng.integers(k)] += rng.uniform(0, 20)
        x = np.clip(x, -1e4, 1e4).astype(dtype)
        # Neighbouring floats, in no order.
        near = np.clip(x[:, :1], -5e3, 5e3).astype(dtype).view(bits) + np.arange(k, dtype=bits) % 99
        x[kind == 4] = rng.permuted(near, axis=1).view(dtype)[kind == 4]
        x[(kind == 5)[:, np.newaxis] & (rng.random((n, k)) < 0.1)] = -np.inf
        yield x[-begin % stride :: stride]


@dataclass(frozen=True)
class Unit:
    """A piece of work: a part of the inputs of an activation in a dtype."""

    name: str
    dtype: str
    part: int


def units(names: Iterable[str], dtypes: Iterable[str]) -> list[Unit]:
    """Return all the work that can be done on these activations in these dtypes."""
    parts = {"float16": 1, "bfloat16": 1, "float32": BINADES, "float64": FLOAT64_PARTS}
    return [
        Unit(name, dtype, part)
        for name in names
        for dtype in dtypes
        for part in (ROWS if name == "Softmax" else range(parts[dtype]))
        if WIDER or name != "Softmax"
    ]


def inputs(unit: Unit, stride: int) -> Iterator[Array]:
    """Yield every stride-th input of a unit, or every stride-th row, a chunk at a time."""
    if unit.name == "Softmax":
        yield from logits(dtype_named(unit.dtype), unit.part, stride)
    elif unit.dtype == "float64":
        stride *= 1 if WIDER else 5_000
        x = float64_part(unit.part)[-unit.part * FLOAT64_PART % stride :: stride]
        yield from (x[i : i + CHUNK] for i in range(0, x.size, CHUNK))
    else:
        width = BINADE if unit.dtype == "float32" else 1 << 16
        first = unit.part * width
        yield from bit_patterns(dtype_named(unit.dtype), first, first + width, stride)


def work(unit: Unit, stride: int = 1) -> tuple[Unit, list[Tally]]:
    """Return a unit and how accurate the activation is there: value and derivative."""
    activation = getattr(package, unit.name)()
    totals = [Tally()] if unit.name == "Softmax" else [Tally(), Tally()]
    for x in inputs(unit, stride):
        if x.size:
            tallies = measure(activation, x) if unit.name in TRUTHS else [measure_rows(x)]
            for total, tally in zip(totals, tallies, strict=True):
                total.add(tally)
    return unit, totals


def bare(source: str) -> str:
    """Return a module's source without what changes no result.

    That is comments, docstrings, blank lines, `max_ulp` and imports from typing.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Expr(value=ast.Constant(value=str()))
                | ast.AnnAssign(target=ast.Name(id="max_ulp"))
                | ast.ImportFrom(module="typing")
            ):
                end = node.end_lineno or node.lineno
                lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


@cache
def fingerprint(name: str) -> str:
    """Return a hash of the code of an activation: its module and all those that it imports."""
    module = sys.modules[getattr(package, name).__module__]
    found: dict[str, str] = {}
    waiting = [module.__name__.rpartition(".")[2]]
    while waiting:
        stem = waiting.pop()
        if stem not in found:
            source = (PACKAGE / f"{stem}.py").read_text(encoding="utf-8")
            found[stem] = bare(source)
            waiting += [
                node.module
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.ImportFrom) and node.level and node.module
            ]
    return hashlib.sha256("\n".join(found[stem] for stem in sorted(found)).encode()).hexdigest()


def simd_levels() -> dict[str, str]:
    """Return the SIMD levels that NumPy can be run at here: what to disable, by name.

    The first is what it runs at by itself; a level is named after the last feature it has.
    """
    config: Any = np.show_config(mode="dicts")
    simd = config["SIMD Extensions"]
    baseline, found = (simd.get(key, []) for key in ("baseline", "found"))
    narrow = [feature for feature in found if "512" not in feature and feature != "X86_V4"]
    return {
        ["none", *baseline, *kept][-1]: " ".join(f for f in found if f not in kept)
        for kept in (found, narrow, [])
    }


def measured(
    jobs: list[Unit], disabled: str, stride: int = 1
) -> Iterator[tuple[Unit, list[Tally]]]:
    """Yield what `work` returns for each job, from all cores, some CPU features disabled."""
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    before = os.environ.get("NPY_DISABLE_CPU_FEATURES", "")
    # NumPy reads the variable when it is imported, hence new interpreters.
    os.environ["NPY_DISABLE_CPU_FEATURES"] = f"{before} {disabled}".strip()
    try:
        with get_context("spawn").Pool(initializer=ignore) as pool:
            yield from pool.imap_unordered(partial(work, stride=stride), jobs)
    finally:
        os.environ["NPY_DISABLE_CPU_FEATURES"] = before


class Journal:
    """What was measured already, so that an interrupted run loses nothing.

    A line is written as each unit of work ends. It holds for the code, the NumPy and the machine
    that it was measured with.
    """

    def __init__(self) -> None:
        own = bare(Path(__file__).read_text(encoding="utf-8"))
        made = "\n".join([own, np.__version__, *simd_levels(), platform.platform(), cpu_model()])
        self._path = JOURNAL / f"{hashlib.sha256(made.encode()).hexdigest()[:16]}.jsonl"
        self.results: dict[str, list[Tally]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:
                    continue  # the line that was being written when the run stopped
                self.results[entry["key"]] = [Tally(**tally) for tally in entry["tallies"]]

    @staticmethod
    def key(level: str, unit: Unit) -> str:
        """Return what an entry is known by."""
        return f"{level} {unit.name} {unit.dtype} {unit.part} {fingerprint(unit.name)}"

    def add(self, level: str, unit: Unit, tallies: list[Tally]) -> None:
        """Write down what was measured."""
        key = self.key(level, unit)
        self.results[key] = tallies
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            # The newline comes first, because the last line may be torn.
            file.write("\n" + json.dumps({"key": key, "tallies": [asdict(t) for t in tallies]}))


def cpu_model() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    found = re.search(r"model name\s*: (.+)", text)
    return found[1] if found else platform.processor()


def together(
    results: Iterable[tuple[Unit, list[Tally]]],
) -> dict[tuple[str, str], list[Tally]]:
    """Add up what was measured on the units of each activation and dtype."""
    sums: dict[tuple[str, str], list[Tally]] = {}
    for unit, tallies in results:
        totals = sums.setdefault((unit.name, unit.dtype), [Tally() for _ in tallies])
        for total, tally in zip(totals, tallies, strict=True):
            total.add(tally)
    return sums


def row(name: str, dtype: str, kernel: str, at_level: dict[str, Tally]) -> dict[str, Any]:
    """Return a row of the table, from what was measured at each SIMD level."""
    activation = getattr(package, name)()
    worst = max(at_level.values(), key=lambda tally: tally.largest)
    native = next(iter(at_level.values()))
    x, got = (np.array([number], dtype_named(dtype)) for number in (worst.at, worst.got))
    result = {
        "function": name,
        "kernel": kernel,
        "dtype": dtype,
        "bound": activation.max_ulp[dtype],
        "largest": upwards(worst.largest),
        "input": str(x[0]) if dtype in {"float32", "float64"} else repr(worst.at),
        "input_hex": worst.at.hex(),
        "correctly_rounded": math.floor(native.correct / native.inputs * 1e6) / 1e6,
        "inputs": native.inputs,
        "wrong_nans": max(tally.wrong_nans for tally in at_level.values()),
        "simd": {level: upwards(tally.largest) for level, tally in at_level.items()},
    }
    if name == "Softmax":
        return result | {
            "row_length": worst.row_length,
            "rows": native.rows,
            "sum_off": upwards(max(tally.sum_off for tally in at_level.values())),
            "out_of_order": upwards(max(tally.out_of_order for tally in at_level.values())),
        }
    if 0 < worst.largest < math.inf:
        # With 50 digits or more. Where the truth is a power of two `spacing` took half a ULP.
        exact = float(exactly(activation, kernel, x, got)[0])
        if not worst.largest / 2 - 0.01 < exact < worst.largest + 0.01:
            msg = f"{name}'s {kernel} at {x[0]} is off by {exact} ULP, not {worst.largest}"
            raise ArithmeticError(msg)
    return result


def upwards(number: float) -> float:
    """Return `number` rounded up to four decimals: a bound of it too."""
    return math.ceil(number * 1e4) / 1e4 if math.isfinite(number) else number


def broken(row: dict[str, Any]) -> list[str]:
    """Return what a row of the table promises and does not keep."""
    what = f"{row['function']} {row['kernel']} {row['dtype']}"
    limits = {"largest": row["bound"], "wrong_nans": 0}
    if row["function"] == "Softmax":
        limits |= {"sum_off": SOFTMAX_SUM, "out_of_order": 0}
    return [
        f"{what}: {name} is {row[name]}, and at most {limit} is promised"
        for name, limit in limits.items()
        if row[name] > limit
    ]


def verify() -> int:
    """Measure the whole table and write it; return 0 if it holds, 1 if a bound is broken."""
    import ml_dtypes
    import mpmath
    from tqdm import tqdm

    journal = Journal()
    levels = simd_levels()
    everything = units(NAMES, DTYPES)
    todo = {
        level: [unit for unit in everything if journal.key(level, unit) not in journal.results]
        for level in levels
    }
    left = sum(map(len, todo.values()))
    total = len(levels) * len(everything)
    with tqdm(total=total, initial=total - left, unit="unit") as bar:
        try:
            for level, jobs in todo.items():
                bar.set_description(level)
                for unit, tallies in measured(jobs, levels[level]) if jobs else ():
                    journal.add(level, unit, tallies)
                    bar.update()
        except KeyboardInterrupt:
            bar.write("interrupted: what was done is kept, and the next run goes on from there")
            return 130

    results = {
        level: {unit: journal.results[journal.key(level, unit)] for unit in everything}
        for level in levels
    }
    totals = {level: together(results[level].items()) for level in levels}
    rows = [
        row(name, dtype, kernel, {level: totals[level][name, dtype][i] for level in levels})
        for name in NAMES
        for dtype in DTYPES
        for i, kernel in enumerate(KERNELS)
        if name in TRUTHS or (WIDER and kernel == "value")
    ]
    table = {
        "fingerprints": {name: fingerprint(name) for name in NAMES},
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_model(),
        "platform": platform.platform(),
        "simd": list(levels),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "ml_dtypes": ml_dtypes.__version__,
        "mpmath": mpmath.__version__,
        "rows": rows,
    }
    DATA.mkdir(exist_ok=True)
    (DATA / "accuracy.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    along = json.dumps(axis(next(iter(results.values())))).replace("], ", "],\n")
    (DATA / "accuracy_axis.json").write_text(along + "\n", encoding="utf-8")
    failures = [failure for row in rows for failure in broken(row)]
    print(*failures, sep="\n", file=sys.stderr, end="\n" * bool(failures))
    return 1 if failures else 0


@np.errstate(all="ignore")
def literal(name: str, binade: int) -> list[Tally]:
    """Return how accurate the textbook's formulas are on a sample of a binade of float32."""
    parameters = getattr(package, name)()._parameters
    tallies = [Tally(), Tally()]
    first = binade * BINADE
    for x in bit_patterns(np.dtype(np.float32), first, first + BINADE, LITERAL_STRIDE):
        for tally, formula, truth in zip(tallies, LITERAL[name], TRUTHS[name], strict=True):
            y = formula(x)
            tally.add(counted(x, y, errors(y, truth(widened(x), **parameters))))
    return tallies


def axis(results: dict[Unit, list[Tally]]) -> dict[str, Any]:
    """Return the largest error in each binade of float32, in order from -max to max.

    Of the package, as it was measured; and of the textbook's formulas, on a sample. Where an
    answer is infinite or NaN and should not be, the error is None.
    """
    binades = [*range(BINADES - 2, BINADES // 2 - 1, -1), *range(BINADES // 2 - 1)]

    def along(
        tallies: Callable[[str, int], list[Tally]],
    ) -> dict[str, dict[str, list[float | None]]]:
        errors = {
            name: [[tally.largest for tally in tallies(name, binade)] for binade in binades]
            for name in TRUTHS
        }
        return {
            name: {
                kernel: [float(f"{e[i]:.3g}") if math.isfinite(e[i]) else None for e in pairs]
                for i, kernel in enumerate(KERNELS)
            }
            for name, pairs in errors.items()
        }

    smallest = (np.array(binades, np.uint32) * BINADE).astype(np.uint32).view(np.float32)
    return {
        "smallest": smallest.tolist(),
        "package": along(lambda name, binade: results[Unit(name, "float32", binade)]),
        "literal": along(literal),
        "literal_stride": LITERAL_STRIDE,
    }


def report(name: str, dtype: str, stride: int) -> int:
    """Measure an activation in a dtype and print its rows of the table; return 0."""
    from tqdm import tqdm

    jobs = units([name], [dtype])
    results = tqdm(measured(jobs, "", stride), total=len(jobs), unit="unit", leave=False)
    (tallies,) = together(results).values()
    for kernel, tally in zip(KERNELS, tallies, strict=False):
        line = row(name, dtype, kernel, {"": tally})
        print(
            f"{name} {kernel}, {dtype}, {line['inputs']:,} inputs: "
            f"at most {line['largest']} ULP off (the bound is {line['bound']}), "
            f"at {line['input']} = {line['input_hex']}; "
            f"{line['correctly_rounded']:.4%} correctly rounded"
        )
    return 0


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with status 2."""
        self.exit(2, f"{message}\n")


def one_of(what: str, known: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes one of the known names."""

    def checked(name: str) -> str:
        if name not in known:
            msg = f"unknown {what} {name!r}: known are {', '.join(known)}"
            raise argparse.ArgumentTypeError(msg)
        return name

    return checked


def positive(text: str) -> int:
    """Return the positive integer that `text` says."""
    if not text.isdecimal() or int(text) == 0:
        msg = f"a stride is a positive integer, not {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = Parser(prog="python -m npdl_activations.lab.accuracy", description=__doc__)
    parser.add_argument("activation", nargs="?", type=one_of("activation", NAMES))
    parser.add_argument("--dtype", default="float32", type=one_of("dtype", DTYPES))
    parser.add_argument("--stride", default=1, type=positive, help="take every STRIDE-th input")
    parser.add_argument("--all", action="store_true", help="measure and write the whole table")
    options = parser.parse_args(arguments)
    if options.all == bool(options.activation):
        parser.error(f"name one activation, or --all of them: known are {', '.join(NAMES)}")
    if not WIDER:
        if options.activation == "Softmax":
            parser.error(WITHOUT)
        print(WITHOUT, file=sys.stderr)
    if options.all:
        return verify()
    return report(options.activation, options.dtype, options.stride)


if __name__ == "__main__":
    sys.exit(main())
