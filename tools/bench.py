"""Time the package beside NumPy, SciPy and the textbook's formulas.

``make bench`` prints a ratio a line, beside its target where it has one, and fails where one is
missed. What is compared takes turns, and a ratio is the median of those of all turns. The time is
the processor's own, so that what else the machine does slows both alike or neither.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import process_time
from timeit import Timer
from typing import Any

import literal
import numpy as np
import scipy.special
from numpy.typing import NDArray

from npdl_activations import ReLU, Sigmoid, Softmax, SoftPlus, Tanh, registry
from npdl_activations.elementwise import Elementwise

Array = NDArray[Any]
Function = Callable[[Any], Any]

ELEMENTWISE = [cls for cls in registry.classes() if issubclass(cls, Elementwise)]
DTYPES = ("float32", "float64")
TURNS = 41
SMALL, CALLS = 8, 2_000  # numbers in a short array, and calls in a turn
LARGE = 10**6


@dataclass(frozen=True)
class Line:
    """What is timed, beside what, on which array, and how large the ratio may be."""

    what: str
    peer: str
    ours: Function
    theirs: Function
    x: Array
    target: float | None = None
    # What does not count as ours.
    bare: Function | None = None

    def ratio(self) -> float:
        """Return the median of our time over the peer's."""
        functions = [f for f in (self.ours, self.theirs, self.bare) if f]
        timers = [
            Timer("f(x)", timer=process_time, globals={"f": f, "x": self.x}) for f in functions
        ]
        calls = CALLS if self.x.size <= SMALL else 1
        ratios = []
        for _ in range(TURNS + 1):
            ours, theirs, *bare = (timer.timeit(calls) for timer in timers)
            ratios.append((ours - sum(bare)) / theirs)
        return median(ratios[1:])  # the first turn warms up


def numbers(*shape: int, dtype: str = "float32", seed: int = 0) -> Array:
    """Return random numbers of the size that the inputs of a network have."""
    return np.random.default_rng(seed).normal(scale=5, size=shape).astype(dtype)


def called_often() -> Iterator[Line]:
    """Yield the calls on a short array, where what surrounds a kernel takes the time."""
    x = numbers(SMALL)
    for name, cls in {"Sigmoid": Sigmoid, "SoftPlus": SoftPlus}.items():
        yield Line(f"{name} of 8", "literal", cls(), literal.value(cls), x, 2.5)
    sigmoid = literal.value(Sigmoid)
    for cls in ELEMENTWISE:
        act = cls()
        what = f"{cls.__name__} of 8, less its kernel"
        yield Line(what, "literal Sigmoid", act, sigmoid, x, 1, act._forward)
    yield Line("Softmax of 8", "scipy softmax", Softmax(), scipy.special.softmax, x, 2)


def backward(cls: type[Elementwise], x: Array) -> Function:
    """Return the gradient's way back through an activation, at the x that `forward` saw."""
    act = cls()
    act.forward(x)
    gradient = numbers(*x.shape, dtype=x.dtype.name, seed=1)
    return lambda _: act.backward(gradient)


def many_numbers(dtype: str) -> Iterator[Line]:
    """Yield the calls on a million numbers that have a target."""
    x = numbers(LARGE, dtype=dtype)
    yield Line(f"ReLU {dtype}", "np.maximum", ReLU(), lambda x: np.maximum(x, 0), x, 1.5)
    yield Line(f"Tanh {dtype}", "np.tanh", Tanh(), np.tanh, x, 1.15)
    for cls in ELEMENTWISE:
        # np.tanh is cheaper than the exponential in its slope.
        target = None if cls is Tanh else 1.3
        what = f"{cls.__name__}.backward {dtype}"
        yield Line(what, "its value", backward(cls, x), cls(), x, target)
    rows = x.reshape(-1, 100)
    target = {"float32": 1.8, "float64": 2.0}[dtype]
    softmax = literal.value(Softmax)
    yield Line(f"Softmax in rows of 100 {dtype}", "literal", Softmax(), softmax, rows, target)


def log1p_form(x: Array) -> Any:
    """Return SoftPlus in the form that does not overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# Where the peer is not the textbook's formula, which for Linear hands back the very array.
PEERS: dict[str, tuple[str, Function]] = {
    "Linear": ("np.copy", np.copy),
    "Sigmoid": ("expit", scipy.special.expit),
    "SoftPlus": ("log1p form", log1p_form),
}


def for_information(dtype: str) -> Iterator[Line]:
    """Yield calls on a million numbers without a target."""
    x = numbers(LARGE, dtype=dtype)
    for cls in ELEMENTWISE:
        name, act = cls.__name__, cls()
        peer = PEERS.get(name, ("literal", literal.value(cls)))
        yield Line(f"{name} {dtype}", peer[0], act, peer[1], x)
        slope = literal.derivative(cls)
        yield Line(f"{name}.derivative {dtype}", "literal", act.derivative, slope, x)
    for k in (10, 1_000):
        what, rows = f"Softmax in rows of {k:,} {dtype}", x.reshape(-1, k)
        yield Line(what, "literal", Softmax(), literal.value(Softmax), rows)


def lines() -> Iterator[Line]:
    """Yield every line, those with a target first."""
    yield from called_often()
    for dtype in DTYPES:
        yield from many_numbers(dtype)
    for dtype in DTYPES:
        yield from for_information(dtype)


def keep_memory() -> None:
    """Have the C library keep what is freed, if it is glibc.

    Handed back and asked for again, a large array's pages cost as much as what is computed in
    them, and which of the two sides pays depends on where the heap happens to end.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        for threshold in (-1, -3):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            mallopt(threshold, 1 << 30)


def main() -> int:
    """Print every line; return 1 if a target is missed."""
    form = "{:38} {:>16} {:>7} {:>7}  {}".format
    print(form("", "beside", "ratio", "target", "").rstrip())
    keep_memory()
    missed = False
    with np.errstate(all="ignore"):
        for line in lines():
            ratio, target = line.ratio(), line.target
            late = target is not None and ratio > target
            missed |= late
            text = form(line.what, line.peer, f"{ratio:.2f}", target or "", "missed" * late)
            print(text.rstrip(), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
