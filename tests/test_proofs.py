"""`make proofs`: what is proved is what the page and the comments say; a wrong one is seen."""

import inspect
import json
import os
import shutil
from pathlib import Path

import numpy as np
import proofs
import pytest

from npdl_activations.compiled import exponential
from npdl_activations.lab.yardstick import errors

ROOT = Path(__file__).parent.parent


@pytest.fixture
def provers(tmp_path, monkeypatch):
    """Gappa and Sollya, where they are; in CI they have to be."""
    monkeypatch.setattr(proofs, "TARGET", tmp_path / "proofs.json")
    if not (shutil.which("gappa") and shutil.which("sollya")):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(proofs.MISSING)


def only(monkeypatch, *names):
    monkeypatch.setattr(proofs, "STATED", {name: proofs.STATED[name] for name in names})


@pytest.mark.usefixtures("provers")
def test_all_that_is_published_is_proved(capsys):
    assert proofs.main() == 0, capsys.readouterr().err
    published = ROOT / "book" / "data" / "proofs.json"
    assert proofs.TARGET.read_text("utf-8") == published.read_text("utf-8"), "run make proofs"


def test_what_is_published_is_what_is_stated_and_what_the_comments_say():
    rows = json.loads((ROOT / "book" / "data" / "proofs.json").read_text("utf-8"))
    stated = {name: (ulp, power) for name, (_, _, power, ulp) in proofs.STATED.items()}
    assert {row["function"]: (row["ulp"], row["polynomial"]) for row in rows} == stated
    source = inspect.getsource(exponential)
    for name in ("exp", "log1p"):
        (short, few), (long, many) = (
            stated[f"{name}, {dtype}"] for dtype in ("float32", "float64")
        )
        assert f"is below 2^{few}, and\n    # 2^{many}" in source or (
            f"is below 2^{few}, and 2^{many}." in source
        )
        assert f"within {short} ULP in float32 and {long} in float64." in source or (
            f"within {short} ULP, and {long}." in source
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_proved_holds_for_what_is_compiled(dtype):
    m = exponential.maths(dtype)
    wide = np.longdouble if dtype is np.float64 else np.float64
    t = np.linspace(-2 * m.near, 2 * m.near, 20_011).astype(dtype)
    z = np.concatenate([np.linspace(0.3, 1, 10_007), np.logspace(-18, 0, 10_007)]).astype(dtype)
    for function, true, x in ((m.exp, np.exp, t), (m.log1p, np.log1p, z)):
        found = np.array([function(number) for number in x], dtype)
        _, _, _, ulp = proofs.STATED[f"{true.__name__}, {np.dtype(dtype)}"]
        assert errors(found, true(x.astype(wide))).max() < ulp


@pytest.mark.usefixtures("provers")
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exp, float32", {"exp": (0.5, *exponential.SHORT[1:])}),
        ("exp, float32", {"ln2_low": 1.43e-6}),
        ("exp, float32", {"ln2_high": float(np.float32(np.log(2.0)))}),
        ("exp, float32", {"magic": 1.5 * 2.0**22}),
        ("exp, float32", {"near": 45.0}),
        ("log1p, float32", {"log": (1 / 3, 0.2, 1 / 7, 1 / 9)}),
    ],
)
def test_a_wrong_constant_is_not_proved(monkeypatch, capsys, name, change):
    only(monkeypatch, name)
    constants = exponential.CONSTANTS[np.float32]._replace(**change)
    monkeypatch.setitem(exponential.CONSTANTS, np.float32, constants)
    assert proofs.main() == 1
    assert capsys.readouterr().err.startswith(f"{name}: ")
    assert not proofs.TARGET.exists()


@pytest.mark.usefixtures("provers")
def test_a_wrong_step_is_not_proved(monkeypatch):
    only(monkeypatch, "exp, float32")
    backwards = exponential.horner
    monkeypatch.setattr(exponential, "horner", lambda some: backwards(some[::-1]))
    assert proofs.main() == 1


def test_without_the_provers_one_sentence_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert proofs.main() == 1
    assert capsys.readouterr() == ("", f"{proofs.MISSING}\n")
    assert "Debian packages gappa and sollya" in proofs.MISSING
