"""The tool that tests the tests: it breaks what matters, and it reports what nobody noticed."""

import json
import shutil

import mutants
import pytest

CHAPTER = [
    "import inspect\nfrom npdl_activations import Linear",
    "print(inspect.getsource(Linear))",
    "assert Linear()(3.0) == 3",
]
TEST = """
from npdl_activations import Linear
def test_forward():
    assert Linear()(3.0) == 3
"""


@pytest.mark.parametrize("module", mutants.CLASSES)
def test_each_kernel_has_its_sign_its_factor_and_a_constant_changed(module):
    kernels = {}
    for mutant in mutants.mutants(module):
        kernels.setdefault(mutant.kernel, []).append(mutant.change.partition(":")[0])
    more = {"backward", "jacobian"} if module == "softmax" else set()
    assert set(kernels) == {"forward", "derivative"} | more
    assert all({"sign", "factor", "constant"} <= set(kinds) for kinds in kernels.values())


def test_what_computes_the_same_is_no_mutant():
    source = (mutants.ROOT / "npdl_activations" / "relu.py").read_text("utf-8")
    same = source.replace("np.maximum(x, 0) + 0", "np.maximum(x, 0) - 0")
    assert same != source
    assert not mutants.shows("relu", source, same)
    assert mutants.shows("relu", source, source.replace("x, 0) + 0", "x, 0) + 0.01"))


def test_a_missing_file_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    assert mutants.main(["relu"]) == 1
    assert "tests/test_relu.py" in capsys.readouterr().err


def sample(root, test):
    """Make a tree whose chapter and tests know only of Linear's value."""
    shutil.copytree(mutants.ROOT / "npdl_activations", root / "npdl_activations")
    shutil.copy(mutants.ROOT / "pyproject.toml", root)
    (root / "tests").mkdir()
    (root / "tests" / "test_linear.py").write_text(test)
    (root / "tests" / "test_formulas.py").touch()
    cells = [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": text}
        for text in CHAPTER
    ]
    (root / "book").mkdir()
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (root / "book" / "linear.ipynb").write_text(json.dumps(notebook))


def test_a_survivor_is_reported_whatever_the_source_listing_shows(tmp_path, monkeypatch, capsys):
    sample(tmp_path, TEST)
    found = {mutant.kernel: mutant for mutant in mutants.mutants("linear")}
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "mutants", lambda _: found.values())
    assert mutants.main(["linear"]) == 1
    table = capsys.readouterr().out
    assert "linear           forward    fail        fail" in table
    assert "linear           derivative SURVIVED    SURVIVED" in table
    assert "2 mutants, 1 survivors" in table


def test_tests_that_fail_anyway_prove_nothing(tmp_path, monkeypatch, capsys):
    sample(tmp_path, TEST.replace("== 3", "== 4"))
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "mutants", lambda _: [])
    assert mutants.main(["linear"]) == 1
    assert "linear fails unbroken: test_forward" in capsys.readouterr().err
