"""Linear: every number as it is, in an array of its own."""

import numpy as np
import pytest
from samples import FLOATS, assert_same, edges, every, random_bits

from npdl_activations import Linear

linear = Linear()
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@each_float
def test_every_number_comes_back_with_its_sign(dtype):
    x = every(dtype) if dtype.itemsize == 2 else random_bits(dtype, 10_000)
    with np.errstate(invalid="ignore"):  # ml_dtypes minds a signalling NaN
        x = np.concatenate([x[~np.isnan(x)], edges(dtype)])
    assert_same(linear(x), x)
    assert_same(Linear().forward(x), x)


@each_float
def test_the_slope_is_1_but_for_nan(dtype):
    x = edges(dtype)
    assert_same(linear.derivative(x), np.where(np.isnan(x), x, np.ones_like(x)))


def test_integers_become_floats():
    assert_same(linear([3, -7]), np.array([3.0, -7.0]))
    assert_same(linear.derivative([3, -7]), np.array([1.0, 1.0]))
    assert_same(linear([True, False]), np.array([1.0, 0.0]))


def test_the_answer_is_a_new_array():
    x = np.array([1.0, 2.0])
    for answer in (linear(x), Linear().forward(x), linear(x[:]), linear(x.reshape(1, 2))):
        assert not np.shares_memory(answer, x)
        answer[...] = 9
    np.testing.assert_array_equal(x, [1, 2])


def test_the_gradient_passes_through_as_a_new_array():
    fresh = Linear()
    fresh.forward([1.0, -2.0, 0.0])
    gradient = np.array([0.25, -3.0, 7.0])
    answer = fresh.backward(gradient)
    assert_same(answer, gradient)
    assert not np.shares_memory(answer, gradient)
    assert_same(fresh.jacobian(), np.eye(3))
