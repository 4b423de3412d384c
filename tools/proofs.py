"""Prove how wrong the compiled exponential and logarithm can be, for every input.

``make proofs`` follows the functions of ``npdl_activations/compiled/exponential.py`` step by step,
with symbols for numbers. Sollya bounds what their polynomials leave out, Gappa what every step can
lose in rounding. LLVM may fuse a multiplication and an addition, or not: a product here is wrong by
an unknown factor within 1 +- 2^-digits, which is 1 where it is fused, so that a bound holds for any
mixture. The bounds go to ``book/data/proofs.json``; one above that of `STATED` is a failure.
"""

import json
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from math import ceil, log2
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from npdl_activations.compiled import exponential

TARGET = Path(__file__).resolve().parent.parent / "book" / "data" / "proofs.json"
# Of each function, in ULP: what a relative error, divided by 2^-digits, is at most.
STATED = {
    ("exp", "float32"): 1.7,
    ("exp", "float64"): 1.6,
    ("log1p", "float32"): 4.5,
    ("log1p", "float64"): 4.5,
}
# Of the exponential in float64 arithmetic whose answer becomes a float32, a power of two.
STATED_SHORT = -27.9


class NotProvedError(Exception):
    """A bound is larger than stated, or there is none."""


class Proved(NamedTuple):
    """What is proved of one function."""

    polynomial: float  # what it leaves out, a power of two
    relative: float  # the largest relative error of the whole
    low: float  # the ends of the range
    high: float


class Whole:
    """An integer, of which nothing has to be known: 2^k scales exactly, as k is small."""

    def __init__(self, *_: Any) -> None:
        pass

    def view(self, _: Any) -> "Whole":
        return self

    def same(self, _: Any) -> "Whole":
        return self

    __add__ = __sub__ = __lshift__ = same


class Value:
    """A number: its name as it is computed, and as it would be without rounding."""

    def __init__(self, trace: "Trace", name: str, exact: str = "") -> None:
        self.trace, self.name, self.exact = trace, name, exact or name

    def view(self, _: Any) -> Whole:
        return Whole()

    def __gt__(self, _: "Value") -> bool:
        return self.trace.above

    def __add__(self, other: "Value") -> "Value":
        return self.trace.step(self, "+", other)

    def __sub__(self, other: "Value") -> "Value":
        return self.trace.step(self, "-", other)

    def __mul__(self, other: Any) -> "Value":
        return self if isinstance(other, Whole) else self.trace.step(self, "*", other)

    def __truediv__(self, other: "Value") -> "Value":
        return self.trace.step(self, "/", other)


class Trace:
    """The steps of a function, which become Gappa's definitions.

    ``v1`` is what the first step computes, ``e1`` that without the rounding since step `cut`.
    """

    def __init__(self, dtype: Any, name: str, cut: int, *, above: bool = False, q: Any = None):
        self.dtype, self.cut, self.above = dtype, cut, above
        self.c = exponential.CONSTANTS[dtype]
        self.digits = self.c.digits + 1
        self.smallest = -self.c.bias - self.c.digits + 1
        self.computed: list[str] = []
        self.exact: list[str] = []
        self.hints: list[str] = []
        self.unknown: list[str] = []
        constants = {self.number: self.c._replace(integer=Whole)}
        with (
            patch.object(exponential, "inline", lambda function: function),
            patch.dict(exponential.CONSTANTS, constants),
        ):
            getattr(exponential.maths.__wrapped__(self.number, q), name)(Value(self, "t"))
        self.last = len(self.computed)

    def number(self, value: Any) -> Value:
        """Stand for the dtype: make a constant of a number."""
        return value if isinstance(value, Value) else Value(self, float(self.dtype(value)).hex())

    def step(self, a: Value, sign: str, b: Value) -> Value:
        """Write down one operation."""
        if a.name.startswith("0x") and b.name.startswith("0x"):
            x, y = (self.dtype(float.fromhex(v.name)) for v in (a, b))
            return self.number(x + y if sign == "+" else x * y)
        n = len(self.computed) + 1
        plain = f"{a.name} {sign} {b.name}"
        self.exact.append(f"e{n} = {a.exact} {sign} {b.exact};")
        if {a.name, b.name} & {"0x0.0p+0", "0x1.0000000000000p+1"}:
            self.computed.append(f"v{n} = {plain};")  # exact
        elif sign == "*" and self.constant(self.c.ln2_high) not in {a.name, b.name}:
            self.computed.append(f"v{n} = {plain} * (1 + d{n}) + a{n};")
            self.unknown.append(f"|d{n}| <= 1b-{self.digits} /\\ |a{n}| <= 1b{self.smallest}")
            if n > self.cut:
                self.hints.append(
                    f"v{n} - e{n} -> ({plain} - {a.exact} * {b.exact}) + ({plain} * d{n} + a{n});"
                )
        else:
            self.computed.append(f"v{n} = rnd({plain});")
        return Value(self, f"v{n}", "" if n == self.cut else f"e{n}")

    def constant(self, value: float) -> str:
        """Return a constant as Gappa reads it."""
        return self.number(value).name

    def before(self) -> list[str]:
        """Return the definitions up to the cut."""
        return ["t = rnd(T);", *self.computed[: self.cut]]

    def after(self) -> list[str]:
        """Return the definitions from the cut on, and those without rounding."""
        cut = self.cut
        return [f"v{cut} = rnd(F);", *self.computed[cut:], *self.exact[cut:]]

    def gappa(
        self, lines: list[str], given: str, goals: list[str], hints: str, split: str = ""
    ) -> list[tuple[Fraction, Fraction]]:
        """Return the bounds that Gappa proves of expressions."""
        program = "\n".join(lines)
        unknown = [u for u in self.unknown if u.split("|")[1] in program]
        known, wanted = (
            " /\\ ".join(some) for some in ([given, *unknown], [f"{g} in ?" for g in goals])
        )
        program = (
            f"@rnd = float<{self.digits},{self.smallest},ne>;\n{program}\n"
            f"{{ {known} -> {wanted} }}\n{hints}\n{split}\n"
        )
        answer = run("gappa", program, "-Eprecision=200")
        number = r"(-?\d+)(?:b(-?\d+))?(?: {[^}]*})?"
        found = re.findall(rf" in \[{number}, {number}\]", answer)
        if len(found) != len(goals):
            msg = f"Gappa proves nothing here:\n{program}\n{answer}"
            raise NotProvedError(msg)
        return [(dyadic(*pair[:2]), dyadic(*pair[2:])) for pair in found]


def dyadic(number: str, power: str) -> Fraction:
    """Return a number as Gappa and Sollya write it."""
    return int(number) * Fraction(2) ** int(power or 0)


def written(number: Fraction) -> str:
    """Return a number of few digits as Gappa and Sollya read it."""
    return f"{number.numerator}b-{number.denominator.bit_length() - 1}"


def run(program: str, text: str, *options: str) -> str:
    """Return what Gappa or Sollya answer."""
    if not shutil.which(program):
        msg = f"{program} is missing: install the Debian packages gappa and sollya"
        raise NotProvedError(msg)
    done = subprocess.run(
        [program, *options],
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode or re.search("warning|error", done.stdout, re.IGNORECASE):
        msg = f"{program} fails on\n{text}\n{done.stdout}"
        raise NotProvedError(msg)
    return done.stdout


LN2 = "L in [0.6931471805599453094172321214581765, 0.6931471805599453094172321214581766]"


def largest(bounds: list[tuple[Fraction, Fraction]]) -> Fraction:
    """Return the largest size of what lies within bounds."""
    return max(abs(end) for pair in bounds for end in pair)


def sollya(lines: list[str], *wanted: str) -> list[Fraction]:
    """Return numbers that Sollya finds."""
    program = ["prec = 400!;", "display = dyadic!;", *lines, *(f"{w};" for w in wanted), "quit;"]
    answer = run("sollya", "\n".join(program))
    found = re.findall(r"^(-?\d+)(?:b(-?\d+))?$", answer, re.MULTILINE)
    if len(found) != len(wanted):
        msg = f"Sollya proves nothing here:\n{program}\n{answer}"
        raise NotProvedError(msg)
    return [dyadic(*pair) for pair in found]


def prove_exp(dtype: Any, q: tuple[float, ...] | None = None) -> Proved:
    """Bound the relative error of e^t for |t| <= 2 near."""
    trace = Trace(dtype, "exp", 7, q=q)
    high, low, per_ln2, magic = map(
        trace.constant, (trace.c.ln2_high, trace.c.ln2_low, 1 / np.log(2.0), trace.c.magic)
    )
    # v3 is k, and v7 is f. L stands for ln 2.
    k, f, whole = f"(v3 - t * {per_ln2})", "(t - v3 * L)", f"v3 * {high}"
    lost = f"(v5 - (t - v4)) - (v4 - {whole}) - (v6 - v3 * {low}) + v3 * (L - {high} - {low})"
    hints = f"""
        v3 ~ t * {per_ln2};
        v7 ~ {f};
        {k} -> (v3 - (v2 - {magic})) + (v2 - (v1 + {magic})) + (v1 - t * {per_ln2});
        {f} -> t * (1 - {per_ln2} * L) - {k} * L;
        v1 - t * {per_ln2} -> t * {per_ln2} * d1 + a1;
        v6 - v3 * {low} -> v3 * {low} * d6 + a6;
        t - v4 -> {f} - (v4 - {whole}) + v3 * (L - {high});
        v5 - v6 -> {f} + {lost};
        v7 - {f} -> (v7 - (v5 - v6)) + {lost};
    """
    far = 2 * trace.c.near
    ks, fs, losses = [], [(Fraction(-3, 10), Fraction(3, 10))], []
    for low_t, high_t in ((-far, -0.3), (0.3, far)):
        given = f"t in [{low_t}, {high_t}] /\\ {LN2}"
        goals = ["v3", "v7", f"v7 - {f}", f"v4 - {whole}"]
        k_bound, f_bound, loss, inexact = trace.gappa(trace.before(), given, goals, hints)
        ks.append(k_bound)
        fs.append(f_bound)
        losses.append(loss)
        if largest([inexact]):
            raise NotProvedError("k times ln2_high is not exact")
    # In between k is 0, and f is t.
    given = f"t in [-0.3, 0.3] /\\ {LN2}"
    (none,) = trace.gappa(trace.before(), given, ["v3"], hints)
    if largest([none]) or largest(ks) > trace.c.bias - 2:
        raise NotProvedError("2^k is not normal, or k is not 0 where f is t")
    end, loss = largest(fs), largest(losses)
    n = trace.last
    (left_out,) = sollya(
        ["v7 = x;", *trace.exact[7:], f"F = {written(end)};"],
        f"sup(supnorm(e{n}, exp(x), [-F; F], relative, 2^(-10)))",
    )
    given = f"v7 in [{written(-end)}, {written(end)}]"
    rounding = largest(
        trace.gappa(trace.after(), given, [f"v{n} -/ e{n}"], "\n".join(trace.hints), "$ v7 in 16;")
    )
    # |e^loss - 1| <= loss / (1 - loss).
    whole_error = (1 + rounding) * (1 + left_out) * (1 + loss / (1 - loss)) - 1
    return Proved(log2(left_out), float(whole_error), -far, far)


def prove_log1p(dtype: Any) -> Proved:
    """Bound the relative error of log(1 + z) for 2^-lowest <= z <= 1."""
    halves = [Trace(dtype, "log1p", 8, above=above) for above in (False, True)]
    for trace in halves:
        print("\n".join(trace.computed))
        print("\n".join(trace.hints))
    raise SystemExit


if __name__ == "__main__":
    import time

    for a in ((np.float64,), (np.float64, exponential.SHORT), (np.float32,)):
        s = time.time()
        p = prove_exp(*a)
        print(
            p,
            p.relative * 2 ** (exponential.CONSTANTS[a[0]].digits + 1),
            log2(p.relative),
            time.time() - s,
        )
    prove_log1p(np.float64)
