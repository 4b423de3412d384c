"""Experiments that take longer than a page may: run by ``make experiments``, read by the page."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from npdl_activations.lab.beside import beside

__all__ = ["Experiment"]


class Experiment:
    """A function of settings and a seed, and all the settings it is run with.

    A page states it in a cell with the tag ``experiment``. ``make experiments`` runs such cells,
    and the function at every point of the grid; the page reads the numbers and may run any point
    again.

    Parameters
    ----------
    run : callable
        Takes the grid's names as keywords; returns a number or an array of numbers, of one shape
        for all points.
    **grid : iterable
        The values of each setting: strings and numbers. One of them is ``seed``.

    Attributes
    ----------
    name : str
        The function's name, by which the numbers are kept.
    grid : dict of str to list
        The settings.

    Raises
    ------
    ValueError
        If there is no setting ``seed``, or one has no values.

    Examples
    --------
    >>> def toss(sides, seed):
    ...     return int(np.random.default_rng(seed).integers(sides))
    >>> tosses = Experiment(toss, sides=[2, 6], seed=range(3))
    >>> len(list(tosses.points()))
    6
    >>> tosses.run(sides=6, seed=0)
    5
    """

    def __init__(self, run: Callable[..., Any], **grid: Iterable[Any]) -> None:
        self.run = run
        self.name = run.__name__
        self.grid = {name: list(values) for name, values in grid.items()}
        if "seed" not in self.grid or not all(self.grid.values()):
            msg = f"{self.name} needs a setting `seed`, and a value or more for each setting"
            raise ValueError(msg)

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the settings of each run, the last setting's values in turn fastest."""
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))

    def read(self, path: str | Path = "data/experiments.json") -> npt.NDArray[np.float64]:
        """Return the numbers that ``make experiments`` wrote down.

        Parameters
        ----------
        path : str or Path
            The file, which is fetched where it is missing: `beside`.

        Returns
        -------
        ndarray
            One axis for each setting, in the grid's order, then those of a run's result. NaN
            stands for what was not a number.

        Raises
        ------
        LookupError
            If the file has no such experiment, or has it for another grid.
        """
        kept = json.loads(beside(str(path)).read_text(encoding="utf-8")).get(self.name)
        if kept is None or kept["grid"] != self.grid:
            msg = f"{path} does not hold {self.name} with these settings: run make experiments"
            raise LookupError(msg)
        numbers = np.array(kept["numbers"], dtype=np.float64)  # null becomes NaN
        return numbers.reshape(*map(len, self.grid.values()), *numbers.shape[1:])
