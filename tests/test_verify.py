"""`make verify`: the journal, the search, and the table on a small run."""

import json
import platform
from dataclasses import asdict
from functools import cache
from pathlib import Path

import journal
import machine
import numpy as np
import pytest
import search
import verify
from journal import Journal, bare, fingerprint
from search import Case

from npdl_activations import Elliot, ReLU, Sigmoid, Softmax, registry
from npdl_activations.lab import inputs
from npdl_activations.lab.accuracy import work
from npdl_activations.lab.inputs import EVERY, OTHER, PEOPLE, SAMPLE, Unit
from npdl_activations.lab.yardstick import WIDER, Tally

WIDE = pytest.mark.skipif(not WIDER, reason="needs a longdouble wider than float64")


def test_a_fingerprint_ignores_what_changes_no_result():
    before = '''
from typing import Any
class A:
    """Doc."""
    max_ulp: ClassVar = {"float32": 4}
    def f(self, x):  # a comment
        # another
        return x + "# not one"
'''
    after = '''
from typing import Any, ClassVar
class A:
    """Another
    doc."""
    max_ulp: ClassVar = {
        "float32": 3,
    }

    def f(self, x):
        return x + "# not one"
'''
    assert bare(before) == bare(after)
    assert bare(before) != bare(before.replace("x +", "x -"))
    assert "# not one" in bare(before)


NAMES = {cls.__name__ for cls in registry.classes()}
# Of one source they are the same every time.
BARE = cache(bare)
IMPORTED = cache(lambda module, source, find=journal.imported: [*find(module, source)])


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """A copy of the package's sources that the fingerprints are taken of."""
    for module in journal.PACKAGE.rglob("*.py"):
        copy = tmp_path / module.relative_to(journal.PACKAGE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(module.read_bytes())
    monkeypatch.setattr(journal, "PACKAGE", tmp_path)
    monkeypatch.setattr(journal, "bare", BARE)
    monkeypatch.setattr(journal, "imported", IMPORTED)
    before = {name: fingerprint.__wrapped__(name) for name in NAMES}

    def changed():
        return {name for name in NAMES if fingerprint.__wrapped__(name) != before[name]}

    return tmp_path, changed


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("softsign", {"SoftSign"}),
        ("elementwise", NAMES - {"Softmax"}),
        ("arrays", NAMES),
        ("registry", set()),
        ("lab/yardstick", NAMES),
        ("lab/inputs", NAMES),
        ("lab/check", NAMES),
        ("lab/figures", set()),
    ],
)
def test_a_fingerprint_covers_what_is_imported(edited, changed, copied):
    folder, found = copied
    with (folder / f"{edited}.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert changed <= found()
    assert found() == changed or edited == "softsign"


@pytest.mark.parametrize(
    "line",
    [
        "from .parts.deep import DEEP",
        "from .parts import deep",
        "from npdl_activations.parts import deep",
        "import npdl_activations.parts.deep",
    ],
)
def test_a_fingerprint_covers_subpackages(line, copied):
    folder, found = copied
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").write_text('"""Parts."""\n')
    deep = folder / "parts" / "deep.py"
    deep.write_text("from . import deeper\nDEEP = 1\n")
    (folder / "parts" / "deeper.py").write_text("DEEPER = 1\n")
    with (folder / "relu.py").open("a") as file:
        file.write(f"\n{line}\n")
    assert found() == {"ReLU"}
    first = fingerprint.__wrapped__("ReLU")
    (folder / "parts" / "deeper.py").write_text("DEEPER = 2\n")
    assert fingerprint.__wrapped__("ReLU") != first


def test_a_journal_reads_what_was_written_and_skips_a_torn_line(tmp_path):
    first = Journal(tmp_path / "journal")
    first["a"] = {"tally": [1, 2]}
    [file] = (tmp_path / "journal").iterdir()
    with file.open("a") as torn:
        torn.write('\n{"key": "torn')
    second = Journal(tmp_path / "journal")
    second["b"] = 2.5
    assert Journal(tmp_path / "journal").results == {"a": {"tally": [1, 2]}, "b": 2.5}
    assert "a" in second
    assert "torn" not in second


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A run of three activations on a few inputs, in this process."""
    three = [ReLU, Elliot, Softmax]
    monkeypatch.setattr(verify, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(verify, "JOURNAL", tmp_path / "journal")
    monkeypatch.setattr(verify, "WORST", tmp_path / "worst.json")
    monkeypatch.setattr(verify, "LITERAL_STRIDE", 1_000_003)
    every = inputs.exponents
    for module in (inputs, verify):  # eight pieces of the axis
        monkeypatch.setattr(module, "exponents", lambda dtype: every(dtype)[::15])
        monkeypatch.setattr(module, "BINADES", 8)
        monkeypatch.setattr(module, "BINADE", 1 << 29)
    monkeypatch.setattr(registry, "classes", lambda: three)
    monkeypatch.setattr(inputs, "ROWS", {1: 20, 5: 50})
    monkeypatch.setattr(inputs, "PART", 500)
    monkeypatch.setattr(inputs, "OTHERS", (3.0,))
    monkeypatch.setattr(verify, "simd_levels", lambda: {"wide": "", "narrow": "X86_V3"})
    monkeypatch.setattr(verify, "DTYPES", ("float32", "float64"))
    monkeypatch.setattr(verify, "SECONDS", {("float64", "value"): 0.05})
    monkeypatch.setattr(verify, "ROW_SECONDS", {"value": 0.05, "backward": 0.05, "jacobian": 0})
    monkeypatch.setattr(verify, "CLOSE_ROWS", 1_000)
    monkeypatch.setattr(search, "LENGTHS", (2,))
    monkeypatch.setattr(search, "CLIMBERS", 64)

    class Pool:
        def __init__(self, disabled=""):
            assert disabled in {"", "X86_V3"}

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def imap(self, function, jobs):
            return map(function, jobs)

        def imap_unordered(self, function, jobs):
            for job in jobs:
                unit = job[0]
                yield function(job, {PEOPLE: 1, EVERY: 100_003}.get(unit.kind, 101))

    monkeypatch.setattr(verify, "workers", Pool)


@WIDE
@pytest.mark.usefixtures("small")
def test_a_run_writes_the_table_and_the_worst_cases(monkeypatch):
    assert verify.main([]) == 0
    table = json.loads((verify.DATA / "accuracy.json").read_text())
    rows = [(row["function"], row["verb"], row["dtype"]) for row in table["rows"]]
    assert set(rows) == {
        (cls.__name__, verb, dtype)
        for cls in (ReLU, Elliot, Softmax)
        for verb in cls.max_ulp["float64"]
        for dtype in ("float32", "float64")
    }
    assert len(rows) - len(set(rows)) == 6, "the Elliots' rows for other parameters"
    signs = {row["sign"] for row in table["rows"] if row["function"] == "Softmax"}
    assert signs == {"≥"}
    fall = {
        row["dtype"]: row["out_of_order"]
        for row in table["rows"]
        if (row["function"], row["verb"]) == ("Softmax", "value")
    }
    assert fall["float32"] == 0 <= fall["float64"] <= 3
    assert table["rows"][0]["sign"] == "="
    cases = [*search.read(json.loads(verify.WORST.read_text()))]
    named = {"Elliot", "Softmax", "compiled Elliot", "compiled Softmax"}
    assert {case.function for case in cases} == named
    assert all(search.exact_error(case) == pytest.approx(case.error, abs=1e-3) for case in cases)
    # Nothing is left to measure.
    for function in ("anchor", "work", "one_search", "order"):
        monkeypatch.setattr(verify, function, None)
    assert verify.main([]) == 0
    assert json.loads((verify.DATA / "accuracy.json").read_text()) == table


@WIDE
@pytest.mark.usefixtures("small")
def test_an_interrupted_run_goes_on_where_it_stopped(monkeypatch, capsys):
    whole = verify.search_all

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "search_all", interrupted)
    assert verify.main([]) == 130
    assert "kept" in capsys.readouterr().out
    assert not [*verify.DATA.iterdir()]
    monkeypatch.setattr(verify, "search_all", whole)
    monkeypatch.setattr(verify, "work", None)
    assert verify.main([]) == 0


@WIDE
@pytest.mark.usefixtures("small")
def test_a_broken_bound_is_reported(monkeypatch, capsys):
    bounds = {dtype: dict.fromkeys(verbs, 0) for dtype, verbs in Elliot.max_ulp.items()}
    monkeypatch.setattr(Elliot, "max_ulp", bounds)
    assert verify.main([]) == 1
    said = capsys.readouterr().err
    assert "Elliot derivative float32: largest is 2." in said
    assert "Elliot derivative float64 with other parameters: largest is " in said
    assert "and at most 0 is promised" in said


@WIDE
@pytest.mark.usefixtures("small")
def test_a_yardstick_that_strays_stops_the_run(monkeypatch):
    real = verify.exactly
    monkeypatch.setattr(verify, "exactly", lambda *a: real(*a) + 0.3)
    with pytest.raises(ArithmeticError, match="ULP from high precision"):
        verify.main([])


def test_without_the_book_there_is_nowhere_to_write(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(verify, "DATA", tmp_path / "nowhere")
    with pytest.raises(SystemExit) as stop:
        verify.main([])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "there is no such folder" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--search", "Softmax"], ["--minutes", "3"], ["--search", "Softmin"]]
)
def test_a_wrong_command_is_one_sentence(arguments, capsys):
    with pytest.raises(SystemExit):
        verify.main(arguments)
    assert capsys.readouterr().err.count("\n") == 1


@WIDE
@pytest.mark.usefixtures("small")
def test_one_activation_is_searched_alone(monkeypatch, capsys):
    monkeypatch.setattr(verify, "positive", lambda _: 0.002)
    assert verify.main(["--search", "Softmax", "--minutes", "1"]) == 0
    out = capsys.readouterr().out
    assert "Softmax value, float64: " in out
    assert "Softmax jacobian, float64: " in out
    assert verify.WORST.exists()


@WIDE
@pytest.mark.parametrize("verb", ["value", "derivative", "backward"])
def test_a_search_finds_what_a_sample_does_not(verb, monkeypatch):
    # A kernel that is 40 ULP off at one float in a million, and the worse the nearer.
    def off(x):
        return np.where(np.abs(x - 3) < 1e-9, 40 * 2.0**-52 * (1 - np.abs(x - 3) * 1e9), 0)

    forward, derivative = Sigmoid._forward, Sigmoid._derivative
    narrow = np.dtype(float)

    def wrong(kernel):
        return lambda self, x: kernel(self, x) * (1 + (off(x) if x.dtype == narrow else 0))

    monkeypatch.setattr(Sigmoid, "_forward", wrong(forward))
    monkeypatch.setattr(Sigmoid, "_derivative", wrong(derivative))
    monkeypatch.setattr(
        Sigmoid, "_backward", lambda self, g, x: g * wrong(derivative)(self, x), raising=False
    )
    start = [[[(3.0000000009).hex(), 1]], [[(1.5).hex(), 1]]][: 1 + (verb == "backward")]
    stored = [Case("Sigmoid", {}, verb, "float64", "here", 1.0, start)]
    cases, tried = search.search("Sigmoid", verb, "float64", "here", 0.8, 0, stored)
    assert tried > 10**5
    assert cases[0].error > 20


@WIDE
@pytest.mark.parametrize("verb", ["value", "backward", "jacobian"])
def test_a_search_raises_the_error_of_a_row(verb, monkeypatch):
    monkeypatch.setattr(search, "LENGTHS", (8,))
    monkeypatch.setattr(search, "SQUARES", (4,))
    cases, _ = search.search("Softmax", verb, "float64", "here", 0.6, 0, [])
    assert 1 <= len(cases) <= search.KEPT
    sample = work((Unit("Softmax", verb, "float64", SAMPLE, 7), None), 49)[1]
    assert cases[0].error > 0.8 * min(sample.largest, 1)
    # It starts from what is stored, and never ends below.
    again, _ = search.search("Softmax", verb, "float64", "here", 0.3, 1, cases)
    assert again[0].error >= cases[0].error - 1e-9


def test_a_case_is_kept_in_runs():
    case = Case("Softmax", {}, "value", "float64", "here", 1.0, [[["0x1p+0", 3], ["-0x1p-1", 1]]])
    [row] = case.arrays()
    assert row.tolist() == [1, 1, 1, -0.5]
    assert search.runs(row) == [["0x1.0000000000000p+0", 3], ["-0x1.0000000000000p-1", 1]]
    assert case.length() == 4
    assert [*search.read([asdict(case)])] == [case]


def test_of_cases_alike_the_worst_is_kept():
    cases = [
        Case("Sigmoid", {}, "value", "float64", "here", error, [[["0x1p+0", 1]]])
        for error in (1.0, 3.0, 2.0, np.inf)
    ]
    lost = Case("Softmax", {}, "value", "float64", "here", 9.0, [])
    assert search.worst_of([*cases, lost]) == [cases[1]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_close_rows_are_of_neighbours_and_one_that_is_far(dtype):
    rows = search.close_rows(dtype, 50, 0)
    near_by, top = rows[:, :-1].astype(float), rows[:, -1:].astype(float)
    steps = np.abs(np.diff(near_by, axis=1)) / np.spacing(np.abs(rows[:, 1:-1]))
    assert (steps < 80).all()
    assert (np.abs(near_by) < 1.01 * top).all()


def test_the_first_simd_level_is_the_machines_own():
    levels = machine.simd_levels()
    assert next(iter(levels.values())) == ""
    assert all(levels)
    assert max(levels.values(), key=len) == [*levels.values()][-1]


def test_without_cpuinfo_python_names_the_processor(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert machine.cpu_model() == platform.processor()


def test_a_level_gives_its_bits_only_where_they_differ(tmp_path):
    log = Journal(tmp_path)
    units = [Unit("ReLU", "value", "float32", EVERY, part) for part in range(2)]
    for level, digests in {"wide": ([1, 2], [3, 4]), "narrow": ([1, 2], [3, 5])}.items():
        for unit, digest in zip(units, digests, strict=True):
            log[verify.key(level, unit)] = {"tally": asdict(Tally()), "digest": digest}
    what = ("ReLU", "value", "float32")
    assert verify.differs(log, "narrow", "wide", units, what)
    assert not verify.differs(log, "narrow", "wide", units[:1], what)
    assert not verify.differs(log, "narrow", "wide", units, ("ReLU", "backward", "float32"))


def test_other_parameters_have_rows_of_their_own():
    assert {u.kind for u in inputs.units(["Elliot"], ["float64"])} == {SAMPLE, OTHER, PEOPLE}
