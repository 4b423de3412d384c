"""One run proves nothing: the same experiment with ten seeds."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["over_seeds", "spread"]


def over_seeds(run: Callable[[int], Any], seeds: Iterable[int] = range(10)) -> npt.NDArray[Any]:
    """Return what an experiment gives for each seed.

    Parameters
    ----------
    run : callable
        Takes a seed, returns a number or an array of numbers.
    seeds : iterable of int, default 0 to 9
        The seeds.

    Returns
    -------
    ndarray
        The results, one seed after the other along the first axis.

    Examples
    --------
    >>> over_seeds(lambda seed: seed**2, range(4)).tolist()
    [0, 1, 4, 9]
    """
    return np.array([run(seed) for seed in seeds])


def spread(values: npt.ArrayLike, form: str = ".2f") -> str:
    """Return the median of some runs and, in brackets, the smallest and the largest.

    Parameters
    ----------
    values : array_like, shape (n,)
        A number a run. Those that are not finite stand for a run that diverged: they are left
        out, and counted.
    form : str, default ".2f"
        How to write a number, as in an f-string.

    Returns
    -------
    str
        What the book prints.

    Raises
    ------
    ValueError
        If there is no run.

    Examples
    --------
    >>> spread([0.91, 0.94, 0.93])
    '0.93 (0.91 to 0.94)'
    >>> spread([0.91, 0.94, float("nan")], ".1%")
    '92.5% (91.0% to 94.0%), 1 of 3 diverged'
    """
    runs = np.asarray(values, dtype=np.float64)
    if runs.ndim != 1 or not runs.size:
        msg = f"spread takes one number a run, for one run or more, not the shape {runs.shape}"
        raise ValueError(msg)
    kept = runs[np.isfinite(runs)]
    lost = f"{runs.size - kept.size} of {runs.size} diverged"
    if not kept.size:
        return lost
    low, middle, high = (f"{v:{form}}" for v in np.percentile(kept, (0, 50, 100)))
    text = f"{middle} ({low} to {high})"
    return text if kept.size == runs.size else f"{text}, {lost}"
