"""The libraries that `tools/peers.py` asks, and what each offers.

To ask another one, write a function that returns its `Column` and add it to `LIBRARIES`.
"""

import collections
import collections.abc
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import literal
import numpy as np
from numpy.typing import NDArray

import npdl_activations as package
from npdl_activations import registry
from npdl_activations.elementwise import Elementwise

Array = NDArray[Any]
Function = Callable[[Any], Any]
# What happens to x and y between a forward and the derivative.
Between = Callable[[Any, Any], None]

OURS = "npdl_activations"


class NotOfferedError(Exception):
    """The library has no such function."""


@dataclass
class Column:
    """What a library offers: values and slopes by the name that the function has here."""

    values: dict[str, Function]
    slopes: dict[str, Function] = field(default_factory=dict)
    # The slope of Sigmoid at x, which a forward before has remembered, where anything can.
    in_two_steps: Callable[[Array, Between], Any] | None = None
    # The slope of Sigmoid by a call that takes x, where `slopes` go another way.
    direct: Function | None = None
    # A call made for the Softmax of what a mask leaves: how it is written, and how it is made.
    masked: tuple[str, Callable[[Array, Array], Any]] | None = None

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


def by_an_object(one: Any) -> Callable[[Array, Between], Any]:
    """Return what asks an object that remembers its forward: always the same one."""

    def slope(x: Array, between: Between) -> Any:
        between(x, one.forward(x))
        return one.derivative()

    return slope


def load_literal() -> Column:
    """Return the textbook's formulas."""
    elementwise = [cls for cls in registry.classes() if issubclass(cls, Elementwise)]
    return Column(
        {cls.__name__: literal.value(cls) for cls in [*elementwise, package.Softmax]},
        {cls.__name__: literal.derivative(cls) for cls in elementwise},
        by_an_object(literal.activation(package.Sigmoid)()),
        literal.activation(package.Sigmoid)().derivative,
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

    def in_two_steps(x: Array, between: Between) -> Any:
        tensor = torch.as_tensor(x).requires_grad_()
        y = torch.sigmoid(tensor)
        with torch.no_grad():
            between(x, y)
        y.backward(torch.ones_like(y))
        return tensor.grad.numpy()

    def safe(x: Array, where: Array) -> Any:
        return torch._safe_softmax(torch.as_tensor(np.where(where, x, -np.inf)), -1).numpy()  # noqa: SLF001

    def value(name: str) -> Function:
        return lambda x: functions[name](torch.as_tensor(x)).numpy()

    return Column(
        {n: value(n) for n in functions},
        {n: slope(n, first if n == "Softmax" else torch.ones_like) for n in functions},
        in_two_steps,
        masked=("torch._safe_softmax", safe),
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

    def in_two_steps(x: Array, between: Between) -> Any:
        y, pull = jax.vjp(jax.nn.sigmoid, jax.numpy.asarray(x))
        between(x, y)
        return np.asarray(pull(jax.numpy.ones_like(y))[0])

    return Column(
        {n: value(n) for n in names},
        {n: slope(n) for n in names},
        in_two_steps,
        masked=("jax.nn.softmax(where=)", lambda x, where: jax.nn.softmax(x, where=where)),
    )


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

    def in_two_steps(x: Array, between: Between) -> Any:
        tensor = mygrad.tensor(x, copy=False)
        y = activations.sigmoid(tensor)
        between(x, y.data)
        y.backward()
        return tensor.grad

    def value(name: str) -> Function:
        return lambda x: functions[name](x).data

    return Column(
        {n: value(n) for n in functions},
        {n: slope(n) for n in functions},
        in_two_steps,
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
    functions: dict[str, Any] = {cls.__name__: cls() for cls in registry.classes()}

    def gradient(x: Array) -> Any:
        softmax = package.Softmax()
        first = np.zeros_like(softmax.forward(x))
        first[..., 0] = 1
        return softmax.backward(first)

    return Column(
        dict(functions),
        {n: f.derivative for n, f in functions.items()} | {"Softmax": gradient},
        by_an_object(package.Sigmoid()),
        masked=("Softmax()(x, where=)", lambda x, where: package.Softmax()(x, where=where)),
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
