"""Write the inventory that links the book to NumPy's reference without a network.

It holds the names that a docstring or a chapter links to: add one here and run
``python tools/inventory.py``. In the address of a page, ``$`` stands for the name.
"""

import zlib
from pathlib import Path

PAGES = {
    "py:class": {
        "reference/generated/$.html": ["dtype", "finfo", "ndarray", "random.Generator"],
        "reference/arrays.scalars.html": ["float16", "float32", "float64", "generic", "longdouble"],
    },
    "py:data": {"reference/typing.html": ["typing.ArrayLike", "typing.NDArray"]},
    "py:function": {
        "reference/generated/$.html": [
            "abs", "array", "asarray", "clip", "copysign", "cosh", "empty", "errstate", "exp",
            "expm1", "linspace", "log", "log1p", "logaddexp", "maximum", "multiply", "nextafter",
            "power", "sinh", "spacing", "sum", "tanh", "where",
        ],
        "reference/random/generated/$.html": ["random.default_rng"],
    },
}  # fmt: skip
HEADER = """\
# Sphinx inventory version 2
# Project: NumPy
# Version:
# The remainder of this file is compressed using zlib.
"""


def main() -> None:
    """Write ``book/_ext/numpy.inv``."""
    lines = [
        f"numpy.{name} {role} 1 {page.replace('$', f'numpy.{name}')}#$ -"
        for role, pages in PAGES.items()
        for page, names in pages.items()
        for name in names
    ]
    body = zlib.compress(("\n".join(lines) + "\n").encode(), 9)
    target = Path(__file__).resolve().parent.parent / "book" / "_ext" / "numpy.inv"
    target.write_bytes(HEADER.encode() + body)


if __name__ == "__main__":
    main()
