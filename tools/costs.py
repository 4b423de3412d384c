"""Time what a number costs: memory, arithmetic, the steps from a formula to a kernel, a layer."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from time import process_time
from typing import Any

import numba
import numpy as np
from machine import cpu_model

from npdl_activations import Sigmoid
from npdl_activations.arrays import BLOCK
from npdl_activations.compiled import compiled
from npdl_activations.compiled.exponential import maths
from npdl_activations.compiled.jit import OPTIONS, inline

Array = Any
Call = Callable[[], Any]
TURNS = 41
DTYPES = (np.float32, np.float64)
# Two arrays of so many float64 fill no more than a processor's first cache.
NEAR = 1_500
# The bytes of an array that is copied.
SIZES = [NEAR * 8, *(1 << n for n in range(16, 28, 2))]
DEGREES = (1, 2, 4, 8, 16, 32)
STEPS = (8, 10**5, 10**6, 10**7)
BATCH, WIDTHS = 32, (16, 64, 256, 1024)


def turns(
    calls: dict[str, Call], often: int, clock: Callable[[], float] = process_time
) -> dict[str, list[float]]:
    """Return the seconds that each call took, turn by turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(TURNS + 1):
        for name, call in calls.items():
            begin = clock()
            for _ in range(often):
                call()
            if turn:  # the first one warms up
                times[name].append((clock() - begin) / often)
    return times


def per_number(calls: dict[str, Call], numbers: int) -> dict[str, float]:
    """Return the median nanoseconds a number of each call."""
    times = turns(calls, max(1, 20_000 // numbers))
    return {name: median(t) / numbers * 1e9 for name, t in times.items()}


def random(size: int | tuple[int, ...], dtype: Any, seed: int = 0) -> Array:
    """Return numbers of the size that the inputs of a network have."""
    return np.random.default_rng(seed).normal(scale=5, size=size).astype(dtype)


def loop(formula: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return a compiled loop that computes a formula of each number, as often as it is told."""

    def over(x: Array, out: Array, times: int) -> None:
        for _ in range(times):
            for i in range(x.size):
                out[i] = formula(x[i])

    return numba.njit(**OPTIONS | options)(over)  # type: ignore[no-any-return]


def nanoseconds(over: Callable[..., Any], size: int, dtype: Any) -> float:
    """Return what a compiled loop takes for a number of an array of that size."""
    x, times = random(size, dtype), max(1, 100_000 // size)
    return per_number({"": partial(over, x, np.empty_like(x), times)}, size * times)[""]


def multiply_adds(degree: int, dtype: Any) -> Any:
    """Return a formula of so many multiplications, each with an addition: a polynomial."""
    c = dtype(0.1)

    @inline
    def polynomial(x: Any) -> Any:
        y = c
        for _ in range(degree):
            y = y * x + c
        return y

    return polynomial


def roofline() -> dict[str, Any]:
    """Return how fast memory and arithmetic are, and what lies in between."""
    same = loop(inline(lambda x: x))
    found: dict[str, Any] = {"cpu": cpu_model(), "copy": [], "multiply_adds": []}
    for size in SIZES:
        ns = nanoseconds(same, size // 4, np.float32)
        found["copy"].append({"bytes": size, "bytes_per_ns": 2 * 4 / ns})
    for dtype in DTYPES:
        for degree in DEGREES:
            over = loop(multiply_adds(degree, dtype))
            times = {n: nanoseconds(over, n, dtype) for n in (NEAR, STEPS[-1])}
            found["multiply_adds"].append(
                {"dtype": np.dtype(dtype).name, "degree": degree, "ns": times}
            )
    return found


def arithmetic(dtype: Any) -> dict[str, float]:
    """Return what a number costs in the first cache, by what is done to it."""
    one, exp = dtype(1), maths(dtype).exp

    @inline
    def sigmoid(x: Any) -> Any:
        return one / (one + exp(-abs(x)))

    def alone(x: Any) -> Any:
        return one / (one + exp(-abs(x)))

    # Python's errors want a look at each divisor, so that no two numbers are computed at once.
    one_by_one = numba.njit(**OPTIONS | {"error_model": "python"}, forceinline=True)(alone)
    loops = {
        "copy": loop(inline(lambda x: x)),
        "addition": loop(inline(lambda x: x + one)),
        "division": loop(inline(lambda x: one / x)),
        "exponential": loop(inline(lambda x: exp(-abs(x)))),
        "sigmoid": loop(sigmoid),
        "sigmoid, one by one": loop(one_by_one, error_model="python"),
        "exponential of the C library": loop(inline(lambda x: math.exp(-abs(x)))),
    }
    return {name: nanoseconds(over, NEAR, dtype) for name, over in loops.items()}


def formula(x: Array) -> Array:
    """Return the sigmoid as it is printed."""
    return 1 / (1 + np.exp(-x))


def in_place(x: Array, out: Array) -> None:
    """Compute the formula in the array where the answer goes."""
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.divide(1, out, out=out)


def in_blocks(x: Array, out: Array) -> None:
    """Compute the formula in place, in pieces that stay in the cache."""
    step = BLOCK // x.itemsize
    for i in range(0, x.size, step):
        in_place(x[i : i + step], out[i : i + step])


def steps() -> Iterator[dict[str, Any]]:
    """Yield what each step on the way to a kernel takes."""
    plain, fast = Sigmoid(), compiled(Sigmoid())
    for dtype in DTYPES:
        for size in STEPS:
            x = random(size, dtype)
            out = np.empty_like(x)
            calls: dict[str, Call] = {
                "formula": partial(formula, x),
                "in place": partial(in_place, x, out),
                "in blocks": partial(in_blocks, x, out),
                "package": partial(plain, x, out),
                "compiled": partial(fast, x, out),
            }
            ns = per_number(calls, size)
            yield {"dtype": np.dtype(dtype).name, "numbers": size, "ns": ns}


def training() -> Iterator[dict[str, Any]]:
    """Yield what a layer's matrix products take, and its sigmoid, forward and backward."""
    for width in WIDTHS:
        x, g = (random((BATCH, width), np.float32, seed) for seed in (0, 1))
        weights = random((width, width), np.float32, 2)

        def products(x: Array = x, g: Array = g, weights: Array = weights) -> None:
            _ = x @ weights, x.T @ g, g @ weights.T

        def both(act: Any, x: Array = x, g: Array = g) -> None:
            act.forward(x)
            act.backward(g)

        calls: dict[str, Call] = {
            "products": products,
            "package": partial(both, Sigmoid()),
            "compiled": partial(both, compiled(Sigmoid())),
        }
        yield {"batch": BATCH, "width": width, "ns": per_number(calls, BATCH * width)}


def kept(torch: Any, functions: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Return the bytes a number that PyTorch's functions keep for their way back, and of what."""
    found = {}
    for name, function in functions.items():
        x = torch.zeros((10, 100), requires_grad=True)
        saved: dict[int, int] = {}

        def keep(tensor: Any, saved: dict[int, int] = saved) -> Any:
            saved[tensor.data_ptr()] = tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            y = function(x)
        names = {x.data_ptr(): "input", y.data_ptr(): "output"}
        found[name] = {names.get(at, "between"): n / x.numel() for at, n in saved.items()}
    return found


def measure() -> dict[str, Any]:
    """Return all that does not concern other libraries."""
    return {
        "roofline": roofline(),
        "arithmetic": {np.dtype(dtype).name: arithmetic(dtype) for dtype in DTYPES},
        "steps": [*steps()],
        "training": [*training()],
    }
