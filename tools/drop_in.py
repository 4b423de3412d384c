"""Train the classic library's digits network with its own activations and with this package's.

npdl is not a requirement of ours, so it gets an environment of its own, for as long as this runs.
"""

import json
import subprocess
import sys
import tempfile
import venv
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
NPDL = "npdl==0.4.0.1"
EPOCHS = 20
# npdl trains in float32. Its ReLU and Softmax round like ours, but for the last bits of exp.
TOLERANCE = 1e-5


def train(module: str) -> list[float]:
    """Return the mean cross-entropy on the digits before training and after each epoch.

    The network is that of npdl's examples/mlp-digits.py.
    """
    ours = import_module("npdl_activations")
    if module == "npdl_activations":
        sys.modules["npdl.activations"] = ours
    npdl = import_module("npdl")
    if npdl.activations.__name__ != module:
        msg = f"npdl uses {npdl.activations.__name__}, not {module}"
        raise RuntimeError(msg)
    npdl.utils.random.set_seed(1234)
    with np.load(ROOT / "npdl_activations" / "lab" / "digits.npz") as digits:
        x, t = digits["images"] / 16, npdl.utils.data.one_hot(digits["labels"])
    model = npdl.model.Model()
    model.add(npdl.layers.Dense(n_out=500, n_in=64, activation=npdl.activations.ReLU()))
    model.add(npdl.layers.Dense(n_out=10, activation=npdl.activations.Softmax()))
    model.compile(loss=npdl.objectives.SCCE(), optimizer=npdl.optimizers.SGD(lr=0.005))
    losses = [float(model.loss.forward(model.predict(x), t))]
    for _ in range(EPOCHS):
        model.fit(x, t, max_iter=1, validation_split=0.1, file=StringIO())
        losses.append(float(model.loss.forward(model.predict(x), t)))
    return losses


def install_npdl(pip: list[str]) -> None:
    """Install the classic library by the command that begins with `pip`."""
    # Its setup.py imports NumPy, and pkg_resources, which setuptools 81 no longer has.
    subprocess.run([*pip, f"numpy=={np.__version__}", "wheel", "setuptools<81"], check=True)
    subprocess.run([*pip, "--no-build-isolation", "--no-deps", NPDL], check=True)


def main() -> int:
    """Train twice and print both losses; return 1 if they differ."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = str(Path(directory) / "bin" / "python")
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        install_npdl(pip)
        subprocess.run([*pip, "--no-deps", str(ROOT)], check=True)
        runs = {}
        for module in ("npdl.activations", "npdl_activations"):
            done = subprocess.run(
                [python, __file__, module], check=True, capture_output=True, encoding="utf-8"
            )
            runs[module] = np.array(json.loads(done.stdout))
            first, *_, last = runs[module]
            print(f"{module}: loss {first:.6f}, after {EPOCHS} epochs {last:.6f}")
    gap = np.abs(np.subtract(*runs.values())).max()
    same = bool(gap <= TOLERANCE)
    print(f"The largest difference is {gap:.1e}, {'within' if same else 'MORE THAN'} {TOLERANCE}.")
    return 0 if same else 1


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(train(sys.argv[1])))
    else:
        sys.exit(main())
