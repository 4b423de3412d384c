"""SoftPlus: values that are known, its two sides, and the sigmoid that is its slope."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import ReLU, Sigmoid, SoftPlus
from npdl_activations.lab import ulp_error

softplus = SoftPlus()


def test_at_zero():
    for zero in (0.0, -0.0, 0):
        assert softplus(zero) == pytest.approx(0.6931471805599453, rel=1e-15)
        assert softplus.derivative(zero) == 0.5


def test_the_softplus_of_the_log_of_n_is_the_log_of_n_plus_1():
    n = np.array([1e-9, 0.001, 0.5, 2, 3, 9, 1e6, 1e15])
    np.testing.assert_allclose(softplus(np.log(n)), np.log1p(n), rtol=1e-14)
    np.testing.assert_allclose(softplus.derivative(np.log(n)), n / (n + 1), rtol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_its_slope_is_the_sigmoid(dtype):
    x = random_bits(dtype, 2000)
    assert_same(softplus.derivative(x), Sigmoid()(x))


def test_its_two_sides_differ_by_x():
    x = np.linspace(0, 800, 1001)
    np.testing.assert_allclose(softplus(x) - softplus(-x), x, rtol=1e-15, atol=1e-15)


def test_it_lies_above_relu_by_ln_2_at_most():
    x = np.arange(-30, 30, 1 / 64)
    above = softplus(x) - ReLU()(x)
    assert above.min() > 0
    assert above.max() == above[x == 0][0] == softplus(0.0)


def test_far_out_it_is_x_on_the_right_and_an_exponential_on_the_left():
    x = np.array([40.0, 100, 709, 710, 745, 1e300])
    assert_same(softplus(x), x)
    assert (softplus.derivative(x) == 1).all()
    x = np.array([-40.0, -100, -700, -744])
    np.testing.assert_allclose(softplus(x), np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(softplus.derivative(x), np.exp(x), rtol=1e-15)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_it_ends_at_0_and_infinity(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    assert_same(softplus(x), np.array([0, np.inf], dtype))
    assert_same(softplus.derivative(x), np.array([0, 1], dtype))


@pytest.mark.parametrize("dtype", [d for d in FLOATS if d != np.longdouble], ids=str)
def test_it_keeps_its_word_about_accuracy(dtype):
    x = np.concatenate([np.linspace(-120, 120, 201).astype(dtype), random_bits(dtype, 60)])
    bound = softplus.max_ulp[dtype.name]
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = x[np.abs(x.astype(np.float64)) < 2000]  # beyond, e^x takes too many digits
    assert ulp_error(softplus(x), "log(1 + exp(x))", x).max() <= bound["value"]
    slope = ulp_error(softplus.derivative(x), "exp(x) / (1 + exp(x))", x)
    assert slope.max() <= bound["derivative"]
