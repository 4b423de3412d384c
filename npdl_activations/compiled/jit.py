"""Numba as this package uses it: what is compiled how, and where it is kept."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache

# "contract" lets a multiplication and an addition become one fused step, and reorders nothing.
# NumPy's error model divides without asking whether the divisor is 0, which no vector code can.
OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}


def inline(function: Callable[..., Any]) -> Any:
    """Compile a function of single numbers, to become part of the kernels that call it."""
    return numba.njit(forceinline=True, **OPTIONS)(function)


def in_any_order(function: Callable[..., Any]) -> Any:
    """Compile a sum or a maximum of an array without NaN, whose order of steps is of no account."""
    return numba.njit(
        forceinline=True, error_model="numpy", fastmath={"contract", "reassoc", "nnan", "nsz"}
    )(function)


@cache
def stamp() -> str:
    """Return a hash of the sources of this folder: all that a kernel may be made of."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


class Cache(FunctionCache):
    """Numba's cache on disk, whose keys name the kernel and the sources of all kernels.

    Numba itself looks at the file of the outermost function alone, and would keep kernels whose
    exponential has changed.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        super().__init__(function)
        self._name = name

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (sig, codegen.magic_tuple(), self._name, stamp())

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):  # a full disk costs the time of compiling again, and nothing else
            super().save_overload(sig, data)


def kernel(name: str, function: Callable[..., Any], signature: Any) -> Any:
    """Compile a loop, or load it from disk if one was compiled by that name."""
    dispatcher = numba.njit(nogil=True, **OPTIONS)(function)
    with suppress(RuntimeError):  # no folder can be written: it is compiled anew each time
        dispatcher._cache = Cache(function, name)
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher
