"""The tool that tests the tests: it breaks what matters, and it reports what nobody noticed."""

import ast
import json
import re

import mutants
import pytest

CHAPTER = [
    "import inspect\nfrom npdl_activations import Linear",
    "print(inspect.getsource(Linear))",
    "assert Linear()(3.0) == 3",
]
TEST = """
import mark  # from tools, as real tests import
from npdl_activations import Linear
def test_forward():
    assert Linear()(3.0) == 3
"""


@pytest.mark.parametrize("module", mutants.CLASSES)
def test_each_kernel_has_its_sign_its_factor_and_a_constant_changed(module):
    kernels = {}
    for mutant in mutants.mutants(module):
        kernels.setdefault(mutant.kernel, []).append(mutant.change.partition(":")[0])
        assert ast.parse(mutant.source)
    source = (mutants.ROOT / "npdl_activations" / f"{module}.py").read_text("utf-8")
    defined = set(re.findall(r"    def _(forward|derivative|backward|jacobian)\(", source))
    assert "forward" in defined
    assert defined <= set(kernels)
    for kernel in defined:
        assert len(kernels[kernel]) == len(set(kernels[kernel])) >= 3, kernel


def test_what_computes_the_same_is_no_mutant():
    source = (mutants.ROOT / "npdl_activations" / "softsign.py").read_text("utf-8")
    result = "return x / (1 + np.abs(x))"
    assert result in source
    assert not mutants.shows("softsign", source, source.replace(result, f"{result} - 0"))
    assert mutants.shows("softsign", source, source.replace(result, f"{result} + 0.01"))


def test_a_kernel_that_writes_its_result_where_it_is_told_is_broken_there():
    """What such a kernel returns is not looked at."""
    (change,) = (
        mutant.change
        for mutant in mutants.mutants("tanh")
        if mutant.kernel == "forward" and mutant.change.startswith("sign")
    )
    assert change.endswith("out=out)")


def test_a_missing_file_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    assert mutants.main(["relu"]) == 1
    assert "tests/test_relu.py" in capsys.readouterr().err


def test_only_numbers_count_not_the_source_that_a_chapter_lists(tmp_path, monkeypatch):
    """In the tree that the tool builds, but for a test and a chapter that take no time."""
    mutants.copy_parts(tmp_path)
    (tmp_path / "tests" / "test_linear.py").write_text(TEST)
    for path in mutants.ALIKE:
        (tmp_path / path).write_text("")
    cells = [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": text}
        for text in CHAPTER
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "book" / "linear.ipynb").write_text(json.dumps(notebook))
    mutant = next(mutants.mutants("linear"))
    assert mutant.kernel == "forward"
    assert mutants.first_failure(tmp_path, "tests/test_linear.py", "-p", "no:nbval") == ""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    assert mutants.verdict(mutant) == ("test_forward", "Cell 2")


@pytest.mark.parametrize(
    ("survives", "verdict"), [("unit tests", ("", "Cell 2")), ("chapter", ("test_forward", ""))]
)
def test_a_survivor_of_either_is_reported(monkeypatch, capsys, survives, verdict):
    def answer(mutant):
        if mutant.change.startswith("sign") and mutant.kernel == "derivative":
            return mutants.Verdict(*verdict)
        return mutants.Verdict(*(["test_forward", "Cell 2"] if mutant.kernel else ["", ""]))

    monkeypatch.setattr(mutants, "verdict", answer)
    assert mutants.main(["softsign"]) == 1
    lines = capsys.readouterr().out.splitlines()
    head, row = lines[0], next(line for line in lines if "SURVIVED" in line)
    assert row.startswith("softsign         derivative")
    assert row.index("SURVIVED") == head.index(survives)
    count = len(list(mutants.mutants("softsign")))
    assert lines[-2:] == [
        f"{count} mutants, 1 survivors",
        f"survivor: {' '.join(row.split()[:2])}, {row[52:]}",
    ]


def test_without_survivors_all_is_well(monkeypatch, capsys):
    caught = mutants.Verdict("test_forward", "Cell 2")
    passed = mutants.Verdict("", "")
    monkeypatch.setattr(mutants, "verdict", lambda m: caught if m.kernel else passed)
    assert mutants.main(["softsign"]) == 0
    assert " mutants, 0 survivors" in capsys.readouterr().out


def test_tests_that_fail_anyway_prove_nothing(monkeypatch, capsys):
    monkeypatch.setattr(mutants, "verdict", lambda _: mutants.Verdict("test_forward", "Cell 2"))
    assert mutants.main(["softsign"]) == 1
    assert "softsign fails unbroken: test_forward and Cell 2" in capsys.readouterr().err
