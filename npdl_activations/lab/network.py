"""A small fully connected network that learns by backpropagation, to be read in one minute."""

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from npdl_activations import Activation, ReLU, Softmax, get

__all__ = ["Layer", "Network"]

Array = npt.NDArray[np.float64]


class Layer(NamedTuple):
    """The weights (inputs, outputs) and biases (outputs,) of a layer, or their gradients."""

    weights: Array
    bias: Array


class Network:
    """A classifier: affine layers with an activation between them, and softmax at the end.

    It minimises the mean cross-entropy by gradient descent on small batches. Weights start
    normal with variance 1 / inputs (LeCun et al. 1998), 2 / inputs before ReLU (He et al.
    2015), and biases at zero.

    Parameters
    ----------
    widths : sequence of int
        The numbers of inputs, of units in each hidden layer, and of classes.
    activation : str or Activation, default "tanh"
        What `npdl_activations.get` takes. Each hidden layer gets a copy of its own.
    seed : int, default 0
        For the initial weights and the order of the batches.

    Attributes
    ----------
    layers : list of Layer
        The parameters, first layer first.
    activations : list of Activation
        One for each hidden layer.

    Raises
    ------
    ValueError
        If `widths` are not two or more positive whole numbers, or `activation` is unknown.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in *Neural Networks:
    Tricks of the Trade*, Springer, 1998, section 4.6.

    K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", ICCV, 2015, section 2.2.

    Examples
    --------
    >>> from npdl_activations.lab import load_digits
    >>> x, t, x_test, t_test = load_digits()
    >>> network = Network([64, 32, 10], "tanh")
    >>> losses = network.fit(x, t, epochs=20)
    >>> losses[-1] < losses[0] / 5, network.accuracy(x_test, t_test) > 0.95
    (True, True)
    """

    def __init__(
        self, widths: Sequence[int], activation: str | Activation = "tanh", seed: int = 0
    ) -> None:
        if len(widths) < 2 or not all(isinstance(n, Integral) and n > 0 for n in widths):
            msg = f"widths must be two or more positive whole numbers, not {widths!r}"
            raise ValueError(msg)
        hidden = get(activation)
        gain = 2.0 if isinstance(hidden, ReLU) else 1.0
        self._rng = np.random.default_rng(seed)
        self._softmax = Softmax()
        self.activations = [get(hidden) for _ in widths[1:-1]]
        self.layers = [
            Layer(self._rng.normal(0.0, np.sqrt(gain / n), (n, m)), np.zeros(m))
            for n, m in pairwise(widths)
        ]

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return the probability of each class for each row of `x`, shape (n, classes)."""
        return np.asarray(self._softmax(self._logits(x)))

    def accuracy(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Return the share of rows whose most probable class is the label."""
        x, labels = self._checked(x, labels)
        return float(np.mean(self.predict(x).argmax(axis=1) == labels))

    def loss(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Return the mean cross-entropy, -log of the probability given to the label."""
        x, labels = self._checked(x, labels)
        logits = self._logits(x)
        # log softmax = logit - log sum exp: finite where the probability itself is 0.
        log_total = np.logaddexp.reduce(logits, axis=1)
        return float(np.mean(log_total - logits[np.arange(len(x)), labels]))

    def gradients(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> list[Layer]:
        """Return the gradient of the loss with respect to every layer's weights and biases.

        Parameters
        ----------
        x : array_like, shape (n, inputs)
            One example a row.
        labels : array_like of int, shape (n,)
            The classes, counted from 0.

        Returns
        -------
        list of Layer
            In the order and the shapes of `layers`.

        Raises
        ------
        TypeError
            If the labels are not integers.
        ValueError
            If the shapes do not fit the network or each other, or a label is no class of it.
        """
        x, labels = self._checked(x, labels)

        inputs = [x]
        for layer, activation in zip(self.layers, self.activations, strict=False):
            inputs.append(activation.forward(inputs[-1] @ layer.weights + layer.bias))
        p = self._softmax(inputs[-1] @ self.layers[-1].weights + self.layers[-1].bias)

        # Softmax and cross-entropy together: the gradient at the logits is p - t.
        p[np.arange(len(x)), labels] -= 1
        delta = p / len(x)
        gradients = [Layer(inputs[-1].T @ delta, delta.sum(axis=0))]
        for i in reversed(range(len(self.activations))):
            delta = self.activations[i].backward(delta @ self.layers[i + 1].weights.T)
            gradients.insert(0, Layer(inputs[i].T @ delta, delta.sum(axis=0)))
        return gradients

    def fit(
        self,
        x: npt.ArrayLike,
        labels: npt.ArrayLike,
        epochs: int,
        batch: int = 32,
        rate: float = 0.3,
    ) -> list[float]:
        """Learn from the examples by gradient descent.

        Parameters
        ----------
        x : array_like, shape (n, inputs)
            One example a row.
        labels : array_like of int, shape (n,)
            The classes, counted from 0.
        epochs : int
            How often to go through all examples, in a new random order each time.
        batch : int, default 32
            How many examples make one step.
        rate : float, default 0.3
            The learning rate: a step subtracts `rate` times the gradient.

        Returns
        -------
        list of float
            The loss over all examples after each epoch.

        Raises
        ------
        TypeError, ValueError
            As `gradients` does.
        """
        x, labels = self._checked(x, labels)
        losses = []
        for _ in range(epochs):
            order = self._rng.permutation(len(x))
            for start in range(0, len(x), batch):
                rows = order[start : start + batch]
                for layer, gradient in zip(
                    self.layers, self.gradients(x[rows], labels[rows]), strict=True
                ):
                    layer.weights[...] -= rate * gradient.weights
                    layer.bias[...] -= rate * gradient.bias
            losses.append(self.loss(x, labels))
        return losses

    def _logits(self, x: npt.ArrayLike) -> Array:
        """Return what goes into the softmax."""
        *hidden, last = self.layers
        a = np.asarray(x, dtype=np.float64)
        for layer, activation in zip(hidden, self.activations, strict=True):
            a = activation(a @ layer.weights + layer.bias)
        return a @ last.weights + last.bias

    def _checked(
        self, x: npt.ArrayLike, labels: npt.ArrayLike
    ) -> tuple[Array, npt.NDArray[np.integer]]:
        """Return examples and labels as arrays that fit the network."""
        x = np.asarray(x, dtype=np.float64)
        labels = np.asarray(labels)
        inputs, classes = len(self.layers[0].weights), len(self.layers[-1].bias)
        if x.ndim != 2 or x.shape[1] != inputs:
            msg = f"x must have shape (n, {inputs}), not {x.shape}"
            raise ValueError(msg)
        if labels.dtype.kind not in "iu":
            msg = f"labels must be integers, not {labels.dtype}"
            raise TypeError(msg)
        if labels.shape != (len(x),):
            msg = f"labels must have shape ({len(x)},), one for each row of x, not {labels.shape}"
            raise ValueError(msg)
        if not np.all((labels >= 0) & (labels < classes)):
            msg = (
                f"labels must lie between 0 and {classes - 1}, not {labels.min()} to {labels.max()}"
            )
            raise ValueError(msg)
        return x, labels
