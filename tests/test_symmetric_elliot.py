"""SymmetricElliot: exact fractions, its symmetry, and steepnesses of every size."""

import numpy as np
import pytest
from samples import FLOATS, LOUD, assert_same, random_bits

from npdl_activations import Elliot, SoftSign, SymmetricElliot
from npdl_activations.lab import ulp_error

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


@pytest.mark.parametrize("s", [True, "2", None, 1j, [1.0]], ids=repr)
def test_what_is_no_number_is_no_steepness(s):
    with pytest.raises(TypeError, match="SymmetricElliot takes a real number as steepness"):
        SymmetricElliot(s)


@pytest.mark.parametrize("s", [np.nan, 0, -1, np.inf, -np.inf, 10**400], ids=lambda s: str(s)[:9])
def test_a_steepness_is_positive_and_finite(s):
    with pytest.raises(ValueError, match="SymmetricElliot takes a positive finite steepness"):
        SymmetricElliot(s)


@pytest.mark.parametrize("s", [5e-324, 1e-40, 0.1, 1, 2, 1e39, 1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_keeps_its_word_about_accuracy_whatever_the_steepness(dtype, s):
    elliot = SymmetricElliot(s)
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        bends = (np.linspace(-40, 40, 161) / np.longdouble(s)).astype(dtype)
    x = np.concatenate([bends, random_bits(dtype, 100), [info.max, info.min, info.tiny]])
    x = x[np.isfinite(x)].astype(dtype)
    with np.errstate(**LOUD):
        value, slope = elliot(x), elliot.derivative(x)
    # 2 ULP more for a steepness that is no power of two.
    bound = elliot.max_ulp[np.dtype(dtype).name] + (0 if s in {1, 2} else 2)
    assert ulp_error(value, "s*x / (1 + Abs(s*x))", x, s=s).max() <= bound
    assert ulp_error(slope, "s / (1 + Abs(s*x))**2", x, s=s).max() <= bound
