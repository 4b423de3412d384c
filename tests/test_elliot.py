"""Elliot: exact fractions, its symmetry and its left tail."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import Elliot, SymmetricElliot

each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@each_float
def test_fractions_that_every_dtype_holds(dtype):
    elliot = Elliot(steepness=2)
    x = np.array([-1.5, -0.5, 0, 0.5, 1.5, 3.5], dtype)
    assert_same(elliot(x), np.array([0.125, 0.25, 0.5, 0.75, 0.875, 0.9375], dtype))
    slope = np.array([1 / 16, 0.25, 1, 0.25, 1 / 16, 1 / 64], dtype)
    assert_same(elliot.derivative(x), slope)


@pytest.mark.parametrize("s", [0.25, 0.3, 1, 3, 100])
def test_at_a_over_bs_it_is_a_fraction(s):
    # s x = a / b goes to (a + b / 2) / (a + b), with the slope s b^2 / 2 (a + b)^2.
    a, b = np.meshgrid(np.arange(1.0, 30), np.arange(1.0, 30))
    x = a / b / s
    elliot = Elliot(s)
    np.testing.assert_allclose(elliot(x), (a + b / 2) / (a + b), rtol=1e-15)
    np.testing.assert_allclose(elliot(-x), b / 2 / (a + b), rtol=1e-15)
    np.testing.assert_allclose(elliot.derivative(x), s / 2 * (b / (a + b)) ** 2, rtol=1e-15)


@each_float
@pytest.mark.parametrize("s", [0.1, 1, 4, 1e39])
def test_it_is_symmetric_about_one_half(dtype, s):
    elliot = Elliot(s)
    x = random_bits(dtype, 500)
    with np.errstate(invalid="ignore"):  # a signalling NaN
        x = x[np.isfinite(x)]
    eps = float(np.spacing(dtype.type(1)))
    both = elliot(x).astype(np.longdouble) + elliot(-x).astype(np.longdouble)
    np.testing.assert_allclose(both, 1, rtol=0, atol=eps)
    assert_same(elliot.derivative(-x), elliot.derivative(x))


@pytest.mark.parametrize("s", [0.1, 1, 4])
def test_it_is_symmetric_elliot_half_as_high_and_one_half_higher(s):
    x = np.linspace(-50, 50, 1001)
    wide = SymmetricElliot(s)
    np.testing.assert_allclose(Elliot(s)(x), (wide(x) + 1) / 2, rtol=0, atol=3e-16)
    np.testing.assert_allclose(Elliot(s).derivative(x), wide.derivative(x) / 2, rtol=1e-15)


def test_far_on_the_left_it_falls_like_1_over_x():
    x = -(10.0 ** np.arange(18, 300, 20))
    for s in (0.25, 1, 8):
        np.testing.assert_allclose(Elliot(s)(x) * -x * s, 0.5, rtol=1e-15)


def test_at_zero():
    for s in (1e-300, 0.1, 3.0, 1e300):
        assert Elliot(s)(0.0) == Elliot(s)(-0.0) == 0.5
        assert Elliot(s).derivative(0.0) == Elliot(s).derivative(-0.0) == s / 2


@each_float
def test_it_ends_at_0_and_1(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    for s in (5e-324, 0.1, 1, 1e300):
        assert_same(Elliot(s)(x), np.array([0, 1], dtype))
        assert_same(Elliot(s).derivative(x), np.array([0, 0], dtype))
