"""Networks with normalisation and shortcuts."""

import numpy as np
import pytest

from npdl_activations.lab import Network, Stack, finite_difference, load_digits
from npdl_activations.lab.stack import Normalization

WAYS = [
    {"normalise": normalise, "shortcuts": shortcuts}
    for normalise in (None, "layer", "batch")
    for shortcuts in (False, True)
]


def small_problem():
    rng = np.random.default_rng(5)
    return rng.normal(size=(7, 3)), rng.integers(0, 4, size=7)


def own_batch(network):
    """Have a call normalise rows by themselves, as it is done while learning."""
    for norm in filter(None, network._norms):
        norm.__class__ = type("Own", (Normalization,), {"__call__": Normalization.forward})


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_gradients_agree_with_finite_differences(way, activation):
    x, labels = small_problem()
    network = Stack([3, 5, 5, 5, 4], activation, seed=2, **way)
    own_batch(network)
    for layer in network.layers:
        layer.bias[:] = np.linspace(-0.5, 0.4, layer.bias.size)
    for layer, gradient in zip(network.layers, network.gradients(x, labels), strict=True):
        for values, computed in zip(layer, gradient, strict=True):
            for at in np.ndindex(values.shape):
                here = values[at]

                def loss(value, values=values, at=at):
                    values[at] = value
                    return network.loss(x, labels)

                slope = finite_difference(loss, here)
                values[at] = here
                assert abs(slope - computed[at]) < 1e-8


def test_without_either_it_is_the_plain_network():
    x, labels = small_problem()
    plain, stack = (cls([3, 5, 5, 4], "tanh", seed=3, variance=2) for cls in (Network, Stack))
    assert plain.fit(x, labels, epochs=3) == stack.fit(x, labels, epochs=3)


def test_a_shortcut_stands_between_layers_of_one_width():
    assert Stack([3, 5, 5, 6, 6, 4], shortcuts=True)._bridged == [False, True, False, True]
    x, _ = small_problem()
    network = Stack([3, 3, 4], "tanh", shortcuts=True)
    (w, b), last = network.layers
    expected = (np.tanh(x @ w + b) + x) @ last.weights + last.bias
    np.testing.assert_allclose(network._logits(x), expected)


@pytest.mark.parametrize(("over", "axis"), [("layer", 1), ("batch", 0)])
def test_what_is_normalised_has_mean_0_and_variance_1(over, axis):
    z = np.random.default_rng(0).normal(3, 2, size=(50, 40))
    normal = Normalization(over).forward(z)
    np.testing.assert_allclose(normal.mean(axis), 0, atol=1e-12)
    np.testing.assert_allclose(normal.var(axis), 1, rtol=1e-4)


def test_a_layer_without_variance_is_divided_by_no_0():
    for over in ("layer", "batch"):
        norm = Normalization(over)
        assert not norm.forward(np.ones((3, 2))).any()
        assert np.isfinite(norm.backward(np.ones((3, 2)))).all()


def test_batch_averages_come_near_what_was_seen_and_answer_for_one_image():
    x, labels = small_problem()
    network = Stack([3, 5, 4], normalise="batch")
    for _ in range(200):
        network.gradients(x, labels)
    norm = network._norms[0]
    np.testing.assert_allclose(norm(x), norm.forward(x), rtol=1e-6)
    np.testing.assert_allclose(network.predict(x)[:1], network.predict(x[:1]))
    before = network.loss(x, labels)
    network.predict(x[:2])
    assert network.loss(x, labels) == before


def test_a_batch_of_one_has_no_variance():
    x, labels = small_problem()
    network = Stack([3, 5, 4], normalise="batch")
    for one in (lambda: network.gradients(x[:1], labels[:1]), lambda: network.fit(x, labels, 1, 3)):
        with pytest.raises(ValueError, match="batches of two images or more, not 1"):
            one()
    assert len(network.predict(x[:1])) == 1
    assert Stack([3, 5, 4], normalise="layer").fit(x, labels, 1, 1)


@pytest.mark.parametrize("wrong", ["group", 1, True])
def test_an_unknown_normalisation_is_refused(wrong):
    with pytest.raises(ValueError, match="None, 'layer' or 'batch', not "):
        Stack([3, 5, 4], normalise=wrong)


def test_shortcuts_are_true_or_false():
    with pytest.raises(TypeError, match="shortcuts must be True or False, not 1"):
        Stack([3, 5, 4], shortcuts=1)


def test_ten_sigmoid_layers_learn_with_either_and_not_with_neither():
    x, t, x_test, t_test = load_digits()

    def reads(**way):
        network = Stack([64, *[32] * 10, 10], "sigmoid", **way)
        network.fit(x, t, epochs=10, rate=0.1)
        return network.accuracy(x_test, t_test)

    assert reads() < 0.2
    assert reads(normalise="batch") > 0.7
    assert reads(shortcuts=True) > 0.6
