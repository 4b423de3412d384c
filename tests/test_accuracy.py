"""The published accuracy: measured again on a sample, and held to the code and the docstrings."""

import json
import os
import runpy
import sys
from functools import cache

import numpy as np
import pytest
from journal import fingerprint
from search import Case, exact_error
from verify import DATA, OUT_OF_ORDER, broken, stored_cases

from npdl_activations import registry
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab import accuracy, inputs
from npdl_activations.lab.accuracy import digest, upwards, work
from npdl_activations.lab.inputs import EVERY, OTHER, PEOPLE, SAMPLE, Unit, units
from npdl_activations.lab.yardstick import DTYPES, Tally, dtype_named, measure, verbs

CLASSES = registry.classes()
NAMES = [cls.__name__ for cls in CLASSES]
BOTH_TIERS = [*NAMES, *(f"compiled {name}" for name in NAMES)]
CASES = [(cls, verb, dtype) for cls in CLASSES for verb in verbs(cls) for dtype in DTYPES]
each_case = pytest.mark.parametrize(
    ("cls", "verb", "dtype"), CASES, ids=lambda value: getattr(value, "__name__", value)
)
# Of the inputs drawn at random so many are taken here, and of the parts of pairs these.
PART = 30_000
PAIRS = range(inputs.PAIR_PARTS - 4, inputs.PAIR_PARTS)
# Hard inputs that a search does not come upon by itself.
FOUND = [
    Case("Sigmoid", {}, "value", "float64", "", 0, [[[(-6.236518653702822).hex(), 1]]]),
    Case(
        *("Softmax", {}, "value", "float64", "", 0),
        [
            [
                ["-0x1.d3bf40a219527p-1", 1],
                ["-0x1.9b50a75c24deap+0", 14],
                ["-0x1.1825f0797a817p+2", 1],
            ]
        ],
    ),
]


@cache
def published():
    return json.loads((DATA / "accuracy.json").read_text(encoding="utf-8"))


@pytest.fixture
def few(monkeypatch):
    """Samples of few numbers and rows, drawn as those of `make verify` are."""
    monkeypatch.setattr(inputs, "PART", PART)
    monkeypatch.setattr(inputs, "ROWS", {k: max(6, n // 50) for k, n in inputs.ROWS.items()})


def sampled(cls, verb, dtype):
    """Return the tally of a verb on a sample of its inputs, other parameters' included."""
    total = Tally()
    for unit in units([cls.__name__], [dtype]):
        row = not issubclass(cls, Elementwise)
        if unit.verb == verb and unit.kind != PEOPLE:
            if row or (unit.kind == SAMPLE and (verb != "backward" or unit.part in PAIRS)):
                total.add(work((unit, None), 1 if row else 7)[1])
            elif unit.kind == OTHER:
                total.add(work((unit, None), 401)[1])
            elif unit.kind == EVERY and unit.part % 64 == 0:
                total.add(work((unit, None), 100_003 if dtype == "float32" else 1)[1])
    return total


@pytest.mark.usefixtures("few")
@each_case
def test_a_sample_of_the_inputs_keeps_to_the_bound(cls, verb, dtype):
    tally = sampled(cls, verb, dtype)
    assert tally.largest <= cls.max_ulp[dtype][verb], tally
    assert tally.wrong_nans == 0, tally
    assert tally.inputs > 500
    if tally.rows and verb == "value":
        assert 0 < tally.sum_off <= inputs.SUM_OFF
        assert tally.out_of_order <= OUT_OF_ORDER.get(dtype, 0)


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.function)
def test_what_others_found_keeps_to_the_bound(case):
    assert exact_error(case) <= case.activation().max_ulp[case.dtype][case.verb]


@cache
def stored():
    return stored_cases()


@each_case
def test_the_stored_worst_cases_keep_to_the_bound(cls, verb, dtype):
    what = (cls.__name__, verb, dtype)
    mine = [case for case in stored() if (case.function, case.verb, case.dtype) == what]
    bound = cls.max_ulp[dtype][verb]
    # A long row is not stored, and float64's are searched among short ones too.
    assert mine or bound == 0 or (not issubclass(cls, Elementwise) and dtype != "float64")
    for case in mine:
        assert case.error <= bound, case
        assert exact_error(case) <= bound, case


@pytest.mark.parametrize("name", BOTH_TIERS)
def test_what_is_published_is_of_this_code(name):
    assert published()["fingerprints"][name] == fingerprint(name), "run make verify"


@pytest.mark.parametrize("name", BOTH_TIERS)
def test_every_bound_that_is_published_holds(name):
    rows = [row for row in every_row() if row["function"] == name]
    assert [failure for row in rows for failure in broken(row)] == []


def every_row():
    """Return the rows of both tiers."""
    second = published()["compiled"]
    return [
        *published()["rows"],
        *(row | {"function": f"compiled {row['function']}"} for row in second),
    ]


def test_the_table_agrees_with_the_classes():
    rows = {
        (row["function"], row["verb"], row["dtype"]): row
        for row in published()["rows"]
        if not row["other_parameters"]
    }
    assert [*rows] == [(cls.__name__, verb, dtype) for cls, verb, dtype in CASES]
    for row in every_row():
        cls = inputs.named(row["function"])
        assert row["bound"] == cls.max_ulp[row["dtype"]][row["verb"]]
        assert row["largest"] == max(row["simd"].values())
        # Below AVX2 the compiled tier is not measured.
        levels = published()["simd"][: 2 if " " in row["function"] else None]
        assert [*row["simd"]] == levels
        assert row["proved"] == (row["verb"] in cls.proved)
        dtype = dtype_named(row["dtype"])
        for operand in row["at"]:
            for number in map(float.fromhex, operand):
                assert float(dtype.type(number)) == number


def test_the_table_says_what_was_tried():
    for row in every_row():
        elementwise = issubclass(inputs.named(row["function"]), Elementwise)
        if row["sign"] == "=":
            assert row["inputs"] == 1 << 8 * dtype_named(row["dtype"]).itemsize
        elif row["other_parameters"]:
            assert row["inputs"] > 10**5
        elif elementwise:
            assert row["inputs"] > 10**7
        else:
            assert row["rows"] > 5 * 10**4
        exhausted = row["verb"] in {"value", "derivative"} and row["dtype"] != "float64"
        assert (row["sign"] == "=") == (elementwise and exhausted and not row["other_parameters"])
        searched = row["bound"] > 0 and row["dtype"] == "float64"
        assert row["searched"] > 10**4 or not searched or row["other_parameters"]


def test_the_published_worst_cases_are_no_worse_here():
    for row in every_row():
        if row["at"] and not row["other_parameters"]:
            cls = inputs.named(row["function"])
            operands = [
                np.array([*map(float.fromhex, operand)]).astype(dtype_named(row["dtype"]))
                for operand in row["at"]
            ]
            if not issubclass(cls, Elementwise):
                operands = [operand[np.newaxis] for operand in operands]
            tally, _ = measure(cls(), row["verb"], *operands)
            assert tally.largest <= row["bound"]


def test_the_axis_shows_what_the_table_says():
    axis = json.loads((DATA / "accuracy_axis.json").read_text(encoding="utf-8"))
    assert len(axis["smallest"]) == 510
    assert axis["smallest"] == sorted(axis["smallest"])
    native = published()["simd"][0]
    for row in published()["rows"]:
        if row["sign"] == "=" and row["dtype"] == "float32":
            along = axis["package"][row["function"]][row["verb"]]
            assert max(along) == pytest.approx(row["simd"][native], rel=0.01)
            assert len(axis["literal"][row["function"]][row["verb"]]) == len(along) == 510


def test_a_result_that_is_the_same_bit_for_bit_is_not_measured_again(monkeypatch):
    unit = Unit("SoftSign", "value", "float16", EVERY, 0)
    result = work((unit, None), 7)
    monkeypatch.setattr(accuracy, "measure", None)
    assert work((unit, result), 7) is result
    changed = (result[0], result[1], [result[2][0], 0])
    with pytest.raises(TypeError):
        work((unit, changed), 7)


def test_a_digest_stops_at_the_first_chunk_that_differs(monkeypatch):
    unit = Unit("SoftSign", "value", "float16", EVERY, 0)
    chunks = []
    real = accuracy.answer
    monkeypatch.setattr(accuracy, "answer", lambda *a: chunks.append(1) or real(*a))
    first, every = digest(unit, 1, [0])
    assert (first, len(chunks)) == (every, 1)
    assert digest(unit, 1, [first])[1] != every
    assert len(chunks) == 3


def test_rounding_up_is_exact():
    assert upwards(2.97500000001) == 2.9751
    assert upwards(2.9375) == 2.9375
    assert upwards(0.1 + 0.2, 1) == 0.4
    assert upwards(0.5) == 0.5
    assert upwards(np.inf) == np.inf


@pytest.mark.parametrize(("name", "part"), [("Sigmoid", 127), ("Softmax", 5)])
def test_a_yardstick_that_is_off_is_noticed(name, part):
    kind = EVERY if name == "Sigmoid" else SAMPLE
    tally = work((Unit(name, "value", "float32", kind, part), None), 10_007)[1]
    act = inputs.named(name)()
    assert tally.largest > 1e-3
    assert accuracy.exact_largest(act, "value", "float32", tally) == pytest.approx(tally.largest)
    tally.largest += 0.01
    with pytest.raises(ArithmeticError, match=r"(?s)value at .* is \d\.\d+ ULP off, not"):
        accuracy.exact_largest(act, "value", "float32", tally)


def test_what_was_never_asked_has_no_exact_error():
    assert accuracy.exact_largest(None, "value", "float32", Tally()) == 0


@pytest.fixture
def alone(monkeypatch, few):  # noqa: ARG001
    """Measure in this process, and few inputs."""
    monkeypatch.setattr(accuracy, "measured", lambda jobs, _, s: (work(job, s) for job in jobs))


@pytest.mark.usefixtures("alone")
def test_a_row_can_be_repeated(capsys):
    assert accuracy.main(["Elliot", "--dtype", "float16", "--stride", "3"]) == 0
    value, other, *_ = lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert value.startswith("Elliot value, float16, 21,846 inputs: at least 0.5")
    assert other.startswith("Elliot with other parameters, value, float16, ")
    assert accuracy.main(["SoftSign", "--dtype", "float16", "--stride", "1"]) == 0
    assert "SoftSign value, float16, 65,536 inputs: 0.5 ULP off" in capsys.readouterr().out


@pytest.mark.usefixtures("alone")
def test_a_row_of_softmax_can_be_repeated(capsys):
    assert accuracy.main(["Softmax", "--dtype", "float16"]) == 0
    assert " at a row of " in capsys.readouterr().out


def test_other_processes_find_the_same():
    jobs = [(Unit("SoftSign", verb, "float16", EVERY, 0), None) for verb in ("value", "derivative")]
    found = {result[0].verb: result for result in accuracy.measured(jobs, "", 101)}
    assert found == {unit.verb: work((unit, None), 101) for unit, _ in jobs}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Sigmoids"], "unknown activation 'Sigmoids': known are "),
        (["Sigmoid", "--dtype", "float8"], "unknown dtype 'float8': known are float16, bfloat16"),
        (["Sigmoid", "--stride", "0"], "a positive integer is wanted here, not '0'"),
        (["Sigmoid", "--stride", "x"], "a positive integer is wanted here, not 'x'"),
        ([], "name an activation: known are "),
        (["--all"], "unrecognized arguments: --all"),
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


def test_without_a_wider_longdouble_the_command_says_so(monkeypatch, capsys):
    monkeypatch.setattr(accuracy, "WIDER", False)
    monkeypatch.setattr(accuracy, "report", lambda *_: 0)
    assert accuracy.main(["Softmax", "--dtype", "float64"]) == 0
    assert "longdouble is no wider than float64" in capsys.readouterr().err
    assert accuracy.main(["Softmax"]) == 0
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("disabled", "processor"),
    [("", None), ("X86_V4", "haswell"), ("X86_V3 X86_V4", "nehalem")],
)
def test_numba_compiles_for_an_older_processor_where_numpy_does_without(
    monkeypatch, disabled, processor
):
    class Context:
        def Pool(self, initializer):  # noqa: ARG002, N802
            return os.environ.get("NUMBA_CPU_NAME"), os.environ["NPY_DISABLE_CPU_FEATURES"]

    monkeypatch.delenv("NUMBA_CPU_NAME", raising=False)
    monkeypatch.delenv("NPY_DISABLE_CPU_FEATURES", raising=False)
    monkeypatch.setattr(accuracy, "get_context", lambda _: Context())
    assert accuracy.workers(disabled) == (processor, disabled)
    assert "NPY_DISABLE_CPU_FEATURES" not in os.environ
