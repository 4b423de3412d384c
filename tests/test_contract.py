"""What all nine promise alike: dtypes, purity, `out`, memory, gradients, edges, positions, threads.

Each test runs over every activation, over both Elliots with several steepnesses and over Softmax
along either end of an array.
"""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy

import hypothesis.extra.numpy as hnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from samples import (
    ALL,
    ELEMENTWISE,
    FLOATS,
    LAYOUTS,
    LOUD,
    ROWWISE,
    WHOLE,
    assert_same,
    edges,
    every,
    random_bits,
)

import npdl_activations
from npdl_activations import Elliot, Softmax, Tanh, get
from npdl_activations.arrays import BLOCK
from npdl_activations.compiled import compiled
from npdl_activations.lab import ulp_error

each = pytest.mark.parametrize("act", ALL, ids=repr)
each_elementwise = pytest.mark.parametrize("act", ELEMENTWISE, ids=repr)
each_rowwise = pytest.mark.parametrize("act", ROWWISE, ids=repr)
each_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
each_whole = pytest.mark.parametrize("dtype", WHOLE, ids=str)


def remembering(act, x):
    """Return a fresh copy of `act` that has seen `x`."""
    fresh = get(act)
    fresh.forward(x)
    return fresh


VERBS = {
    "call": lambda act, x: act(x),
    "forward": lambda act, x: get(act).forward(x),
    "derivative": lambda act, x: act.derivative(x),
    "remembered derivative": lambda act, x: remembering(act, x).derivative(),
    "backward": lambda act, x: remembering(act, x).backward(x),
    "jacobian": lambda act, x: act.jacobian(x),
    "remembered jacobian": lambda act, x: remembering(act, x).jacobian(),
}
WITHOUT_ROWS = [verb for name, verb in VERBS.items() if "jacobian" not in name]

# All that NumPy holds and that is no real number, with the dtype's name in the error message.
NOT_REAL = [
    np.array([1j]),
    np.array([1j], np.complex64),
    np.array(["1"]),
    np.array([b"1"]),
    np.array([1], object),
    np.array([1], "M8[s]"),
    np.array([1], "m8[s]"),
    np.array([(1.0,)], [("x", float)]),
    np.array([1], ml_dtypes.float8_e5m2),
    np.array([1], ml_dtypes.int4),
]

PAGE = np.array([[-1.5, 0.0, 2.0], [3.0, -4.0, 0.5]])


@st.composite
def number_arrays(draw, min_dims):
    """Draw a real array of any dtype and up to three dimensions, edges among random bits."""
    dtype = draw(st.sampled_from([*FLOATS, *WHOLE]))
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=0, max_side=4))
    seed = draw(st.integers(0, 2**32 - 1))
    size = int(np.prod(shape))
    rng = np.random.default_rng(seed)
    if dtype.kind in "biu":
        bounds = (0, 2) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return rng.integers(*bounds, size, dtype).reshape(shape)
    # Random bits are mostly huge or tiny: some numbers are to be where the functions bend.
    kinds = [random_bits(dtype, size, seed), rng.normal(0, 5, size).astype(dtype)]
    kinds.append(rng.choice(edges(dtype), size))
    return np.choose(rng.integers(0, 3, size), kinds).reshape(shape)


@each
@each_float
def test_floats_come_back_as_they_went_in(act, dtype):
    for name, verb in VERBS.items():
        assert verb(act, PAGE.astype(dtype)).dtype == dtype, name


@each
@each_whole
def test_integers_and_booleans_are_converted_to_float64_before_anything_else(act, dtype):
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = np.array([[low, high, 0], [1, high, low]], dtype)
    for verb in VERBS.values():
        assert_same(verb(act, x), verb(act, x.astype(np.float64)))


@each
def test_lists_and_scalars_are_taken(act):
    for verb in VERBS.values():
        assert_same(verb(act, PAGE.tolist()), verb(act, PAGE))
    if act not in ROWWISE:
        for scalar in (2.5, 2, True, np.float32(2.5), np.array(2.5, bfloat16)):
            for verb in WITHOUT_ROWS:
                answer = verb(act, scalar)
                assert isinstance(answer, np.generic | bfloat16)
                assert_same(answer, verb(act, np.asarray([scalar]))[0])


@each
def test_a_jacobian_needs_a_row(act):
    with pytest.raises(ValueError, match=f"{act} needs an array of one or more dimensions"):
        act.jacobian(1.0)
    if act not in ROWWISE:
        with pytest.raises(ValueError, match=f"{act} needs an array of one or more dimensions"):
            remembering(act, 1.0).jacobian()


@each
@pytest.mark.parametrize("x", NOT_REAL, ids=lambda x: str(x.dtype))
def test_what_is_no_real_number_is_a_type_error_and_memory_is_kept(act, x):
    fresh = remembering(act, PAGE)
    for verb in (fresh, fresh.forward, fresh.derivative, fresh.jacobian, fresh.backward):
        with pytest.raises(TypeError) as error:
            verb(x)
        assert str(error.value).startswith(str(act))
        assert str(error.value).endswith(f"takes real numbers, not {x.dtype}")
    assert_same(fresh.derivative(), act.derivative(PAGE))


@each
def test_a_masked_array_is_a_type_error(act):
    masked = np.ma.array(PAGE, mask=PAGE > 1)
    fresh = remembering(act, PAGE)
    for x in (masked, list(masked), [PAGE[0].tolist(), masked[1]]):
        for verb in (fresh, fresh.forward, fresh.derivative, fresh.jacobian, fresh.backward):
            if verb == fresh.derivative and act in ROWWISE:
                continue
            with pytest.raises(TypeError, match="mask would be lost"):
                verb(x)
    with pytest.raises(TypeError, match="mask would be lost"):
        act(PAGE, out=masked.copy())


@each
@settings(max_examples=60)
@given(data=st.data(), layout=st.sampled_from(sorted(LAYOUTS)))
def test_layout_does_not_matter_and_the_input_is_left_alone(act, data, layout):
    x = data.draw(number_arrays(min_dims=int(act in ROWWISE)))
    passed = LAYOUTS[layout](x)
    before = passed.tobytes()
    for verb in VERBS.values() if x.ndim else WITHOUT_ROWS:
        answer = verb(act, passed)
        assert_same(answer, verb(act, x))
        assert answer.dtype.isnative
        assert not np.shares_memory(answer, passed)
    assert passed.tobytes() == before


@each
def test_any_number_of_dimensions_and_of_elements_will_do(act):
    for shape in [(0,), (1,), (0, 3), (3, 0), (2, 0, 3), (1, 1, 1, 1), (2, 1, 3, 1, 2)]:
        x = np.ones(shape, np.float32)
        for verb in WITHOUT_ROWS:
            assert verb(act, x).shape == shape
        *outer, k = np.moveaxis(x, getattr(act, "axis", -1), -1).shape
        assert act.jacobian(x).shape == (*outer, k, k)


@each
def test_a_matrix_comes_back_as_an_array(act):
    x = np.ones((2, 3)).view(type("Sub", (np.ndarray,), {}))
    for verb in VERBS.values():
        assert type(verb(act, x)) is np.ndarray


@each
def test_the_answer_can_be_written_to(act):
    for verb in VERBS.values():
        verb(act, PAGE)[...] = 7
        assert_same(verb(act, PAGE), verb(act, PAGE.copy()))


@each
@each_float
def test_out_receives_the_value(act, dtype):
    x = random_bits(dtype, 24).reshape(4, 6)
    value = act(x)
    fresh = remembering(act, x)
    verbs = [
        (value, lambda out: act(x, out=out)),
        (value, lambda out: fresh.forward(x, out=out)),
        (act.derivative(x), lambda out: act.derivative(x, out=out)),
        (act.derivative(x), lambda out: fresh.derivative(out=out)),
        (fresh.backward(x), lambda out: fresh.backward(x, out=out)),
    ]
    for layout in set(LAYOUTS) - {"read-only"}:
        for answer, verb in verbs:
            out = LAYOUTS[layout](np.ones_like(x))
            assert verb(out) is out
            assert_same(out.astype(dtype), answer)
    gradient = x.copy()
    assert_same(fresh.backward(gradient, out=gradient), fresh.backward(x))
    kept = x.copy()
    assert fresh.forward(x, x) is x
    assert_same(x, value)
    assert_same(fresh.derivative(), act.derivative(kept))


@each_elementwise
def test_out_of_no_dimensions(act):
    out = np.array(1.0)
    assert act(2.0, out=out) is out
    assert_same(out[()], act(2.0))


@each
@each_float
@pytest.mark.parametrize("shift", [-1, 1, 5])
def test_out_may_overlap_the_input(act, dtype, shift):
    room = random_bits(dtype, BLOCK // dtype.itemsize + 100)
    low, high = room[: -abs(shift)], room[abs(shift) :]
    x, out = (low, high) if shift > 0 else (high, low)
    value = act(x.copy())
    act(x, out=out)
    assert_same(out, value)


@each
def test_out_may_be_the_input_backwards_or_on_its_side(act):
    for flip in (np.flip, np.transpose):
        x = np.random.default_rng(0).normal(size=(40, 40))
        value = act(x.copy())
        act(x, out=flip(x))
        assert_same(flip(x), value)


@each
def test_a_wrong_out_is_refused_and_left_alone(act):
    x = PAGE.copy()
    read_only = np.ones((2, 3))
    read_only.flags.writeable = False
    for out, kind, message in [
        (np.ones((3, 2)), ValueError, r"out must have the shape \(2, 3\), not \(3, 2\)"),
        (np.ones(3), ValueError, r"out must have the shape \(2, 3\), not \(3,\)"),
        (np.ones((2, 3), np.float32), TypeError, "out must be an array of float64, not float32"),
        (np.ones((2, 3), int), TypeError, "out must be an array of float64, not int64"),
        ([[1.0] * 3] * 2, TypeError, "out must be an array of float64, not list"),
        (read_only, ValueError, "out must be writeable, and this array is read-only"),
    ]:
        before = deepcopy(out)
        fresh = remembering(act, PAGE)
        for verb in (act, fresh.forward, fresh.derivative, fresh.backward):
            with pytest.raises(kind, match=message):
                verb(x, out=out)
        np.testing.assert_array_equal(out, before)
    assert_same(x, PAGE)


@each
def test_changing_input_or_output_after_forward_changes_nothing(act):
    fresh = get(act)
    x, gradient = PAGE.copy(), np.cos(PAGE)
    y = fresh.forward(x)
    x[...], y[...] = 9, 9
    assert_same(fresh.derivative(), act.derivative(PAGE))
    assert_same(fresh.jacobian(), act.jacobian(PAGE))
    assert_same(fresh.backward(gradient), remembering(act, PAGE).backward(gradient))


@each
def test_changing_what_was_answered_changes_nothing(act):
    fresh = remembering(act, PAGE)
    for verb in (fresh.derivative, fresh.jacobian, lambda: fresh.backward(PAGE)):
        before = verb().copy()
        verb()[...] = 9
        assert_same(verb(), before)


@each
def test_what_is_asked_about_another_input_leaves_the_memory_alone(act):
    fresh = remembering(act, PAGE)
    for other in (np.zeros((4, 2)), np.empty((0, 3)), np.zeros(1, np.float16)):
        fresh(other)
        assert fresh.derivative(other).shape == other.shape
        fresh.jacobian(other)
        assert_same(fresh.derivative(), act.derivative(PAGE))
        assert_same(fresh.jacobian(), act.jacobian(PAGE))


@each
def test_the_last_forward_counts(act):
    fresh = remembering(act, PAGE)
    fresh.forward(PAGE[:1] + 1)
    assert_same(fresh.derivative(), act.derivative(PAGE[:1] + 1))


@each
def test_without_forward_there_is_nothing_to_speak_of(act):
    fresh = get(act)
    fresh(PAGE)
    fresh.derivative(PAGE)
    fresh.jacobian(PAGE)
    for verb in (fresh.derivative, fresh.jacobian, lambda: fresh.backward(PAGE)):
        with pytest.raises(RuntimeError, match=rf"{act} remembers no input: call forward\(x\)"):
            verb()


@each_elementwise
def test_zero_is_an_input(act):
    fresh = remembering(act, 5.0)
    for zero in (0.0, 0, False, [0.0], [[0.0]], np.zeros(1)):
        assert_same(fresh.derivative(zero), act.derivative(np.zeros(np.shape(zero))))
    assert_same(fresh.derivative(), act.derivative(5.0))
    assert_same(remembering(act, 0.0).derivative(), act.derivative(0.0))


@each
def test_an_empty_array_is_an_input(act):
    fresh = remembering(act, PAGE)
    assert fresh.derivative(np.empty((0, 3))).shape == (0, 3)
    assert fresh.derivative([]).shape == (0,)
    assert remembering(act, np.empty((0, 3), np.float32)).derivative().shape == (0, 3)


@each
def test_a_gradient_of_another_shape_is_refused(act):
    fresh = remembering(act, PAGE)
    for gradient in (np.ones((3, 2)), np.ones(3), 1.0, np.ones((1, 3))):
        with pytest.raises(ValueError, match=rf"{act}.backward takes .* \(2, 3\), not "):
            fresh.backward(gradient)


@each
def test_a_gradient_of_another_dtype_meets_the_wider_one(act):
    for x_dtype, gradient_dtype, wider in [
        (np.float32, np.float64, np.float64),
        (np.float64, np.float16, np.float64),
        (bfloat16, np.float16, np.float32),
        (np.float16, bfloat16, np.float32),
        (np.float16, np.float32, np.float32),
        (bfloat16, np.float32, np.float32),
        (np.float16, np.int8, np.float64),
        (np.int8, np.float32, np.float64),
        (np.float64, np.longdouble, np.longdouble),
    ]:
        answer = remembering(act, PAGE.astype(x_dtype)).backward(PAGE.astype(gradient_dtype))
        assert answer.dtype == wider
        exact = remembering(act, PAGE.astype(x_dtype).astype(wider))
        assert_same(answer, exact.backward(PAGE.astype(gradient_dtype).astype(wider)))


def rows(act, x):
    """Return x with the axis that the Jacobian speaks of at its end."""
    return np.moveaxis(x, getattr(act, "axis", -1), -1)


@each
def test_backward_is_the_gradient_times_the_jacobian(act):
    rng = np.random.default_rng(1)
    x, gradient = rng.normal(0, 3, (2, 3, 4, 5))
    product = np.einsum("...i,...ij->...j", rows(act, gradient), act.jacobian(x))
    answer = rows(act, remembering(act, x).backward(gradient))
    np.testing.assert_allclose(answer, product, rtol=1e-12, atol=1e-15)


@each
def test_the_jacobian_is_what_finite_differences_say(act):
    x = np.random.default_rng(2).normal(0, 3, (4, 3, 5)).astype(np.longdouble)
    h = np.longdouble(2) ** -18  # the error is h^2 f''' / 6, or the rounding error over h
    matrix = act.jacobian(x)
    for j in range(matrix.shape[-1]):
        step = np.zeros_like(x)
        rows(act, step)[..., j] = h
        column = rows(act, act(x + step) - act(x - step)) / (2 * h)
        np.testing.assert_allclose(matrix[..., j], column, rtol=0, atol=1e-9)


@each_elementwise
@each_float
def test_an_elementwise_jacobian_is_diagonal(act, dtype):
    x = PAGE.astype(dtype)
    diagonal = act.derivative(x)
    assert_same(act.jacobian(x), np.stack([np.diag(row) for row in diagonal]))
    assert_same(remembering(act, x).backward(np.ones_like(x)), diagonal)


@each
def test_pickles_and_copies_are_equal_independent_and_without_memory(act):
    fresh = remembering(act, PAGE)
    fresh.forward(np.ones((100, 100)))
    assert len(pickle.dumps(fresh)) < 500
    for twin in (pickle.loads(pickle.dumps(fresh)), deepcopy(fresh), copy(fresh), get(fresh)):
        assert twin == fresh
        assert hash(twin) == hash(fresh)
        assert_same(twin(PAGE), act(PAGE))
        with pytest.raises(RuntimeError, match="remembers no input"):
            twin.backward(PAGE)
        twin.forward(PAGE[:1])
        assert fresh.backward(np.ones((100, 100))).shape == (100, 100)


def test_a_pickle_of_version_1_is_refused_in_one_sentence():
    state = {"_steepness": 2.0, "_unit": 0.25, "_narrowest": np.float32, "_last": np.ones(3)}
    with pytest.raises(ValueError, match="this pickle of Elliot comes from version 1"):
        Elliot.__new__(Elliot).__setstate__(state)


@each
def test_a_repr_can_be_pasted_back(act):
    assert eval(repr(act), vars(npdl_activations) | {"compiled": compiled}) == act  # noqa: S307
    assert str(act) == type(act).__name__


def test_activations_are_equal_when_they_are_the_same_function():
    for a in ALL:
        for b in ALL:
            assert (a == b) == (a is b)
            assert (hash(a) == hash(b)) == (a is b)
        assert a != str(a)
    assert Elliot(2) == Elliot(2.0)
    assert remembering(Tanh(), 1.0) == Tanh()


@each_elementwise
@each_float
def test_at_infinity_the_answer_is_the_limit(act, dtype):
    x = np.array([-np.inf, np.inf], dtype)
    answers = ((act(x), act.formula), (act.derivative(x), act.derivative_formula))
    for answer, formula in answers:
        # The float that is the limit, or the nearest where none is.
        off = ulp_error(answer, formula, x, **act.parameters)
        assert off.max() <= 0.5
        for side in (-np.inf, np.inf):
            with np.errstate(all="ignore"):
                other = np.nextafter(answer, dtype.type(side))
            assert (off <= ulp_error(other, formula, x, **act.parameters)).all()
    assert_same(np.diagonal(act.jacobian(x)), act.derivative(x))


@each_elementwise
@each_float
def test_at_the_largest_floats_the_answer_has_come_to_the_limit(act, dtype):
    info = ml_dtypes.finfo(dtype)
    x = np.array([info.min, info.max], dtype)
    ends = np.array([-np.inf, np.inf], np.longdouble)
    limit = act(ends)
    value = np.where(np.isinf(limit), act(x) / x, act(x)).astype(np.longdouble)
    eps = float(info.eps)
    wanted = np.where(np.isinf(limit), act.derivative(ends), limit)  # it grows like its tangent
    np.testing.assert_allclose(value, wanted, rtol=0, atol=eps)
    slope = act.derivative(x).astype(np.longdouble)
    np.testing.assert_allclose(slope, act.derivative(ends), rtol=0, atol=eps)


@each_elementwise
@each_float
def test_near_zero_the_answer_is_the_tangent(act, dtype):
    info = ml_dtypes.finfo(dtype)
    tiny = np.array([info.smallest_subnormal, info.smallest_normal], np.longdouble)
    eps = np.longdouble(float(info.eps))
    for x, slope in ((-tiny, act.derivative(-0.1 * eps)), (tiny, act.derivative(0.1 * eps))):
        tangent = act(np.longdouble(0)) + slope * x
        atol = np.longdouble(info.smallest_subnormal)  # twice what rounding takes
        np.testing.assert_allclose(act(x.astype(dtype)), tangent, rtol=2 * eps, atol=atol)
        slopes = act.derivative(x.astype(dtype)).astype(np.longdouble)
        np.testing.assert_allclose(slopes, slope, rtol=2 * eps)
    exact = np.longdouble(0)
    for zero in np.array([0.0, -0.0], dtype):
        assert act(zero) == dtype.type(act(exact))
        assert act.derivative(zero) == dtype.type(act.derivative(exact))


@each_elementwise
@each_float
def test_nan_in_nan_out_and_nowhere_else(act, dtype):
    x = np.array([1, np.nan, -1, -np.nan, 0], dtype)
    nan = np.isnan(x)
    fresh = remembering(act, x)
    for answer in (act(x), fresh.derivative(), fresh.backward(np.ones_like(x))):
        np.testing.assert_array_equal(np.isnan(answer), nan)
    np.testing.assert_array_equal(np.isnan(np.diagonal(act.jacobian(x))), nan)
    np.testing.assert_array_equal(np.isnan(remembering(act, np.ones_like(x)).backward(x)), nan)


@each_rowwise
@each_float
def test_nan_in_a_softmax_row_makes_that_row_nan(act, dtype):
    x = rows(act, PAGE.astype(dtype)).copy()
    x[0, 1] = np.nan
    fresh = remembering(act, rows(act, x))
    nan = np.zeros(x.shape, bool)
    nan[0] = True
    for answer in (fresh(rows(act, x)), fresh.backward(np.ones_like(rows(act, x)))):
        np.testing.assert_array_equal(np.isnan(rows(act, answer)), nan)
    np.testing.assert_array_equal(np.isnan(fresh.jacobian()).all((1, 2)), nan[:, 0])
    np.testing.assert_array_equal(np.isnan(fresh.jacobian()).any((1, 2)), nan[:, 0])
    np.testing.assert_array_equal(fresh.derivative(), 1)


def sample(dtype, count=1 << 16):
    """Return all floats of 16 bits, or as many of a wider dtype, and its edges."""
    bulk = every(dtype) if dtype.itemsize == 2 else random_bits(dtype, count)
    return np.concatenate([bulk, np.tile(edges(dtype), 16)])


@each
@each_float
def test_no_call_warns(act, dtype):
    x = rows(act, sample(dtype).reshape(-1, 16))
    with np.errstate(**LOUD):  # and pytest turns warnings into errors
        for verb in VERBS.values():
            verb(act, x)
        act(x, out=x)


@each_elementwise
@each_float
@pytest.mark.parametrize("verb", ["call", "derivative", "backward"])
def test_position_does_not_matter(act, dtype, verb):
    block = BLOCK // max(4, dtype.itemsize)  # numbers, in the dtype that the kernel works in
    x = np.resize(sample(dtype), 2 * block + 7)
    whole = VERBS[verb](act, x)

    @settings(max_examples=10)
    @given(
        start=st.integers(0, 70) | st.integers(block - 70, block + 70),
        length=st.integers(1, 70) | st.integers(block - 2, block + 2),
        step=st.sampled_from([1, 1, 2, 3, -1]),
    )
    def holds(start, length, step):
        part = slice(start, start + length) if step > 0 else slice(start + length, start, step)
        part = slice(part.start, part.stop, step)
        assert_same(VERBS[verb](act, x[part]), whole[part])

    holds()
    for length in (block - 1, block, block + 1, 2 * block + 1):
        assert_same(VERBS[verb](act, x[-length:]), whole[-length:])
    for i in range(block - 8, block + 8):
        assert_same(VERBS[verb](act, x[i]), whole[i])


@each_float
@pytest.mark.parametrize("k", [1, 2, 3, 7, 8, 9, 16, 129, 1000])
def test_a_row_of_softmax_does_not_depend_on_its_place(dtype, k):
    rng = np.random.default_rng(k)
    block = BLOCK // max(4, dtype.itemsize)
    x = rng.normal(0, 5, (block // k + 9, k)).astype(dtype)
    x[::7, rng.integers(0, k)] = -np.inf
    gradient = rng.normal(0, 5, x.shape).astype(dtype)

    def answers(act, x, gradient):
        return act(x), remembering(act, x).backward(gradient)

    whole = answers(Softmax(), x, gradient)
    first = block // k - 4
    parts = [slice(0, 1), slice(1, 8), slice(3, None, 2), slice(first, first + 8)]
    for part in (*parts, slice(None, None, -1)):
        for answer, all_rows in zip(
            answers(Softmax(), x[part], gradient[part]), whole, strict=True
        ):
            assert_same(answer, all_rows[part])
    for i in (0, 5, first + 4):
        for answer, all_rows in zip(answers(Softmax(), x[i], gradient[i]), whole, strict=True):
            assert_same(answer, all_rows[i])
    for answer, all_rows in zip(answers(Softmax(axis=0), x.T, gradient.T), whole, strict=True):
        assert_same(answer.T, all_rows)
    if k < 20:
        matrices = Softmax().jacobian(x)
        step = block // k**2
        for i in (0, step - 1, step, len(x) - 1):
            assert_same(Softmax().jacobian(x[i]), matrices[i])
            assert_same(Softmax().jacobian(x[i : i + 3]), matrices[i : i + 3])


@pytest.mark.parametrize("length", [BLOCK // 8 - 1, BLOCK // 8, BLOCK // 8 + 1])
def test_a_softmax_row_longer_than_a_block(length):
    x = np.random.default_rng(0).normal(size=(3, length))
    whole = Softmax()(x)
    for i in range(3):
        assert_same(Softmax()(x[i]), whole[i])


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eight_threads_say_what_one_says(act, dtype):
    x = np.random.default_rng(0).normal(0, 5, (8, 40, 501)).astype(dtype)

    def pure(i):
        return [(act(x[i]), act.derivative(x[i])) for _ in range(8)]

    def with_memory(i):
        own = get(act)
        return [(own.forward(x[i] + k), own.derivative(), own.backward(x[i])) for k in range(8)]

    for job in (pure, with_memory):
        alone = [job(i) for i in range(8)]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(job, range(8)))
        for a, b in zip(alone, together, strict=True):
            for answers_a, answers_b in zip(a, b, strict=True):
                for one, other in zip(answers_a, answers_b, strict=True):
                    assert_same(one, other)
