"""The yardstick: held to high precision, and seen to notice what is wrong."""

import numpy as np
import pytest

from npdl_activations import ReLU, Sigmoid, Softmax, SoftSign, registry
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab import yardstick
from npdl_activations.lab.inputs import logits, row_gradients
from npdl_activations.lab.yardstick import Tally, errors, exactly, judged, measure, verbs

CASES = [
    (cls, verb, dtype)
    for cls in registry.classes()
    for verb in verbs(cls)
    for dtype in yardstick.DTYPES
]
each_case = pytest.mark.parametrize(
    ("cls", "verb", "dtype"), CASES, ids=lambda value: getattr(value, "__name__", value)
)
WIDE = pytest.mark.skipif(not yardstick.WIDER, reason="needs a longdouble wider than float64")


def operands_of(cls, verb, dtype):
    rng = np.random.default_rng(3)
    kind = yardstick.dtype_named(dtype)
    if not issubclass(cls, Elementwise):
        rows = next(logits(kind, 5))[:12]
        rows = rows[np.isfinite(rows).all(axis=-1)]
        return [rows, row_gradients(rows)][: 1 + (verb == "backward")]
    x = np.concatenate([rng.uniform(-30, 30, 20), 10 ** rng.uniform(-4, 4, 20)])
    x = np.concatenate([x, -x]).astype(kind)
    return [x, rng.standard_normal(x.size).astype(kind)][: 1 + (verb == "backward")]


@WIDE
@each_case
def test_the_yardstick_agrees_with_high_precision(cls, verb, dtype):
    operands = operands_of(cls, verb, dtype)
    computed, _, off = judged(cls(), verb, *operands)
    exact = exactly(cls(), verb, computed, *operands)
    # Where the truth is next to a power of two the yardstick may count twice as much.
    assert ((abs(off - exact) < 0.005) | (abs(off / 2 - exact) < 0.005)).all()
    assert (exact <= cls.max_ulp[dtype][verb]).all()


@each_case
def test_an_answer_that_is_off_is_noticed(cls, verb, dtype, monkeypatch):
    operands = operands_of(cls, verb, dtype)
    right = yardstick.answer(cls(), verb, *operands)
    wrong = right.copy()
    at = np.unravel_index(np.abs(right).argmax(), right.shape)
    unit = np.spacing(np.abs(right[at]))
    if verb == "backward" and not issubclass(cls, Elementwise):
        unit = yardstick.unit_of_rows(cls(), *operands)[at[0], 0].astype(right.dtype)
    wrong[at] -= np.copysign(8 * unit, right[at])
    real = yardstick.answer

    def answer(act, verb, *given):
        return wrong if given[0] is operands[0] else real(act, verb, *given)

    monkeypatch.setattr(yardstick, "answer", answer)
    tally, _ = measure(cls(), verb, *operands)
    assert tally.largest > 3
    if issubclass(cls, Elementwise):
        [x, *_] = tally.at
        assert x == [float(operands[0][at])]


@np.errstate(over="ignore")
def test_errors_are_counted_in_the_binade_of_the_truth():
    one, two, zero = np.float32([1, 2, 0])
    up, down = np.nextafter(one, two), np.nextafter(one, zero)
    tiny, largest = np.float32(1e-45), np.finfo(np.float32).max
    for computed, truth, error in [
        (up, 1 + 2.0**-30, 1 - 2.0**-7),
        (one, 1 - 2.0**-26, 0.25),
        (down, 1.0, 1.0),
        (zero, 0.0, 0.0),
        (tiny, 0.0, 1.0),
        (zero, 0.25 * float(tiny), 0.25),
        (np.float32(np.inf), 1e39, 0.0),
        (np.float32(-np.inf), 1e39, np.inf),
        (np.float32(np.inf), float(largest), np.inf),
        (largest, float(largest) + 2.0**103, 0.5),
    ]:
        for wide in (np.float64, np.longdouble)[: 1 + yardstick.WIDER]:
            assert errors(np.array([computed]), np.array([truth], wide))[0] == error


@WIDE
def test_the_unit_at_a_power_of_two_is_settled_in_high_precision(monkeypatch):
    # The true sigmoid is next to 1 here, a little below it: 1 - 2^-53 is half as much off as it
    # would be if the truth were 1.
    x = np.array([41.0])
    real = yardstick.answer

    def answer(act, verb, *given):
        return np.array([1 - 2.0**-53]) if given[0] is x else real(act, verb, *given)

    monkeypatch.setattr(yardstick, "answer", answer)
    tally, _ = measure(Sigmoid(), "value", x)
    assert tally.largest == pytest.approx(0.985922, abs=2e-6)


def test_a_nan_out_of_place_is_counted(monkeypatch):
    x = np.array([np.nan, np.nan, 1, 2], np.float32)
    computed = np.array([np.nan, 0, np.nan, 2], np.float32)
    real = yardstick.answer

    def answer(act, verb, *given):
        return computed if given[0] is x else real(act, verb, *given)

    monkeypatch.setattr(yardstick, "answer", answer)
    tally, _ = measure(registry.get("linear"), "value", x)
    assert (tally.nans, tally.wrong_nans, tally.largest, tally.correct) == (2, 2, np.inf, 2)


@pytest.mark.parametrize(
    ("act", "x", "gradient", "right", "wrong"),
    [
        (ReLU(), -1.0, np.inf, 0.0, np.inf),
        (ReLU(), -1.0, np.nan, 0.0, np.nan),
        (ReLU(), 0.0, -np.inf, 0.0, np.nan),
        (ReLU(), 1.0, -np.inf, -np.inf, np.nan),
        (ReLU(), np.nan, 1.0, np.nan, 0.0),
        (Sigmoid(), 1.0, np.inf, np.inf, np.nan),
        (Sigmoid(), 1.0, np.nan, np.nan, 0.0),
        (Sigmoid(), -3e4, np.inf, np.inf, 0.0),
        (Sigmoid(), -3e4, np.inf, np.inf, np.nan),
        (SoftSign(), np.inf, 1.0, 0.0, np.nan),
    ],
    ids=repr,
)
def test_gradients_that_are_not_finite(act, x, gradient, right, wrong, monkeypatch):
    operands = [np.array([x], np.float32), np.array([gradient], np.float32)]
    real = yardstick.answer
    for said, off in [(right, 0), (wrong, np.inf)]:

        def answer(act, verb, *given, said=said):
            return np.float32([said]) if verb == "backward" else real(act, verb, *given)

        monkeypatch.setattr(yardstick, "answer", answer)
        tally, _ = measure(act, "backward", *operands)
        assert tally.largest == off


def test_an_infinite_gradient_at_infinity_may_be_anything(monkeypatch):
    operands = [np.float32([np.inf]), np.float32([np.inf])]
    real = yardstick.answer
    for said in (0, np.nan, np.inf):

        def answer(act, verb, *given, said=said):
            return np.float32([said]) if verb == "backward" else real(act, verb, *given)

        monkeypatch.setattr(yardstick, "answer", answer)
        tally, _ = measure(Sigmoid(), "backward", *operands)
        assert (tally.largest, tally.wrong_nans) == (0, 0)


class Bent(Elementwise):
    """Dead between its kinks, and beyond the right one."""

    formula = "Min(Max(x, -2), -1)"
    derivative_formula = "Heaviside(x + 2, 0) * Heaviside(-1 - x, 0)"
    kinks = (-2.0, -1.0)


class Flat(Elementwise):
    formula = "0 * x + 1"
    derivative_formula = "0 * x"
    kinks = (0.0, 1.0)


def test_the_intervals_where_no_gradient_passes():
    assert yardstick.dead_intervals(ReLU()) == ((-np.inf, 0.0),)
    assert yardstick.dead_intervals(Sigmoid()) == ()
    assert yardstick.dead_intervals(Bent()) == ((-np.inf, -2.0), (-1.0, np.inf))
    assert yardstick.dead_intervals(Flat()) == ((-np.inf, 0.0), (0.0, 1.0), (1.0, np.inf))


def test_the_sum_and_the_order_of_rows_are_judged(monkeypatch):
    x = np.zeros((3, 2), np.float32)
    uneven = np.tile(np.float32([0.5, 0.25]), (3, 1))
    real = yardstick.answer

    def answer(act, verb, *given):
        return uneven if given[0] is x else real(act, verb, *given)

    monkeypatch.setattr(yardstick, "answer", answer)
    tally, _ = measure(Softmax(), "value", x)
    assert tally.sum_off == 0.25 * 2**23
    assert tally.out_of_order > 1e6
    assert (tally.row_length, tally.rows) == (2, 3)


def test_rows_whose_exact_answer_is_zero_are_judged_by_their_largest_product():
    # Logits in exact float32: with these gradients the first answer is 0.
    x = np.float32([[0.5, 1.75, 1.75]])
    gradient = np.float32([[3, 10, -4]])
    p = np.exp(x[0].astype(float))
    unit = np.spacing(np.float32(10 * p[1] / p.sum()))
    off = exactly(Softmax(), "backward", np.float32([[0, 0, 0]]) + unit, x, gradient)
    assert off[0, 0] == pytest.approx(1, rel=1e-6)
    tally, _ = measure(Softmax(), "backward", x, gradient)
    assert tally.largest <= Softmax.max_ulp["float32"]["backward"]


@WIDE
def test_where_a_probability_underflows_the_bound_of_backward_ends():
    x = np.array([[0.0, -740.0], [0.0, -740.0], [0.0, -1.0]])
    gradient = np.array([[1e-300, 1e300], [1.0, 1.0], [1e300, 1e300]])
    unit = yardstick.unit_of_rows(Softmax(), x, gradient)
    assert np.isnan(unit[:, 0]).tolist() == [True, False, False]
    tally, _ = measure(Softmax(), "backward", x, gradient)
    assert (tally.inputs, tally.rows) == (4, 3)


def test_tallies_add_up():
    total = Tally()
    total.add(Tally(largest=0, at=[[1.0]], correct=2, inputs=2))
    assert total.at == [[1.0]]
    total.add(Tally(largest=2, at=[[3.0]], correct=1, inputs=4, wrong_nans=1, nans=1, sum_off=3))
    total.add(Tally(largest=1, at=[[5.0]], correct=1, inputs=1, out_of_order=2))
    assert total == Tally(2, [[3.0]], 4, 7, 1, 1, sum_off=3, out_of_order=2)


@pytest.mark.parametrize("verb", ["value", "derivative", "backward"])
def test_without_a_wider_longdouble_mpmath_measures(verb, monkeypatch):
    monkeypatch.setattr(yardstick, "WIDER", False)
    x = np.array([-3.0, 2.0, np.inf, np.nan])
    tally, computed = measure(Sigmoid(), verb, *[x, np.ones(4)][: 1 + (verb == "backward")])
    assert (tally.inputs, len(computed)) == (2, 2)
    assert tally.largest < 3


@pytest.mark.parametrize("verb", verbs(Softmax))
def test_without_a_wider_longdouble_mpmath_measures_rows(verb, monkeypatch):
    monkeypatch.setattr(yardstick, "WIDER", False)
    x = np.array([[-3.0, 2.0], [0.0, -np.inf], [1.0, 1.0]])
    tally, _ = measure(Softmax(), verb, *[x, np.ones((3, 2))][: 1 + (verb == "backward")])
    assert tally.rows == 2
    assert tally.largest <= Softmax.max_ulp["float64"][verb]
