"""Time the compiled tier beside PyTorch, JAX and NumPy.

``make bench`` runs it in the environment of ``make peers``, with one thread, and writes
``book/data/speed.json``. It prints a ratio a line beside its target, and fails where one is missed.
What is compared takes turns, and a ratio is the median of those of all turns.
"""

import json
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

import costs
import numpy as np
import scipy.special
from bench import keep_memory
from costs import Call, random, turns
from machine import cpu_model, simd_levels
from peers import HOME
from peers_libraries import LIBRARIES

from npdl_activations import Sigmoid, Softmax, SoftPlus, Tanh, registry
from npdl_activations.activation import Activation
from npdl_activations.compiled import compiled
from npdl_activations.elementwise import Elementwise

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "book" / "data" / "speed.json"
VERSIONS = ("numpy", "numba", "torch", "jax", "scipy")
SMALL, MIDDLE, LARGE, HUGE = 8, 10**5, 10**6, 10**7
ROWS = (10, 100, 1_000)


class Line(NamedTuple):
    """What is timed beside what: the calls by name, `ours` first, and how large the ratio may be.

    The ratio is that of `ours` to the fastest of those it is held to.
    """

    function: str
    work: str
    dtype: str
    numbers: int
    calls: dict[str, Call]
    held_to: tuple[str, ...]
    target: float
    clock: Callable[[], float] = process_time

    def measured(self) -> dict[str, Any]:
        """Return the line with the median nanoseconds a number of each call, and the ratio."""
        times = turns(self.calls, max(1, 20_000 // self.numbers), self.clock)
        fastest = min(self.held_to, key=lambda name: median(times[name]))
        ratios = [ours / other for ours, other in zip(times["ours"], times[fastest], strict=True)]
        return {
            "function": self.function,
            "work": self.work,
            "dtype": self.dtype,
            "numbers": self.numbers,
            "ns": {name: median(t) / self.numbers * 1e9 for name, t in times.items()},
            "beside": fastest,
            "ratio": median(ratios),
            "target": self.target,
        }


class Peers:
    """The functions of PyTorch and JAX that are the same as ours, by the names of our classes."""

    def __init__(self) -> None:
        torch, jax = map(import_module, ("torch", "jax"))
        torch.set_num_threads(1)
        jax.config.update("jax_enable_x64", True)
        self.torch, self.jax = torch, jax
        functional = torch.nn.functional
        self.in_torch: dict[str, Callable[[Any], Any]] = {
            "Sigmoid": torch.sigmoid,
            "Tanh": torch.tanh,
            "ReLU": torch.relu,
            "SoftPlus": functional.softplus,
            "SoftSign": functional.softsign,
            "Softmax": lambda x: torch.softmax(x, -1),
        }
        self.in_jax: dict[str, Callable[[Any], Any]] = {
            "Sigmoid": jax.nn.sigmoid,
            "Tanh": jax.numpy.tanh,
            "ReLU": jax.nn.relu,
            "SoftPlus": jax.nn.softplus,
            "SoftSign": jax.nn.soft_sign,
            "Softmax": jax.nn.softmax,
        }

    def values(self, name: str, x: Any) -> dict[str, Call]:
        """Return the calls that compute the value at x."""
        calls: dict[str, Call] = {}
        if name in self.in_torch:
            theirs, t = self.in_torch[name], self.torch.from_numpy(x)
            calls["torch"] = lambda: theirs(t)
        if name in self.in_jax:
            jitted, j = self.jax.jit(self.in_jax[name]), self.jax.numpy.asarray(x)
            calls["jax"] = lambda: jitted(j).block_until_ready()
        return calls

    def there_and_back(self, name: str, x: Any, g: Any) -> dict[str, Call]:
        """Return the calls that compute the value at x, and take g back through it."""
        calls: dict[str, Call] = {}
        if name in self.in_torch:
            theirs, t, gt = self.in_torch[name], *map(self.torch.from_numpy, (x, g))
            t.requires_grad_()
            calls["torch"] = lambda: self.torch.autograd.grad(theirs(t), t, gt)
        if name in self.in_jax:
            function, jax = self.in_jax[name], self.jax

            def both(x: Any, g: Any) -> Any:
                value, back = jax.vjp(function, x)
                return value, back(g)

            jitted = jax.jit(both)
            j, gj = map(jax.numpy.asarray, (x, g))
            calls["jax"] = lambda: jax.block_until_ready(jitted(j, gj))
        return calls


def in_scipy(name: str, x: Any) -> dict[str, Call]:
    """Return SciPy's call that computes the value at x, if it has one. Nothing is held to it."""
    special: dict[str, Callable[[Any], Any]] = {
        "Sigmoid": scipy.special.expit,
        "Softmax": lambda x: scipy.special.softmax(x, -1),
    }
    return {"scipy": partial(special[name], x)} if name in special else {}


def copy_of(x: Any) -> Call:
    """Return a call that copies x into memory that is there already."""
    room = np.empty_like(x)
    return lambda: np.copyto(room, x)


def back_and_forth(act: Any, x: Any, g: Any) -> Call:
    """Return a call of `forward` and `backward`."""

    def both() -> None:
        act.forward(x)
        act.backward(g)

    return both


def single(peers: Peers, cls: type[Elementwise], dtype: str, size: int) -> Iterator[Line]:
    """Yield the lines of an elementwise function on so many numbers."""
    name, x = cls.__name__, random(size, dtype)
    g = random(size, dtype, seed=1)
    plain, fast = cls(), compiled(cls())
    theirs = peers.values(name, x)
    calls = {"ours": lambda: fast(x), "numpy": lambda: plain(x), "copy": copy_of(x)}
    calls |= theirs | in_scipy(name, x)
    divides = "lliot" in name or name == "SoftSign"
    if cls in {Sigmoid, Tanh, SoftPlus}:
        yield Line(name, "value", dtype, size, calls, tuple(theirs), 0.95)
    else:
        target = 2.5 if divides and dtype == "float64" else 1.5
        yield Line(name, "value", dtype, size, calls, ("copy",), target)
    theirs = peers.there_and_back(name, x, g)
    calls = {"ours": back_and_forth(fast, x, g), "numpy": back_and_forth(plain, x, g)} | theirs
    if theirs:
        yield Line(name, "forward and backward", dtype, size, calls, tuple(theirs), 1.2)


def softmax(peers: Peers, dtype: str, size: int, k: int) -> Line:
    """Return the line of Softmax in rows of k."""
    x = random(size, dtype).reshape(-1, k)
    plain, fast = Softmax(), compiled(Softmax())
    theirs = peers.values("Softmax", x)
    calls = {"ours": lambda: fast(x), "numpy": lambda: plain(x)}
    calls |= theirs | in_scipy("Softmax", x)
    target = 1.1 if dtype == "float32" else 1.3
    return Line("Softmax", f"value, rows of {k:,}", dtype, size, calls, tuple(theirs), target)


def one_call(peers: Peers, cls: type[Activation], dtype: str) -> Line:
    """Return the line of a call on a short array, beside PyTorch's, or beside its Sigmoid."""
    x = random(SMALL, dtype)
    fast = compiled(cls())
    theirs = peers.values("Sigmoid", x) | peers.values(cls.__name__, x)
    calls = {"ours": lambda: fast(x), "torch": theirs["torch"]}
    return Line(cls.__name__, "one call", dtype, SMALL, calls, ("torch",), 2)


def two_threads(cls: type[Activation], dtype: str) -> Line:
    """Return the line of two threads beside one, on the clock of the wall."""
    x = random(HUGE, dtype)
    room = np.empty_like(x)
    one, two = compiled(cls()), compiled(cls(), threads=2)
    calls = {"ours": lambda: two(x, out=room), "one thread": lambda: one(x, out=room)}
    target = 1 / (1.7 if dtype == "float64" else 1.5)
    return Line(
        cls.__name__, "two threads", dtype, HUGE, calls, ("one thread",), target, perf_counter
    )


def lines(peers: Peers) -> Iterator[Line]:
    """Yield every line."""
    classes = [cls for cls in registry.classes() if issubclass(cls, Elementwise)]
    for dtype in ("float32", "float64"):
        for size in (MIDDLE, LARGE):
            for cls in classes:
                yield from single(peers, cls, dtype, size)
            for k in ROWS:
                yield softmax(peers, dtype, size, k)
        for each in registry.classes():
            yield one_call(peers, each, dtype)
        for cls in (Sigmoid, Tanh, SoftPlus):
            yield two_threads(cls, dtype)


def measure() -> dict[str, Any]:
    """Return all lines, measured, and on what; print each."""
    form = "{:16} {:22} {:8} {:>10} {:>11} {:>6} {:>6}  {}".format
    print(form("", "", "", "numbers", "beside", "ratio", "target", "").rstrip(), file=sys.stderr)
    measured = []
    peers = Peers()
    for line in lines(peers):
        result = line.measured()
        measured.append(result)
        late = "missed" * (result["ratio"] > line.target)
        head = line.function, line.work, line.dtype, f"{line.numbers:,}", result["beside"]
        text = form(*head, f"{result['ratio']:.2f}", f"{line.target:.2f}", late)
        print(text.rstrip(), file=sys.stderr, flush=True)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_model(),
        "simd": next(iter(simd_levels())),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in VERSIONS},
        "lines": measured,
        "kept": costs.kept(peers.torch, peers.in_torch),
    } | costs.measure()


def install() -> str:
    """Add what is timed to the environment of ``make peers``; return its Python."""
    venv.create(HOME, with_pip=True)
    python = str(HOME / "bin" / "python")
    theirs = [lib.requirement for lib in LIBRARIES if lib.name in {"PyTorch", "JAX"}]
    own = [f"{name}=={metadata.version(name)}" for name in ("numpy", "numba", "scipy")]
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*command, *theirs, *own], check=True)
    return python


def main(arguments: list[str]) -> int:
    """Measure in an environment of its own, or in this one with ``--here``."""
    if arguments == ["--here"]:
        keep_memory()
        with np.errstate(all="ignore"):
            print(json.dumps(measure()))
        return 0
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")]),
        "JAX_PLATFORMS": "cpu",
        "OPENBLAS_NUM_THREADS": "1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }
    command = [install(), __file__, "--here"]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    )
    table = json.loads(done.stdout.splitlines()[-1])
    TARGET.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return int(any(line["ratio"] > line["target"] for line in table["lines"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
