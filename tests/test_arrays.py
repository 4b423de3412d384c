"""Dtypes, `out` and evaluation block by block, with kernels that show what they were given."""

import re

import ml_dtypes
import numpy as np
import pytest
from ml_dtypes import bfloat16
from samples import FLOATS, LAYOUTS, LOUD, WHOLE, assert_same, edges

from npdl_activations.arrays import (
    BLOCK,
    all_axes,
    checked_out,
    elementwise,
    finite,
    floating,
    real,
    rounded,
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
        ([2**70], "object"),
        (np.datetime64("2001-01-01"), r"datetime64\[D\]"),
        (np.zeros(1, ml_dtypes.float8_e4m3fn), "float8_e4m3fn"),
    ]:
        with pytest.raises(TypeError, match=f"^Tanh takes real numbers, not {name}$"):
            real(x, "Tanh")


def test_real_refuses_a_mask_even_one_that_hides_nothing():
    masked = np.ma.array([1.0])
    for x in (masked, [masked], [[1.0], (masked, 2.0)], [1.0, np.ma.masked]):
        with pytest.raises(TypeError, match=r"^Tanh takes plain arrays, .*use \.filled\(\)"):
            real(x, "Tanh")


class Carrying:
    """An array of numbers with one thing more, as other libraries have them."""

    def __init__(self, **more):
        vars(self).update(more)

    def __array__(self, dtype=None, copy=None):
        return np.array([1.0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"coords": {}, "__dask_graph__": None}, "coordinates would be lost; use xarray.apply"),
        ({"__dask_graph__": None}, "all of it would be computed; use .map_blocks"),
        ({"iloc": None, "mask": None}, "labels would be lost; pass .to_numpy()"),
        ({"unit": "m"}, "unit would be lost; pass its numbers, .value"),
        ({"units": "m"}, "unit would be lost; pass its numbers, .magnitude"),
        ({"requires_grad": True}, "a tensor that requires a gradient: use .detach()"),
        ({}, "numbers, sequences and arrays of them, not Carrying"),
    ],
    ids=str,
)
def test_real_refuses_what_carries_more_than_numbers(more, message):
    x = Carrying(**more)
    for given in (x, [x], [[1.0], (x,)]):
        with pytest.raises(TypeError, match=f"^Tanh takes .*{re.escape(message)}"):
            real(given, "Tanh")


def test_real_converts_the_tensors_that_are_only_numbers():
    x = Carrying(__dlpack__=None, requires_grad=False)
    assert_same(real(x, "Tanh"), np.array([1.0]))


@pytest.mark.parametrize(
    "x", [{1.0}, {"a": 1.0}, iter([1.0]), None], ids=lambda x: type(x).__name__
)
def test_real_refuses_what_is_no_sequence(x):
    with pytest.raises(TypeError, match=r"^Tanh takes numbers, sequences and arrays of them, not "):
        real(x, "Tanh")


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


def test_both_kinds_of_16_bits_meet_in_float32():
    assert floating(np.zeros(1, np.float16), np.zeros(1, bfloat16)) == np.float32


def test_checked_out_takes_what_the_answer_fits_in():
    for out in (np.ones((2, 3)), np.ones((2, 3), ">f8"), np.ones((3, 2)).T, np.ones((4, 3))[::2]):
        assert checked_out(out, (2, 3), np.dtype(np.float64)) is out


def test_checked_out_refuses_the_rest():
    float64 = np.dtype(np.float64)
    read_only = np.broadcast_to(0.0, (2, 3))
    masked = np.ma.array(np.ones((2, 3)))
    for out, error, message in [
        (np.ones((2, 3), np.float32), TypeError, "of float64, not float32"),
        (np.ones((3, 2), np.float32), TypeError, "of float64, not float32"),
        ([1.0, 2.0], TypeError, "of float64, not list"),
        (np.float64(1), TypeError, "of float64, not float64"),
        (np.ones((3, 2)), ValueError, r"shape \(2, 3\), not \(3, 2\)"),
        (read_only, ValueError, "read-only"),
        (masked, TypeError, "plain arrays, not MaskedArray: its mask would be lost"),
    ]:
        with pytest.raises(error, match=message):
            checked_out(out, (2, 3), float64)


class Seen:
    """A kernel that notes the dtype, layout and length of what it is given."""

    def __init__(self):
        self.lengths, self.dtypes = [], set()

    def __call__(self, *blocks):
        blocks = [block for block in blocks if block is not None]
        assert all(block.flags.c_contiguous and block.flags.aligned for block in blocks)
        assert all(block.dtype.isnative for block in blocks)
        self.lengths.append(len(blocks[0]))
        self.dtypes |= {block.dtype for block in blocks}
        return sum(blocks)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_elementwise_kernel_sees_contiguous_blocks(layout):
    x = np.random.default_rng(0).normal(size=(3, BLOCK // 16, 2))
    seen = Seen()
    assert_same(elementwise(seen, LAYOUTS[layout](x), x), x + x)
    assert sum(seen.lengths) == x.size
    assert max(seen.lengths) * 8 <= BLOCK
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


@pytest.mark.parametrize("shift", [1, 100, BLOCK // 16, BLOCK // 8, BLOCK // 8 + 1])
def test_an_elementwise_answer_may_overlap_what_it_is_made_from(shift):
    room = np.random.default_rng(0).normal(size=3 * BLOCK // 8)
    for x, out in (
        (room[shift:], room[:-shift]),
        (room[:-shift], room[shift:]),
        (room, room[::-1]),
    ):
        wanted = x + 1
        assert elementwise(lambda x: x + 1, x, out=out) is out
        assert_same(out, wanted)


@pytest.mark.parametrize("shift", [0, 1, 40])
def test_an_answer_of_rows_may_overlap_what_it_is_made_from(shift):
    """Where it lies on what has not been read yet, it may not be written row by row."""
    room = np.random.default_rng(0).normal(size=(BLOCK // 64, 64))
    low, high = room[: len(room) - shift], room[shift:]
    for x, out in ((low, high), (high, low), (room, room[::-1])):
        wanted = x + x[:, :1]
        assert rows(lambda x, _: x + x[:, :1], x, axes=(1,), out=out) is out
        assert_same(out, wanted)


def test_an_answer_of_rows_may_overlap_the_mask():
    room = np.zeros((BLOCK // 64, 64))
    where = room.reshape(-1).view(bool)[: room.size].reshape(room.shape)
    where[:, ::3] = True
    wanted = where * 3.0
    assert (
        rows(lambda x, mask: x * mask, np.full(room.shape, 3.0), axes=(1,), where=where, out=room)
        is room
    )
    assert_same(room, wanted)


def test_kernels_raise_no_floating_point_errors_and_leave_the_settings_alone():
    def kernel(x):
        return np.exp(x) / (x - x) * np.float32(1e-30) * np.float32(1e-30)

    with np.errstate(**LOUD):
        before = np.geterr()
        elementwise(kernel, np.array([1e9, 0.0], np.float32))
        rows(lambda x, _: kernel(x), np.array([[1e9, 0.0]], np.float32), axes=(1,))
        assert np.geterr() == before


def test_an_error_in_a_kernel_comes_through():
    def kernel(*_):
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        elementwise(kernel, np.ones(3))
    with pytest.raises(ArithmeticError):
        rows(kernel, np.ones(3), axes=(0,))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (2, 0), (0, 1, 2)], ids=str)
def test_a_row_kernel_sees_whole_contiguous_rows(layout, axes):
    # Whole numbers, whose sums are exact in any order.
    x = np.random.default_rng(0).integers(-99, 99, (20, 25, 30)).astype(float)
    where = x > 0
    length = np.prod([x.shape[axis] for axis in axes])
    seen = Seen()

    def kernel(a, b, mask):
        assert a.shape[1] == length
        assert_same(mask, a > 0)
        return seen(a, b) + np.sum(a * mask, axis=-1, keepdims=True)

    wanted = x + x + np.sum(x * where, axis=axes, keepdims=True)
    answer = rows(kernel, LAYOUTS[layout](x), x, axes=axes, where=where)
    assert_same(answer, wanted)
    assert sum(seen.lengths) * length == x.size
    assert max(seen.lengths) * length * 8 <= BLOCK or seen.lengths == [1] * len(seen.lengths)


def test_several_axes_make_one_row_in_their_order():
    x = np.arange(24.0).reshape(2, 3, 4)
    for axes in [(0, 1), (1, 0), (2, 0), (0, 1, 2)]:
        turned = np.moveaxis(x, axes, range(-len(axes), 0))
        rest = x.ndim - len(axes)
        firsts = turned.reshape(*turned.shape[:rest], -1)[..., 0]
        answer = rows(lambda a, _: a - a[:, :1], x, axes=axes)
        assert_same(np.moveaxis(answer, axes, range(-len(axes), 0)).reshape(-1)[0], np.float64(0))
        difference = np.moveaxis(x - answer, axes, range(-len(axes), 0))
        np.testing.assert_array_equal(
            difference.reshape(*firsts.shape, -1),
            np.repeat(firsts[..., None], x.size // firsts.size, -1),
        )


def test_all_axes_counts_from_0_and_knows_its_asker():
    assert all_axes(-1, 3, "f") == (2,)
    assert all_axes((-1, 0), 3, "f") == (2, 0)
    assert all_axes(None, 3, "f") == (0, 1, 2)
    with pytest.raises(np.exceptions.AxisError, match=r"^Softmax: axis 5 is out of bounds .* 2$"):
        all_axes(5, 2, "Softmax")
    with pytest.raises(ValueError, match=r"^repeated axis in `Softmax` argument$"):
        all_axes((0, -2), 2, "Softmax")


def test_a_row_longer_than_a_block_is_a_block():
    seen = Seen()
    x = np.ones((2, BLOCK + 1), np.float16)
    assert_same(rows(seen, x, axes=(1,)), x)
    assert seen.lengths == [1, 1]
    assert seen.dtypes == {np.dtype(np.float32)}


def test_a_row_of_a_matrix_takes_the_room_of_its_square():
    lengths = []

    def kernel(x, _):
        lengths.append(len(x))
        return x[:, :, np.newaxis] * x[:, np.newaxis, :]

    x = np.random.default_rng(0).normal(size=(100, 64, 3))
    answer = rows(kernel, x, axes=(1,), square=True)
    assert_same(answer, np.einsum("nik,njk->nkij", x, x))
    assert max(lengths) == BLOCK // (64**2 * 8 * 2)


def test_there_may_be_no_rows_or_nothing_in_them():
    for shape in [(0,), (0, 3), (3, 0), (2, 0, 3)]:
        for axis in range(len(shape)):
            x = np.ones(shape, np.float32)
            *_, k = np.moveaxis(x, axis, -1).shape
            assert rows(lambda x, _: x, x, axes=(axis,)).shape == shape
            square = rows(lambda x, _: x[:, :, None] * x[:, None], x, axes=(axis,), square=True)
            assert square.shape == (*np.moveaxis(x, axis, -1).shape, k)


def test_rows_write_to_out():
    x = np.arange(6.0).reshape(2, 3)
    out = np.ones((3, 2)).T
    assert rows(lambda x, _: -x, x, axes=(0,), out=out) is out
    assert_same(out, -x)
    with pytest.raises(ValueError, match="shape"):
        rows(lambda x, _: -x, x, axes=(0,), out=np.ones((3, 2)))


def test_a_float64_is_rounded_to_bfloat16_once():
    # 1 + 2^-8 is half-way between two bfloat16 numbers; float32 cuts the rest off.
    up, down, tie = 1 + 2**-8 + 2**-40, 1 + 2**-8 - 2**-40, 1 + 2**-8
    x = np.array([up, down, tie, -up, -down, np.inf, 3.4e38, 3.3959e38, 1e-45, -0.0])
    target = np.empty(x.size, bfloat16)
    with np.errstate(all="ignore"):
        target[...] = rounded(x, target.dtype)
    right = [1 + 2**-7, 1, 1, -1 - 2**-7, -1, np.inf, np.inf, 2.0**128 - 2.0**120, 0, -0.0]
    assert_same(target, np.array(right, np.float32).astype(bfloat16))
    assert np.isnan(rounded(np.array([np.nan]), target.dtype)).all()
    assert rounded(x, np.dtype(np.float16)) is x


@pytest.mark.parametrize("dtype", FLOATS[:4], ids=str)
def test_finite_replaces_infinities_alone(dtype):
    x = edges(dtype)
    largest = np.finfo(dtype).max
    with np.errstate(**LOUD):
        answer = finite(x)
    assert_same(answer, np.where(np.isinf(x), np.copysign(largest, x), x))
