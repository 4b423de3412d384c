"""Sigmoid: values that are known, its symmetry, its tails."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import Sigmoid
from npdl_activations.lab import ulp_error

sigmoid = Sigmoid()


def test_at_zero():
    for zero in (0.0, -0.0, 0, False):
        assert sigmoid(zero) == 0.5
        assert sigmoid.derivative(zero) == 0.25


def test_the_sigmoid_of_the_log_of_n_is_n_over_n_plus_1():
    n = np.array([0.001, 0.5, 1, 2, 3, 9, 1e6, 1e15])
    np.testing.assert_allclose(sigmoid(np.log(n)), n / (n + 1), rtol=1e-14)
    np.testing.assert_allclose(sigmoid.derivative(np.log(n)), n / (n + 1) ** 2, rtol=1e-14)


def test_it_is_symmetric_about_one_half():
    x = np.linspace(-700, 700, 1001)
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1, rtol=1e-15)
    assert_same(sigmoid.derivative(x), sigmoid.derivative(-x))


def test_the_slope_is_the_product_of_both_sides():
    x = np.linspace(-350, 350, 1001)
    np.testing.assert_allclose(sigmoid.derivative(x), sigmoid(x) * sigmoid(-x), rtol=1e-15)


def test_it_rises():
    x = np.linspace(-36, 36, 10_001)
    y = sigmoid(x)
    assert (np.diff(y) >= 0).all()
    assert (np.diff(y[x < 30]) > 0).all()
    assert y.min() > 0
    assert y.max() < 1


def test_far_out_it_is_an_exponential():
    x = np.array([-40.0, -100, -700, -744])
    np.testing.assert_allclose(sigmoid(x), np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(sigmoid.derivative(x), np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(sigmoid.derivative(-x), np.exp(x), rtol=1e-15)
    assert (sigmoid(-x) == 1).all()
    assert sigmoid(-746.0) == 0


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_it_ends_at_0_and_1(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    assert_same(sigmoid(x), np.array([0, 1], dtype))
    assert_same(sigmoid.derivative(x), np.array([0, 0], dtype))


@pytest.mark.parametrize("dtype", [d for d in FLOATS if d != np.longdouble], ids=str)
def test_it_keeps_its_word_about_accuracy(dtype):
    x = np.concatenate([np.linspace(-120, 120, 201).astype(dtype), random_bits(dtype, 100)])
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = x[np.isfinite(x)]
    bound = sigmoid.max_ulp[dtype.name]
    value, slope = "1 / (1 + exp(-x))", "exp(-x) / (1 + exp(-x))**2"
    assert ulp_error(sigmoid(x), value, x).max() <= bound["value"]
    assert ulp_error(sigmoid.derivative(x), slope, x).max() <= bound["derivative"]
