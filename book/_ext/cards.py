"""Draw the picture that stands for a page where somebody links to it, and the icon of the site.

Both are made of the mark and of the package's own curves, in the mark's colours.
"""

import re
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import npdl_activations
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INCH = 100  # pixels
CARD = (1200, 630)
ICON = 180
BACKGROUND, CURVE, SLOPE, QUIET = "#0b3c5d", "#ffffff", "#ff9d4d", "#b9cbd8"
REACH = 4.0
# Where a page is about no function in particular.
ALL = ("sigmoid", "tanh", "relu", "linear", "elliot", "softplus", "softsign")
STROKE = re.compile(r'd="M([^"]+)" stroke="([^"]+)" stroke-width="([^"]+)"')


def canvas(width: int, height: int) -> tuple[Figure, Axes]:
    """Return a figure of one colour, and axes over all of it that count in pixels."""
    figure = Figure((width / INCH, height / INCH), dpi=INCH, facecolor=BACKGROUND)
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return figure, ax


def draw_mark(ax: Axes, mark: str, left: float, top: float, size: float) -> None:
    """Draw the strokes of the mark, an SVG of 64 by 64 units, without its tile."""
    for points, color, width in STROKE.findall(mark):
        x, y = np.array(points.split(), float).reshape(-1, 2).T * size / 64
        points_wide = float(width) * size / 64 * 72 / INCH
        ax.plot(left + x, top + y, color=color, linewidth=points_wide, solid_capstyle="round")


def draw_function(figure: Figure, name: str) -> None:
    """Draw what the page is about: a function and its derivative, or several functions."""
    ax = figure.add_axes((0.59, 0.24, 0.35, 0.62))
    ax.axis("off")
    if name == "softmax":
        ax.bar(range(5), npdl_activations.get(name)(np.arange(5) / 1.5), color=CURVE, width=0.62)
        return
    x = np.linspace(-REACH, REACH, 401)
    ax.axhline(0, color=QUIET, linewidth=1.2, alpha=0.6)
    ax.axvline(0, color=QUIET, linewidth=1.2, alpha=0.6)
    ends: Any = {"solid_capstyle": "round", "solid_joinstyle": "round"}
    try:
        function = npdl_activations.get(name)
    except ValueError:
        for each in ALL:
            ax.plot(x, npdl_activations.get(each)(x), color=CURVE, alpha=0.75, linewidth=3, **ends)
        ax.set_ylim(-1.6, 3.2)
        return
    slope = function.derivative(x)
    slope[:-1][np.abs(np.diff(slope)) > 0.5] = np.nan  # a jump is a gap
    ax.plot(x, slope, color=SLOPE, linewidth=6, **ends)
    ax.plot(x, function(x), color=CURVE, linewidth=8, **ends)


def write_card(target: Path, mark: str, name: str, title: str, text: str, book: str) -> None:
    """Write the card of the page `name`."""
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the reader's own settings are
        figure, ax = canvas(*CARD)
        draw_function(figure, name)
        lines = textwrap.wrap(title, 18)
        ax.text(
            72, 92, "\n".join(lines), color=CURVE, fontsize=40, weight="bold", va="top",
            linespacing=1.15, parse_math=False,
        )  # fmt: skip
        top = 132 + 66 * len(lines)
        text = textwrap.fill(text, 38, max_lines=(510 - top) // 38, placeholder=" …")
        ax.text(
            72, top, text, color=QUIET, fontsize=19, va="top", linespacing=1.45, parse_math=False
        )
        draw_mark(ax, mark, 60, 522, 64)
        if title != book:
            ax.text(136, 554, book, color=QUIET, fontsize=15, va="center")
        save(figure, target)


def write_icon(target: Path, mark: str) -> None:
    """Write the mark as a square that fills an icon."""
    with mpl.rc_context():
        mpl.rcdefaults()
        figure, ax = canvas(ICON, ICON)
        draw_mark(ax, mark, 0, 0, ICON)
        save(figure, target)


def save(figure: Figure, target: Path) -> None:
    """Write a PNG that is the same each time."""
    figure.savefig(target, metadata={"Software": None})
