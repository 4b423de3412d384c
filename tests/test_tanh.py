"""Tanh: values that are known, its symmetry, its tails, and the sigmoid in it."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import Sigmoid, Tanh
from npdl_activations.lab import ulp_error

tanh = Tanh()
sigmoid = Sigmoid()


def test_at_zero():
    assert_same(tanh([0.0, -0.0]), np.array([0.0, -0.0]))
    assert_same(tanh.derivative([0.0, -0.0]), np.array([1.0, 1.0]))


def test_the_tanh_of_the_log_of_n_is_rational():
    n = np.array([0.001, 0.5, 2, 3, 9, 1e6])
    square = n * n
    wanted = (square - 1) / (square + 1)
    np.testing.assert_allclose(tanh(np.log(n)), wanted, rtol=1e-14)
    wanted = 4 * square / (square + 1) ** 2
    np.testing.assert_allclose(tanh.derivative(np.log(n)), wanted, rtol=1e-14)


def test_it_is_odd_and_its_slope_is_even():
    x = np.linspace(0, 400, 1001)
    assert_same(tanh(-x), -tanh(x))
    assert_same(tanh.derivative(-x), tanh.derivative(x))


def test_it_is_the_sigmoid_stretched():
    x = np.linspace(-50, 50, 1001)
    np.testing.assert_allclose(tanh(x), 2 * sigmoid(2 * x) - 1, rtol=1e-14, atol=2e-16)
    np.testing.assert_allclose(tanh.derivative(x), 4 * sigmoid.derivative(2 * x), rtol=1e-15)


def test_the_slope_is_1_minus_the_square_where_that_does_not_cancel():
    x = np.linspace(-1, 1, 201)
    np.testing.assert_allclose(tanh.derivative(x), 1 - tanh(x) ** 2, rtol=1e-15)


def test_near_zero_it_is_x():
    x = np.array([1e-9, -1e-20, 5e-324])
    assert_same(tanh(x), x)


def test_far_out_the_slope_is_an_exponential():
    x = np.array([20.0, 100, 350, 370])
    np.testing.assert_allclose(tanh.derivative(x), 4 * np.exp(-2 * x), rtol=1e-15)
    assert (tanh(x) == 1).all()
    assert tanh.derivative(375.0) == 0


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_it_ends_at_minus_1_and_1(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    assert_same(tanh(x), np.array([-1, 1], dtype))
    assert_same(tanh.derivative(x), np.array([0, 0], dtype))


@pytest.mark.parametrize("dtype", [d for d in FLOATS if d != np.longdouble], ids=str)
def test_it_keeps_its_word_about_accuracy(dtype):
    x = np.concatenate([np.linspace(-60, 60, 201).astype(dtype), random_bits(dtype, 100)])
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = x[np.isfinite(x)]
    bound = tanh.max_ulp[dtype.name]
    assert ulp_error(tanh(x), "tanh(x)", x).max() <= bound["value"]
    assert ulp_error(tanh.derivative(x), "1 - tanh(x)**2", x).max() <= bound["derivative"]
