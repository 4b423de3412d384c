"""Dtypes, `out` and evaluation block by block, with kernels that show what they were given."""

import ml_dtypes
import numpy as np
import pytest
from ml_dtypes import bfloat16
from samples import FLOATS, LAYOUTS, LOUD, WHOLE, assert_same, edges

from npdl_activations.arrays import (
    BLOCK,
    checked_out,
    elementwise,
    finite,
    floating,
    real,
    rows,
    with_rows,
)


def test_real_passes_an_array_on_as_it_is():
    for dtype in (*FLOATS, *WHOLE):
        x = np.zeros(3, dtype)
        assert real(x, "f") is x


def test_real_makes_an_array_of_what_is_none():
    assert_same(real([1, 2.5], "f"), np.array([1, 2.5]))
    assert_same(real(True, "f").astype(float), np.array(1.0))
    assert real([], "f").dtype == np.float64


def test_real_names_who_asks_and_the_dtype():
    for x, name in [
        ([1j], "complex128"),
        (["1"], "<U1"),
        ([None], "object"),
        ([2**70], "object"),
        (np.datetime64("2001-01-01"), r"datetime64\[D\]"),
        (np.zeros(1, ml_dtypes.float8_e4m3fn), "float8_e4m3fn"),
    ]:
        with pytest.raises(TypeError, match=f"^Tanh takes real numbers, not {name}$"):
            real(x, "Tanh")


def test_real_refuses_a_mask_even_one_that_hides_nothing():
    with pytest.raises(TypeError, match=r"^Tanh takes plain arrays, .*use \.filled\(\)"):
        real(np.ma.array([1.0]), "Tanh")


def test_with_rows_wants_a_dimension():
    x = np.zeros((2, 0))
    assert with_rows(x, "f") is x
    with pytest.raises(ValueError, match=r"^Softmax needs an array of one or more dimensions"):
        with_rows(np.array(1.0), "Softmax")


def test_an_answer_is_as_wide_as_the_widest_operand_and_integers_are_float64():
    for dtypes, answer in [
        *(([d], d) for d in FLOATS),
        *(([d], np.float64) for d in WHOLE),
        ([">f4"], np.float32),
        ([">i2"], np.float64),
        ([np.float16, np.float32], np.float32),
        ([np.float16, np.int8], np.float64),
        ([bfloat16, np.float32], np.float32),
        ([bfloat16, np.bool_], np.float64),
        ([np.longdouble, np.int64], np.longdouble),
    ]:
        got = floating(*(np.zeros(1, dtype) for dtype in dtypes))
        assert got == np.dtype(answer)
        assert got.isnative


def test_no_dtype_holds_both_kinds_of_16_bits():
    with pytest.raises(TypeError):
        floating(np.zeros(1, np.float16), np.zeros(1, bfloat16))


def test_checked_out_takes_what_the_answer_fits_in():
    for out in (np.ones((2, 3)), np.ones((2, 3), ">f8"), np.ones((3, 2)).T, np.ones((4, 3))[::2]):
        assert checked_out(out, (2, 3), np.dtype(np.float64)) is out


def test_checked_out_refuses_the_rest():
    float64 = np.dtype(np.float64)
    read_only = np.broadcast_to(0.0, (2, 3))
    for out, error, message in [
        (np.ones((2, 3), np.float32), TypeError, "of float64, not float32"),
        (np.ones((3, 2), np.float32), TypeError, "of float64, not float32"),
        ([1.0, 2.0], TypeError, "of float64, not list"),
        (np.float64(1), TypeError, "of float64, not float64"),
        (np.ones((3, 2)), ValueError, r"shape \(2, 3\), not \(3, 2\)"),
        (read_only, ValueError, "read-only"),
    ]:
        with pytest.raises(error, match=message):
            checked_out(out, (2, 3), float64)


class Seen:
    """A kernel that notes the dtype, layout and length of what it is given."""

    def __init__(self):
        self.lengths, self.dtypes = [], set()

    def __call__(self, *blocks):
        assert all(block.flags.c_contiguous and block.flags.aligned for block in blocks)
        assert all(block.dtype.isnative for block in blocks)
        self.lengths.append(len(blocks[0]))
        self.dtypes |= {block.dtype for block in blocks}
        return sum(blocks)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_elementwise_kernel_sees_contiguous_blocks(layout):
    x = np.random.default_rng(0).normal(size=(3, BLOCK // 2, 2))
    seen = Seen()
    assert_same(elementwise(seen, LAYOUTS[layout](x), x), x + x)
    assert sum(seen.lengths) == x.size
    assert max(seen.lengths) <= BLOCK
    assert seen.dtypes == {np.dtype(np.float64)}


def test_an_elementwise_kernel_sees_one_dimension_and_equal_parts_of_its_operands():
    def kernel(a, b):
        assert a.ndim == b.ndim == 1
        return a - b

    a, b = np.random.default_rng(0).normal(size=(2, 7, 5))
    assert_same(elementwise(kernel, np.asfortranarray(a), b), a - b)
    assert_same(
        elementwise(kernel, np.broadcast_to(2.5, (4, 3)), np.ones((4, 3))), np.full((4, 3), 1.5)
    )


@pytest.mark.parametrize(
    ("dtype", "narrowest", "work"),
    [
        (np.float16, np.float32, np.float32),
        (bfloat16, np.float32, np.float32),
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.float16, np.float64, np.float64),
        (np.longdouble, np.float64, np.longdouble),
        (np.int8, np.float32, np.float64),
    ],
)
def test_an_elementwise_kernel_works_in_the_wider_of_answer_and_narrowest(dtype, narrowest, work):
    seen = Seen()
    x = np.ones(3, dtype)
    assert elementwise(seen, x, narrowest=narrowest).dtype == floating(x)
    assert seen.dtypes == {np.dtype(work)}


def test_an_elementwise_answer_is_rounded_once():
    # 1 + 2^-11 is half-way between two float16 numbers, and goes to the even one, which is 1.
    for beyond in (0, 2.0**-20):
        x = np.ones(1, np.float16)
        answer = elementwise(lambda x, d=beyond: x + np.float32(2.0**-11 + d), x)
        assert_same(answer, np.array([1 + (2.0**-10 if beyond else 0)], np.float16))


def test_an_elementwise_answer_of_no_dimensions_is_a_scalar():
    answer = elementwise(np.negative, np.array(1, np.float32))
    assert type(answer) is np.float32
    out = np.array(0, np.float32)
    assert elementwise(np.negative, np.array(1, np.float32), out=out) is out
    assert out == -1


def test_an_elementwise_answer_may_be_empty():
    assert_same(elementwise(np.negative, np.ones((3, 0, 2), np.int8)), np.ones((3, 0, 2)))


@pytest.mark.parametrize("shift", [1, 100, BLOCK // 2, BLOCK, BLOCK + 1])
def test_an_elementwise_answer_may_overlap_what_it_is_made_from(shift):
    room = np.random.default_rng(0).normal(size=3 * BLOCK)
    for x, out in (
        (room[shift:], room[:-shift]),
        (room[:-shift], room[shift:]),
        (room, room[::-1]),
    ):
        wanted = x + 1
        assert elementwise(lambda x: x + 1, x, out=out) is out
        assert_same(out, wanted)


def test_kernels_raise_no_floating_point_errors_and_leave_the_settings_alone():
    def kernel(x):
        return np.exp(x) / (x - x) * np.float32(1e-30) * np.float32(1e-30)

    with np.errstate(**LOUD):
        before = np.geterr()
        elementwise(kernel, np.array([1e9, 0.0], np.float32))
        rows(kernel, np.array([[1e9, 0.0]], np.float32), axis=-1)
        assert np.geterr() == before


def test_an_error_in_a_kernel_comes_through():
    def kernel(_):
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        elementwise(kernel, np.ones(3))
    with pytest.raises(ArithmeticError):
        rows(kernel, np.ones(3), axis=0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_a_row_kernel_sees_whole_contiguous_rows(layout, axis):
    x = np.random.default_rng(0).normal(size=(40, 50, 60))
    seen = Seen()

    def kernel(a, b):
        assert a.shape[1] == x.shape[axis]
        return seen(a, b) + np.cumsum(a, axis=-1)

    assert_same(rows(kernel, LAYOUTS[layout](x), x, axis=axis), x + x + np.cumsum(x, axis=axis))
    assert sum(seen.lengths) * x.shape[axis] == x.size
    assert max(seen.lengths) * x.shape[axis] <= BLOCK


def test_a_row_longer_than_a_block_is_a_block():
    seen = Seen()
    x = np.ones((2, BLOCK + 1), np.float16)
    assert_same(rows(seen, x, axis=-1), x)
    assert seen.lengths == [1, 1]
    assert seen.dtypes == {np.dtype(np.float32)}


def test_a_row_of_a_matrix_takes_the_room_of_its_square():
    lengths = []

    def kernel(x):
        lengths.append(len(x))
        return x[:, :, np.newaxis] * x[:, np.newaxis, :]

    x = np.random.default_rng(0).normal(size=(100, 64, 3))
    answer = rows(kernel, x, axis=1, square=True)
    assert_same(answer, np.einsum("nik,njk->nkij", x, x))
    assert max(lengths) == BLOCK // 64**2


def test_there_may_be_no_rows_or_nothing_in_them():
    for shape in [(0,), (0, 3), (3, 0), (2, 0, 3)]:
        for axis in range(len(shape)):
            x = np.ones(shape, np.float32)
            *_, k = np.moveaxis(x, axis, -1).shape
            assert rows(lambda x: x, x, axis=axis).shape == shape
            square = rows(lambda x: x[:, :, None] * x[:, None], x, axis=axis, square=True)
            assert square.shape == (*np.moveaxis(x, axis, -1).shape, k)


def test_rows_of_no_axis_is_an_axis_error():
    with pytest.raises(np.exceptions.AxisError):
        rows(np.negative, np.ones(3), axis=1)


def test_rows_write_to_out():
    x = np.arange(6.0).reshape(2, 3)
    out = np.ones((3, 2)).T
    assert rows(np.negative, x, axis=0, out=out) is out
    assert_same(out, -x)
    with pytest.raises(ValueError, match="shape"):
        rows(np.negative, x, axis=0, out=np.ones((3, 2)))


@pytest.mark.parametrize("dtype", FLOATS[:4], ids=str)
def test_finite_replaces_infinities_alone(dtype):
    x = edges(dtype)
    largest = np.finfo(dtype).max
    with np.errstate(**LOUD):
        answer = finite(x)
    assert_same(answer, np.where(np.isinf(x), np.copysign(largest, x), x))
