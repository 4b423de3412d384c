"""What somebody writes elsewhere, what they write here, and how far the two answers lie apart.

``make peers`` evaluates both lines and writes ``book/data/moving_in.json``.
"""

import ast
from typing import Any

import numpy as np

import npdl_activations as package

FAR = 1000  # ULP: what is further apart is not the same function
# Moderate numbers: what happens further out is the matter of peers_questions.py.
X = np.linspace(-2, 2, 15).reshape(3, 5)
# By a library's name on PyPI: what stands before its lines, and its lines beside ours. x is X, g a
# gradient.
PAIRS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "npdl": (
        "from npdl import activations",
        [
            ("activations.get('tanh').forward(x)", "get('tanh').forward(x)"),
            (
                "a = activations.Tanh(); a.forward(x); a.derivative()",
                "a = Tanh(); a.forward(x); a.derivative()",
            ),
            ("activations.Elliot(2).forward(x)", "Elliot(2)(x)"),
            ("activations.Softmax().forward(x)", "Softmax()(x)"),
            (
                "a = activations.Softmax(); a.forward(x); a.derivative()",
                "a = Softmax(); a.forward(x); a.derivative()",
            ),
            (
                "a = activations.ReLU(); a.forward(np.array([0.0])); a.derivative()",
                "ReLU().derivative([0.0])",
            ),
            ("activations.Softmax().forward(np.zeros(2))", "Softmax()(np.zeros(2))"),
            ("activations.Sigmoid().forward(np.uint8([1]))", "Sigmoid()(np.uint8([1]))"),
        ],
    ),
    "torch": (
        "import torch; F = torch.nn.functional; t = torch.tensor(x, requires_grad=True)",
        [
            ("torch.sigmoid(t)", "Sigmoid()(x)"),
            ("F.softplus(t)", "SoftPlus()(x)"),
            ("F.softplus(t, beta=2)", "SoftPlus()(2 * x) / 2"),
            ("F.softsign(t)", "SoftSign()(x)"),
            ("torch.softmax(t, dim=-1)", "Softmax()(x)"),
            ("torch.softmax(t, dim=0)", "Softmax(axis=0)(x)"),
            ("torch.tanh(t).sum().backward(); t.grad", "Tanh().derivative(x)"),
            (
                "torch.autograd.grad(torch.softmax(t, -1), t, torch.tensor(g))[0]",
                "a = Softmax(); a.forward(x); a.backward(g)",
            ),
            (
                "z = torch.zeros(1, requires_grad=True); torch.relu(z).backward(); z.grad",
                "ReLU().derivative(np.float32([0]))",
            ),
            ("torch.sigmoid(torch.tensor([1]))", "Sigmoid()([1])"),
            (
                "F.softplus(torch.tensor([21.0], dtype=torch.float64)) - 21",
                "SoftPlus()([21.0]) - 21",
            ),
        ],
    ),
    "keras": (
        "from keras import activations",
        [
            ("activations.sigmoid(x)", "Sigmoid()(x)"),
            ("activations.linear(x)", "Linear()(x)"),
            ("activations.softplus(x)", "SoftPlus()(x)"),
            ("activations.softsign(x)", "SoftSign()(x)"),
            ("activations.softmax(x)", "Softmax()(x)"),
            ("activations.softmax(x, axis=0)", "Softmax(axis=0)(x)"),
            ("activations.get('relu')(x)", "get('relu')(x)"),
        ],
    ),
    "jax": (
        "import jax",
        [
            ("jax.nn.sigmoid(x)", "Sigmoid()(x)"),
            ("jax.nn.softplus(x)", "SoftPlus()(x)"),
            ("jax.nn.soft_sign(x)", "SoftSign()(x)"),
            ("jax.nn.softmax(x)", "Softmax()(x)"),
            ("jax.nn.softmax(x, axis=0)", "Softmax(axis=0)(x)"),
            ("jax.vmap(jax.grad(jax.numpy.tanh))(x[0])", "Tanh().derivative(x[0])"),
            (
                "y, vjp = jax.vjp(jax.nn.softmax, x); vjp(g)[0]",
                "a = Softmax(); a.forward(x); a.backward(g)",
            ),
            ("jax.jacobian(jax.nn.softmax)(x[0])", "Softmax().jacobian(x[0])"),
            ("jax.grad(jax.nn.relu)(0.0)", "ReLU().derivative(0.0)"),
        ],
    ),
    "scikit-learn": (
        "from sklearn.neural_network._base import ACTIVATIONS, DERIVATIVES",
        [
            ("y = x.copy(); ACTIVATIONS['identity'](y); y", "Linear()(x)"),
            ("y = x.copy(); ACTIVATIONS['logistic'](y); y", "Sigmoid()(x)"),
            ("y = x.copy(); ACTIVATIONS['relu'](y); y", "ReLU()(x)"),
            ("y = x.copy(); ACTIVATIONS['softmax'](y); y", "Softmax()(x)"),
            (
                "y, d = np.tanh(x), g.copy(); DERIVATIVES['tanh'](y, d); d",
                "a = Tanh(); a.forward(x); a.backward(g)",
            ),
            ("d = np.ones(1); DERIVATIVES['relu'](np.zeros(1), d); d", "ReLU().derivative([0.0])"),
        ],
    ),
    "scipy": (
        "from scipy import special",
        [
            ("special.expit(x)", "Sigmoid()(x)"),
            ("special.softmax(x, axis=-1)", "Softmax()(x)"),
            ("special.softmax(x)", "Softmax(axis=None)(x)"),
        ],
    ),
}


def value(line: str, names: dict[str, Any]) -> Any:
    """Run a line's statements, and return its last one's value as a NumPy array."""
    *first, last = ast.parse(line).body
    if not isinstance(last, ast.Expr):
        msg = f"{line!r} ends in no expression"
        raise TypeError(msg)
    exec(compile(ast.Module(first, []), line, "exec"), names)  # noqa: S102 -- the lines above
    answer = eval(compile(ast.Expression(last.value), line, "eval"), names)  # noqa: S307
    return np.asarray(answer.detach() if hasattr(answer, "detach") else answer)


def names() -> dict[str, Any]:
    """Return what the lines may use: this package's names, NumPy, x and a gradient g."""
    here = {name: getattr(package, name) for name in package.__all__}
    return here | {"np": np, "x": X.copy(), "g": np.cos(3 * X)}


def evaluated(line: str, space: dict[str, Any]) -> Any:
    """Return the line's value, or the name of the exception that it raised."""
    try:
        with np.errstate(all="ignore"):
            return value(line, space)
    except Exception as error:  # noqa: BLE001 -- whatever it raises is the answer
        return type(error).__name__


def told(answer: Any) -> str:
    """Return an answer in a few characters."""
    if isinstance(answer, str):
        return answer
    numbers = ", ".join(f"{v:.3g}" for v in answer.ravel()) if answer.size <= 4 else answer.shape
    return f"{numbers} in {answer.dtype}"


def verdict(theirs: Any, ours: Any) -> str:
    """Return by how many ULP two answers differ, or both where they are not of one kind."""
    if isinstance(theirs, str) or isinstance(ours, str) or theirs.shape != ours.shape:
        return f"{told(theirs)}; here {told(ours)}"
    narrow = min(theirs.dtype, ours.dtype, key=lambda dtype: dtype.itemsize)
    a, b = theirs.astype(narrow), ours.astype(narrow)
    ulp = float(np.max(np.abs(a - b) / np.spacing(np.abs(b))))
    if not ulp <= FAR or (theirs.dtype != ours.dtype and ours.size <= 4):
        return f"{told(theirs)}; here {told(ours)}"
    near = f"within {ulp:.0f} ULP" if ulp else "the same"
    return near if theirs.dtype == ours.dtype else f"{near} in {theirs.dtype}; here {ours.dtype}"


def compare(library: str) -> list[dict[str, str]]:
    """Return both lines of each pair of a library, and what came of them."""
    setup, pairs = PAIRS[library]
    return [
        {
            "theirs": theirs,
            "ours": ours,
            "verdict": verdict(evaluated(f"{setup}; {theirs}", names()), evaluated(ours, names())),
        }
        for theirs, ours in pairs
    ]
