"""The activations beside SciPy or the textbook's formula, on a million numbers."""

import literal
import numpy as np
import pytest
import scipy.special

import npdl_activations as package

NAMES = sorted(set(package.__all__) - {"Activation", "Softmax", "get"})


def log1p_form(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# Where the peer is not the textbook's formula, which for Linear hands back the very array.
PEERS = {
    "Sigmoid": ("expit", scipy.special.expit),
    "SoftPlus": ("log1p form", log1p_form),
    "Linear": ("copy", np.copy),
}


def slope(name):
    """Return the textbook's derivative at x, which takes a forward first."""
    activation = getattr(literal, name)()

    def at(x):
        activation.forward(x)
        return activation.derivative()

    return at


def cases():
    """Yield what is computed, the shape, who else does it, how, and how the package does."""
    for name in NAMES:
        ours, textbook = getattr(package, name)(), getattr(literal, name)()
        yield f"{name} value", (10**6,), *PEERS.get(name, ("literal", textbook.forward)), ours
        yield f"{name} derivative", (10**6,), "literal", slope(name), ours.derivative
    for k in (10, 1000):
        theirs, ours = literal.Softmax().forward, package.Softmax()
        yield f"Softmax in rows of {k}", (10**6 // k, k), "literal", theirs, ours


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", [pytest.param(case, id=case[0]) for case in cases()])
def test_speed(case, dtype, compare):
    name, shape, peer, theirs, ours = case
    x = np.random.default_rng(0).normal(scale=5, size=shape).astype(dtype)
    compare(f"{name} {dtype}", peer, theirs, ours, x)
