"""Twenty inputs that break activation code, and how an answer to each is judged.

The truth comes from mpmath, by way of the formula that each class states.
"""

import textwrap
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from peers_libraries import Array, Between, Column, NotOfferedError

import npdl_activations as package
from npdl_activations import registry
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab import ulp_error
from npdl_activations.lab.inputs import bit_patterns
from npdl_activations.lab.yardstick import errors, exactly, truth

CORRECT = 4  # ULP: what is further off is inaccurate, and wrong where not a digit is right
FIRST_DIGIT = 0.1
STRIDE = 4_099
OTHERWISE = "by another convention"
VERDICTS = ("correct", OTHERWISE, "inaccurate", "wrong", "warning", "error", "not offered")


class Outcome(NamedTuple):
    """How an answer was judged, and what to say about it."""

    verdict: str
    detail: str


def plainly(y: Any) -> str:
    """Return the numbers in `y` in a few digits."""
    return ", ".join(f"{float(v):.3g}".replace("-", "−") for v in np.ravel(y))


def judged(y: Any, formula: str, x: Any) -> Outcome:
    """Judge an answer by how far it lies from the formula at x, in ULP of its own dtype."""
    x, y = np.asarray(x), np.asarray(y)
    if y.shape != x.shape:
        return Outcome("wrong", f"shape {y.shape}")
    if not np.issubdtype(y.dtype, np.floating):
        y = y.astype(np.float64)
    off = ulp_error(y, formula, x)
    worst = float(off.max(initial=0))
    hopeless = (off > FIRST_DIGIT / np.finfo(y.dtype).eps) | ((y == 0) & (off > CORRECT))
    if hopeless.any():
        return Outcome("wrong", plainly(y))
    where = f" of {y.dtype}" if x.dtype.kind == "f" and y.dtype != x.dtype else ""
    if worst > CORRECT:
        return Outcome("inaccurate", f"{worst:,.0f} ULP{where}")
    return Outcome("correct", f"{worst:.1f} ULP{where}")


def true(right: bool, y: Any) -> Outcome:
    """Judge an answer by a condition."""
    return Outcome("correct", "") if right else Outcome("wrong", plainly(y))


def by_convention(y: Any, ours: float, *others: float) -> Outcome:
    """Judge an answer where there is none that is right: ours, another that is meant, or wrong."""
    y = np.asarray(y)

    def says(number: float) -> bool:
        return np.array_equal(y, np.full(y.shape, number), equal_nan=True)

    if says(ours):
        return Outcome("correct", "")
    return Outcome(OTHERWISE if any(map(says, others)) else "wrong", plainly(y))


def worst_of(*outcomes: Outcome) -> Outcome:
    """Return the outcome that says the worst."""
    return max(outcomes, key=lambda o: (VERDICTS.index(o.verdict), o.detail))


def refused(ask: Callable[[], Outcome]) -> Outcome:
    """Judge what `ask` gives, where an error that refuses the input is right too."""
    try:
        return ask()
    except (TypeError, ValueError, RuntimeError) as error:
        return Outcome("correct", f"refuses with {type(error).__name__}")


def both(column: Column, x: Any) -> list[Outcome]:
    """Judge Sigmoid's value at x, and its slope where the library has slopes."""
    found = [judged(column.value("Sigmoid", x), package.Sigmoid.formula, x)]
    if slope := column.direct or column.slopes.get("Sigmoid"):
        found.append(judged(slope(x), package.Sigmoid.derivative_formula, x))
    return found


@dataclass(frozen=True)
class Row:
    """An input that breaks activation code, the right answer, and how an answer is judged."""

    key: str
    group: str
    asked: str
    right: str
    judge: Callable[[Column], Outcome]


ROWS: list[Row] = []


def row(group: str, asked: str, right: str) -> Callable[[Callable[[Column], Outcome]], Row]:
    """Make a row of a function that judges a library's column."""

    def add(judge: Callable[[Column], Outcome]) -> Row:
        ROWS.append(Row(judge.__name__, group, asked, right, judge))
        return ROWS[-1]

    return add


def value_at(column: Column, name: str, x: Array) -> Outcome:
    """Judge the value of a function at x."""
    return judged(column.value(name, x.copy()), getattr(package, name).formula, x)


def slope_at(column: Column, name: str, x: Array) -> Outcome:
    """Judge the derivative of a function at x."""
    return judged(column.slope(name, x.copy()), getattr(package, name).derivative_formula, x)


TAILS = "Slopes in the tails"
RANGE = "Too large and too small"
SPECIAL = "Numbers that are not ordinary"
ARRAYS = "Arrays that are not ordinary"
MEMORY = "What is remembered"


@row(TAILS, "Sigmoid′ at 40, float64", "4.25e−18")
def sigmoid_slope(column: Column) -> Outcome:
    """Judge y (1 - y) where y rounds to 1."""
    return slope_at(column, "Sigmoid", np.array([40], np.float64))


@row(TAILS, "Tanh′ at 4, float32", "0.00134")
def tanh_slope(column: Column) -> Outcome:
    """Judge 1 - y² where y begins to near 1."""
    return slope_at(column, "Tanh", np.array([4], np.float32))


@row(TAILS, "SoftSign′ at 1e20, float32", "1e−40")
def softsign_slope(column: Column) -> Outcome:
    """Judge 1 / (1 + |x|)² where the square overflows."""
    return slope_at(column, "SoftSign", np.array([1e20], np.float32))


@row(TAILS, "SoftPlus′ at 89, float32", "1")
def softplus_slope(column: Column) -> Outcome:
    """Judge e^x / (1 + e^x) where both are infinite."""
    return slope_at(column, "SoftPlus", np.array([89], np.float32))


@row(TAILS, "Softmax of 20 and 0, gradient of the first, float32", "2.06e−09, −2.06e−09")
def softmax_slope(column: Column) -> Outcome:
    """Judge p (1 - p) where p rounds to 1."""
    gap = np.array([[20, -20]], np.float32)
    y = column.slope("Softmax", np.array([[20, 0]], np.float32))
    return judged(y, "sign(x) * exp(-Abs(x)) / (1 + exp(-Abs(x)))**2", gap)


@row(RANGE, "Sigmoid at −89, float32", "2.23e−39")
def sigmoid_left(column: Column) -> Outcome:
    """Judge 1 / (1 + e^-x) where the exponential overflows and the answer is subnormal."""
    return value_at(column, "Sigmoid", np.array([-89], np.float32))


@row(RANGE, "Sigmoid at −12, float16", "6.14e−06")
def half(column: Column) -> Outcome:
    """Judge the same in half precision."""
    return value_at(column, "Sigmoid", np.array([-12], np.float16))


@row(RANGE, "SoftPlus at −17 and 100, float32", "4.14e−08, 100")
def softplus_ends(column: Column) -> Outcome:
    """Judge ln(1 + e^x) where the sum rounds to 1, and where it overflows."""
    return value_at(column, "SoftPlus", np.array([-17, 100], np.float32))


@row(RANGE, "Softmax of 1000, 1001, 1002, float32", "0.09, 0.245, 0.665")
def softmax_thousands(column: Column) -> Outcome:
    """Judge e^x / sum e^x where each exponential overflows."""
    x = np.array([[1000, 1001, 1002]], np.float32)
    y = column.value("Softmax", x.copy())
    return judged(y, "exp(x - 1000) / (1 + E + E**2)", x)


@row(SPECIAL, "SoftSign at −∞ and ∞, float32", "−1, 1")
def infinities(column: Column) -> Outcome:
    """Judge infinity over infinity."""
    return value_at(column, "SoftSign", np.array([-np.inf, np.inf], np.float32))


@row(SPECIAL, "ReLU′ at NaN, float32", "NaN, by convention")
def nan_slope(column: Column) -> Outcome:
    """Judge a slope where there is none, by this package's convention: NaN goes through."""
    return by_convention(column.slope("ReLU", np.array([np.nan], np.float32)), np.nan, 0, 1)


@row(SPECIAL, "SoftSign at −0.0 and 1e−40, float32", "−0.0, 1e−40")
def smallest(column: Column) -> Outcome:
    """Judge whether an odd function keeps the sign of zero, and a subnormal number."""
    x = np.array([-0.0, 1e-40], np.float32)
    y = column.value("SoftSign", x.copy())
    return judged(y, package.SoftSign.formula, x) if np.signbit(y[0]) else true(False, y)


@row(SPECIAL, "Softmax of −∞ and −∞, float32", "0.5, 0.5, by convention")
def softmax_masked_out(column: Column) -> Outcome:
    """Judge 0 / 0, by this package's convention: equal logits have equal shares."""
    y = column.value("Softmax", np.array([[-np.inf, -np.inf]], np.float32))
    return by_convention(y, 0.5, 0, np.nan)


@row(ARRAYS, "Sigmoid of 1 and 2, uint8", "0.731, 0.881")
def unsigned(column: Column) -> Outcome:
    """Judge whether the minus sign wraps."""
    x = np.array([1, 2], np.uint8)
    return judged(column.value("Sigmoid", x.copy()), package.Sigmoid.formula, x)


@row(ARRAYS, "Sigmoid of True, bool", "0.731")
def boolean(column: Column) -> Outcome:
    """Judge whether True counts as 1."""
    y = column.value("Sigmoid", np.array([True]))
    return judged(y, package.Sigmoid.formula, np.array([1]))


@row(ARRAYS, "Sigmoid of a masked array", "the mask is kept, or the array refused")
def masked(column: Column) -> Outcome:
    """Judge whether what was masked stays so."""
    x = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])

    def ask() -> Outcome:
        y = column.value("Sigmoid", x)
        kept = isinstance(y, np.ma.MaskedArray) and y.mask.tolist() == x.mask.tolist()
        return Outcome("correct", "") if kept else Outcome("wrong", "the mask is lost")

    return refused(ask)


@row(ARRAYS, "Sigmoid and Sigmoid′ of an empty array, and at 0.0", "empty; 0.5, 0.25")
def empty_and_scalar(column: Column) -> Outcome:
    """Judge the shapes () and (0, 3)."""
    return worst_of(*both(column, np.empty((0, 3))), *both(column, np.array(0.0)))


@row(ARRAYS, "Sigmoid and Sigmoid′ of x[::-2]", "the same bits as for a copy")
def strided(column: Column) -> Outcome:
    """Judge an array that is read backwards and in steps."""
    x = np.linspace(-3, 3, 13)[::-2]
    functions = [column.values["Sigmoid"], column.slopes.get("Sigmoid", column.values["Sigmoid"])]
    pairs = [(f(x), f(x.copy())) for f in functions]
    return true(all(np.array_equal(y, wanted) for y, wanted in pairs), pairs[0][0])


def in_two_steps(column: Column, x: Array, between: Between) -> Any:
    """Return the slope of Sigmoid at what its forward was given."""
    if column.in_two_steps is None:
        raise NotOfferedError
    return column.in_two_steps(x, between)


@row(MEMORY, "Sigmoid: forward, change x and y, Sigmoid′", "as before, or refused")
def changed(column: Column) -> Outcome:
    """Judge whether the derivative is that of the forward's input."""

    def change(x: Any, y: Any) -> None:
        x += 1
        y *= 0.5

    x = np.array([-1.0, 0.5, 2.0])

    def ask() -> Outcome:
        y = in_two_steps(column, x.copy(), change)
        return true(np.array_equal(y, column.slope("Sigmoid", x.copy())), y)

    return refused(ask)


@row(MEMORY, "Sigmoid: forward, pause, Sigmoid′, in eight threads at once", "as in one thread")
def threads(column: Column) -> Outcome:
    """Judge whether threads that share an object get their own answers."""

    def pause(_x: Any, _y: Any) -> None:
        time.sleep(0.01)  # another thread's turn

    inputs = [np.full(100, float(i)) for i in range(8)]
    alone = [np.array(in_two_steps(column, x.copy(), pause)) for x in inputs]
    found: list[Any] = [None] * len(inputs)

    def work(i: int) -> None:
        answers = [in_two_steps(column, inputs[i].copy(), pause) for _ in range(20)]
        found[i] = np.array(answers)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    own = [bool((f == a).all()) for f, a in zip(found, alone, strict=True)]
    if all(own):
        return Outcome("correct", "")
    return Outcome("wrong", f"{own.count(False)} of 8 get another's answer")


def cell(asked: Row, column: Column) -> Outcome:
    """Return how a library answers a row."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = asked.judge(column)
        except NotOfferedError:
            return Outcome("not offered", "")
        except Exception as error:  # noqa: BLE001 -- whatever a library raises is the finding
            message = f"{type(error).__name__}: {error}"
            return Outcome("error", textwrap.shorten(message, 60, placeholder=" …"))
    heard = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
    if not heard:
        return outcome
    if outcome.verdict == "correct":
        return Outcome("warning", heard[0])
    return Outcome(outcome.verdict, f"{outcome.detail}, with a warning")


def that_round(names: set[str]) -> list[type[Elementwise]]:
    """Return those of the named classes whose answers rounding leaves an error in."""
    classes = [cls for cls in registry.classes() if issubclass(cls, Elementwise)]
    return [
        cls for cls in classes if cls.__name__ in names and any(cls.max_ulp["float32"].values())
    ]


@np.errstate(all="ignore")
def largest_errors(column: Column, classes: list[type[Elementwise]]) -> dict[str, float | None]:
    """Return the largest error in ULP of each function on every 4,099th float32.

    The worst case of each is confirmed in mpmath. Where an answer is infinite or NaN and should
    not be, the error is None.
    """
    x = np.concatenate(list(bit_patterns(np.dtype(np.float32), 0, 1 << 32, STRIDE)))
    x = x[~np.isnan(x)]
    found: dict[str, float | None] = {}
    for cls in classes:
        verbs = {"value": column.values, "derivative": column.slopes}
        for verb, functions in verbs.items():
            name, activation = cls.__name__, cls()
            if name not in functions:
                continue
            label = name if verb == "value" else f"{name}′"
            y = np.asarray(functions[name](x.copy())).astype(np.float32)
            off = errors(y, truth(activation, verb, x))
            off[np.isnan(off)] = np.inf
            worst = int(off.argmax())
            if np.isinf(off[worst]):
                found[label] = None
                continue
            exact = float(exactly(activation, verb, y[[worst]], x[[worst]])[0])
            if not off[worst] / 2 - 0.01 <= exact <= off[worst] + 0.01:
                msg = f"{label} at {x[worst]} is off by {exact} ULP, not {off[worst]}"
                raise ArithmeticError(msg)
            found[label] = float(f"{exact:.3g}")
    return found


def masked_whole(call: Callable[[Array, Array], Any]) -> str:
    """Return what a Softmax that takes a mask answers for a row that it leaves nothing of."""
    return plainly(call(np.array([[1, 2]], np.float32), np.zeros((1, 2), bool)))
