"""Run the experiments that take longer than a page may: ``make experiments``.

A page states them in cells with the tag ``experiment``, as `npdl_activations.lab.Experiment`. Every
point of every grid is run, on all cores, and ``book/data/experiments.json`` gets each run's number
with the settings, the versions and a fingerprint of the code. What was run already is taken from
``_experiments``. Give names of experiments to run only those.
"""

import hashlib
import json
import math
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

# One thread a process: each core has a run of its own, and sums keep their order.
os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import nbformat
import numpy as np
from journal import Journal, sources
from machine import cpu_model
from tqdm import tqdm

import npdl_activations as package
from npdl_activations.lab import Experiment

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
TABLE = BOOK / "data" / "experiments.json"
# What a run's numbers depend on besides the page's own code.
LAB = tuple(f"npdl_activations.lab.{name}" for name in ("digits", "network", "stack"))
DIGITS = 6


def code(page: Path) -> str:
    """Return the source of a page's cells with the tag ``experiment``."""
    notebook: Any = nbformat.read(page, as_version=4)  # type: ignore[no-untyped-call]
    return "\n\n".join(
        c.source for c in notebook.cells if "experiment" in c.metadata.get("tags", [])
    )


@cache
def stated(page: Path) -> dict[str, Experiment]:
    """Return the experiments of a page, by name."""
    names: dict[str, Any] = {"__name__": page.stem}
    exec(compile(code(page), str(page), "exec"), names)  # noqa: S102 -- the book's own cells
    return {e.name: e for e in names.values() if isinstance(e, Experiment)}


def experiments() -> Iterator[tuple[Path, Experiment]]:
    """Yield every experiment of the book with its page.

    Raises
    ------
    ValueError
        If two have one name.
    """
    seen: dict[str, Path] = {}
    for page in sorted(BOOK.glob("*.ipynb")):
        for name, experiment in stated(page).items() if code(page) else ():
            if name in seen:
                msg = f"{page.name} and {seen[name].name} both have an experiment {name}"
                raise ValueError(msg)
            seen[name] = page
            yield page, experiment


@cache
def package_state() -> str:
    """Return what the experiments' numbers come from besides the page: networks and functions.

    A function counts by its numbers, to eight digits, and not by its code: a faster kernel with
    other last bits makes no other experiment.
    """
    found = sources(LAB, f"{package.__name__}.lab")
    x = np.linspace(-9, 9, 37).reshape(1, -1)
    numbers = []
    for cls in package.registry.classes():
        act = cls()
        numbers += [cls.__name__, act.forward(x), act.backward(np.ones_like(x) + x)]
    with np.printoptions(precision=8, threshold=sys.maxsize):
        return "\n".join([*(found[module] for module in sorted(found)), *map(str, numbers)])


def fingerprint(page: Path) -> str:
    """Return a hash of a page's experiments and of what they run."""
    return hashlib.sha256(f"{code(page)}\n{package_state()}".encode()).hexdigest()


def run(task: tuple[Path, str, dict[str, Any]]) -> Any:
    """Return a run's result as lists of numbers; None stands for what is none."""
    page, name, settings = task
    with np.errstate(all="ignore"):  # a run may diverge
        result = np.asarray(stated(page)[name].run(**settings), dtype=np.float64)
    return np.vectorize(short, otypes=[object])(result).tolist()


def short(number: float) -> float | None:
    """Return a number with the digits that the table keeps."""
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def main(names: list[str]) -> int:
    """Run what is not in the journal, and write the table."""
    chosen = [(p, e) for p, e in experiments() if not names or e.name in names]
    if unknown := set(names) - {e.name for _, e in chosen}:
        print(f"There is no experiment {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    journal = Journal(ROOT / "_experiments")
    tasks = {
        f"{e.name} {json.dumps(point)} {fingerprint(page)}": (page, e.name, point)
        for page, e in chosen
        for point in e.points()
    }
    todo = {key: task for key, task in tasks.items() if key not in journal}
    with ProcessPoolExecutor() as pool:
        bar = tqdm(pool.map(run, todo.values()), total=len(todo), unit="run")
        for key, result in zip(todo, bar, strict=True):
            journal[key] = result
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    for page, e in chosen:
        keys = [key for key, task in tasks.items() if task[:2] == (page, e.name)]
        table[e.name] = {
            "page": page.stem,
            "grid": e.grid,
            "fingerprint": fingerprint(page),
            "versions": {"python": sys.version.split()[0], "numpy": np.__version__},
            "processor": cpu_model(),
            "numbers": [journal[key] for key in keys],
        }
    known = {e.name for _, e in experiments()}
    # A line an experiment, so that a difference shows which has changed.
    lines = [
        f"{json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(known & set(table))
    ]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
