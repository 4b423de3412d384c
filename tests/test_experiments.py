"""`make experiments`: the table goes with the pages, and a run fills it."""

import json
from pathlib import Path

import experiments
import nbformat
import numpy as np
import pytest

from npdl_activations import Tanh
from npdl_activations.lab import Experiment, over_seeds, spread

STATED = [
    pytest.param(page, experiment, id=experiment.name)
    for page, experiment in experiments.experiments()
]
PAGE = """\
import numpy as np

from npdl_activations import Tanh
from npdl_activations.lab import Experiment


def toss(sides, seed):
    return np.random.default_rng(seed).integers(sides) + FROM


tosses = Experiment(toss, sides=[2, 6], seed=range(10))
"""


def table():
    return json.loads(experiments.TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("page", "experiment"), STATED)
def test_the_table_goes_with_the_code(page, experiment):
    kept = table()[experiment.name]
    assert kept["page"] == page.stem
    assert kept["fingerprint"] == experiments.fingerprint(page), "run make experiments"
    assert len(experiment.grid["seed"]) >= 10
    assert len(experiment.read(experiments.TABLE)) == len(next(iter(experiment.grid.values())))


def test_the_table_holds_what_the_pages_state_and_no_more():
    assert set(table()) == {param.values[1].name for param in STATED}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one page with an experiment, whose shift is the number given."""

    def write(shift):
        notebook = nbformat.v4.new_notebook()
        for tag, source in (
            ("other", "1 / 0"),
            ("experiment", f"FROM = {shift}"),
            ("experiment", PAGE),
        ):
            cell = nbformat.v4.new_code_cell(source, metadata={"tags": [tag]})
            notebook.cells.append(cell)
        nbformat.write(notebook, tmp_path / "dice.ipynb")
        experiments.stated.cache_clear()

    monkeypatch.setattr(experiments, "BOOK", tmp_path)
    monkeypatch.setattr(experiments, "ROOT", tmp_path)
    monkeypatch.setattr(experiments, "TABLE", tmp_path / "experiments.json")
    yield write
    experiments.stated.cache_clear()


def test_a_run_fills_the_table_and_the_next_one_goes_on_from_there(book, monkeypatch):
    book(100)
    assert experiments.main([]) == 0
    first = experiments.TABLE.read_text(encoding="utf-8")
    ((page, tosses),) = experiments.experiments()
    numbers = tosses.read(experiments.TABLE)
    assert numbers.shape == (2, 10)
    assert numbers[1, 3] == tosses.run(sides=6, seed=3)

    monkeypatch.setattr(experiments, "run", None)  # nothing is left to run
    assert experiments.main(["toss"]) == 0
    assert experiments.TABLE.read_text(encoding="utf-8") == first

    before = experiments.fingerprint(page)
    book(101)
    assert experiments.fingerprint(page) != before


def test_a_fingerprint_sees_another_function_and_no_other_last_bits(book, monkeypatch):
    book(100)
    page = experiments.BOOK / "dice.ipynb"
    forward = Tanh._forward

    def after(factor):
        monkeypatch.setattr(Tanh, "_forward", lambda self, x: forward(self, x) * factor)
        experiments.package_state.cache_clear()
        return experiments.fingerprint(page)

    first = after(1)
    assert after(1 + 1e-15) == first
    assert after(1 + 1e-5) != first
    monkeypatch.undo()
    experiments.package_state.cache_clear()


def test_an_unknown_name_is_told(book, capsys):
    book(100)
    assert experiments.main(["tosss"]) == 2
    assert "no experiment tosss" in capsys.readouterr().err


def test_two_experiments_of_one_name_are_told(book):
    book(100)
    page = experiments.BOOK / "dice.ipynb"
    (experiments.BOOK / "more.ipynb").write_bytes(page.read_bytes())
    with pytest.raises(
        ValueError, match=r"more\.ipynb and dice\.ipynb both have an experiment toss"
    ):
        list(experiments.experiments())


def test_numbers_keep_six_digits_and_what_is_none_is_told(monkeypatch):
    monkeypatch.setattr(
        experiments,
        "stated",
        lambda _: {"f": Experiment(lambda seed: [1 / 3, np.nan, np.inf], seed=[0])},  # noqa: ARG005
    )
    assert experiments.run((Path("p.ipynb"), "f", {"seed": 0})) == [0.333333, None, None]


def test_other_settings_are_told(book):
    book(100)
    assert experiments.main([]) == 0
    other = Experiment(lambda sides, seed: 0, sides=[2], seed=range(10))  # noqa: ARG005
    other.name = "toss"
    with pytest.raises(LookupError, match="does not hold toss with these settings"):
        other.read(experiments.TABLE)


@pytest.mark.parametrize("grid", [{"sides": [2]}, {"sides": [], "seed": [1]}])
def test_a_grid_without_seeds_or_values_is_refused(grid):
    with pytest.raises(ValueError, match="<lambda> needs a setting `seed`"):
        Experiment(lambda **settings: 0, **grid)  # noqa: ARG005


def test_spread_counts_diverged_runs_apart():
    assert spread([1.0, 3.0, 2.0]) == "2.00 (1.00 to 3.00)"
    assert spread([0.5, np.inf, np.nan], ".0%") == "50% (50% to 50%), 2 of 3 diverged"
    assert spread([np.nan] * 2) == "2 of 2 diverged"
    for wrong in ([], 1.0, [[1.0]]):
        with pytest.raises(ValueError, match="one number a run"):
            spread(wrong)


def test_over_seeds_keeps_the_order_of_the_seeds():
    assert over_seeds(lambda seed: (seed, -seed), [3, 1]).tolist() == [[3, -3], [1, -1]]
    assert len(over_seeds(lambda seed: seed)) == 10
