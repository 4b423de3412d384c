"""Softmax: its quotient in high precision, its rows, its ends, its axis and its two derivatives."""

import mpmath
import numpy as np
import pytest
from samples import FLOATS, LOUD, assert_same

from npdl_activations import Sigmoid, Softmax

softmax = Softmax()
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
NARROW = [d for d in FLOATS if d != np.longdouble]  # what a Python float holds
LENGTHS = [1, 2, 3, 5, 10, 33, 128, 1000, 10_000, 100_000]


def exact(row):
    """Return the softmax of a row of finite numbers in high precision."""
    powers = [mpmath.exp(mpmath.mpf(float(number))) for number in row]
    total = mpmath.fsum(powers)
    return [power / total for power in powers]


def ulps(computed, truth):
    """Return how far each number lies from the true one, in units in the last place."""
    units = np.spacing(np.array([float(t) for t in truth]).astype(computed.dtype))
    return [
        abs(float(mpmath.mpf(float(c)) - t) / abs(float(unit)))
        for c, t, unit in zip(computed, truth, units, strict=True)
    ]


def worst(rows):
    with mpmath.workdps(40):
        return max(max(ulps(softmax(row), exact(row))) for row in rows)


def test_known_values():
    # The softmax of logarithms is each number's share in their sum.
    n = np.array([[1.0, 2, 5, 8], [3, 3, 3, 3]])
    np.testing.assert_allclose(softmax(np.log(n)), n / n.sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_array_equal(softmax([7.0]), [1])


def test_of_two_logits_it_is_the_sigmoid_of_their_difference():
    a, b = np.random.default_rng(0).integers(-300, 300, (2, 1000)).astype(float)
    p = softmax(np.stack([a, b], axis=-1))
    np.testing.assert_allclose(p[:, 0], Sigmoid()(a - b), rtol=1e-15)
    np.testing.assert_allclose(p[:, 1], Sigmoid()(b - a), rtol=1e-15)
    fresh = Softmax()
    fresh.forward([1.0, -0.5])
    slope = Sigmoid().derivative(1.5)
    np.testing.assert_allclose(fresh.jacobian(), [[slope, -slope], [-slope, slope]], rtol=1e-15)
    np.testing.assert_allclose(fresh.backward([3.0, 1.0]), [2 * slope, -2 * slope], rtol=1e-14)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_lies_within_its_bound_of_the_exact_quotient(length, dtype):
    rng = np.random.default_rng(length)
    rows = rng.normal(size=(max(1, min(100, 2000 // length)), length))
    rows[::2] *= 10
    rows = rows.astype(dtype)
    assert worst(rows) <= softmax.max_ulp[np.dtype(dtype).name]["value"]


@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_it_keeps_its_word_about_accuracy_where_logits_lie_far_apart(dtype):
    rng = np.random.default_rng(1)
    bound = softmax.max_ulp[dtype.name]["value"]
    for spread in (1, 30, 300, 10_000):
        rows = rng.uniform(-spread, spread, (60, 20)).astype(dtype)
        # The gap between a small logit and a large one of another binade is rounded.
        rows[:, 0] = 80
        rows[:, 1] = rng.uniform(-0.1, 0.1, 60).astype(dtype)
        assert worst(rows) <= bound


@each_float
@pytest.mark.parametrize("length", LENGTHS)
def test_each_row_sums_to_1(dtype, length):
    rng = np.random.default_rng(length)
    x = rng.normal(0, 3, (3, length)).astype(dtype)
    total = softmax(x).astype(np.longdouble).sum(axis=-1)
    eps = np.longdouble(np.spacing(dtype.type(1)))
    if dtype.itemsize > 2:
        np.testing.assert_allclose(total, 1, rtol=0, atol=4 * eps)
    else:  # each entry is rounded to 16 bits, and the small ones to subnormals
        unit = np.longdouble(np.spacing(dtype.type(0)))
        np.testing.assert_allclose(total, 1, rtol=0, atol=max(4 * eps, eps + length * unit / 2))


@each_float
def test_the_order_of_the_logits_is_kept(dtype):
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(0, 5, (50, 100)).astype(dtype), axis=-1)
    p = softmax(x)
    assert (p[:, 1:] >= p[:, :-1]).all()
    ties = x[:, 1:] == x[:, :-1]
    assert (p[:, 1:] == p[:, :-1])[ties].all()


@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_logits_that_are_hardly_apart_are_in_order_to_3_ulp(dtype):
    # Neighbouring floats, whose distance from the largest logit is rounded.
    rng = np.random.default_rng(1)
    bits = np.dtype(f"i{dtype.itemsize}")
    for _ in range(300):
        top = rng.uniform(0.1, 5) * 10 ** rng.uniform(-1, 1.5)
        first = np.array(rng.uniform(-1, 1) * top * 2.0 ** -rng.integers(0, 8), dtype).view(bits)
        near = (first + np.arange(64, dtype=bits) * rng.integers(1, 40, dtype=bits)).view(dtype)
        p = softmax(np.sort(np.append(near, np.array(top, dtype)))).astype(np.float64)
        fall = (p[:-1] - p[1:]) / np.spacing(p[1:])
        assert fall.max() <= (3 if dtype == np.float64 else 0)


@each_float
@pytest.mark.parametrize("length", [1, 2, 3, 7, 1000])
def test_equal_logits_share_evenly(dtype, length):
    for logit in (-3, 0, 100, np.inf, -np.inf):
        x = np.full(length, logit, dtype)
        assert_same(softmax(x), np.full(length, np.longdouble(1) / length).astype(dtype))


def test_a_constant_added_to_a_row_changes_nothing():
    x = np.random.default_rng(0).integers(-20, 20, (10, 7)).astype(float)
    for shift in (1, -700, 1e6):
        assert_same(softmax(x + shift), softmax(x))


@each_float
def test_what_minus_infinity_does(dtype):
    x = np.array([0, -np.inf, 0, -np.inf], dtype)
    assert_same(softmax(x), np.array([0.5, 0, 0.5, 0], dtype))
    assert_same(softmax(np.array([-np.inf, 3], dtype)), np.array([0, 1], dtype))
    x = np.array([[1, 2, -np.inf]], dtype)
    assert_same(softmax(x)[:, :2], softmax(x[:, :2]))


@each_float
def test_infinite_logits_at_the_top_share_evenly(dtype):
    with np.errstate(**LOUD):
        for row, wanted in [
            ([np.inf, 0], [1, 0]),
            ([np.inf, 0, np.inf, -np.inf], [0.5, 0, 0.5, 0]),
            ([np.inf] * 4, [0.25] * 4),
            ([-np.inf] * 4, [0.25] * 4),
            ([-np.inf], [1]),
            ([np.inf], [1]),
        ]:
            x = np.array(row, dtype)
            assert_same(softmax(x), np.array(wanted, dtype))
            # One row's infinities are nothing to its neighbour.
            other = np.arange(len(row)).astype(dtype)
            assert_same(softmax(np.stack([x, other]))[1], softmax(other))


@each_float
def test_the_largest_floats(dtype):
    import ml_dtypes

    big = ml_dtypes.finfo(dtype).max
    with np.errstate(**LOUD):
        p = softmax(np.array([big, -big, 0, big], dtype))
    assert_same(p, np.array([0.5, 0, 0, 0.5], dtype))


def test_no_rows_and_rows_of_nothing():
    for shape in [(0,), (3, 0), (0, 3), (2, 0, 3)]:
        x = np.empty(shape, np.float32)
        for axis in range(len(shape)):
            fresh = Softmax(axis)
            assert_same(fresh.forward(x), x)
            assert_same(fresh.derivative(), x)
            assert_same(fresh.backward(x), x)


def test_a_scalar_has_no_row():
    for verb in (softmax, softmax.forward, softmax.derivative, softmax.jacobian):
        with pytest.raises(ValueError, match=r"^Softmax needs an array of one or more dimensions"):
            verb(1.0)


def test_an_axis_that_is_not_there_is_an_axis_error():
    for axis, x in [(1, np.ones(3)), (-3, np.ones((2, 2))), ((0, 2), np.ones((2, 2)))]:
        act = Softmax(axis)
        missing = axis if isinstance(axis, int) else axis[-1]
        message = f"^Softmax: axis {missing} is out of bounds for array of dimension {x.ndim}$"
        for verb in (act, act.forward, act.derivative, act.jacobian):
            with pytest.raises(np.exceptions.AxisError, match=message):
                verb(x)
    with pytest.raises(ValueError, match="repeated axis"):
        Softmax((0, -2))(np.ones((2, 2)))


@pytest.mark.parametrize("axis", [True, False, 1.0, "0", [0, 1], (0, 1.0), np.True_], ids=repr)
def test_an_axis_is_an_integer_a_tuple_or_none(axis):
    kind = type(axis[-1] if isinstance(axis, tuple) else axis).__name__
    message = f"^Softmax takes an integer, a tuple of integers or None as axis, not {kind}$"
    with pytest.raises(TypeError, match=message):
        Softmax(axis)
    with pytest.raises(ValueError, match=r"^Softmax takes one axis or more, not an empty tuple$"):
        Softmax(())


@each_float
@pytest.mark.parametrize("axis", [(0, 1), (1, 0), (2, 0), (-1, 1), (0, 1, 2), None], ids=str)
def test_several_axes_make_one_row(axis, dtype):
    rng = np.random.default_rng(0)
    x, gradient = rng.normal(0, 2, (2, 3, 4, 5)).astype(dtype)
    act = Softmax(axis)
    axes = (0, 1, 2) if axis is None else axis
    last = tuple(range(-len(axes), 0))

    def flat(a):
        a = np.moveaxis(a, axes, last)
        return a.reshape(*a.shape[: 3 - len(axes)], -1)

    one = Softmax()
    assert_same(flat(act.forward(x)), one.forward(flat(x)))
    assert_same(flat(act.backward(gradient)), one.backward(flat(gradient)))
    assert_same(act.jacobian(), one.jacobian())
    assert act == Softmax(axis) != one
    assert eval(repr(act), {"Softmax": Softmax}) == act  # noqa: S307


@each_float
def test_what_a_mask_takes_out_counts_for_nothing(dtype):
    x = np.array([[1, 99, 2, np.nan], [0, -np.inf, np.inf, 5], [3, 4, 5, 6]], dtype)
    where = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
    gradient = np.array([[3, np.inf, 1, np.nan], [1, 2, -np.inf, 4], [np.nan, 1, 1, 1]], dtype)
    with np.errstate(**LOUD):
        act = Softmax()
        p = act.forward(x, where=where)
        answer = act.backward(gradient)
        matrix = act.jacobian()
    few = Softmax()
    assert_same(p[0, [0, 2]], few.forward(np.array([1, 2], dtype)))
    assert_same(answer[0, [0, 2]], few.backward(np.array([3, 1], dtype)))
    assert_same(matrix[0][np.ix_([0, 2], [0, 2])], few.jacobian())
    assert_same(p[1], np.array([1, 0, 0, 0], dtype))
    assert_same(p[2], np.zeros(4, dtype))
    for masked_out in (
        p[~where],
        answer[~where],
        matrix[~where],
        np.swapaxes(matrix, 1, 2)[~where],
    ):
        assert not np.any(masked_out)
    assert_same(softmax(x, where=where), p)
    out = np.empty_like(p)
    assert softmax(x, out, where=where) is out
    assert_same(out, p)


def test_a_mask_is_broadcast_and_remembered():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    where = np.array([True, True, False, True])
    for axis in (-1, (0, 2), None):
        act = Softmax(axis)
        mask = where.copy()
        p = act.forward(x, where=mask)
        before = act.backward(x), act.jacobian()
        mask[:] = False
        assert_same(act.backward(x), before[0])
        assert_same(act.jacobian(), before[1])
        assert not p[..., 2].any()
        # Along an axis: each row sums to 1 without what is taken out.
        np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-15)
        act.forward(x)
        assert act.backward(x)[..., 2].any()


def test_a_row_of_minus_infinity_among_what_is_left_shares_evenly():
    x = np.full(4, -np.inf)
    assert_same(softmax(x, where=[True, False, True, False]), np.array([0.5, 0, 0.5, 0]))


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ([1, 0, 1], TypeError, "Softmax's where takes booleans, not int64"),
        (np.ones(3), TypeError, "Softmax's where takes booleans, not float64"),
        (np.ones(2, bool), ValueError, r"where has the shape \(2,\), which does not fit \(3,\)"),
        (np.ones((2, 3), bool), ValueError, r"shape \(2, 3\), which does not fit \(3,\)"),
        (np.ma.array([True] * 3), TypeError, "its mask would be lost"),
    ],
)
def test_what_is_no_mask_is_refused_and_memory_is_kept(where, error, message):
    act = Softmax()
    act.forward([1.0, 2.0, 4.0])
    before = act.jacobian()
    for verb in (act, act.forward):
        with pytest.raises(error, match=message):
            verb(np.zeros(3), where=where)
    assert_same(act.jacobian(), before)


def test_the_axis_is_kept():
    assert softmax.axis == -1
    assert Softmax(np.int8(1)).axis == 1
    assert type(Softmax(np.int8(1)).axis) is int
    assert repr(Softmax(axis=0)) == "Softmax(axis=0)"
    with pytest.raises(AttributeError):
        softmax.axis = 0


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_any_axis_will_do(axis):
    rng = np.random.default_rng(0)
    x, gradient = rng.normal(0, 2, (2, 3, 4, 5))
    act = Softmax(axis)
    last, g = (np.moveaxis(a, axis, -1) for a in (x, gradient))
    reference = Softmax()
    assert_same(np.moveaxis(act.forward(x), axis, -1), reference.forward(last))
    assert_same(np.moveaxis(act.backward(gradient), axis, -1), reference.backward(g))
    assert_same(act.jacobian(), reference.jacobian())
    np.testing.assert_allclose(act(x).sum(axis=axis), 1, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.bool_])
def test_integers_do_not_wrap(dtype):
    low, high = (0, 1) if dtype is np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = np.array([[low, high]], dtype)
    gap = float(high) - float(low)
    np.testing.assert_allclose(softmax(x), [[np.exp(-gap), 1 / (1 + np.exp(-gap))]], rtol=0.3)
    assert_same(softmax(x), softmax(x.astype(np.float64)))
    assert softmax.derivative(x).dtype == np.float64


@pytest.mark.parametrize("dtype", NARROW, ids=str)
def test_70_000_equal_logits(dtype):
    p = softmax(np.full(70_000, 2, dtype))
    assert_same(p, np.full(70_000, 1 / 70_000).astype(dtype))
    assert (p > 0).all()


@each_float
def test_the_derivative_is_ones(dtype):
    x = np.array([[1, np.nan, -np.inf], [0, 2, 3]], dtype)
    for axis in (0, 1):
        act = Softmax(axis)
        assert_same(act.derivative(x), np.ones((2, 3), dtype))
        act.forward(x[:1])
        assert_same(act.derivative(), np.ones((1, 3), dtype))
    assert_same(softmax.derivative(np.ones(2, np.int8)), np.ones(2))


def rows_to_differentiate(dtype):
    rng = np.random.default_rng(3)
    rows = [rng.normal(0, spread, k) for k in (1, 2, 3, 10, 30) for spread in (0.1, 1, 5)]
    # One class all but certain, where p (1 - p) cancels.
    rows += [np.array([30.0, 0, 1, 2]), np.array([0, 20.0]), np.array([5.0, 5, -40])]
    return [row.astype(dtype) for row in rows]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_jacobian_is_right_in_high_precision(dtype):
    for row in rows_to_differentiate(dtype):
        with mpmath.workdps(60):
            p = exact(row)
            truth = [
                [p[i] * (1 - p[i]) if i == j else -p[i] * p[j] for j in range(len(p))]
                for i in range(len(p))
            ]
            truth = np.array(truth, float).reshape(len(p), len(p))
        bound = softmax.max_ulp[np.dtype(dtype).name]["jacobian"]
        off = np.abs(softmax.jacobian(row).astype(float) - truth)
        units = np.spacing(np.abs(truth).astype(dtype)).astype(float)
        assert (off <= bound * units).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_backward_is_right_in_high_precision(dtype):
    rng = np.random.default_rng(4)
    for row in rows_to_differentiate(dtype):
        gradient = rng.normal(size=len(row)).astype(dtype)
        with mpmath.workdps(60):
            p = exact(row)
            g = [mpmath.mpf(float(number)) for number in gradient]
            mean = mpmath.fdot(p, g)
            truth = np.array([a * (b - mean) for a, b in zip(p, g, strict=True)], float)
            size = float(mpmath.fsum(a * abs(b) for a, b in zip(p, g, strict=True)))
        act = Softmax()
        act.forward(row)
        off = np.abs(act.backward(gradient).astype(float) - truth)
        bound = softmax.max_ulp[np.dtype(dtype).name]["backward"]
        assert (off <= bound * float(np.spacing(np.array(size, dtype)))).all()


def test_where_the_answer_of_backward_is_0_it_is_less_than_a_bit_of_the_sum():
    act = Softmax()
    for dtype in (np.float32, np.float64):
        p = act.forward(np.array([0.3, 1.7, 1.7], dtype))
        gradient = np.array([3, 10, -4], dtype)
        answer = act.backward(gradient)
        assert abs(answer[0]) < np.spacing(np.sum(p * np.abs(gradient)))
        assert answer[1] == -answer[2] > 3


@each_float
def test_the_largest_gradients_do_not_overflow(dtype):
    import ml_dtypes

    big = dtype.type(ml_dtypes.finfo(dtype).max)
    act = Softmax()
    act.forward(np.zeros(2, dtype))
    with np.errstate(**LOUD):
        assert_same(act.backward(np.array([big, -big])), np.array([big / 2, -big / 2], dtype))


@each_float
def test_a_row_of_tiny_gradients_does_not_mind_one_of_huge_gradients(dtype):
    import ml_dtypes

    info = ml_dtypes.finfo(dtype)
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, (2, 100)).astype(dtype)
    gradient = np.stack(
        [rng.integers(-99, 99, 100) * info.smallest_subnormal, np.full(100, info.max)]
    )
    gradient = gradient.astype(dtype)
    both, alone = Softmax(), Softmax()
    both.forward(x)
    alone.forward(x[0])
    assert_same(both.backward(gradient)[0], alone.backward(gradient[0]))


def test_what_comes_through_at_minus_infinity_is_nothing():
    act = Softmax()
    act.forward([0.0, -np.inf, 0.0])
    for arriving in (np.inf, -np.inf, np.nan, 1e300):
        np.testing.assert_array_equal(act.backward([1.0, arriving, 0.0]), [0.25, 0, -0.25])


def test_backward_of_an_all_but_certain_class_does_not_cancel():
    act = Softmax()
    p = act.forward([40.0, 0.0])
    answer = act.backward([1.0, 0.0])
    np.testing.assert_allclose(answer, [p[1], -p[1]], rtol=1e-15)
    assert (answer != 0).all()


def test_rows_of_the_jacobian_and_answers_of_backward_sum_to_0():
    x = np.random.default_rng(5).normal(0, 3, (6, 9))
    matrix = softmax.jacobian(x)
    np.testing.assert_allclose(matrix.sum(axis=-1), 0, atol=1e-16)
    np.testing.assert_array_equal(matrix, np.swapaxes(matrix, -1, -2))
    act = Softmax()
    act.forward(x)
    np.testing.assert_allclose(act.backward(np.cos(x)).sum(axis=-1), 0, atol=1e-15)
    np.testing.assert_array_equal(act.backward(np.full_like(x, 7)), 0)


def test_with_the_cross_entropy_loss_it_hands_back_p_minus_t():
    x = np.random.default_rng(6).normal(0, 2, (5, 4))
    target = np.eye(4)[[0, 3, 1, 1, 2]]
    act = Softmax()
    p = act.forward(x)
    np.testing.assert_allclose(act.backward(-target / p), p - target, rtol=1e-12, atol=1e-15)
