"""How accurate an activation is, in ULP: the command that measures it.

One activation in one dtype, on every STRIDE-th input::

    python -m npdl_activations.lab.accuracy Sigmoid --dtype float32 --stride 1000003
"""

import argparse
import math
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing import get_context
from typing import Any, NoReturn
from zlib import crc32

import numpy as np

from npdl_activations.activation import Activation
from npdl_activations.arrays import Array
from npdl_activations.lab.extra import extra
from npdl_activations.lab.inputs import (
    EVERY,
    OTHER,
    PEOPLE,
    Unit,
    activation,
    every_name,
    inputs,
    named,
    units,
)
from npdl_activations.lab.yardstick import (
    DTYPES,
    WIDER,
    Tally,
    answer,
    dtype_named,
    exactly,
    measure,
)

WITHOUT = (
    "longdouble is no wider than float64 on this machine: float64 is measured in mpmath, at every "
    "5,000th input"
)

# The yardstick errs by a few units of the wider format, and may differ from high precision by so
# many ULP of the narrower one.
AGREEMENT = {"float16": 1e-6, "bfloat16": 1e-6, "float32": 1e-6, "float64": 0.01}

Result = tuple[Unit, Tally, list[int]]


def given(unit: Unit, stride: int) -> Iterator[tuple[Array, ...]]:
    """Yield what `inputs` does, but for the chunks that a stride leaves empty."""
    return (operands for operands in inputs(unit, stride) if operands[0].size)


def work(job: tuple[Unit, Result | None], stride: int = 1) -> Result:
    """Return a unit, how accurate the activation is there, and a digest of its answers.

    Where the answers are known to be those of an earlier result, bit for bit, so is the tally.
    """
    unit, known = job
    if known is not None and known[2] == digest(unit, stride, known[2][:1]):
        return known
    act = activation(unit)
    total = Tally()
    first, every = -1, 0
    with np.errstate(over="ignore"):  # drawn for float64, some inputs are infinite in float32
        for operands in given(unit, stride):
            tally, computed = measure(act, unit.verb, *operands)
            total.add(tally)
            every = crc32(computed.tobytes(), every)
            first = every if first < 0 else first
    return unit, total, [first, every]


def digest(unit: Unit, stride: int, expected: list[int]) -> list[int]:
    """Return a digest of the answers of a unit's first chunk, and of them all.

    It stops after the first chunk where that is not as expected.
    """
    act = activation(unit)
    first, every = -1, 0
    with np.errstate(all="ignore"):
        for operands in given(unit, stride):
            every = crc32(answer(act, unit.verb, *operands).tobytes(), every)
            if first < 0:
                first = every
                if [first] != expected:
                    break
    return [first, every]


def measured(
    jobs: Iterable[tuple[Unit, Result | None]], disabled: str = "", stride: int = 1
) -> Iterator[Result]:
    """Yield what `work` returns for each job, from all cores, some CPU features disabled."""
    with workers(disabled) as pool:
        yield from pool.imap_unordered(partial(work, stride=stride), jobs)


def workers(disabled: str = "") -> Any:
    """Return a pool of processes, one a core, that do without some CPU features.

    Numba compiles for an older processor, which has about the features that NumPy is left with.
    """
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    before = dict(os.environ)
    # Both read their variable when they are imported, hence new interpreters.
    os.environ["NPY_DISABLE_CPU_FEATURES"] = (
        f"{before.get('NPY_DISABLE_CPU_FEATURES', '')} {disabled}".strip()
    )
    if disabled:
        os.environ["NUMBA_CPU_NAME"] = "nehalem" if "X86_V3" in disabled else "haswell"
    try:
        return get_context("spawn").Pool(initializer=ignore)
    finally:
        os.environ.clear()
        os.environ.update(before)


def exact_largest(act: Activation, verb: str, dtype: str, tally: Tally) -> float:
    """Return a tally's largest error, worked out in high precision where that can be had.

    Raises
    ------
    ArithmeticError
        If the yardstick and high precision do not agree.
    """
    if not (tally.at and 0 < tally.largest < math.inf and np.isfinite(np.hstack(tally.at)).all()):
        return tally.largest
    operands = [np.array(numbers).astype(dtype_named(dtype)) for numbers in tally.at]
    if tally.row_length:
        operands = [row[np.newaxis] for row in operands]
    computed = answer(act, verb, *operands)
    exact = float(exactly(act, verb, computed, *operands).max())
    if abs(exact - tally.largest) > AGREEMENT[dtype]:
        msg = f"{act!r}'s {verb} at {operands} is {exact} ULP off, not {tally.largest}"
        raise ArithmeticError(msg)
    return exact


def upwards(number: float, decimals: int = 4) -> float:
    """Return `number` rounded up to so many decimals: a bound of it too."""
    if not math.isfinite(number):
        return number
    numerator, denominator = number.as_integer_ratio()
    return float(-(-numerator * 10**decimals // denominator) / 10**decimals)


def shown(operand: list[float]) -> str:
    """Return an operand as text: the number to the last bit, or how long a row is."""
    if len(operand) == 1:
        return f"{operand[0]:.9g} = {operand[0].hex()}"
    return f"a row of {len(operand)}"


def report(name: str, dtype: str, stride: int) -> int:
    """Measure an activation in a dtype and print a line for each verb; return 0."""
    with extra():
        from tqdm import tqdm

    bounds = named(name).max_ulp[dtype]
    jobs = [unit for unit in units([name], [dtype]) if unit.kind != PEOPLE]
    totals: dict[tuple[str, bool], Tally] = {}
    results = measured([(unit, None) for unit in jobs], "", stride)
    for unit, tally, _ in tqdm(results, total=len(jobs), unit="unit", leave=False):
        totals.setdefault((unit.verb, unit.kind == OTHER), Tally()).add(tally)
    rows = [(verb, other) for verb in bounds for other in (False, True)]
    for verb, other in (row for row in rows if row in totals):
        tally = totals[verb, other]
        who = f"{name} with other parameters," if other else name
        exhausted = stride == 1 and Unit(name, verb, dtype, EVERY, 0) in jobs and not other
        print(
            f"{who} {verb}, {dtype}, {tally.inputs:,} inputs: "
            f"{'' if exhausted else 'at least '}{upwards(tally.largest)} ULP off "
            f"(the bound is {bounds[verb]}), "
            f"at {' and '.join(map(shown, tally.at)) or f'a row of {tally.row_length}'}; "
            f"{tally.correct / max(1, tally.inputs):.4%} correctly rounded"
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
        msg = f"a positive integer is wanted here, not {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    names = every_name()
    parser = Parser(prog="python -m npdl_activations.lab.accuracy", description=__doc__)
    parser.add_argument("activation", nargs="?", type=one_of("activation", names))
    parser.add_argument("--dtype", default="float32", type=one_of("dtype", DTYPES))
    parser.add_argument("--stride", default=1, type=positive, help="take every STRIDE-th input")
    options = parser.parse_args(arguments)
    if options.activation is None:
        parser.error(f"name an activation: known are {', '.join(names)}")
    if options.dtype == "float64" and not WIDER:
        print(WITHOUT, file=sys.stderr)
    return report(options.activation, options.dtype, options.stride)


if __name__ == "__main__":
    sys.exit(main())
