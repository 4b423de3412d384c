"""What the tests share: the activations, dtypes, awkward inputs, and arrays of every layout."""

import os
import re

import numpy as np
from ml_dtypes import bfloat16
from ml_dtypes import finfo as ml_finfo

from npdl_activations import registry
from npdl_activations.elementwise import Elementwise
from npdl_activations.rowwise import Rowwise


def module(cls):
    """Return the one name that a class's module, test and chapter have."""
    return cls.__module__.rpartition(".")[2]


def instances(cls):
    """Return a class's activation with its defaults, and with others of each real parameter."""
    plain = cls()
    others = [
        cls(**{name: value})
        for name, default in plain.parameters.items()
        if isinstance(default, float)
        for value in (2.0, 0.1)
        if value != default
    ]
    return [plain, *others]


CLASSES = registry.classes()

PLAIN = [
    *(act for cls in CLASSES if issubclass(cls, Elementwise) for act in instances(cls)),
    *(act for cls in CLASSES if issubclass(cls, Rowwise) for act in (cls(), cls(axis=0))),
]


def both_tiers():
    """Return all activations, and compiled copies of them, but where TIERS=numpy is set.

    That is for a copy of the tree, which would compile every kernel anew, and for a Python that
    has no Numba.
    """
    if os.environ.get("TIERS") == "numpy":
        return PLAIN
    from npdl_activations.compiled import compiled
    from npdl_activations.compiled.tier import has_kernels

    return [*PLAIN, *(compiled(act) for act in PLAIN if has_kernels(type(act)))]


ALL = both_tiers()
ELEMENTWISE = [act for act in ALL if isinstance(act, Elementwise)]
ROWWISE = [act for act in ALL if isinstance(act, Rowwise)]

FLOATS = [np.dtype(t) for t in (np.float16, np.float32, np.float64, np.longdouble, bfloat16)]
WHOLE = [np.dtype(t) for t in "?bhilqBHILQ"]

# NumPy's errors and warnings, all but underflow: a result below the smallest float is no mistake.
LOUD = {"all": "raise", "under": "ignore"}


def curves(script):
    """Return the names of the functions that explorer.js draws, in its order."""
    (functions,) = re.findall(r"const functions = \{\n(.*?)\n  \};", script, re.DOTALL)
    return re.findall(r"^    (\w+): \{", functions, re.MULTILINE)


def accuracy(cls):
    """Return how a card and a docstring state `max_ulp`."""

    def figures(*dtypes):
        verbs = cls.max_ulp[dtypes[0]]
        return {verb: max(cls.max_ulp[dtype][verb] for dtype in dtypes) for verb in verbs}

    single, double, half = figures("float32"), figures("float64"), figures("float16", "bfloat16")
    if not any({*single.values(), *double.values(), *half.values()}):
        return "exact in every dtype"
    named = ", ".join(f"{bound:g} ({verb})" for verb, bound in single.items())
    named = named.replace(" (", " ULP (", 1)
    plain = ", ".join(f"{bound:g}" for bound in double.values())
    alike = len(set(half.values())) == 1
    bits = ", ".join(f"{bound:g}" for bound in [*half.values()][: 1 if alike else None])
    return f"within {named} in float32; {plain} in float64; {bits} in 16 bits"


def assert_same(actual, expected):
    """Assert that two arrays have one dtype, one shape and one set of bits, but for NaN's."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    equal = (actual == expected) & (np.signbit(actual) == np.signbit(expected))
    differ = ~(equal | (np.isnan(actual) & np.isnan(expected)))
    assert not differ.any(), (
        f"{np.sum(differ)} differ: {actual[differ][:3]} and {expected[differ][:3]}"
    )


def edges(dtype):
    """Return NaN, infinities, zeros, ones, and the largest and smallest floats of a dtype."""
    info = ml_finfo(dtype)
    positive = np.array(
        [0, info.smallest_subnormal, info.smallest_normal, info.eps, 1, info.max, np.inf], dtype
    )
    return np.concatenate([positive, -positive, np.array([np.nan], dtype)])


def random_bits(dtype, count, seed=0):
    """Return floats of random bits: of every size, NaNs that signal included."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.itemsize > 8:  # not every pattern of 80 bits is a number
        with np.errstate(all="ignore"):
            x = random_bits(np.float64, count, seed).astype(dtype)
            return x * dtype.type(2) ** rng.integers(-15000, 15000, count)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    return rng.integers(0, np.iinfo(unsigned).max, count, unsigned, endpoint=True).view(dtype)


def every(dtype):
    """Return every value of a dtype of 16 bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(dtype)


def _unaligned(x):
    room = np.zeros(x.nbytes + 1, np.uint8)
    view = np.ndarray(x.shape, x.dtype, room.data, offset=1)
    view[...] = x
    return view


def _sliced(x):
    room = np.zeros([2 * n for n in x.shape], x.dtype)
    view = room[(..., *(slice(None, None, 2) for _ in x.shape))]
    view[...] = x
    return view


def _reversed(x):
    back = (..., *(slice(None, None, -1) for _ in x.shape))
    return x[back].copy()[back]


def _axis_moved(x):
    return np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0) if x.ndim else x.copy()


def _read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


# Each returns an array equal to x, of another layout.
LAYOUTS = {
    "C": np.ndarray.copy,
    "F": lambda x: x.copy(order="F"),
    "reversed": _reversed,
    "sliced": _sliced,
    "axis moved": _axis_moved,
    "byte-swapped": lambda x: x.astype(x.dtype.newbyteorder("S")),
    "unaligned": _unaligned,
    "read-only": _read_only,
}
