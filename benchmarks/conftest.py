"""Time calls side by side, and end with a table of ratios."""

from statistics import median
from time import perf_counter

import numpy as np
import pytest

ROUNDS = 100
MEDIANS = pytest.StashKey[list]()
# At most this share of the peer's time. What is not named here may take twice as long.
TARGETS = {
    "Sigmoid value float32": 0.8,
    "Sigmoid value float64": 1.2,
    "SoftPlus value float32": 0.5,
    "SoftPlus value float64": 1.0,
}


@pytest.fixture
def compare(benchmark, request):
    """Return a function that times the package, a peer and a copy, and keeps the medians.

    They take turns, so that whatever else the machine does slows all three.
    """

    def run(case, peer, theirs, ours, x):
        times = {np.copy: [], theirs: []}

        def others():
            for function, spent in times.items():
                start = perf_counter()
                function(x)
                spent.append(perf_counter() - start)

        with np.errstate(all="ignore"):
            benchmark.pedantic(ours, (x,), setup=others, rounds=ROUNDS, warmup_rounds=3)
        medians = benchmark.stats.stats.median, median(times[theirs]), median(times[np.copy])
        request.config.stash.setdefault(MEDIANS, []).append((case, peer, *medians))

    return run


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    """Print the package's median over its peer's, beside the target, and over a copy's."""
    form = "{:34} {:>12} {:>7} {:>7} {:>7}  {}".format
    lines = [form("median over median", "peer", "ratio", "target", "/ copy", "")]
    for case, peer, ours, theirs, copy in config.stash.get(MEDIANS, []):
        ratio, target = ours / theirs, TARGETS.get(case, 2)
        missed = "missed" if ratio > target else ""
        lines.append(form(case, peer, f"{ratio:.2f}", target, f"{ours / copy:.1f}", missed))
    terminalreporter.write_line("\n" + "\n".join(line.rstrip() for line in lines))
