"""The package in the place of the classic library's module: same names, same use, same losses.

`make drop-in` does it with that library itself.
"""

import literal
import numpy as np
import pytest

import npdl_activations
from npdl_activations.lab import load_digits
from npdl_activations.registry import classes


class Dense:
    """A layer that uses its activation as the classic library's layers do."""

    def __init__(self, rng, inputs, outputs, activation):
        limit = np.sqrt(6 / (inputs + outputs))
        self.weights = rng.uniform(-limit, limit, (inputs, outputs))
        self.bias = np.zeros(outputs)
        self.activation = activation

    def forward(self, x):
        self.x = x
        return self.activation.forward(x @ self.weights + self.bias)

    def backward(self, gradient):
        gradient = gradient * self.activation.derivative()
        self.steps = self.x.T @ gradient, gradient.mean(axis=0)
        return gradient @ self.weights.T


def losses(hidden, softmax, epochs=3):
    """Train on the digits with the fused gradient p - t; return the loss of every batch."""
    rng = np.random.default_rng(0)
    x, labels, _, _ = load_digits()
    targets = np.eye(10)[labels]
    layers = [Dense(rng, 64, 32, hidden), Dense(rng, 32, 10, softmax)]
    reached = []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for batch in np.split(order[: len(x) // 64 * 64], len(x) // 64):
            p = x[batch]
            for layer in layers:
                p = layer.forward(p)
            reached.append(-np.log(p[targets[batch] == 1]).mean())
            gradient = p - targets[batch]
            for layer in reversed(layers):
                gradient = layer.backward(gradient)
            for layer in layers:
                layer.weights -= 0.005 * layer.steps[0]
                layer.bias -= 0.005 * layer.steps[1]
    return np.array(reached)


@pytest.mark.parametrize("cls", classes())
def test_a_network_learns_the_same_with_either_module(cls):
    classic = losses(literal.activation(cls)(), literal.activation(npdl_activations.Softmax)())
    ours = losses(cls(), npdl_activations.Softmax())
    np.testing.assert_allclose(ours, classic, rtol=0, atol=1e-10)
    assert ours[-10:].mean() < 0.95 * ours[:10].mean()
