"""The published accuracy: measured again on a sample, and held to the code and the docstrings."""

import json
import platform
import re
import runpy
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import mpmath
import nbformat
import numpy as np
import pytest

import npdl_activations
from npdl_activations import Elliot, SymmetricElliot
from npdl_activations.lab import accuracy
from npdl_activations.lab.accuracy import NAMES, TRUTHS, Tally, Unit

F32 = np.dtype(np.float32)
STRIDES = {"float16": 1, "bfloat16": 1, "float32": 4_099, "float64": 101}
ROW_STRIDE = 49  # prime to 6, the number of kinds of rows


@cache
def published():
    return json.loads((accuracy.DATA / "accuracy.json").read_text(encoding="utf-8"))


@cache
def sampled(name, dtype):
    """The tallies of value and derivative on a sample of the inputs."""
    if dtype == "float32":
        chunks = accuracy.bit_patterns(F32, 0, 1 << 32, STRIDES[dtype])
    else:
        chunks = (
            x
            for unit in accuracy.units([name], [dtype])
            for x in accuracy.inputs(unit, STRIDES[dtype])
        )
    totals = [Tally(), Tally()]
    for x in chunks:
        for total, more in zip(
            totals, accuracy.measure(getattr(npdl_activations, name)(), x), strict=True
        ):
            total.add(more)
    return totals


@pytest.mark.parametrize("dtype", accuracy.DTYPES)
@pytest.mark.parametrize("name", TRUTHS)
def test_a_sample_of_the_inputs_keeps_to_the_bound(name, dtype):
    bound = getattr(npdl_activations, name).max_ulp[dtype]
    for kernel, tally in zip(accuracy.KERNELS, sampled(name, dtype), strict=True):
        assert tally.largest <= bound, (kernel, tally)
        assert tally.wrong_nans == 0, (kernel, tally)
        assert tally.nans > 0


@pytest.mark.parametrize(
    "steepness", [0.1, 3, 10, 1e30, 1e-40, np.nextafter(F32.type(2), F32.type(0))]
)
@pytest.mark.parametrize("cls", [Elliot, SymmetricElliot])
def test_any_steepness_keeps_to_the_bound_and_two_more(cls, steepness):
    for dtype in accuracy.DTYPES[:3]:
        last = 1 << (32 if dtype == "float32" else 16)
        stride = 20_011 if dtype == "float32" else 1
        for x in accuracy.bit_patterns(accuracy.dtype_named(dtype), 0, last, stride):
            for tally in accuracy.measure(cls(steepness), x):
                assert tally.largest <= cls.max_ulp[dtype] + 2, (dtype, tally)
                assert tally.wrong_nans == 0


@cache
def sampled_rows(dtype):
    total = Tally()
    for unit in accuracy.units(["Softmax"], [dtype]):
        _, [tally] = accuracy.work(unit, ROW_STRIDE)
        total.add(tally)
    return total


@pytest.mark.parametrize("dtype", accuracy.DTYPES)
def test_a_sample_of_the_rows_of_softmax_keeps_to_the_bound(dtype):
    tally = sampled_rows(dtype)
    assert tally.largest <= npdl_activations.Softmax.max_ulp[dtype]
    assert tally.wrong_nans == 0


@pytest.mark.parametrize("dtype", accuracy.DTYPES)
def test_a_sample_of_the_rows_of_softmax_sums_to_one(dtype):
    assert sampled_rows(dtype).sum_off <= accuracy.SOFTMAX_SUM


@pytest.mark.parametrize("dtype", accuracy.DTYPES)
def test_a_sample_of_the_rows_of_softmax_keeps_the_order(dtype):
    assert sampled_rows(dtype).out_of_order == 0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_published_is_of_this_code(name):
    assert published()["fingerprints"][name] == accuracy.fingerprint(name), "run make verify"


@pytest.mark.parametrize("name", [*TRUTHS, "Softmax"])
def test_every_bound_that_is_published_holds(name):
    rows = [row for row in published()["rows"] if row["function"] == name]
    assert [failure for row in rows for failure in accuracy.broken(row)] == []


def test_the_table_agrees_with_the_classes():
    rows = published()["rows"]
    for row in rows:
        assert row["bound"] == getattr(npdl_activations, row["function"]).max_ulp[row["dtype"]]
        assert row["largest"] == max(row["simd"].values())
        dtype = accuracy.dtype_named(row["dtype"])
        assert float.fromhex(row["input_hex"]) == dtype.type(row["input"])
    assert len(rows) == 4 * (2 * len(TRUTHS) + 1)


def test_the_table_is_of_every_input():
    for row in published()["rows"]:
        if row["function"] == "Softmax":
            assert row["rows"] >= 10**5
        elif row["dtype"] == "float64":
            assert row["inputs"] >= 10**7
        else:
            assert row["inputs"] == 1 << 8 * accuracy.dtype_named(row["dtype"]).itemsize


def test_the_published_worst_cases_are_no_worse_here():
    for row in published()["rows"]:
        if row["function"] != "Softmax":
            x = np.array([float.fromhex(row["input_hex"])])
            activation = getattr(npdl_activations, row["function"])()
            pair = accuracy.measure(activation, x.astype(accuracy.dtype_named(row["dtype"])))
            assert pair[accuracy.KERNELS.index(row["kernel"])].largest <= row["bound"]


def test_the_axis_shows_what_the_table_says():
    axis = json.loads((accuracy.DATA / "accuracy_axis.json").read_text(encoding="utf-8"))
    assert len(axis["smallest"]) == 510
    assert axis["smallest"] == sorted(axis["smallest"])
    native = published()["simd"][0]
    for row in published()["rows"]:
        if row["dtype"] == "float32" and row["function"] != "Softmax":
            along = axis["package"][row["function"]][row["kernel"]]
            assert max(along) == pytest.approx(row["simd"][native], rel=0.01)
            assert len(axis["literal"][row["function"]][row["kernel"]]) == len(along) == 510


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_states_the_bound(name):
    cls = getattr(npdl_activations, name)
    half, bfloat, single, double = (cls.max_ulp[dtype] for dtype in accuracy.DTYPES)
    assert half == bfloat
    stated = (
        f"Within {half} ULP in float16 and bfloat16, {single} in float32 and {double} in float64"
    )
    assert (stated if half else "Exact in every dtype") in " ".join(cls.__doc__.split())


@pytest.mark.parametrize("name", NAMES)
def test_the_card_states_the_bound(name):
    cls = getattr(npdl_activations, name)
    page = accuracy.DATA.parent / f"{cls.__module__.rpartition('.')[2]}.ipynb"
    text = "\n".join(cell.source for cell in nbformat.read(page, as_version=4).cells)
    [entry] = re.findall(r"\n\| Accuracy \| (.+): \[measured\]\(accuracy\.ipynb\) \|\n", text)
    half, bfloat, single, double = (cls.max_ulp[dtype] for dtype in accuracy.DTYPES)
    assert half == bfloat
    stated = f"within {single} ULP in float32, {double} in float64, {half} in 16 bits"
    before, found, after = entry.partition(stated if half else "exact in every format")
    assert found
    assert not after
    assert before == {
        "Elliot": "with $s = 1$ ",
        "SymmetricElliot": "with $s = 1$ ",
        "Softmax": f"rows of up to {max(accuracy.ROWS):,} logits between $-10^4$ and $10^4$: "
        "each value ",
    }.get(name, "")


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_truth_is_true(name, dtype):
    activation = getattr(npdl_activations, name)()
    rng = np.random.default_rng(3)
    reach = 85 if dtype == "float32" else 700
    x = np.concatenate([rng.uniform(-reach, reach, 30), 10 ** rng.uniform(-30, 30, 30), [-1e9, 0]])
    x = np.concatenate([x, -x]).astype(dtype)
    with np.errstate(all="ignore"):
        wide = accuracy.widened(x)
        truths = [truth(wide, **activation._parameters) for truth in TRUTHS[name]]
    for kernel, truth in zip(accuracy.KERNELS, truths, strict=True):
        rounded = truth.astype(dtype)
        off = accuracy.exactly(activation, kernel, x, rounded)
        assert accuracy.errors(rounded, truth) == pytest.approx(off, abs=0.005)


def test_the_truth_of_softmax_is_true(monkeypatch):
    rng = np.random.default_rng(4)
    for scale in (1, 30, 1e4):
        x = np.clip(scale * rng.standard_normal((1, 20)), -1e4, 1e4)
        with mpmath.workprec(200):
            e = [mpmath.exp(mpmath.mpf(float(logit))) for logit in x[0]]
            exact = [entry / mpmath.fsum(e) for entry in e]
            # An answer that is 0.75 ULP off in the first entry alone.
            rounded = np.array([[float(entry) for entry in exact]])
            rounded[0, 0] = np.nextafter(rounded[0, 0], 2)
            first = float((mpmath.mpf(rounded[0, 0]) - exact[0]) / np.spacing(float(exact[0])))
        monkeypatch.setattr(accuracy, "Softmax", lambda rounded=rounded: lambda _: rounded)
        assert accuracy.measure_rows(x).largest == pytest.approx(first, abs=0.01)


@np.errstate(over="ignore")
def test_errors_are_counted_in_the_binade_of_the_truth():
    one, two, zero = np.float32([1, 2, 0])
    up, down = np.nextafter(one, two), np.nextafter(one, zero)
    tiny, largest = np.float32(1e-45), np.finfo(np.float32).max
    for computed, truth, error in [
        (up, 1 + 2.0**-30, 1 - 2.0**-7),
        (one, 1 - 2.0**-26, 0.25),
        (down, 1.0, 1.0),
        (zero, 0.0, 0.0),
        (tiny, 0.0, 1.0),
        (zero, 0.25 * float(tiny), 0.25),
        (np.float32(np.inf), 1e39, 0.0),
        (np.float32(-np.inf), 1e39, np.inf),
        (np.float32(np.inf), float(largest), np.inf),
        (largest, float(largest) + 2.0**103, 0.5),
    ]:
        assert accuracy.errors(np.array([computed]), np.array([truth]))[0] == error


def test_a_nan_out_of_place_is_counted():
    x = np.array([np.nan, np.nan, 1, 2], np.float32)
    computed = np.array([np.nan, 0, np.nan, 2], np.float32)
    tally = accuracy.counted(x, computed, np.array([np.nan, np.nan, np.nan, 0]))
    assert (tally.nans, tally.wrong_nans, tally.largest, tally.correct) == (2, 2, np.inf, 2)


def test_a_truth_that_is_nan_is_no_excuse():
    x = np.array([1, 2], np.float32)
    assert accuracy.counted(x, x, np.array([np.nan, 0])).largest == np.inf


def test_a_broken_kernel_is_noticed(monkeypatch):
    monkeypatch.setattr(npdl_activations.Sigmoid, "_forward", lambda _, x: 1 / (1 + np.exp(-x)))
    x = next(accuracy.bit_patterns(F32, 0, 1 << 32, 1_000_003))
    value, derivative = accuracy.measure(npdl_activations.Sigmoid(), x)
    assert value.largest > 1e4
    assert derivative.largest < 4


def test_broken_rows_of_softmax_are_noticed(monkeypatch):
    uneven = np.tile(np.float32([0.5, 0.25]), (3, 1))
    monkeypatch.setattr(accuracy, "Softmax", lambda: lambda _: uneven)
    tally = accuracy.measure_rows(np.zeros((3, 2), np.float32))
    assert tally.sum_off == 0.25 * 2**23
    assert tally.out_of_order > 1e6
    assert (tally.row_length, tally.rows) == (2, 3)


def test_every_bit_pattern_is_taken_once():
    patterns = np.concatenate([*accuracy.bit_patterns(np.dtype(np.float16), 0, 1 << 16, 1)])
    assert np.array_equal(patterns.view(np.uint16), np.arange(1 << 16))


def test_the_parts_of_a_stride_are_the_whole():
    parts = accuracy.units(["Sigmoid"], ["float32"])
    pieces = [x.view(np.uint32) for part in parts for x in accuracy.inputs(part, 1_000_003)]
    assert np.array_equal(np.concatenate(pieces), np.arange(0, 1 << 32, 1_000_003))


def test_the_logits_are_within_what_is_promised():
    for k in (1, 2, 128):
        rows = np.concatenate([*accuracy.logits(accuracy.dtype_named("bfloat16"), k, 1)])
        assert rows.shape == (accuracy.ROWS[k], k)
        finite = rows[np.isfinite(rows)].astype(float)
        assert 9_000 < np.abs(finite).max() < 10_049  # 10,048 is the bfloat16 next to 10,000
        assert np.isneginf(rows).any()
        assert not np.isnan(rows).any()
    assert sum(accuracy.ROWS.values()) >= 10**5


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
    assert accuracy.bare(before) == accuracy.bare(after)
    assert accuracy.bare(before) != accuracy.bare(before.replace("x +", "x -"))
    assert "# not one" in accuracy.bare(before)


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("sigmoid", {"Sigmoid", "SoftPlus", "Tanh"}),
        ("elementwise", set(TRUTHS)),
        ("arrays", set(NAMES)),
        ("registry", set()),
    ],
)
def test_a_fingerprint_covers_what_is_imported(edited, changed, monkeypatch, tmp_path):
    for module in accuracy.PACKAGE.glob("*.py"):
        (tmp_path / module.name).write_bytes(module.read_bytes())
    with (tmp_path / f"{edited}.py").open("a") as file:
        file.write("\nNEW = 1\n")
    before = {name: accuracy.fingerprint(name) for name in NAMES}
    monkeypatch.setattr(accuracy, "PACKAGE", tmp_path)
    after = {name: accuracy.fingerprint.__wrapped__(name) for name in NAMES}
    assert {name for name in NAMES if before[name] != after[name]} == changed


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A run of two activations in two dtypes on a few inputs, in this process: what it asked."""
    monkeypatch.setattr(accuracy, "DATA", tmp_path / "data")
    monkeypatch.setattr(accuracy, "JOURNAL", tmp_path / "journal")
    monkeypatch.setattr(accuracy, "NAMES", ["Linear", "Softmax"])
    monkeypatch.setattr(accuracy, "TRUTHS", {"Linear": TRUTHS["Linear"]})
    monkeypatch.setattr(accuracy, "DTYPES", ("float16", "float32"))
    monkeypatch.setattr(accuracy, "ROWS", {1: 20, 5: 50})
    monkeypatch.setattr(accuracy, "LITERAL_STRIDE", 1_000_003)
    monkeypatch.setattr(accuracy, "simd_levels", lambda: {"wide": "", "narrow": "X86_V3"})
    asked = []

    def measured(jobs, disabled):
        asked.append((len(jobs), disabled))
        for unit in jobs:
            yield accuracy.work(unit, 1_000_003)

    monkeypatch.setattr(accuracy, "measured", measured)
    return asked


def test_a_run_writes_the_table(small):
    assert accuracy.main(["--all"]) == 0
    units = 1 + 2 + 512 + 2
    assert small == [(units, ""), (units, "X86_V3")]
    table = json.loads((accuracy.DATA / "accuracy.json").read_text())
    assert [(row["function"], row["dtype"], row["kernel"]) for row in table["rows"]] == [
        ("Linear", "float16", "value"),
        ("Linear", "float16", "derivative"),
        ("Linear", "float32", "value"),
        ("Linear", "float32", "derivative"),
        ("Softmax", "float16", "value"),
        ("Softmax", "float32", "value"),
    ]
    assert table["rows"][0]["simd"] == {"wide": 0, "narrow": 0}
    assert accuracy.main(["--all"]) == 0
    assert len(small) == 2, "nothing was left to measure"


def test_an_interrupted_run_goes_on_where_it_stopped(small, monkeypatch, capsys):
    whole = accuracy.measured

    def interrupted(jobs, disabled):
        yield from whole(jobs[:100], disabled)
        raise KeyboardInterrupt

    monkeypatch.setattr(accuracy, "measured", interrupted)
    assert accuracy.main(["--all"]) == 130
    assert "kept" in capsys.readouterr().out
    assert not accuracy.DATA.exists()
    [journal] = accuracy.JOURNAL.iterdir()
    with journal.open("a") as file:
        file.write('\n{"key": "torn')
    monkeypatch.setattr(accuracy, "measured", whole)
    assert accuracy.main(["--all"]) == 0
    assert small[1:] == [(417, ""), (517, "X86_V3")]


def test_only_other_code_is_measured_anew(small, monkeypatch):
    accuracy.main(["--all"])
    small.clear()
    real = accuracy.fingerprint
    monkeypatch.setattr(
        accuracy, "fingerprint", lambda name: "new" if name == "Softmax" else real(name)
    )
    accuracy.main(["--all"])
    assert small == [(4, ""), (4, "X86_V3")]


@pytest.mark.usefixtures("small")
def test_a_broken_bound_is_reported(monkeypatch, capsys):
    real = accuracy.work

    def worse(unit, stride):
        unit, tallies = real(unit, stride)
        return unit, [replace(tally, largest=np.inf) for tally in tallies]

    monkeypatch.setattr(accuracy, "work", worse)
    assert accuracy.main(["--all"]) == 1
    assert "Linear derivative float16: largest is inf, and at most 0" in capsys.readouterr().err
    axis = json.loads((accuracy.DATA / "accuracy_axis.json").read_text())
    assert axis["package"]["Linear"]["value"] == [None] * 510


def test_a_yardstick_that_is_off_is_noticed():
    with pytest.raises(ArithmeticError, match=r"Sigmoid's value at 1\.0 is off by"):
        accuracy.row("Sigmoid", "float32", "value", {"": Tally(3.0, at=1.0, got=0.5, inputs=1)})


def test_a_row_can_be_repeated(capsys):
    assert accuracy.main(["Sigmoid", "--dtype", "float16", "--stride", "3"]) == 0
    value, derivative = capsys.readouterr().out.splitlines()
    assert value.startswith("Sigmoid value, float16, 21,846 inputs: at most 0.5")
    assert derivative.startswith("Sigmoid derivative, float16, 21,846 inputs: at most 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Sigmoids"], "unknown activation 'Sigmoids': known are Elliot, Linear, ReLU, Sigmoid"),
        (["Sigmoid", "--dtype", "float8"], "unknown dtype 'float8': known are float16, bfloat16"),
        (["Sigmoid", "--stride", "0"], "a stride is a positive integer, not '0'"),
        (["Sigmoid", "--stride", "x"], "a stride is a positive integer, not 'x'"),
        ([], "name one activation, or --all of them: known are Elliot, Linear"),
        (["Sigmoid", "--all"], "name one activation, or --all of them"),
    ],
)
def test_a_wrong_command_is_one_sentence(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["accuracy", *arguments])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(accuracy.__file__, run_name="__main__")
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_without_a_wider_longdouble_mpmath_measures_less(monkeypatch):
    unit = Unit("Sigmoid", "float64", 9)
    monkeypatch.setattr(accuracy, "WIDER", False)
    _, tallies = accuracy.work(unit, 20)
    assert [tally.inputs for tally in tallies] == [10, 10]
    assert all(tally.largest < 3 for tally in tallies)
    assert accuracy.units(["Softmax"], ["float64"]) == []


def test_without_a_wider_longdouble_the_command_says_so(monkeypatch, capsys):
    monkeypatch.setattr(accuracy, "WIDER", False)
    monkeypatch.setattr(accuracy, "verify", lambda: 0)
    assert accuracy.main(["--all"]) == 0
    assert "longdouble is no wider than float64" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        accuracy.main(["Softmax"])


def test_without_cpuinfo_python_names_the_processor(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert accuracy.cpu_model() == platform.processor()


def test_the_first_simd_level_is_the_machines_own():
    levels = accuracy.simd_levels()
    assert next(iter(levels.values())) == ""
    assert all(levels)
    assert max(levels.values(), key=len) == [*levels.values()][-1]
