"""SymmetricElliot: exact fractions, its symmetry and its relatives."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, random_bits

from npdl_activations import Elliot, SoftSign, SymmetricElliot

each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@each_float
def test_fractions_that_every_dtype_holds(dtype):
    elliot = SymmetricElliot(steepness=2)
    x = np.array([-1.5, -0.5, 0, 0.5, 1.5, 3.5], dtype)
    assert_same(elliot(x), np.array([-0.75, -0.5, 0, 0.5, 0.75, 0.875], dtype))
    slope = np.array([1 / 8, 0.5, 2, 0.5, 1 / 8, 1 / 32], dtype)
    assert_same(elliot.derivative(x), slope)


@pytest.mark.parametrize("s", [0.25, 0.3, 1, 3, 100])
def test_at_a_over_bs_it_is_a_fraction(s):
    # s x = a / b goes to a / (a + b), with the slope s b^2 / (a + b)^2.
    a, b = np.meshgrid(np.arange(1.0, 30), np.arange(1.0, 30))
    x = a / b / s
    elliot = SymmetricElliot(s)
    np.testing.assert_allclose(elliot(x), a / (a + b), rtol=1e-15)
    np.testing.assert_allclose(elliot.derivative(x), s * (b / (a + b)) ** 2, rtol=1e-15)


@each_float
@pytest.mark.parametrize("s", [0.1, 1, 4, 1e39])
def test_it_is_odd_and_its_slope_is_even(dtype, s):
    elliot = SymmetricElliot(s)
    x = random_bits(dtype, 500)
    assert_same(elliot(-x), -elliot(x))
    assert_same(elliot.derivative(-x), elliot.derivative(x))
    assert_same(elliot(np.array([0.0, -0.0], dtype)), np.array([0.0, -0.0], dtype))


@pytest.mark.parametrize("s", [0.1, 1, 4])
def test_it_is_elliot_twice_as_high_and_one_half_lower(s):
    x = np.linspace(-50, 50, 1001)
    narrow = Elliot(s)
    np.testing.assert_allclose(SymmetricElliot(s)(x), 2 * narrow(x) - 1, rtol=0, atol=5e-16)
    slope = SymmetricElliot(s).derivative(x)
    np.testing.assert_allclose(slope, 2 * narrow.derivative(x), rtol=1e-15)


def test_it_is_softsign_of_s_times_x():
    x = np.linspace(-50, 50, 1001)
    assert_same(SymmetricElliot(8)(x), SoftSign()(8 * x))
    assert_same(SymmetricElliot(8).derivative(x), 8 * SoftSign().derivative(8 * x))


def test_the_slope_at_zero_is_the_steepness():
    for s in (1e-300, 0.1, 3.0, 1e300):
        assert SymmetricElliot(s).derivative(0.0) == s


@each_float
def test_it_ends_at_minus_1_and_1(dtype):
    x = np.array([-np.inf, np.inf], dtype)
    for s in (5e-324, 0.1, 1, 1e300):
        assert_same(SymmetricElliot(s)(x), np.array([-1, 1], dtype))
        assert_same(SymmetricElliot(s).derivative(x), np.array([0, 0], dtype))
