"""SoftSign: exact fractions, its symmetry, its thick tails."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import SoftSign, SymmetricElliot
from npdl_activations.lab import ulp_error

softsign = SoftSign()
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@each_float
def test_fractions_that_every_dtype_holds(dtype):
    x = np.array([-3, -1, 0, 1, 3, 7], dtype)
    assert_same(softsign(x), np.array([-0.75, -0.5, 0, 0.5, 0.75, 0.875], dtype))
    slope = np.array([1 / 16, 0.25, 1, 0.25, 1 / 16, 1 / 64], dtype)
    assert_same(softsign.derivative(x), slope)


def test_the_softsign_of_a_fraction_is_a_fraction():
    # a / b goes to a / (a + b), with the slope b^2 / (a + b)^2.
    a, b = np.meshgrid(np.arange(1.0, 40), np.arange(1.0, 40))
    np.testing.assert_allclose(softsign(a / b), a / (a + b), rtol=4e-16)
    np.testing.assert_allclose(softsign.derivative(a / b), (b / (a + b)) ** 2, rtol=1e-15)


@each_float
def test_it_is_odd_and_its_slope_is_even(dtype):
    x = random_bits(dtype, 1000)
    assert_same(softsign(-x), -softsign(x))
    assert_same(softsign.derivative(-x), softsign.derivative(x))
    assert_same(softsign(np.array([0.0, -0.0], dtype)), np.array([0.0, -0.0], dtype))


@each_float
def test_it_is_symmetric_elliot_of_steepness_1(dtype):
    x = random_bits(dtype, 1000)
    assert_same(SymmetricElliot(1)(x), softsign(x))
    with np.errstate(invalid="ignore"):  # a signalling NaN
        x = x[np.abs(x.astype(np.longdouble)) < 1e15]  # beyond, a slope may be subnormal
    assert_same(SymmetricElliot(1).derivative(x), softsign.derivative(x))


def test_its_slope_is_the_square_of_what_is_left():
    x = np.linspace(-0.5, 0.5, 101)
    left = 1 - np.abs(softsign(x))
    np.testing.assert_allclose(softsign.derivative(x), left**2, rtol=1e-15)


def test_far_out_what_is_left_falls_like_1_over_x():
    x = np.array([1e6, 1e9, 1e12])
    np.testing.assert_allclose((1 - softsign(x)) * x, 1, rtol=2e-4)
    x = np.array([1e20, 1e100, 1e150, 1e160])
    np.testing.assert_allclose(softsign.derivative(x), 1 / x / x, rtol=1e-15)
    assert softsign.derivative(1e160) > 0  # where 1 / (1 + x)^2 has overflowed


@each_float
def test_it_ends_at_minus_1_and_1(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    assert_same(softsign(x), np.array([-1, 1], dtype))
    assert_same(softsign.derivative(x), np.array([0, 0], dtype))


@pytest.mark.parametrize("dtype", [d for d in FLOATS if d != np.longdouble], ids=str)
def test_it_keeps_its_word_about_accuracy(dtype):
    x = np.concatenate([np.linspace(-20, 20, 401).astype(dtype), random_bits(dtype, 300)])
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = x[np.isfinite(x)]
    bound = softsign.max_ulp[dtype.name]
    assert ulp_error(softsign(x), "x / (1 + Abs(x))", x).max() <= bound["value"]
    assert ulp_error(softsign.derivative(x), "1 / (1 + Abs(x))**2", x).max() <= bound["derivative"]
