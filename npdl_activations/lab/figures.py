"""The book's figures: one house style, and the picture of a function with its derivative."""

import sys
from typing import Any

import numpy as np

from npdl_activations import Activation
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab.extra import extra

with extra():
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from cycler import cycler
    from matplotlib.axes import Axes

__all__ = ["plot_activation", "use_house_style"]

# Okabe and Ito's colours, told apart by the colour-blind too; the dashes tell them apart in grey.
# Their amber and sky blue are darkened, to stand out from white by 3 to 1.
_LINES = {
    "#0072B2": "-",  # blue: the function
    "#D55E00": (0, (5, 1.5)),  # vermillion: its derivative
    "#009E73": (0, (7, 1.5, 1.5, 1.5)),
    "#CC79A7": (0, (1.5, 1.2)),
    "#B06F00": (0, (9, 1.5)),
    "#3C8DBC": (0, (5, 1.2, 1.5, 1.2, 1.5, 1.2)),
    "#000000": (0, (3, 3)),
}

# The letter that a page writes for a parameter: the document has s. Others go by their names.
LETTERS = {"steepness": "s"}

# Letters are measured in 1/64 pt, so a centred label lies at a multiple of 1/128 pt. That is a tie
# when six decimals are printed, and the last bit would decide. An odd margin moves all of them.
_SHOWN = {
    "bbox_inches": "tight",
    "pad_inches": 0.10001372,
    "metadata": {"Creator": None, "Date": None},
}

_HOUSE_STYLE: dict[Any, Any] = {
    # The same ids each time, and text as text. Matplotlib brings the first font and measures
    # with it; the others stand in on a screen.
    "svg.hashsalt": "npdl_activations",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 12,
    "figure.figsize": (6.4, 3.6),
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.prop_cycle": cycler(color=list(_LINES), linestyle=list(_LINES.values())),
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "legend.edgecolor": "none",
    "legend.handlelength": 2.6,
}


def use_house_style() -> None:
    """Draw as the book does: calm, colour-blind-safe and the same to the last byte.

    Sets matplotlib's parameters, from its defaults and not from the reader's own settings. In
    a notebook, figures are then shown as SVG without a date, so that one run's figure can be
    compared with another's.

    Examples
    --------
    >>> use_house_style()
    >>> import matplotlib
    >>> matplotlib.rcParams["svg.fonttype"]
    'none'
    """
    mpl.rcdefaults()
    mpl.rcParams.update(_HOUSE_STYLE)
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        with extra():
            from matplotlib_inline.config import InlineBackend

        # Not set_matplotlib_formats: the backend forgets it when the first figure starts it.
        inline: Any = InlineBackend.instance(parent=shell)
        inline.print_figure_kwargs = _SHOWN
        inline.figure_formats = {"svg"}


def plot_activation(
    activation: Activation,
    low: float = -6.0,
    high: float = 6.0,
    *,
    derivative: bool = True,
    ax: Axes | None = None,
) -> None:
    """Draw an elementwise activation and its derivative.

    Where the derivative jumps, as ReLU's does at 0, its line has a gap.

    Parameters
    ----------
    activation : Activation
        An elementwise one: others, as Softmax, have no curve.
    low, high : float, default -6.0 and 6.0
        Where the x axis starts and ends.
    derivative : bool, default True
        Whether to draw the derivative too.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Raises
    ------
    TypeError
        If `activation` is not an elementwise activation.
    ValueError
        If `low` is not below `high`, or one of them is not finite.

    Examples
    --------
    >>> from npdl_activations import Tanh
    >>> plot_activation(Tanh(), -4, 4)
    """
    if not isinstance(activation, Elementwise):
        msg = f"plot_activation draws elementwise activations, not {activation!r}"
        raise TypeError(msg)
    if not -np.inf < low < high < np.inf:
        msg = f"low must be below high and both finite, not {low} and {high}"
        raise ValueError(msg)
    if ax is None:
        _, ax = plt.subplots()

    name = str(activation)
    if activation.parameters:
        values = (f"{LETTERS.get(k, k)} = {v:g}" for k, v in activation.parameters.items())
        name += f" ({', '.join(values)})"
    x = np.linspace(low, high, 241)
    curves = [(name, x, activation(x))]
    if derivative:
        slope = activation.derivative(x)
        for kink in activation.kinks:
            if low < kink < high:
                near = max(1.0, abs(kink)) / 2**40
                left, right = activation.derivative([kink - near, kink + near])
                after = np.searchsorted(x, kink, side="right")
                x = np.insert(x, after, [kink, kink, kink])
                slope = np.insert(slope, after, [left, np.nan, right])
        curves.append(("its derivative", x, slope))

    ax.axhline(0, color="#999999", linewidth=1, linestyle="-", zorder=1)
    ax.axvline(0, color="#999999", linewidth=1, linestyle="-", zorder=1)
    for label, across, up in curves:
        ax.plot(across, up, label=label)
    ax.set_xlabel("x")
    ax.set_ylabel("f(x) and f'(x)" if derivative else "f(x)")
    ax.legend()
