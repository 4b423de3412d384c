"""Put twenty inputs that break activation code to other libraries and to this package.

``make peers`` measures in an environment of its own, ``.peers``, and writes
``book/data/peers.json``. The truth comes from mpmath.
"""

import collections
import collections.abc
import json
import os
import platform
import subprocess
import sys
import textwrap
import threading
import time
import venv
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import npdl_activations as package
from npdl_activations.lab import accuracy, ulp_error

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".peers"
TARGET = ROOT / "book" / "data" / "peers.json"

Array = NDArray[Any]
Function = Callable[[Any], Any]

CORRECT = 4  # ULP: what is further off is inaccurate, and wrong where not a digit is right
FIRST_DIGIT = 0.1
STRIDE = 4_099
OURS = "npdl_activations"
VERDICTS = ("correct", "inaccurate", "wrong", "warning", "error", "not offered")


class NotOfferedError(Exception):
    """The library has no such function."""


@dataclass
class Column:
    """What a library offers: values and slopes by the name that the function has here."""

    values: dict[str, Function]
    slopes: dict[str, Function] = field(default_factory=dict)
    # The slope of Sigmoid at a forward's input x, after x and y were changed where they lie.
    remembered: Function | None = None
    # The slope of Sigmoid by an object that all threads share, if there is one.
    shared: Function | None = None
    # The slope of Sigmoid by a call that takes x, where `slopes` go another way.
    direct: Function | None = None

    def value(self, name: str, x: Any) -> Any:
        """Return the value of the function `name` at x."""
        return self._of(self.values, name)(x)

    def slope(self, name: str, x: Any) -> Any:
        """Return its derivative at x."""
        return self._of(self.slopes, name)(x)

    @staticmethod
    def _of(functions: dict[str, Function], name: str) -> Function:
        if name not in functions:
            raise NotOfferedError
        return functions[name]


@dataclass(frozen=True)
class Library:
    """A library to measure: its name, what pip installs it by, and what to know about it."""

    name: str
    load: Callable[[], Column]
    requirement: str = ""
    note: str = ""


def changed_meanwhile(forward: Function, derivative: Callable[[], Any]) -> Function:
    """Return a function that changes x and y between an object's forward and derivative."""

    def slope(x: Array) -> Any:
        y = forward(x)
        x += 1
        y *= 0.5
        return derivative()

    return slope


def load_literal() -> Column:
    """Return the textbook's formulas, as tests/literal.py has them."""
    literal = import_module("literal")
    names = ("Sigmoid", "Tanh", "ReLU", "SoftPlus", "SoftSign", "Softmax")
    one = literal.Sigmoid()

    def slope(name: str) -> Function:
        def at(x: Any) -> Any:
            activation = getattr(literal, name)()
            activation.forward(x)
            return activation.derivative()

        return at

    def shared(x: Array) -> Any:
        one.forward(x)
        time.sleep(0.01)  # another thread's turn
        return one.derivative()

    another = literal.Sigmoid()
    return Column(
        {name: getattr(literal, name)().forward for name in names},
        {name: slope(name) for name in names if name != "Softmax"},
        changed_meanwhile(another.forward, another.derivative),
        shared,
        literal.Sigmoid().derivative,
    )


def load_scipy() -> Column:
    """Return scipy.special."""
    special = import_module("scipy.special")
    found = {"Sigmoid": "expit", "SoftPlus": "softplus", "Softmax": "softmax"}
    values = {name: getattr(special, f) for name, f in found.items() if hasattr(special, f)}
    values["Softmax"] = lambda x: special.softmax(x, axis=-1)
    return Column(values)


def load_sklearn() -> Column:
    """Return the activations of scikit-learn's networks, which write over what they are given."""
    base = import_module("sklearn.neural_network._base")
    names = {"Sigmoid": "logistic", "Tanh": "tanh", "ReLU": "relu", "Softmax": "softmax"}

    def value(name: str) -> Function:
        def at(x: Any) -> Any:
            y = x.copy()
            base.ACTIVATIONS[names[name]](y)
            return y

        return at

    def slope(name: str) -> Function:
        def at(x: Any) -> Any:
            y = value(name)(x)
            delta = np.ones_like(y)
            base.DERIVATIVES[names[name]](y, delta)
            return delta

        return at

    return Column(
        {name: value(name) for name in names},
        {name: slope(name) for name in names if name != "Softmax"},
    )


def load_torch() -> Column:
    """Return PyTorch's functions, with slopes from its autograd."""
    torch = import_module("torch")
    functions: dict[str, Function] = {
        "Sigmoid": torch.sigmoid,
        "Tanh": torch.tanh,
        "ReLU": torch.relu,
        "SoftPlus": torch.nn.functional.softplus,
        "SoftSign": torch.nn.functional.softsign,
        "Softmax": lambda x: torch.softmax(x, dim=-1),
    }

    def slope(name: str, gradient: Function = torch.ones_like) -> Function:
        def at(x: Any) -> Any:
            tensor = torch.as_tensor(x).requires_grad_()
            y = functions[name](tensor)
            y.backward(gradient(y))
            return tensor.grad.numpy()

        return at

    def first(y: Any) -> Any:
        return torch.eye(y.shape[-1], dtype=y.dtype)[0].expand_as(y)

    def remembered(x: Array) -> Any:
        tensor = torch.as_tensor(x).requires_grad_()
        y = torch.sigmoid(tensor)
        x += 1
        with torch.no_grad():
            y *= 0.5
        y.backward(torch.ones_like(y))
        return tensor.grad.numpy()

    def value(name: str) -> Function:
        return lambda x: functions[name](torch.as_tensor(x)).numpy()

    return Column(
        {n: value(n) for n in functions},
        {n: slope(n, first if n == "Softmax" else torch.ones_like) for n in functions},
        remembered,
    )


def load_jax() -> Column:
    """Return jax.nn, with slopes from jax.vjp."""
    jax = import_module("jax")
    names = {
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
        "ReLU": "relu",
        "SoftPlus": "softplus",
        "SoftSign": "soft_sign",
        "Softmax": "softmax",
    }

    def value(name: str) -> Function:
        f = getattr(jax.nn, names[name])
        return lambda x: np.asarray(f(jax.numpy.asarray(x)))

    def slope(name: str) -> Function:
        def at(x: Any) -> Any:
            y, pull = jax.vjp(getattr(jax.nn, names[name]), jax.numpy.asarray(x))
            ones = jax.numpy.ones_like(y)
            gradient = ones.at[..., 1:].set(0) if name == "Softmax" else ones
            return np.asarray(pull(gradient)[0])

        return at

    def remembered(x: Array) -> Any:
        y, pull = jax.vjp(jax.nn.sigmoid, jax.numpy.asarray(x))
        x += 1
        before, y = y, y * 0.5  # arrays that cannot be changed: this makes a new one
        return np.asarray(pull(jax.numpy.ones_like(before))[0])

    return Column({n: value(n) for n in names}, {n: slope(n) for n in names}, remembered)


def load_keras() -> Column:
    """Return keras.activations on the NumPy backend, which has no gradients."""
    activations = import_module("keras").activations
    names = ("sigmoid", "tanh", "relu", "softplus", "softsign", "softmax")
    ours = ("Sigmoid", "Tanh", "ReLU", "SoftPlus", "SoftSign", "Softmax")
    return Column({o: getattr(activations, n) for o, n in zip(ours, names, strict=True)})


def load_mygrad() -> Column:
    """Return mygrad.nnet.activations, with slopes from its autograd."""
    mygrad = import_module("mygrad")
    activations = import_module("mygrad.nnet.activations")
    functions: dict[str, Function] = {
        "Sigmoid": activations.sigmoid,
        "Tanh": activations.tanh,
        "ReLU": activations.relu,
        "SoftSign": activations.soft_sign,
        "Softmax": activations.softmax,
    }

    def slope(name: str) -> Function:
        def at(x: Any) -> Any:
            tensor = mygrad.tensor(x)
            y = functions[name](tensor)
            gradient = np.ones_like(y.data)
            if name == "Softmax":
                gradient[..., 1:] = 0
            y.backward(gradient)
            return tensor.grad

        return at

    def remembered(x: Array) -> Any:
        tensor = mygrad.tensor(x, copy=False)
        y = activations.sigmoid(tensor)
        x += 1
        y.data[...] *= 0.5
        y.backward()
        return tensor.grad

    def value(name: str) -> Function:
        return lambda x: functions[name](x).data

    return Column(
        {n: value(n) for n in functions},
        {n: slope(n) for n in functions},
        remembered,
    )


def load_numpy_ml() -> Column:
    """Return the activations and the Softmax layer of numpy-ml."""
    collections.Hashable = collections.abc.Hashable  # type: ignore[attr-defined]
    nets = import_module("numpy_ml.neural_nets")
    names = ("Sigmoid", "Tanh", "ReLU", "SoftPlus")
    functions = {name: getattr(nets.activations, name)() for name in names}

    def gradient(x: Array) -> Any:
        layer = nets.layers.Softmax()
        y = layer.forward(x)
        first = np.zeros_like(y)
        first[..., 0] = 1
        return layer.backward(first)

    return Column(
        {n: f.fn for n, f in functions.items()}
        | {"Softmax": lambda x: nets.layers.Softmax().forward(x)},
        {n: f.grad for n, f in functions.items()} | {"Softmax": gradient},
    )


def load_package() -> Column:
    """Return this package's functions."""
    names = ("Sigmoid", "Tanh", "ReLU", "SoftPlus", "SoftSign", "Softmax")
    functions: dict[str, Any] = {name: getattr(package, name)() for name in names}
    one = package.Sigmoid()

    def gradient(x: Array) -> Any:
        softmax = package.Softmax()
        first = np.zeros_like(softmax.forward(x))
        first[..., 0] = 1
        return softmax.backward(first)

    return Column(
        dict(functions),
        {n: f.derivative for n, f in functions.items()} | {"Softmax": gradient},
        changed_meanwhile(one.forward, one.derivative),
        package.Sigmoid().derivative,
    )


LIBRARIES = (
    Library("textbook", load_literal, note="Its formulas in NumPy, as they stand."),
    Library("SciPy", load_scipy, "scipy", "scipy.special has no derivatives."),
    Library(
        "scikit-learn",
        load_sklearn,
        "scikit-learn",
        "The activations of its networks, from a module that it does not document.",
    ),
    Library("PyTorch", load_torch, "torch==2.13.0", "Slopes from its autograd."),
    Library(
        "JAX",
        load_jax,
        "jax",
        "Slopes from vjp. With jax_enable_x64: without, float64 becomes float32.",
    ),
    Library("Keras", load_keras, "keras", "On its NumPy backend, which has no derivatives."),
    Library("MyGrad", load_mygrad, "mygrad", "Slopes from its autograd."),
    Library(
        "numpy-ml",
        load_numpy_ml,
        "numpy-ml",
        "Needs collections.Hashable, which Python 3.10 removed: put back before the import.",
    ),
    Library(OURS, load_package, note="This package."),
)


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


@row(SPECIAL, "ReLU′ at NaN, float32", "NaN")
def nan_slope(column: Column) -> Outcome:
    """Judge whether NaN goes through."""
    y = column.slope("ReLU", np.array([np.nan], np.float32))
    return true(bool(np.isnan(y).all()), y)


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
    return true(bool((np.asarray(y) == 0.5).all()), y)


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


@row(ARRAYS, "Sigmoid and Sigmoid′ of x[::-2]", "the bits of a copy's")
def strided(column: Column) -> Outcome:
    """Judge an array that is read backwards and in steps."""
    x = np.linspace(-3, 3, 13)[::-2]
    functions = [column.values["Sigmoid"], column.slopes.get("Sigmoid", column.values["Sigmoid"])]
    pairs = [(f(x), f(x.copy())) for f in functions]
    return true(all(np.array_equal(y, wanted) for y, wanted in pairs), pairs[0][0])


@row(MEMORY, "Sigmoid: forward, change x and y, Sigmoid′", "as before, or refused")
def changed(column: Column) -> Outcome:
    """Judge whether the derivative is that of the forward's input."""
    if column.remembered is None:
        raise NotOfferedError
    ask, x = column.remembered, np.array([-1.0, 0.5, 2.0])
    before = column.slope("Sigmoid", x.copy())

    def again() -> Outcome:
        y = ask(x.copy())
        return true(np.array_equal(y, before), y)

    return refused(again)


@row(MEMORY, "Sigmoid′ of eight arrays in eight threads at once", "as in one thread")
def threads(column: Column) -> Outcome:
    """Judge whether threads that share an object get their own answers."""
    ask = column.shared or column.slopes.get("Sigmoid") or column.values["Sigmoid"]
    inputs = [np.full(100, float(i)) for i in range(8)]
    alone = [np.array(ask(x.copy())) for x in inputs]
    found: list[Any] = [None] * len(inputs)

    def work(i: int) -> None:
        found[i] = np.array([ask(inputs[i].copy()) for _ in range(20)])

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


@np.errstate(all="ignore")
def largest_errors(column: Column) -> dict[str, float | None]:
    """Return the largest error in ULP of each function on every 4,099th float32.

    The worst case of each is confirmed in mpmath. Where an answer is infinite or NaN and should
    not be, the error is None.
    """
    everything = accuracy.bit_patterns(np.dtype(np.float32), 0, 1 << 32, STRIDE)
    x = np.concatenate(list(everything))
    x = x[~np.isnan(x)]
    found: dict[str, float | None] = {}
    for name in ("Sigmoid", "Tanh", "SoftPlus", "SoftSign"):
        cls = getattr(package, name)
        kinds = (
            (name, column.values, cls.formula),
            (f"{name}′", column.slopes, cls.derivative_formula),
        )
        for (label, functions, formula), truth in zip(kinds, accuracy.TRUTHS[name], strict=True):
            if name not in functions:
                continue
            y = np.asarray(functions[name](x.copy())).astype(np.float32)
            off = accuracy.errors(y, truth(accuracy.widened(x)))
            off[np.isnan(off)] = np.inf
            worst = int(off.argmax())
            if np.isinf(off[worst]):
                found[label] = None
                continue
            exact = float(ulp_error(y[[worst]], formula, x[[worst]])[0])
            if not off[worst] / 2 - 0.01 <= exact <= off[worst] + 0.01:
                msg = f"{label} at {x[worst]} is off by {exact} ULP, not {off[worst]}"
                raise ArithmeticError(msg)
            found[label] = float(f"{exact:.3g}")
    return found


def measure(missing: dict[str, str]) -> dict[str, Any]:
    """Return the matrix, with the reason for each library that could not be installed."""
    libraries: list[dict[str, Any]] = []
    columns: dict[str, Column] = {}
    for library in LIBRARIES:
        about = {"name": library.name, "version": "", "note": library.note, "missing": ""}
        libraries.append(about)
        if library.name in missing:
            about["missing"] = missing[library.name]
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                columns[library.name] = library.load()
        except Exception as error:  # noqa: BLE001 -- whatever keeps it from loading is the reason
            about["missing"] = f"{type(error).__name__}: {error}"
            continue
        distribution = library.requirement.partition("==")[0]
        if distribution:
            about["version"] = metadata.version(distribution)
        elif library.name == OURS:
            about["version"] = package.__version__
    rows = []
    for asked in ROWS:
        cells = {name: cell(asked, column)._asdict() for name, column in columns.items()}
        about_row = {k: v for k, v in asdict(asked).items() if k != "judge"}
        rows.append(about_row | {"cells": cells})
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "platform": platform.platform(),
        "cpu": accuracy.cpu_model(),
        "simd": next(iter(accuracy.simd_levels())),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "mpmath": metadata.version("mpmath"),
        "libraries": libraries,
        "rows": rows,
        "stride": STRIDE,
        "largest": {name: largest_errors(column) for name, column in columns.items()},
    }


def install() -> tuple[str, dict[str, str]]:
    """Make the environment; return its Python, and what could not be installed and why."""
    venv.create(HOME, with_pip=True)
    python = str(HOME / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    own = [
        f"{name}=={metadata.version(name)}" for name in ("numpy", "matplotlib", "mpmath", "sympy")
    ]
    subprocess.run([*pip, *own], check=True)
    missing = {}
    for library in LIBRARIES:
        if library.requirement:
            print(f"installing {library.requirement}")
            # NumPy is held, so that every library computes with the one that the package does.
            command = [*pip, library.requirement, own[0]]
            done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
            if done.returncode:
                missing[library.name] = done.stderr.strip().splitlines()[-1]
    return python, missing


def main(arguments: list[str]) -> int:
    """Measure in an environment of its own, or in this one with ``--here``."""
    if arguments[:1] == ["--here"]:
        print(json.dumps(measure(json.loads(arguments[1]))))
        return 0
    python, missing = install()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "numpy",
    }
    command = [python, __file__, "--here", json.dumps(missing)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    )
    table = json.loads(done.stdout.splitlines()[-1])
    text = json.dumps(table, indent=1, ensure_ascii=False)
    TARGET.write_text(text + "\n", encoding="utf-8")
    for library in table["libraries"]:
        given = [row["cells"].get(library["name"], {}).get("verdict") for row in table["rows"]]
        counts = ", ".join(f"{given.count(v)} {v}" for v in VERDICTS if v in given)
        print(f"{library['name']} {library['version']}: {counts or library['missing']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
