"""Dtypes, ``out`` and evaluation block by block: the one place that knows about arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]
Kernel = Callable[..., Any]

# A block and a kernel's temporaries stay in the second-level cache; larger blocks stream from
# memory once per operation, smaller ones pay a ufunc's start-up once per few thousand numbers.
BLOCK = 1 << 15


def real(x: ArrayLike, who: object) -> Array:
    """Return `x` as an array of real numbers, or raise a TypeError that names its dtype.

    Parameters
    ----------
    x : array_like
        Numbers of any real dtype, any shape.
    who : object
        Whoever asks; its `str` opens the error message.

    Returns
    -------
    ndarray
        `x` itself where it is a plain array already, else a new array.

    Raises
    ------
    TypeError
        If `x` is masked, or holds anything but booleans, integers, floats or bfloat16.
    """
    if isinstance(x, np.ma.MaskedArray):
        msg = f"{who} takes plain arrays, not a masked array: its mask would be lost; use .filled()"
        raise TypeError(msg)
    array = np.asarray(x)
    dtype = array.dtype
    if not (dtype.kind in "biu" or np.issubdtype(dtype, np.floating) or dtype.name == "bfloat16"):
        msg = f"{who} takes real numbers, not {dtype}"
        raise TypeError(msg)
    return array


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
    return np.result_type(*(np.float64 if a.dtype.kind in "biu" else a.dtype for a in arrays))


def checked_out(out: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return `out` if an answer of this shape and dtype can be written to it.

    Raises
    ------
    TypeError
        If `out` is not an array of `dtype`.
    ValueError
        If `out` has another shape, or is read-only.
    """
    if not isinstance(out, np.ndarray) or out.dtype.newbyteorder("=") != dtype:
        got = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        msg = f"out must be an array of {dtype}, not {got}"
        raise TypeError(msg)
    if out.shape != shape:
        msg = f"out must have the shape {shape}, not {out.shape}"
        raise ValueError(msg)
    if not out.flags.writeable:
        msg = "out must be writeable, and this array is read-only"
        raise ValueError(msg)
    return out


def elementwise(
    kernel: Kernel,
    *operands: Array,
    narrowest: DTypeLike = np.float32,
    out: object = None,
) -> Any:
    """Apply `kernel` to `operands` of one shape, number by number.

    The kernel sees contiguous blocks, whatever the operands' strides and byte order, so an answer
    has the same bits wherever its number lies. It works in the answer's dtype or in `narrowest`,
    whichever is wider, and what it computes is rounded to the answer's dtype once.

    Parameters
    ----------
    kernel : callable
        Takes as many 1-d floating arrays as there are operands, returns one of that length.
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
    answer = floating(*operands)
    work = np.result_type(answer, narrowest)
    shape = operands[0].shape
    # Of one dimension at least: before 2.3, NumPy forgets to fill the buffer of an operand of none.
    given = [np.atleast_1d(operand) for operand in operands]
    result = None if out is None else np.atleast_1d(checked_out(out, shape, answer))
    # NumPy's stubs spell the flag "config", hence the Any.
    contiguous: Any = ["contig", "aligned", "nbo", "overlap_assume_elementwise"]
    with (
        # The kernels' answers are right at every input; the flags raised on the way are not news.
        np.errstate(all="ignore"),
        np.nditer(
            [*given, result],
            flags=["external_loop", "buffered", "zerosize_ok", "copy_if_overlap"],
            op_flags=[
                *(["readonly", *contiguous] for _ in operands),
                ["writeonly", "allocate", "no_subtype", *contiguous],
            ],
            op_dtypes=[*(work for _ in operands), answer],
            casting="unsafe",
            buffersize=BLOCK,
        ) as blocks,
    ):
        for *block, target in blocks:
            target[...] = kernel(*block)
        computed = blocks.operands[-1]
    return computed.reshape(shape)[()] if out is None else out


def rows(
    kernel: Kernel,
    *operands: Array,
    axis: int,
    square: bool = False,
    out: object = None,
) -> Array:
    """Apply `kernel` to `operands` of one shape, row by row along `axis`.

    Parameters
    ----------
    kernel : callable
        Takes as many floating arrays of shape (n, K) as there are operands, returns one of that
        shape, or of shape (n, K, K) where `square` is set.
    *operands : ndarray
        Arrays of real numbers, all of one shape of one or more dimensions.
    axis : int
        The axis along which a row of K numbers lies.
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
    if out is not None:
        out = checked_out(out, operands[0].shape, answer)
    lines = [np.moveaxis(operand, axis, -1) for operand in operands]
    *outer, length = lines[0].shape
    flat = [line.reshape(-1 if length else 0, length) for line in lines]
    count = len(flat[0])
    trailing = (length, length) if square else (length,)
    result = np.empty((count, *trailing), answer)
    step = max(1, BLOCK // max(1, np.prod(trailing, dtype=int)))
    with np.errstate(all="ignore"):
        for first in range(0, count, step):
            block = slice(first, first + step)
            result[block] = kernel(*(np.require(f[block], work, ["C", "A"]) for f in flat))
    result = result.reshape(*outer, *trailing)
    if not square:
        result = np.moveaxis(result, -1, axis)
    if out is None:
        return result
    out[...] = result
    return out


def finite(x: Array) -> Array:
    """Return `x` with each infinity replaced by the largest float of its sign.

    A function that levels off is the same there to the last bit, and inf / inf never comes up.
    """
    largest = np.finfo(x.dtype).max
    return np.clip(x, -largest, largest)
