"""Dtypes, ``out`` and evaluation block by block: the one place that knows about arrays."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import cache
from math import prod
from numbers import Number
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Kernel = Callable[..., Any]

# Bytes. A block and its temporaries stay near the processor; larger blocks stream
# from memory once per operation, smaller ones pay a ufunc's start-up once per few thousand numbers.
BLOCK = 1 << 18

# What an array of another library carries besides numbers: an attribute that shows it, what
# would be lost, and what to do instead.
_CARRIED = (
    ("coords", "its coordinates would be lost", "use xarray.apply_ufunc"),
    ("__dask_graph__", "all of it would be computed", "use .map_blocks(activation)"),
    ("iloc", "its labels would be lost", "pass .to_numpy()"),
    ("mask", "its mask would be lost", "use .filled()"),
    ("unit", "its unit would be lost", "pass its numbers, .value"),
    ("units", "its unit would be lost", "pass its numbers, .magnitude or .value"),
)
_NUMBERS = {float, int, bool}

# The kernels' answers are right at every input; the flags raised on the way are not news. To run
# in a copy of a context that ignores them costs a fifth of what np.errstate costs.
_QUIET = copy_context()
_QUIET.run(np.seterr, all="ignore")

# The dtypes that kernels work in.
_PLAIN = {np.dtype(t) for t in (np.float32, np.float64, np.longdouble)}


def real(x: ArrayLike, who: object) -> Array:
    """Return `x` as an array of real numbers, or raise a TypeError that says what it is instead.

    Parameters
    ----------
    x : array_like
        Numbers of any real dtype, any shape.
    who : object
        Whoever asks; its `str` opens the error message.

    Returns
    -------
    ndarray
        `x` itself where it is a plain array already, else its numbers as one.

    Raises
    ------
    TypeError
        If `x` holds anything but booleans, integers, floats or bfloat16, or carries what a plain
        array of numbers would lose: a mask, a unit, a gradient, labels, or a graph to compute.
    """
    if type(x) is not np.ndarray:
        _refuse_to_lose(x, who)
        x = np.asarray(x)
    if x.dtype not in _PLAIN and not _is_real(x.dtype):
        msg = f"{who} takes real numbers, not {x.dtype}"
        raise TypeError(msg)
    return x


@cache
def _is_real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biu" or np.issubdtype(dtype, np.floating) or dtype.name == "bfloat16"


def _refuse_to_lose(x: Any, who: object) -> None:
    """Raise a TypeError where `x`, or anything in a sequence, is more than its numbers."""
    kind = type(x)
    if kind in _NUMBERS or isinstance(x, str | bytes):  # a string has a dtype that is refused
        return
    if isinstance(x, Sequence):
        for item in x if set(map(type, x)) - _NUMBERS else ():
            _refuse_to_lose(item, who)
        return
    for attribute, loss, instead in _CARRIED:
        if hasattr(x, attribute):
            msg = f"{who} takes plain arrays, not {kind.__name__}: {loss}; {instead}"
            raise TypeError(msg)
    if getattr(x, "requires_grad", False):
        msg = f"{who} takes plain arrays, not a tensor that requires a gradient: use .detach()"
        raise TypeError(msg)
    if not isinstance(x, np.ndarray | np.generic | Number) and not hasattr(x, "__dlpack__"):
        msg = f"{who} takes numbers, sequences and arrays of them, not {kind.__name__}"
        raise TypeError(msg)


def with_rows(x: Array, who: object) -> Array:
    """Return `x`, or raise a ValueError where it has no dimensions, and so no rows."""
    if x.ndim == 0:
        msg = f"{who} needs an array of one or more dimensions here, not a scalar"
        raise ValueError(msg)
    return x


def floating(*arrays: Array) -> np.dtype[Any]:
    """Return the dtype that an answer computed from `arrays` has.

    Booleans and integers count as float64, so that a float16 array and an integer one meet in
    float64; the byte order is the machine's own.
    """
    return _floating(*(a.dtype for a in arrays))


@cache
def _floating(*dtypes: np.dtype[Any]) -> np.dtype[Any]:
    if {dtype.name for dtype in dtypes} == {"float16", "bfloat16"}:  # NumPy has no wider of the two
        return np.dtype(np.float32)
    return np.result_type(*(np.float64 if dtype.kind in "biu" else dtype for dtype in dtypes))


def checked_out(out: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return `out` if an answer of this shape and dtype can be written to it.

    Raises
    ------
    TypeError
        If `out` is not a plain array of `dtype`.
    ValueError
        If `out` has another shape, or is read-only.
    """
    if not isinstance(out, np.ndarray) or out.dtype.newbyteorder("=") != dtype:
        got = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        msg = f"out must be an array of {dtype}, not {got}"
        raise TypeError(msg)
    _refuse_to_lose(out, "out")
    if out.shape != shape:
        msg = f"out must have the shape {shape}, not {out.shape}"
        raise ValueError(msg)
    if not out.flags.writeable:
        msg = "out must be writeable, and this array is read-only"
        raise ValueError(msg)
    return out


def writes(kernel: Kernel) -> Kernel:
    """Mark a kernel that takes `out` and has its last operation write there, saving a copy."""
    kernel.writes = True  # type: ignore[attr-defined]
    return kernel


def rounded(value: Array, dtype: np.dtype[Any]) -> Array:
    """Return `value` so that assigning it to an array of `dtype` rounds it once.

    From float64 to bfloat16 ml_dtypes goes through float32, which rounds twice. A float32 whose
    last bit is set wherever digits were cut off ("round to odd") is no such tie.
    """
    if dtype.itemsize != 2 or value.dtype != np.float64 or dtype.name != "bfloat16":
        return value
    narrow = value.astype(np.float32)
    bits = narrow.view(np.int32)
    bits -= np.abs(narrow) > np.abs(value)
    bits |= narrow != value
    return narrow


def elementwise(
    kernel: Kernel,
    *operands: Array,
    narrowest: DTypeLike = np.float32,
    out: object = None,
) -> Any:
    """Apply `kernel` to `operands` of one shape, number by number.

    The kernel sees contiguous blocks, whatever the operands' strides and byte order, so an answer
    has the same bits wherever its number lies (a NaN's sign and payload aside). It works in the
    answer's dtype or in `narrowest`, whichever is wider, and what it computes is rounded to the
    answer's dtype once.

    Parameters
    ----------
    kernel : callable
        Takes as many 1-d floating arrays as there are operands, returns a new one of that length.
    *operands : ndarray
        Arrays of real numbers, all of one shape.
    narrowest : dtype_like, default float32
        The narrowest dtype that the kernel may work in.
    out : ndarray, optional
        Where to write the answer; it may overlap the operands.

    Returns
    -------
    ndarray or scalar
        The answer: `out` where one was given, else a new array, or a scalar for 0-d operands.
    """
    first = operands[0]
    if out is None and first.dtype in _PLAIN and (narrowest is np.float32 or first.itemsize > 4):
        for operand in operands:
            if not (operand.flags.carray and operand.dtype == first.dtype):
                break
        else:
            if first.ndim == 1 and first.nbytes <= BLOCK:
                return _QUIET.copy().run(kernel, *operands)
            return _QUIET.copy().run(_straight, kernel, operands)
    answer = floating(*operands)
    if out is not None:
        checked_out(out, first.shape, answer)
    work = np.result_type(answer, narrowest)
    return _QUIET.copy().run(_buffered, kernel, operands, work, answer, out)


def _straight(kernel: Kernel, operands: tuple[Array, ...]) -> Any:
    """Evaluate contiguous operands of the kernel's own dtype, which need no iterator."""
    first = operands[0]
    step = BLOCK // first.itemsize
    result = np.empty(first.shape, first.dtype)
    target = result.reshape(-1)
    flat = [operand.reshape(-1) for operand in operands]
    direct = getattr(kernel, "writes", False)
    for start in range(0, first.size, step):
        block = slice(start, start + step)
        given = [operand[block] for operand in flat]
        if direct:
            kernel(*given, out=target[block])
        else:
            target[block] = kernel(*given)
    return result[()]


def _buffered(
    kernel: Kernel,
    operands: tuple[Array, ...],
    work: np.dtype[Any],
    answer: np.dtype[Any],
    out: Any,
) -> Any:
    """Evaluate operands of any layout and dtype, into `out` where it is given."""
    shape = operands[0].shape
    # Of one dimension at least: before 2.3, NumPy forgets to fill the buffer of an operand of none.
    given = [np.atleast_1d(operand) for operand in operands]
    result = None if out is None else np.atleast_1d(out)
    # NumPy's stubs spell the flag "config", hence the Any.
    contiguous: Any = ["contig", "aligned", "nbo", "overlap_assume_elementwise"]
    with np.nditer(
        [*given, result],
        flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
        op_flags=[
            *(["readonly", *contiguous] for _ in operands),
            ["writeonly", "allocate", "no_subtype", *contiguous],
        ],
        op_dtypes=[*(work for _ in operands), answer],
        casting="unsafe",
        buffersize=BLOCK // work.itemsize,
    ) as blocks:
        for *block, target in blocks:
            target[...] = rounded(kernel(*block), answer)
        computed = blocks.operands[-1]
    return computed.reshape(shape)[()] if out is None else out


def rows(
    kernel: Kernel,
    *operands: Array,
    axes: tuple[int, ...],
    where: Array | None = None,
    square: bool = False,
    out: object = None,
) -> Array:
    """Apply `kernel` to `operands` of one shape, row by row along `axes`.

    Parameters
    ----------
    kernel : callable
        Takes as many floating arrays of shape (n, K) as there are operands, then None or booleans
        of that shape; returns an array of shape (n, K), or (n, K, K) where `square` is set.
    *operands : ndarray
        Arrays of real numbers, all of one shape of one or more dimensions.
    axes : tuple of int
        The axes along which a row of K numbers lies, each counted from 0.
    where : ndarray of bool, optional
        The mask that the kernel gets, of the operands' shape.
    square : bool, default False
        Whether each row's answer is a K x K matrix. It is put in the last two axes.
    out : ndarray, optional
        Where to write the answer; it may overlap the operands.

    Returns
    -------
    ndarray
        The answer: `out` where one was given, else a new array.
    """
    answer = floating(*operands)
    work = np.result_type(answer, np.float32)
    shape = operands[0].shape
    if out is not None:
        out = checked_out(out, shape, answer)
    last = tuple(range(len(shape) - len(axes), len(shape)))

    def turned(array: Array) -> Array:
        return array if axes == last else np.moveaxis(array, axes, last)

    whole = turned(operands[0]).shape
    outer = whole[: last[0]]
    length, count = prod(whole[last[0] :]), prod(outer)
    flat = [turned(operand).reshape(count, length) for operand in operands]
    mask = None if where is None else turned(where).reshape(count, length)
    # Straight to `out` where that can be: it may be a file that no memory has room for.
    direct = axes == last and _in_step(out, *operands, where)
    if direct:
        result = out.reshape(count, length)  # type: ignore[union-attr]
    else:
        result = np.empty((count, length, length) if square else (count, length), answer)
    # Kernels of rows keep twice as many temporaries as those of single numbers.
    size = 2 * work.itemsize * length * (length if square else 1)
    if result.size:
        _QUIET.copy().run(_row_by_row, kernel, flat, mask, work, result, BLOCK // max(1, size) or 1)
    if direct:
        return out  # type: ignore[return-value]
    if square:
        return result.reshape(*outer, length, length)
    result = result.reshape(whole)
    result = result if axes == last else np.moveaxis(result, last, axes)
    if out is None:
        return result
    out[...] = result
    return out


def _in_step(out: Any, *given: Array | None) -> bool:
    """Return whether rows may be written to `out` while later rows of `given` are to be read."""
    return (
        out is not None
        and out.flags.c_contiguous
        and all(
            array.__array_interface__ == out.__array_interface__
            or not np.may_share_memory(array, out)
            for array in given
            if array is not None
        )
    )


def _row_by_row(
    kernel: Kernel,
    operands: list[Array],
    where: Array | None,
    work: np.dtype[Any],
    result: Array,
    step: int,
) -> None:
    """Evaluate matrices into `result`, `step` rows at a time."""
    for first in range(0, len(result), step):
        block = slice(first, first + step)
        given = [
            o[block]
            if o.flags.carray and o.dtype == work
            else np.require(o[block], work, ["C", "A"])
            for o in operands
        ]
        mask = None if where is None else where[block]
        result[block] = rounded(kernel(*given, mask), result.dtype)


def all_axes(axis: int | tuple[int, ...] | None, ndim: int, who: object) -> tuple[int, ...]:
    """Return the axes that `axis` names, counted from 0; all of them where it is None.

    Raises
    ------
    numpy.exceptions.AxisError
        If there is no such axis.
    ValueError
        If an axis is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, int) and -ndim <= axis < ndim:
        return (axis % ndim,)
    return normalize_axis_tuple(axis, ndim, str(who))


def finite(x: Array) -> Array:
    """Return `x` with each infinity replaced by the largest float of its sign.

    A function that levels off is the same there to the last bit, and inf / inf never comes up.
    """
    largest = np.finfo(x.dtype).max
    return np.clip(x, -largest, largest)
