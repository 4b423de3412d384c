"""The textbook's formulas as they stand, made from the text that each class states.

They are what the package is measured against: tests hold it to them where they are right, and
show what goes wrong where they are not.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray

from npdl_activations import Activation, Softmax

Array = NDArray[Any]
Function = Callable[[Any], Any]

# What the words in a formula mean. A jump counts in int8, which leaves the dtype to x.
WORDS = {
    "Abs": np.abs,
    "Heaviside": lambda x, _: np.int8(x > 0),
    "Max": np.maximum,
    "Min": np.minimum,
    "Piecewise": lambda *cases: np.select([c for _, c in cases], [value for value, _ in cases]),
    "atan": np.arctan,
    "cosh": np.cosh,
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "exp": np.exp,
    "log": np.log,
    "pi": np.pi,
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}


def softmax(x: Array) -> Array:
    """Return the probabilities of each row of a matrix."""
    assert x.ndim == 2  # noqa: S101 -- as the library has it
    z = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))


def _parts(cls: type[Activation], parameters: dict[str, Any]) -> tuple[Function, Any, bool]:
    """Return a class's value at x, its slope at x and y as written, and whether that has a y."""
    if cls is Softmax:  # no formula of one number; its slope is the library's convention
        return softmax, lambda _x, _y: 1, False
    stated: Any = cls
    text = stated.literal_derivative or stated.derivative_formula
    words = WORDS | {"__builtins__": {}} | cls().parameters | parameters
    # Each is the formula with nothing around it that would cost time. The text is the class's own.
    at = eval(f"lambda x: {stated.formula}", words)  # noqa: S307
    slope = eval(f"lambda x, y: {text}", words)  # noqa: S307
    return at, slope, bool(re.search(r"\by\b", text))


def value(cls: type[Activation], **parameters: Any) -> Function:
    """Return the function of x that a class's formula is.

    Parameters
    ----------
    cls : type
        An activation's class.
    **parameters
        What its formula has besides x, where that is not to be the class's own default.

    Returns
    -------
    callable
        It computes in the dtype of x, in NumPy. Softmax's takes matrices.
    """
    return _parts(cls, parameters)[0]


def derivative(cls: type[Activation], **parameters: Any) -> Function:
    """Return the derivative as a textbook computes it, a function of x in the dtype of x.

    See `value` for the parameters.
    """
    at, slope, of_y = _parts(cls, parameters)
    if _counted(slope):
        return lambda x: np.full(np.shape(x), slope(x, None), np.asarray(x).dtype)
    return lambda x: slope(x, at(x) if of_y else None)


def _counted(slope: Any) -> bool:
    """Return whether a slope is written without arithmetic: as a condition, or a constant."""
    return np.asarray(slope(np.ones(1), np.ones(1))).dtype.kind != "f"


def activation(cls: type[Activation]) -> type[Any]:
    """Return a class that is used as the activations are that the package stands in for.

    It has their faults too. `derivative(input)` asks for the truth value of `input`. `forward`
    keeps the very array that it returned, where the slope is written in y, or was given, where the
    slope takes no arithmetic; else it keeps numbers of its own. A slope without arithmetic is
    float32. Softmax takes matrices alone.
    """
    signature = inspect.signature(cls)
    counted = _counted(_parts(cls, {})[1])

    class Textbook:
        def __init__(self, *arguments: Any, **named: Any) -> None:
            given = signature.bind(*arguments, **named).arguments
            for name, number in given.items():
                setattr(self, name, number)
            self._value, self._slope, self._of_y = _parts(cls, given)

        def forward(self, input: Any) -> Any:  # noqa: A002
            y = self._value(input)
            kept = input if self._of_y or counted else np.copy(input)
            self._last = kept, y
            return y

        def derivative(self, input: Any = None) -> Any:  # noqa: A002
            if input:
                self.forward(input)
            x, y = self._last
            slope = self._slope(x, y)
            return np.full(x.shape, slope, np.float32) if counted else slope

    Textbook.__name__ = Textbook.__qualname__ = cls.__name__
    return Textbook
