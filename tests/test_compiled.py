"""The compiled tier: what it compiles, keeps on disk, shares among threads, and refuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from samples import CLASSES, assert_same

import npdl_activations
from npdl_activations import Linear, ReLU, Sigmoid, Softmax, Tanh, get
from npdl_activations.compiled import compiled, tier
from npdl_activations.lab import Network

PACKAGE = Path(npdl_activations.__file__).parent


def in_a_process(code, cache, package=PACKAGE, **settings):
    """Return what a new interpreter prints, with a folder of its own for kernels."""
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": str(package.parent),
        **settings,
    }
    environment.pop("NUMBA_JIT_COVERAGE", None)
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", code],
        env=environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert not done.returncode, done.stderr
    assert not done.stderr
    return done.stdout.strip()


COUNT = """
from npdl_activations import ReLU
from npdl_activations.compiled import compiled, tier
kernels = compiled(ReLU())._kernels.values()
counts = [kernel.stats for some in kernels for kernel in some]
print(sum(len(c.cache_hits) for c in counts), sum(len(c.cache_misses) for c in counts))
"""


def test_kernels_are_compiled_once_and_then_loaded(tmp_path):
    assert in_a_process(COUNT, tmp_path) == "0 6"
    assert in_a_process(COUNT, tmp_path) == "6 0"


def test_where_no_folder_can_be_written_kernels_are_compiled_each_time(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    code = "from npdl_activations.compiled import compiled\n"
    code += "from npdl_activations import ReLU\nprint(compiled(ReLU())(3.0))"
    # Neither the folder named, nor the package's, nor the home folder.
    package = shutil.copytree(PACKAGE, tmp_path / "npdl_activations")
    assert in_a_process(code, blocked / "cache", package, HOME=str(blocked)) == "3.0"


def test_a_change_in_what_kernels_share_is_seen(tmp_path):
    package = shutil.copytree(PACKAGE, tmp_path / "npdl_activations")
    code = "from npdl_activations import Sigmoid\n"
    code += "from npdl_activations.compiled import compiled\nprint(compiled(Sigmoid())(-1.0))"
    before = in_a_process(code, tmp_path / "cache", package)
    assert float(before) == pytest.approx(0.26894, abs=1e-5)
    shared = package / "compiled" / "exponential.py"
    source = shared.read_text(encoding="utf-8")
    changed = source.replace(
        "one, two = map(number, (0, 0.5, 1, 2))", "one, two = map(number, (0, 0.5, 1.5, 2))"
    )
    assert changed != source
    shared.write_text(changed, encoding="utf-8")
    assert in_a_process(code, tmp_path / "cache", package) != before


def test_without_numba_one_sentence_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("npdl_activations.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r'pip install "npdl-activations\[fast\]"'):
        import npdl_activations.compiled  # noqa: F401


def test_the_package_does_without_numba(tmp_path):
    code = "import sys, npdl_activations, npdl_activations.lab\nprint('numba' in sys.modules)"
    assert in_a_process(code, tmp_path) == "False"


def test_every_activation_has_compiled_kernels():
    for cls in CLASSES:
        fast = compiled(cls())
        assert isinstance(fast, cls)
        assert str(fast) == cls.__name__
        for dtype, bounds in cls.max_ulp.items():
            assert fast.max_ulp[dtype].keys() == bounds.keys()


class Mine(Sigmoid):
    """A class of somebody else's."""


@pytest.mark.parametrize(
    ("activation", "threads", "error", "message"),
    [
        (Mine(), 1, TypeError, r"Mine\(\) has no compiled kernels"),
        (Sigmoid, 1, TypeError, r"compiled takes an activation, such as Sigmoid\(\), not <class"),
        ("sigmoid", 1, TypeError, r"compiled takes an activation, such as Sigmoid\(\), not 's"),
        (Sigmoid(), 1.0, TypeError, "compiled takes an integer as threads, not 1.0"),
        (Sigmoid(), True, TypeError, "compiled takes an integer as threads, not True"),
        (Sigmoid(), 0, ValueError, "compiled takes 1 thread or more, not 0"),
    ],
)
def test_what_cannot_be_compiled_is_named(activation, threads, error, message):
    with pytest.raises(error, match=message):
        compiled(activation, threads)


def test_it_is_another_activation_than_the_one_it_copies():
    assert compiled(Sigmoid()) != Sigmoid()
    assert Sigmoid() != compiled(Sigmoid())
    assert compiled(compiled(Tanh())) == compiled(Tanh())
    assert compiled(Tanh(), threads=2) != compiled(Tanh())
    assert get(compiled(Tanh(), threads=2)) == compiled(Tanh(), threads=np.int64(2))
    assert repr(compiled(Tanh(), threads=2)) == "compiled(Tanh(), threads=2)"


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_of_threads_gives_the_same_bits(cls, dtype):
    x = np.random.default_rng(0).normal(scale=50, size=(700, 301)).astype(dtype)
    x[5, 7] = np.nan
    one = compiled(cls())
    for threads in (2, 3):
        several = compiled(cls(), threads)
        assert_same(several.forward(x), one.forward(x))
        assert_same(several.backward(x[::-1]), one.backward(x[::-1]))
        assert_same(several.backward(x), one.backward(x))


@pytest.mark.parametrize("cls", [Sigmoid, Linear, ReLU])
def test_out_is_written_at_once_where_it_can_be(cls):
    act = compiled(cls())
    x = np.random.default_rng(0).normal(size=(40, 50))
    wanted = act(x)
    for out in (np.empty_like(x), np.empty((50, 40)).T, x.copy()):
        assert act(x, out=out) is out
        assert_same(out, wanted)
    room = np.append(x.ravel(), 0.0)
    room[1:] = x.ravel()
    act(room[1:], out=room[:-1])  # what is read next lies where an answer goes
    assert_same(room[:-1], wanted.ravel())
    assert act(x, out=x) is x
    assert_same(x, wanted)


def test_a_network_learns_the_same_with_either_tier():
    x = np.random.default_rng(1).normal(size=(64, 5))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)
    losses = []
    for act in (Tanh(), compiled(Tanh())):
        network = Network([5, 8, 2], act, seed=0)
        network.fit(x, labels, epochs=5, rate=0.1)
        losses.append(network.loss(x, labels))
    np.testing.assert_allclose(*losses, rtol=1e-12)


def test_masked_rows_are_as_without_numba():
    rng = np.random.default_rng(3)
    for dtype in (np.float32, np.float64):
        x = rng.normal(scale=5, size=(60, 12)).astype(dtype)
        x[rng.random(x.shape) < 0.2] = -np.inf
        x[7] = -np.inf
        where = rng.random(x.shape) < 0.6
        where[3], where[7, 2:5], where[8] = False, True, True
        x[9, ~where[9]] = np.nan
        g = rng.normal(size=x.shape).astype(dtype)
        g[10, ~where[10]] = np.inf
        plain, fast = Softmax(), compiled(Softmax())
        close = {"rtol": 4 * np.finfo(dtype).eps, "atol": np.finfo(dtype).eps}
        np.testing.assert_allclose(
            fast.forward(x, where=where), plain.forward(x, where=where), **close
        )
        np.testing.assert_allclose(fast.backward(g), plain.backward(g), **close)
        np.testing.assert_allclose(fast.jacobian(), plain.jacobian(), **close)
        assert not fast.forward(x, where=where)[3].any()


def test_a_child_begins_with_no_threads_and_may_compile():
    before = tier._pool(2)
    tier._compiling.acquire()
    tier._begin_anew()
    assert not tier._compiling.locked()
    assert tier._pool(2) is not before


def test_threads_and_a_fork_may_compile_at_once(tmp_path):
    code = """
import os, threading
from npdl_activations import Elliot, ReLU, Tanh
from npdl_activations.compiled import compiled, tier
answers = []
threads = [threading.Thread(target=lambda: answers.append(compiled(Tanh())(0.5))) for _ in range(3)]
for thread in threads: thread.start()
child = os.fork()
if child == 0:
    os._exit(int(compiled(ReLU())(3.0) + compiled(Tanh())(0.0)))
for thread in threads: thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len({*answers}), len(answers))
"""
    # From 3.12 on, Python warns where a process with threads is forked.
    code = "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n" + code
    assert in_a_process(code, tmp_path) == "3 1 3"
