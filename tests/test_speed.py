"""The speed of the compiled tier: its verdict, on times that are known, and what is timed."""

import json
import sys
from types import SimpleNamespace

import costs
import numpy as np
import pytest
import speed


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Let a call be the time that it takes, and nothing else be measured."""
    taken = lambda calls, often, clock: {name: [t, t, 9 * t] for name, t in calls.items()}  # noqa: ARG005, E731
    monkeypatch.setattr(speed, "turns", taken)
    monkeypatch.setattr(speed, "VERSIONS", ("numpy",))
    monkeypatch.setattr(speed, "Peers", lambda: SimpleNamespace(torch=None, in_torch={}))
    monkeypatch.setattr(speed, "costs", SimpleNamespace(kept=lambda *_: {}, measure=dict))


def line(target, held_to=("torch", "jax"), **others):
    calls = {"ours": 3.0, "torch": 2.0, "jax": 4.0} | others
    return speed.Line("Tanh", "value", "float32", 8, calls, held_to, target)


def test_the_ratio_is_to_the_fastest_of_those_it_is_held_to():
    found = line(1, numpy=1.0).measured()
    assert (found["beside"], found["ratio"]) == ("torch", 1.5)
    assert line(1, held_to=("jax",)).measured()["ratio"] == 0.75
    assert found["ns"]["ours"] == pytest.approx(3e9 / 8)


@pytest.mark.parametrize(("target", "missed"), [(1.4, True), (1.6, False)])
def test_a_missed_target_is_named_and_fails(target, missed, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(speed, "lines", lambda _: [line(9), line(target)])
    table = speed.measure()
    printed = capsys.readouterr().err
    assert ("missed" in printed) == missed
    done = SimpleNamespace(stdout=f"other words\n{json.dumps(table)}\n")
    monkeypatch.setattr(speed.subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(speed, "install", lambda: sys.executable)
    monkeypatch.setattr(speed, "TARGET", tmp_path / "speed.json")
    assert speed.main([]) == missed
    assert json.loads(speed.TARGET.read_text()) == table


def test_a_turn_is_the_mean_of_its_calls_and_the_first_does_not_count():
    now = iter(range(10**6))
    times = costs.turns({"a": lambda: None, "b": lambda: None}, 2, lambda: next(now))
    assert times == {"a": [0.5] * costs.TURNS, "b": [0.5] * costs.TURNS}


@pytest.mark.parametrize("dtype", costs.DTYPES)
def test_each_step_computes_the_formula(dtype):
    x = costs.random(300_000, dtype)
    for step in (costs.in_place, costs.in_blocks):
        out = np.empty_like(x)
        step(x, out)
        assert np.array_equal(out, costs.formula(x))


def test_a_loop_computes_its_polynomial():
    x = np.linspace(0, 1, 8)
    out = np.empty_like(x)
    costs.loop(costs.multiply_adds(3, np.float64))(x, out, 2)
    assert np.allclose(out, 0.1 * (1 + x + x**2 + x**3), rtol=1e-15)


def test_scipy_is_asked_where_it_has_the_function():
    x = costs.random(8, np.float32)
    (sigmoid,) = speed.in_scipy("Sigmoid", x).values()
    assert np.allclose(sigmoid(), costs.formula(x), rtol=1e-6)
    assert speed.in_scipy("ReLU", x) == {}
