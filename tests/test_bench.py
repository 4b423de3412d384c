"""The benchmark's verdict, on times that are known."""

import bench
import pytest


class Clock:
    """A timer to which a function is the time that it takes."""

    def __init__(self, _, timer, globals):  # noqa: A002, ARG002
        self.seconds = globals["f"]

    def timeit(self, calls):
        return self.seconds * calls


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(bench, "Timer", Clock)


def line(ours, theirs, target=None, bare=None):
    return bench.Line("ours", "theirs", ours, theirs, bench.numbers(8), target, bare)


@pytest.mark.parametrize(("target", "missed"), [(1.9, True), (2.1, False), (None, False)])
def test_a_missed_target_is_named_and_fails(target, missed, monkeypatch, capsys):
    monkeypatch.setattr(bench, "lines", lambda: [line(4.0, 2.0, target)])
    assert bench.main() == missed
    assert ("missed" in capsys.readouterr().out) == missed


def test_what_does_not_count_is_taken_off():
    assert line(4.0, 2.0, bare=3.0).ratio() == 0.5


def test_every_elementwise_function_has_its_lines():
    lines = [(line.what, line.peer) for line in bench.lines()]
    assert len(lines) == len(set(lines))
    what = {what for what, _ in lines}
    for cls in bench.ELEMENTWISE:
        assert f"{cls.__name__} of 8, less its kernel" in what
        assert {f"{cls.__name__}.backward {dtype}" for dtype in bench.DTYPES} <= set(what)
