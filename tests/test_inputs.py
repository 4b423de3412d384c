"""The inputs at which accuracy is measured: all there are, or samples that leave nothing out."""

import sys

import numpy as np
import pytest

from npdl_activations import Elliot, ReLU, Sigmoid, Softmax, SoftSign
from npdl_activations.lab import inputs as given
from npdl_activations.lab.inputs import BINADES, FLOAT64_PARTS, PAIR_PARTS, REACH, ROWS, Unit
from npdl_activations.lab.yardstick import DTYPES, dtype_named, information

F32 = np.dtype(np.float32)


def test_every_bit_pattern_is_taken_once():
    patterns = np.concatenate([*given.bit_patterns(np.dtype(np.float16), 0, 1 << 16)])
    assert np.array_equal(patterns.view(np.uint16), np.arange(1 << 16))


def test_the_parts_of_a_stride_are_the_whole():
    parts = [u for u in given.units(["Sigmoid"], ["float32"]) if u.kind == given.EVERY]
    assert len(parts) == 2 * BINADES
    pieces = [
        x.view(np.uint32)
        for part in parts
        if part.verb == "value"
        for (x,) in given.inputs(part, 1_000_003)
    ]
    assert np.array_equal(np.concatenate(pieces), np.arange(0, 1 << 32, 1_000_003))


def test_the_work_on_an_elementwise_activation():
    units = given.units(["Elliot"], ["float16", "float64"])
    kinds = {(u.verb, u.dtype, u.kind) for u in units}
    assert ("value", "float16", given.EVERY) in kinds
    assert ("derivative", "float64", given.SAMPLE) in kinds
    assert ("backward", "float64", given.OTHER) in kinds
    assert ("backward", "float16", given.PEOPLE) not in kinds
    other = [given.activation(u) for u in units if u.kind == given.OTHER]
    assert {act.steepness for act in other} == set(given.OTHERS)
    assert all(given.activation(u) == Elliot() for u in units if u.kind != given.OTHER)
    assert given.others(Sigmoid) == given.others(Softmax) == []


def test_the_work_on_softmax():
    units = given.units(["Softmax"], ["float64"])
    assert {u.part for u in units if u.verb == "value" and u.kind == given.SAMPLE} == set(ROWS)
    assert max(u.part for u in units if u.verb == "jacobian") == given.SQUARE
    rows, gradient = next(given.inputs(Unit("Softmax", "backward", "float64", given.SAMPLE, 7)))
    assert rows.shape == gradient.shape
    assert np.isfinite(gradient).all()


@pytest.fixture(scope="module")
def near_bends():
    x = given.float64_part(Sigmoid, FLOAT64_PARTS - 1)
    return np.sort(x[np.abs(x) <= 1e155])


@pytest.mark.parametrize(
    "point", [0.0, 1.0, 2.0**53, 2.0**512, 36.7368005696771, 744.4400719213812]
)
def test_every_float_near_a_bend_is_among_the_float64s(point, near_bends):
    for at in {point, -point}:
        around = np.nextafter(at, [-np.inf, np.inf])
        for number in [at, *around, *np.nextafter(around, [-np.inf, np.inf])]:
            assert near_bends[np.searchsorted(near_bends, number)] == number


def test_kinks_are_bends():
    class Kinked(ReLU):
        kinks = (-3.3, 0.0)

    assert 3.3 in given.bends(Kinked)
    assert 3.3 not in given.bends(ReLU)


def test_the_parts_of_float64_differ_and_repeat():
    parts = [given.float64_part(SoftSign, part) for part in range(FLOAT64_PARTS)]
    assert sum(map(len, parts)) > 11_000_000
    assert np.array_equal(parts[9], given.float64_part(SoftSign, 9), equal_nan=True)
    assert not np.array_equal(parts[9], parts[10])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_drawn_by_exponent(dtype):
    kind = dtype_named(dtype)
    every = given.exponents(kind)
    info = information(kind)
    assert float(info.smallest_subnormal) == np.ldexp(1.0, int(every[0]))
    assert 0.5 < np.ldexp(1.0, int(every[-1])) / float(info.max) <= 1
    part = [np.concatenate(c) for c in zip(*given.pairs(ReLU, kind, 0), strict=True)]
    for operand in part:
        assert np.isnan(operand).any()
        assert np.isposinf(operand.astype(float)).any()
        assert np.isneginf(operand.astype(float)).any()
        assert (operand.astype(float) < 0).any()
    x, gradient = (operand.astype(float) for operand in part)
    finite = np.isfinite(x) & np.isfinite(gradient) & (x != 0) & (gradient != 0)
    _, e = np.frexp(x[finite])
    _, f = np.frexp(gradient[finite])
    met = {(a - 1, b - 1) for a, b in zip(e.tolist(), f.tolist(), strict=True)}
    dense = PAIR_PARTS - 12
    # Rounding may lift the smallest subnormals into the next binade.
    wanted = {(a, b) for a in every[::dense].tolist() for b in every.tolist()}
    assert len(wanted - met) < 0.1 * len(wanted)


@pytest.mark.parametrize("part", range(PAIR_PARTS - 12, PAIR_PARTS - 8))
def test_gradients_meet_inputs_where_functions_live(part):
    for x, gradient in given.pairs(ReLU, np.dtype(float), part, 101):
        assert x.shape == gradient.shape
        assert np.abs(x[np.isfinite(x)]).max() > 0


def test_the_logits_are_within_what_is_promised():
    for k in (1, 2, 128):
        rows = np.concatenate([*given.logits(dtype_named("bfloat16"), k)])
        assert rows.shape == (ROWS[k], k)
        finite = rows[np.isfinite(rows)].astype(float)
        assert 9_000 < np.abs(finite).max() < 10_049  # 10,048 is the bfloat16 next to 10,000
        assert np.isneginf(rows).any()
        assert not np.isnan(rows).any()
    assert sum(ROWS.values()) >= 10**5
    assert REACH == 1e4


@pytest.mark.parametrize("name", ["Sigmoid", "Softmax"])
def test_what_people_use(name):
    [unit] = [
        u for u in given.units([name], ["float32"]) if u.kind == given.PEOPLE and u.verb == "value"
    ]
    x = np.concatenate([x.ravel() for (x,) in given.inputs(unit)])
    assert x.size == 10**6
    assert 9.9 < np.abs(x).max() <= given.USUAL


def test_the_gradients_of_rows_are_of_every_size():
    rows = np.zeros((500, 4), F32)
    gradient = given.row_gradients(rows)
    largest = np.finfo(F32).max
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient) > largest / 2).any()
    assert ((gradient != 0) & (np.abs(gradient) < 1e-30)).any()


def test_without_a_wider_longdouble_there_is_less_of_float64(monkeypatch):
    monkeypatch.setattr(given, "WIDER", False)
    [x] = [x for (x,) in given.inputs(Unit("Sigmoid", "value", "float64", given.SAMPLE, 9), 20)]
    assert x.size == 10


def test_without_numba_the_names_are_of_one_tier(monkeypatch):
    both = given.every_name()
    assert both == [
        *(names := [n for n in both if " " not in n]),
        *(f"compiled {n}" for n in names),
    ]
    monkeypatch.setitem(sys.modules, "npdl_activations.compiled.tier", None)
    assert given.every_name() == names
