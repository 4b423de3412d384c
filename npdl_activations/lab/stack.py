"""What is done to deep stacks: normalisation and shortcuts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from npdl_activations import Activation

from .network import Layer, Network

__all__ = ["Normalization", "Stack"]

Array = npt.NDArray[np.float64]

# Added to the variance, so that a unit or an image without any divides by no 0.
_EPSILON = 1e-5
# How much of the running mean and variance stays at each batch.
_KEPT = 0.9


class Normalization:
    """Subtract the mean and divide by the standard deviation, for each image or each unit.

    Parameters
    ----------
    over : {"layer", "batch"}
        "layer": over the units, for each image (Ba, Kiros and Hinton 2016). "batch": over the
        images, for each unit (Ioffe and Szegedy 2015); what `forward` saw is averaged from batch to
        batch, and a call takes those averages, so that it answers the same for an image whatever
        stands beside it.

    Raises
    ------
    ValueError
        If `over` is neither.
    """

    def __init__(self, over: str) -> None:
        if over not in ("layer", "batch"):
            msg = f"normalise must be None, 'layer' or 'batch', not {over!r}"
            raise ValueError(msg)
        self._axis = 1 if over == "layer" else 0
        self._mean: Any = 0.0
        self._variance: Any = 1.0

    def __call__(self, z: Array) -> Array:
        """Return `z`, shape (n, units), normalised; nothing is remembered."""
        if self._axis == 1:
            mean, variance = z.mean(1, keepdims=True), z.var(1, keepdims=True)
        else:
            mean, variance = self._mean, self._variance
        normal: Array = (z - mean) / np.sqrt(variance + _EPSILON)
        return normal

    def forward(self, z: Array) -> Array:
        """Return `z`, shape (n, units), normalised by itself, and remember it.

        Raises
        ------
        ValueError
            If a single image is to be normalised over the batch.
        """
        if self._axis == 0 and len(z) < 2:
            msg = f"normalise='batch' needs batches of two images or more, not {len(z)}"
            raise ValueError(msg)
        mean, variance = (f(z, self._axis, keepdims=True) for f in (np.mean, np.var))
        self._deviation = np.sqrt(variance + _EPSILON)
        normal: Array = (z - mean) / self._deviation
        self._normal = normal
        if self._axis == 0:
            self._mean = _KEPT * self._mean + (1 - _KEPT) * mean
            self._variance = _KEPT * self._variance + (1 - _KEPT) * variance
        return normal

    def backward(self, gradient: Array) -> Array:
        """Return the gradient with respect to the last forward's `z`.

        Mean and deviation depend on z too. What the gradient shares with a constant, or with the
        normalised numbers themselves, changes nothing that leaves here, and is taken out.
        """
        n, axis = self._normal, self._axis
        shared = gradient.mean(axis, keepdims=True) + n * (gradient * n).mean(axis, keepdims=True)
        back: Array = (gradient - shared) / self._deviation
        return back


class Stack(Network):
    """A `Network` whose hidden layers are normalised, bridged by shortcuts, or both.

    From its input a, a hidden layer computes phi(N(a) W + b): normalisation, weights and bias,
    activation. Where a shortcut can be, between layers of one width, it adds a. The last layer's
    input is not normalised, and N has no scale and shift to be learned: the weights have them.

    Parameters
    ----------
    widths, activation, seed, variance
        As for `Network`, which starts from the same weights.
    normalise : {None, "layer", "batch"}, default None
        What N is, as `Normalization` takes it; None leaves it out.
    shortcuts : bool, default False
        Whether the hidden layers have shortcuts (He et al. 2016).

    Attributes
    ----------
    layers, activations
        As for `Network`.

    Raises
    ------
    TypeError, ValueError
        As `Network` does; or if `normalise` or `shortcuts` is none of those.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization", ICML, 2015.

    J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016.

    K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition", CVPR, 2016.

    Examples
    --------
    >>> from npdl_activations.lab import Stack, load_digits
    >>> x, t, x_test, t_test = load_digits()
    >>> network = Stack([64, *[32] * 10, 10], "sigmoid", normalise="layer", shortcuts=True)
    >>> losses = network.fit(x, t, epochs=5, rate=0.1)
    >>> print(f"reads {network.accuracy(x_test, t_test):.1f}")
    reads 0.9
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: str | Activation = "tanh",
        seed: int = 0,
        variance: float = 1,
        *,
        normalise: str | None = None,
        shortcuts: bool = False,
    ) -> None:
        super().__init__(widths, activation, seed, variance)
        if not isinstance(shortcuts, bool):
            msg = f"shortcuts must be True or False, not {shortcuts!r}"
            raise TypeError(msg)
        hidden = self.layers[:-1]
        self._norms = [None if normalise is None else Normalization(normalise) for _ in hidden]
        self._bridged = [shortcuts and len(w) == len(b) for w, b in hidden]

    def _logits(self, x: Array) -> Array:
        """Return what goes into the softmax."""
        *hidden, last = self.layers
        a = x
        for (w, b), norm, act, bridged in zip(
            hidden, self._norms, self.activations, self._bridged, strict=True
        ):
            y = act((a if norm is None else norm(a)) @ w + b)
            a = y + a if bridged else y
        return a @ last.weights + last.bias

    def gradients(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> list[Layer]:
        """Return the gradient of the loss with respect to every layer's weights and biases.

        With `normalise="batch"` the batch is normalised by itself, and moves the averages that
        `predict`, `loss` and `accuracy` use.

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
        TypeError, ValueError
            As `Network.gradients` does; or if `normalise="batch"` gets a single example.
        """
        x, labels = self._checked(x, labels)
        *hidden, last = self.layers
        a, inputs = x, []
        for (w, b), norm, act, bridged in zip(
            hidden, self._norms, self.activations, self._bridged, strict=True
        ):
            inputs.append(a if norm is None else norm.forward(a))
            y = act.forward(inputs[-1] @ w + b)
            a = y + a if bridged else y
        p = self._softmax(a @ last.weights + last.bias)
        p[np.arange(len(x)), labels] -= 1
        delta = p / len(x)
        gradients = [Layer(a.T @ delta, delta.sum(axis=0))]
        flow = delta @ last.weights.T
        for i in reversed(range(len(hidden))):
            delta = self.activations[i].backward(flow)
            gradients.insert(0, Layer(inputs[i].T @ delta, delta.sum(axis=0)))
            norm, back = self._norms[i], delta @ hidden[i].weights.T
            back = back if norm is None else norm.backward(back)
            # A shortcut hands the gradient on as it is, beside what comes through the layer.
            flow = flow + back if self._bridged[i] else back
        return gradients
