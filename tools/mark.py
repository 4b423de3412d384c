"""Draw the book's mark: the sigmoid and its derivative, both to the same scale.

``python tools/mark.py`` writes it to ``book/_static/favicon.svg``.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from npdl_activations import Sigmoid

TARGET = Path(__file__).resolve().parent.parent / "book" / "_static" / "favicon.svg"
SIZE, MARGIN = 64, 12
REACH = 5.0  # the curves run over x from -REACH to REACH


def stroke(x: NDArray[np.float64], y: NDArray[np.float64], color: str, width: float) -> str:
    """Return a curve with values between 0 and 1 as an element of the drawing."""
    side = SIZE - 2 * MARGIN
    across = MARGIN + side * (x + REACH) / (2 * REACH)
    down = SIZE - MARGIN - side * y
    points = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, down, strict=True))
    return f'<path d="M{points}" stroke="{color}" stroke-width="{width}"/>'


def mark() -> str:
    """Return the mark as SVG, with colours that stand out on light and dark pages."""
    sigmoid = Sigmoid()
    x = np.linspace(-REACH, REACH, 41)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" rx="14" fill="#0b3c5d"/>'
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
        f"{stroke(x, sigmoid.derivative(x), '#ff9d4d', 4.5)}"
        f"{stroke(x, sigmoid(x), '#ffffff', 6)}"
        "</g></svg>\n"
    )


if __name__ == "__main__":
    TARGET.write_text(mark(), encoding="utf-8")
