"""Inputs that break the textbook formulas.

Each test shows that the formula as it stands fails there, and that the package answers.
"""

import literal
import mpmath
import numpy as np
import pytest
from samples import LOUD, assert_same

from npdl_activations import (
    Elliot,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    SoftPlus,
    SoftSign,
    SymmetricElliot,
    Tanh,
)
from npdl_activations.lab import ulp_error
from npdl_activations.registry import classes

each_pair = pytest.mark.parametrize(
    ("cls", "textbook"),
    [pytest.param(cls, literal.activation(cls), id=cls.__name__) for cls in classes()],
)

PAGE = np.array([[-2.0, 0.5, 3.0], [1.0, -0.25, -4.0]])


def quietly(function, *arguments):
    """Return a textbook answer without its warnings."""
    with np.errstate(all="ignore"):
        return function(*arguments)


def strictly(function, *arguments):
    """Return the package's answer; it may not warn."""
    with np.errstate(**LOUD):
        return function(*arguments)


def value_off(act, x, y):
    return ulp_error(y, act.formula, x, **act.parameters)


def slope_off(act, x, slope):
    return ulp_error(slope, act.derivative_formula, x, **act.parameters)


def textbook_slope(cls, x):
    """Return the textbook derivative at x: after a forward, as `derivative(x)` fails."""
    activation = cls()
    quietly(activation.forward, x)
    return quietly(activation.derivative)


@each_pair
def test_derivative_of_an_array_is_taken_there_and_asks_no_truth_value(cls, textbook):
    with pytest.raises(ValueError, match="truth value of an array"):
        textbook().derivative(PAGE)
    assert cls().derivative(PAGE).shape == PAGE.shape


@each_pair
def test_derivative_at_one_zero_in_a_matrix_is_not_the_last_one(cls, textbook):
    old, zero = np.full((1, 2), 3.0), np.array([[0.0]])
    faulty, act = textbook(), cls()
    faulty.forward(old)
    act.forward(old)
    assert faulty.derivative(zero).shape == old.shape
    assert_same(act.derivative(zero), cls().derivative(np.zeros((1, 1))))


@each_pair
def test_derivative_at_zero_is_not_no_input(cls, textbook):
    with pytest.raises(AttributeError):
        textbook().derivative(0.0)
    if cls is not Softmax:
        slope = cls().derivative(0.0)
        assert slope == cls().derivative([0.0])[0]
        assert slope_off(cls(), [0.0], np.array([slope])) <= 4
    else:
        with pytest.raises(ValueError, match="one or more dimensions"):
            cls().derivative(0.0)


@each_pair
@pytest.mark.filterwarnings("ignore:The truth value of an empty array")
def test_derivative_at_nothing_is_not_no_input(cls, textbook):
    with pytest.raises((AttributeError, ValueError)):
        textbook().derivative(np.empty((0, 3)))
    assert cls().derivative(np.empty((0, 3))).shape == (0, 3)


@each_pair
def test_derivative_before_forward_says_what_to_do(cls, textbook):
    with pytest.raises(AttributeError):
        textbook().derivative()
    with pytest.raises(RuntimeError, match=r"call forward\(x\) first"):
        cls().derivative()


@each_pair
def test_changing_input_and_output_after_forward_changes_nothing(cls, textbook):
    wanted = cls().derivative(PAGE)
    act, x = cls(), PAGE.copy()
    y = act.forward(x)
    x += 1
    y *= 0.5
    assert_same(act.derivative(), wanted)

    faulty, x = textbook(), PAGE.copy()
    y = faulty.forward(x)
    before = faulty.derivative()
    x -= 1
    y *= 0.5
    unchanged = np.array_equal(faulty.derivative(), before)
    # Others answer ones whatever they remember, or remember neither x nor y but an array between.
    assert unchanged == (cls is not ReLU and "y" not in getattr(cls, "literal_derivative", ""))


def test_linear_returns_a_new_array():
    x = np.array([1.0, 2.0])
    y = literal.activation(Linear)().forward(x)
    y += 1
    np.testing.assert_array_equal(x, [2, 3])
    y = Linear().forward(x)
    y += 1
    np.testing.assert_array_equal(x, [2, 3])


def test_sigmoid_of_unsigned_integers_does_not_wrap():
    x = np.array([1, 2], np.uint8)
    np.testing.assert_array_equal(quietly(literal.activation(Sigmoid)().forward, x).round(3), 0)
    np.testing.assert_allclose(Sigmoid()(x), [0.7310585786300049, 0.8807970779778824])


def test_sigmoid_of_a_boolean_is_the_one_of_0_or_1():
    with pytest.raises(TypeError):
        literal.activation(Sigmoid)().forward(np.array([True]))
    np.testing.assert_allclose(Sigmoid()([True, False]), [0.7310585786300049, 0.5])


@pytest.mark.parametrize(
    ("x", "right"),
    [(np.float32(-89), 2.2e-39), (np.float64(-710), 4.5e-309), (np.float16(-12), 6.1e-6)],
)
def test_sigmoid_on_the_far_left_is_small_and_not_0(x, right):
    x = np.array([x])
    with pytest.raises(FloatingPointError, match="overflow"), np.errstate(over="raise"):
        literal.activation(Sigmoid)().forward(x)
    assert quietly(literal.activation(Sigmoid)().forward, x) == 0
    y = strictly(Sigmoid(), x)
    assert value_off(Sigmoid(), x, y) <= 4
    np.testing.assert_allclose(y, right, rtol=0.03)


@pytest.mark.parametrize(
    ("cls", "x", "right"),
    [
        (Sigmoid, np.float32(17), 4.1e-8),
        (Sigmoid, np.float64(40), 4.2e-18),
        (Tanh, np.float32(10), 8.2e-9),
        (Tanh, np.float64(20), 1.7e-17),
    ],
    ids=repr,
)
def test_slopes_in_the_tails_do_not_cancel(cls, x, right):
    x = np.array([x])
    assert textbook_slope(literal.activation(cls), x) == 0
    slope = strictly(cls().derivative, x)
    assert slope_off(cls(), x, slope) <= 4
    np.testing.assert_allclose(slope, right, rtol=0.03)


def test_sigmoid_is_not_tanh_rescaled():
    x = np.linspace(-60, -17.5, 50).astype(np.float32)
    rescaled = np.float32(0.5) * np.tanh(x / 2) + np.float32(0.5)
    assert value_off(Sigmoid(), x, rescaled).max() > 1e6
    assert value_off(Sigmoid(), x, Sigmoid()(x)).max() <= 4


def test_softplus_on_the_right_is_x():
    x = np.array([89], np.float32)
    assert quietly(literal.activation(SoftPlus)().forward, x) == np.inf
    assert strictly(SoftPlus(), x) == 89


@pytest.mark.parametrize(
    ("x", "right"), [(np.float32(-17), 4.1e-8), (np.float64(-37), 8.5e-17)], ids=repr
)
def test_softplus_on_the_left_is_small_and_not_0(x, right):
    x = np.array([x])
    assert literal.activation(SoftPlus)().forward(x) == 0
    y = strictly(SoftPlus(), x)
    assert value_off(SoftPlus(), x, y) <= 4
    np.testing.assert_allclose(y, right, rtol=0.03)


@pytest.mark.parametrize("x", [np.float32(89), np.float16(12), np.float64(np.inf)], ids=repr)
def test_the_slope_of_softplus_on_the_right_is_1(x):
    x = np.array([x])
    assert np.isnan(textbook_slope(literal.activation(SoftPlus), x))
    assert strictly(SoftPlus().derivative, x) == 1


@pytest.mark.parametrize(("cls", "low"), [(SoftSign, -1), (Elliot, 0), (SymmetricElliot, -1)])
def test_fractions_of_infinities_are_limits(cls, low):
    x = np.array([-np.inf, np.inf])
    assert np.isnan(quietly(literal.activation(cls)().forward, x)).all()
    np.testing.assert_array_equal(strictly(cls(), x), [low, 1])


def test_softsign_of_the_least_int8_does_not_wrap():
    x = np.array([-128], np.int8)
    assert quietly(literal.activation(SoftSign)().forward, x) > 1
    np.testing.assert_allclose(SoftSign()(x), -128 / 129, rtol=1e-15)


@pytest.mark.parametrize("x", [15, 100])
def test_the_slope_of_softsign_at_an_int8_does_not_wrap(x):
    x = np.array([x], np.int8)
    slope = textbook_slope(literal.activation(SoftSign), x)
    assert not 0 < slope < 0.1
    np.testing.assert_allclose(SoftSign().derivative(x), 1 / (1 + x.astype(float)) ** 2, rtol=1e-15)


@pytest.mark.parametrize(
    ("x", "right"), [(np.float32(1e20), 1e-40), (np.float16(255), 1.5e-5)], ids=repr
)
def test_the_slope_of_softsign_far_out_does_not_overflow_to_0(x, right):
    x = np.array([x])
    assert textbook_slope(literal.activation(SoftSign), x) == 0
    slope = strictly(SoftSign().derivative, x)
    assert slope_off(SoftSign(), x, slope) <= 4
    np.testing.assert_allclose(slope, right, rtol=0.03)


def test_elliot_on_the_far_left_does_not_cancel():
    x = np.array([-1e10], np.float32)
    assert literal.activation(Elliot)().forward(x) == 0
    np.testing.assert_allclose(strictly(Elliot(), x), 5e-11, rtol=1e-6)


def test_steep_elliot_at_the_largest_floats_is_1():
    x = np.array([3e38], np.float32)
    assert np.isnan(quietly(literal.activation(Elliot)(10).forward, x))
    assert strictly(Elliot(10), x) == 1


@pytest.mark.parametrize("cls", [Elliot, SymmetricElliot])
@pytest.mark.parametrize(
    ("steepness", "error"),
    [(-1, ValueError), (0, ValueError), (np.nan, ValueError), ("2", TypeError)],
)
def test_a_steepness_that_makes_no_sense_is_refused(cls, steepness, error):
    assert literal.activation(cls)(steepness).steepness is steepness
    with pytest.raises(error, match="steepness"):
        cls(steepness)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_softmax_takes_any_number_of_dimensions(shape):
    x = np.random.default_rng(0).normal(size=shape)
    with pytest.raises(AssertionError):
        literal.activation(Softmax)().forward(x)
    np.testing.assert_allclose(Softmax()(x).sum(axis=-1), 1)
    np.testing.assert_allclose(Softmax(axis=0)(x).sum(axis=0), 1)


@pytest.mark.parametrize(
    ("row", "right"),
    [
        ([-np.inf, -np.inf], [0.5, 0.5]),
        ([np.inf, 0], [1, 0]),
        ([np.inf, np.inf, 0, -np.inf], [0.5, 0.5, 0, 0]),
    ],
    ids=str,
)
def test_a_softmax_row_with_an_infinity_at_its_top_has_an_answer(row, right):
    x = np.array([row])
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        literal.activation(Softmax)().forward(x)
    assert np.isnan(quietly(literal.activation(Softmax)().forward, x)).any()
    np.testing.assert_array_equal(strictly(Softmax(), x), [right])


def test_softmax_rows_of_no_elements_have_none():
    with pytest.raises(ValueError, match="zero-size"):
        literal.activation(Softmax)().forward(np.empty((3, 0)))
    assert strictly(Softmax(), np.empty((3, 0))).shape == (3, 0)


@pytest.mark.parametrize(
    "x", [np.array([[-128, 127]], np.int8), np.array([[0, 255]], np.uint8)], ids=str
)
def test_softmax_of_integers_does_not_wrap(x):
    y = literal.activation(Softmax)().forward(x)
    assert y[0, 0] > y[0, 1]
    np.testing.assert_allclose(Softmax()(x), [[np.exp(-255.0), 1]], rtol=1e-14)


def test_softmax_of_many_equal_float16_logits_does_not_overflow():
    x = np.zeros((1, 70_000), np.float16)
    np.testing.assert_array_equal(quietly(literal.activation(Softmax)().forward, x), 0)
    assert_same(strictly(Softmax(), x), np.full_like(x, 1 / 70_000))


def test_softmax_of_logits_far_apart_is_right_to_the_last_bits():
    x = np.random.default_rng(0).uniform(-80, 5, (200, 30)).astype(np.float32)
    x[:, 0] += 100  # so x - max rounds
    with mpmath.workdps(40):
        exact = []
        for row in x:
            z = [mpmath.exp(mpmath.mpf(float(logit)) - 100) for logit in row]
            exact.append([float(entry / mpmath.fsum(z)) for entry in z])
    ulp = np.spacing(np.array(exact, np.float32)).astype(float)
    assert (np.abs(literal.activation(Softmax)().forward(x) - exact) / ulp).max() > 10
    assert (np.abs(Softmax()(x) - exact) / ulp).max() <= 8


@each_pair
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_a_slope_has_the_dtype_of_its_input(cls, textbook, dtype):
    x = PAGE.astype(dtype)
    faulty = literal._counted(literal._parts(cls, {})[1])
    assert faulty or cls not in {ReLU, Linear, Softmax}
    assert (textbook_slope(textbook, x).dtype == np.float32) == faulty
    assert cls().derivative(x).dtype == dtype


def test_the_slope_of_relu_at_nan_is_nan():
    x = np.array([np.nan])
    assert textbook_slope(literal.activation(ReLU), x) == 0
    assert np.isnan(ReLU().derivative(x)).all()


@each_pair
@pytest.mark.parametrize("x", [[1.0], 3.0], ids=str)
def test_forward_of_a_list_or_a_number_is_remembered_as_an_array(cls, textbook, x):
    if cls in {ReLU, Linear, Softmax} or (cls is Sigmoid and x == [1.0]):
        with pytest.raises((TypeError, AttributeError, AssertionError)):
            textbook_slope(textbook, x)
    act = cls()
    if cls is Softmax:
        act.forward([1.0])
        assert_same(act.derivative(), np.ones(1))
    else:
        act.forward(x)
        assert_same(act.derivative(), act.derivative(np.asarray(x)))
