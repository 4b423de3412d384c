"""Prove how wrong the compiled exponential and logarithm can be, for every input of their range.

``make proofs`` runs the functions of ``npdl_activations/compiled/exponential.py`` on symbols, which
write their steps down. Sollya bounds what the polynomials leave out, Gappa what each step can lose
in rounding. LLVM may fuse a multiplication and an addition, or not: here each product is wrong by
an unknown factor within 1 +- 2^-digits, and where it is fused that is 1. So a bound holds for any
mixture. A hint of a rewriting cannot make a bound wrong: Gappa checks it, and complaints are
failures.

The bounds go to ``book/data/proofs.json``. It fails where one of `STATED` cannot be proved.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import log2
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from npdl_activations.compiled import exponential

MISSING = "What proves is missing: install the Debian packages gappa and sollya."
TARGET = Path(__file__).resolve().parent.parent / "book" / "data" / "proofs.json"
# L stands for ln 2.
LN2 = "L in [0.6931471805599453094172321214581765, 0.6931471805599453094172321214581766]"


class NotProvedError(Exception):
    """A bound is larger than stated, or there is none."""


class Proved(NamedTuple):
    """What is proved of one function."""

    polynomial: float  # what it leaves out, a power of two
    relative: float  # the largest relative error of the whole
    low: float  # the ends of the range
    high: float


class Whole:
    """An integer, of which nothing has to be known here: 2^k scales exactly, as k is small."""

    def __init__(self, *_: Any) -> None:
        pass

    def itself(self, _: Any) -> "Whole":
        """Return another one."""
        return self

    view = __add__ = __sub__ = __lshift__ = itself


class Value:
    """A number: its name as it is computed, and as it would be without rounding."""

    def __init__(self, trace: "Trace", name: str, exact: str = "") -> None:
        self.trace, self.name, self.exact = trace, name, exact or name

    def view(self, _: Any) -> Whole:
        """Return its bits."""
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

    def __init__(
        self, dtype: Any, name: str, cut: int, *, above: bool = False, q: Any = None
    ) -> None:
        self.dtype, self.cut, self.above = dtype, cut, above
        self.c = exponential.CONSTANTS[dtype]
        self.digits = self.c.digits + 1
        self.smallest = -self.c.bias - self.c.digits + 1
        self.computed: list[str] = []
        self.exact: list[str] = []
        self.unknown: list[str] = []
        self.hints = ""
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
        if all(v.name.lstrip("-").startswith("0x") for v in (a, b)):
            x, y = (self.dtype(float.fromhex(v.name)) for v in (a, b))
            return self.number({"+": x + y, "*": x * y}[sign])
        n = len(self.computed) + 1
        if n > self.cut and sign == "+" and b.name in {self.constant(0.0), self.constant(-0.0)}:
            return a
        plain = f"{a.name} {sign} {b.name}"
        self.exact.append(f"e{n} = {a.exact} {sign} {b.exact};")
        if b.name == self.constant(0) or f"{a.name} {sign}" in {
            f"{self.constant(0)} +",
            f"{self.constant(2)} *",
        }:
            self.computed.append(f"v{n} = {plain};")  # exact
        elif sign == "*" and b.name != self.constant(self.c.ln2_high):
            self.computed.append(f"v{n} = {plain} * (1 + d{n}) + a{n};")
            self.unknown.append(f"|d{n}| <= 1b-{self.digits} /\\ |a{n}| <= 1b{self.smallest}")
            if n > self.cut:
                product = f"{a.exact} * {b.exact}"
                self.hints += f"v{n} - e{n} -> ({plain} - {product}) + ({plain} * d{n} + a{n});\n"
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
        self, lines: list[str], given: str, goal: str, hints: str, split: str = ""
    ) -> tuple[Fraction, Fraction]:
        """Return the bounds that Gappa proves of an expression."""
        program = "\n".join(lines)
        known = " /\\ ".join([given, *(u for u in self.unknown if u.split("|")[1] in program)])
        program = (
            f"@rnd = float<{self.digits},{self.smallest},ne>;\n{program}\n"
            f"{{ {known} -> {goal} in ? }}\n{hints}\n{split}\n"
        )
        number = r"(-?\d+)(?:b(-?\d+))?(?: {[^}]*})?"
        found = re.findall(rf" in \[{number}, {number}\]", run("gappa", program, "-Eprecision=200"))
        if len(found) != 1:
            msg = f"Gappa proves nothing here:\n{program}"
            raise NotProvedError(msg)
        ((a, b, c, d),) = found
        return dyadic(a, b), dyadic(c, d)


def dyadic(number: str, power: str) -> Fraction:
    """Return a number as Gappa and Sollya write it."""
    return int(number) * Fraction(2) ** int(power or 0)


def exact(number: Any) -> Fraction:
    """Return a float as a fraction."""
    return Fraction(float(number))


def written(number: Fraction) -> str:
    """Return a number of few digits as Gappa and Sollya read it."""
    return f"{number.numerator}b-{number.denominator.bit_length() - 1}"


def run(program: str, text: str, *options: str) -> str:
    """Return what Gappa or Sollya answer."""
    done = subprocess.run(
        [program, *options],
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode or re.search("Error|Warning: (?!renaming)", done.stdout):
        msg = f"{program} fails on\n{text}\n{done.stdout}"
        raise NotProvedError(msg)
    return done.stdout


def largest(*bounds: tuple[Fraction, Fraction]) -> Fraction:
    """Return the largest size of what lies within bounds."""
    return max(abs(end) for pair in bounds for end in pair)


def sollya(lines: list[str], wanted: str) -> Fraction:
    """Return a number that Sollya finds."""
    program = "\n".join(["prec = 400!;", "display = dyadic!;", *lines, f"{wanted};", "quit;"])
    found = re.fullmatch(r"(-?\d+)(?:b(-?\d+))?", run("sollya", program).strip())
    if not found:
        msg = f"Sollya proves nothing here:\n{program}"
        raise NotProvedError(msg)
    return dyadic(*found.groups())


def prove_exp(dtype: Any, q: Any = None) -> Proved:
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

    def bounds(goal: str, *ranges: tuple[float, float]) -> Fraction:
        return largest(
            *(
                trace.gappa(trace.before(), f"t in [{low}, {high}] /\\ {LN2}", goal, hints)
                for low, high in ranges
            )
        )

    sides = ((-far, -0.3), (0.3, far))
    # Between the sides k is 0, and f is t.
    if bounds("v3", (-0.3, 0.3)) or bounds(f"v4 - {whole}", *sides):
        msg = "k is not 0 around 0, or k times ln2_high is not exact"
        raise NotProvedError(msg)
    if bounds("v3", *sides) > trace.c.bias - 2:
        msg = "2^k is not a normal number"
        raise NotProvedError(msg)
    end, loss = bounds("v7", *sides), bounds(f"v7 - {f}", *sides)
    n = trace.last
    left_out = sollya(
        ["v7 = x;", *trace.exact[7:], f"F = {written(end)};"],
        f"sup(supnorm(e{n}, exp(x), [-F; F], relative, 2^(-10)))",
    )
    given = f"|v7| <= {written(end)}"
    hints = trace.hints
    rounding = largest(trace.gappa(trace.after(), given, f"v{n} -/ e{n}", hints, "$ v7 in 16;"))
    # e^loss - 1 <= loss / (1 - loss).
    relative = (1 + rounding) * (1 + left_out) * (1 + loss / (1 - loss)) - 1
    return Proved(log2(left_out), float(relative), -far, far)


def prove_log1p(dtype: Any) -> Proved:
    """Bound the relative error of log(1 + z) for 2^-(2 near) <= z <= 1."""
    c = exponential.CONSTANTS[dtype]
    lowest, middle = Fraction(1, 2 ** int(2 * c.near)), exact(dtype(np.sqrt(2.0) - 1))
    halves = [
        prove_half(Trace(dtype, "log1p", 8, above=False), lowest, middle),
        prove_half(Trace(dtype, "log1p", 8, above=True), middle, Fraction(1)),
    ]
    left_out, relative = map(max, zip(*halves, strict=True))
    return Proved(log2(left_out), float(relative), float(lowest), 1.0)


def prove_half(trace: Trace, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Bound what the polynomial of log1p leaves out on one side of its middle, and the error."""
    above, n = trace.above, trace.last
    j, whole, nearly = map(trace.constant, (above, 2 + above, 0.45))
    # v1 is the divisor, l what its rounding lost, S what s is without rounding, v3 and v8 are s
    # before and after it is put right.
    before = [*trace.before(), f"l = {whole} + t - v1;", f"S = (t - {j}) / ({whole} + t);"]
    factor = f"({nearly} * (v6 - l) * (1 + d4) * (1 + d7) + {nearly} * l * (d4 + d7 + d4 * d7))"
    hints = f"""
        l -> -(v1 - ({whole} + t));
        t - v5 -> l - (v5 - (v1 - {whole}));
        v6 - l -> (v6 - (t - v5)) - (v5 - (v1 - {whole}));
        S -> 1 - {trace.constant(2 + 2 * above)} / ({whole} + t) {{ {whole} + t <> 0 }};
    """
    if above:
        hints += f"""
        v8 ~ S;
        v7 - v3 * {nearly} * l -> v3 * {factor} + a4 * v6 * (1 + d7) + a7;
        S - v3 -> -(v3 - v2 / v1) - (v2 - (t - {j})) / v1 - S * l / v1
          {{ v1 <> 0, {whole} + t <> 0 }};
        v3 - v7 - S -> (v3 - v2 / v1) + (v2 - (t - {j})) / v1 + S * l * (1 / v1 - {nearly})
          + (S - v3) * {nearly} * l - (v7 - v3 * {nearly} * l) {{ v1 <> 0, {whole} + t <> 0 }};
        """
    else:
        hints += f"""
        v7 / v3 - {nearly} * l -> {factor} + a4 / v3 * v6 * (1 + d7) + a7 / v3 {{ v3 <> 0 }};
        (v3 - v7 - S) / S -> (1 + (v3 - v2 / v1) / (v2 / v1))
          * (1 + (l * (1 / v1 - {nearly}) - (v7 / v3 - {nearly} * l) - l / v1 * (v7 / v3))) - 1
          {{ v1 <> 0, v2 <> 0, v3 <> 0, S <> 0, {whole} + t <> 0 }};
        """
    given = f"t in [{written(low)}, {written(high)}]"
    true, s, loss = (
        trace.gappa(before, given, goal, hints)
        for goal in ("S", "v8", "v8 - S" if above else "v8 -/ S")
    )
    end, terms = largest(true, s), 24
    # atanh(s) / s is 1 + s^2 / 3 + s^4 / 5 + ..., and at least 1.
    left_out = sollya(
        ["v8 = x;", *trace.exact[8:]],
        f"p = 0; e = e{n - 1};"
        "for i from 1 to degree(e) do p = p + coeff(e, i) / 2 * x^(i - 1);"
        f"q = 0; for i from 0 to {terms - 1} do q = q + x^(2 * i) / (2 * i + 1);"
        f"F = {written(end)}; sup(supnorm(p, q, [-F; F], absolute, 2^(-10)))",
    ) + end ** (2 * terms) / (1 - end**2)
    hints = trace.hints
    given = f"v8 in [{written(s[0])}, {written(s[1])}]"
    # |atanh(s) - atanh(S)| <= |s - S| / (1 - end^2).
    carried = largest(loss) / (1 - end**2)
    if above:
        rest = trace.constant(trace.c.ln2_rest)
        goal, split = f"v{n} -/ (L - {rest} + e{n - 1})", "$ v8 in 8;"
        least = sollya([], f"inf(log(1 + [{written(low)}]))")
        carried *= 2 / least
        given += f" /\\ {LN2}"
    else:
        goal, split = f"v{n - 1} -/ e{n - 1}", ""
        hints += f"""
        (v10 + v{n - 2} - e{n - 1}) / e{n - 1} ->
          ((v9 * v{n - 3} - e9 * e{n - 3}) + v9 * v{n - 3} * (d12 + d{n - 2} + d12 * d{n - 2})
          + a12 / (2 * v8) * v{n - 3} * (1 + d{n - 2}) + a{n - 2} / (2 * v8))
          / (1 + e9 * e{n - 3}) {{ v8 <> 0, e{n - 1} <> 0, 1 + e9 * e{n - 3} <> 0 }};
        """
    rounding = largest(trace.gappa(trace.after(), given, goal, hints, split))
    return left_out, (1 + rounding) * (1 + left_out) * (1 + carried) - 1


def exp_for_float32() -> Proved:
    """Bound the exponential that float64 arithmetic computes for an answer in float32."""
    return prove_exp(np.float64, exponential.SHORT)


# What is stated: what the polynomial leaves out, as a power of two, and the error of the whole in
# ULP of the dtype: a relative error of e is at most 2^digits e ULP. Gappa's own figures are lower,
# and not quite the same in each run.
STATED: dict[str, tuple[Any, Callable[[], Proved], float, float]] = {
    "exp, float32": (np.float32, partial(prove_exp, np.float32), -28, 1.65),
    "exp, float64": (np.float64, partial(prove_exp, np.float64), -57.7, 1.6),
    "exp, float64 for float32": (np.float32, exp_for_float32, -28, 0.07),
    "log1p, float32": (np.float32, partial(prove_log1p, np.float32), -34, 4.2),
    "log1p, float64": (np.float64, partial(prove_log1p, np.float64), -65.6, 4.5),
}


def main() -> int:
    """Prove what is stated, print by how much, and write it down."""
    if not (shutil.which("gappa") and shutil.which("sollya")):
        print(MISSING, file=sys.stderr)
        return 1
    rows = []
    for name, (dtype, prove, polynomial, ulp) in STATED.items():
        try:
            found = prove()
        except NotProvedError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        ulps = found.relative * 2.0 ** (exponential.CONSTANTS[dtype].digits + 1)
        print(
            f"{name:26}{ulps:.4f} ULP, stated {ulp}; "
            f"of that the polynomial 2^{found.polynomial:.2f}, stated 2^{polynomial}"
        )
        if found.polynomial > polynomial or ulps > ulp:
            print(f"{name}: what is stated is not proved", file=sys.stderr)
            return 1
        ends = {"from": found.low, "to": found.high}
        rows.append({"function": name, **ends, "ulp": ulp, "polynomial": polynomial})
    lines = ",\n".join(json.dumps(row) for row in rows)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
