"""ReLU: exact everywhere, and what it does at 0, at -0 and at NaN."""

import numpy as np
import pytest
from samples import FLOATS, LOUD, assert_same, edges, random_bits

from npdl_activations import ReLU

relu = ReLU()
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@each_float
def test_known_values(dtype):
    x = np.array([-np.inf, -2.5, -1, 0, 0.5, 3, np.inf], dtype)
    assert_same(relu(x), np.array([0, 0, 0, 0, 0.5, 3, np.inf], dtype))
    assert_same(relu.derivative(x), np.array([0, 0, 0, 0, 1, 1, 1], dtype))


@each_float
def test_it_is_exact_at_the_edges_and_at_random_bits(dtype):
    x = np.concatenate([edges(dtype), random_bits(dtype, 1000)])
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = x[~np.isnan(x)]
    assert_same(relu(x), np.where(x > 0, x, np.zeros_like(x)))
    assert_same(relu.derivative(x), np.where(x > 0, np.ones_like(x), np.zeros_like(x)))


@each_float
def test_its_slope_at_zero_is_0(dtype):
    for zero in np.array([0.0, -0.0], dtype):
        assert_same(relu.derivative(zero), dtype.type(0))
        fresh = ReLU()
        fresh.forward(zero)
        assert_same(fresh.derivative(), dtype.type(0))
        assert_same(fresh.backward(dtype.type(7)), dtype.type(0))


@each_float
def test_nothing_comes_back_through_a_unit_that_is_off(dtype):
    x = np.array([-1, 0, -0.0, -np.inf, 2, 3, np.inf, np.nan], dtype)
    act = ReLU()
    act.forward(x)
    with np.errstate(**LOUD):
        for arriving in (np.inf, -np.inf, np.nan, -1, 1, 0):
            gradient = np.full(8, arriving, dtype)
            wanted = np.array([0, 0, 0, 0, *[arriving] * 3, np.nan], dtype)
            assert_same(act.backward(gradient), wanted)


@each_float
def test_it_never_answers_minus_zero(dtype):
    x = np.array([-0.0, -1, -np.inf, 0], dtype)
    assert not np.signbit(relu(x)).any()
    assert not np.signbit(relu.derivative(x)).any()


@each_float
def test_nan_is_nan(dtype):
    x = np.array([np.nan, -np.nan], dtype)
    assert np.isnan(relu(x)).all()
    assert np.isnan(relu.derivative(x)).all()


def test_both_sides_make_up_x_and_its_size():
    x = random_bits(np.float64, 1000)
    x = x[np.isfinite(x)]
    np.testing.assert_array_equal(relu(x) - relu(-x), x)
    np.testing.assert_array_equal(relu(x) + relu(-x), np.abs(x))
    nonzero = x[x != 0]
    np.testing.assert_array_equal(relu.derivative(nonzero) + relu.derivative(-nonzero), 1)


def test_a_positive_factor_passes_through():
    x = random_bits(np.float32, 1000)
    x = x[np.isfinite(x) & (np.abs(x) < 1e30)]
    assert_same(relu(4 * x), 4 * relu(x))
