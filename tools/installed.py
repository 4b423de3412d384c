"""Install the wheel in dist into an empty environment of each Python here, and try it there.

With NumPy alone its examples run; with what the tests of the contract need, these do.
Arguments name other Pythons: ``python tools/installed.py /path/to/python3.13``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
# Whatever the caller has set, packages come from the environment, and go into it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
# Numba is not in an empty environment.
ENVIRONMENT["TIERS"] = "numpy"
ENVIRONMENT["PIP_USER"] = "0"

USABLE = "import sys, venv, ensurepip; print(sys.version.split()[0])"
EXAMPLES = """
import doctest, importlib, pkgutil, sys
import npdl_activations
from importlib.metadata import distributions
held = {found.name for found in distributions()} - {"pip", "setuptools"}
assert held == {"npdl-activations", "numpy"}, held
found = pkgutil.iter_modules(npdl_activations.__path__, "npdl_activations.")
names = [module.name for module in found if not module.ispkg]
results = [doctest.testmod(importlib.import_module(name)) for name in names]
results += [doctest.testfile(sys.argv[1], module_relative=False)]
failed, tried = (sum(counts) for counts in zip(*results))
sys.exit(bool(failed or tried < len(names)))
"""
# Beside the contract: what is tested is what was installed.
INSTALLED = """
import sys
from pathlib import Path
import npdl_activations
def test_the_installed_package_is_tested():
    assert Path(npdl_activations.__file__).is_relative_to(sys.prefix)
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command and return what it prints; where it fails, stop with that."""
    done = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env=ENVIRONMENT, cwd=cwd
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def executable(environment: Path) -> Path:
    """Return the Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def keep_contract(python: Path, folder: Path) -> str:
    """Run tests of the contract with a Python, in a folder without the package.

    At infinity mpmath takes minutes without gmpy2, and the answer hangs on no installation.
    """
    for part in ("tests", "tools"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "tests" / "test_installed.py").write_text(INSTALLED, encoding="utf-8")
    tests = ("tests/test_installed.py", "tests/test_contract.py", "-k", "not infinity")
    return run(python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests, cwd=folder)


def attempt(python: str, wheel: Path) -> str:
    """Install the wheel into an empty environment of a Python, try it, and say what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(python, "-m", "venv", folder / "environment")
        inside = executable(folder / "environment")
        install = (inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check")
        run(*install, wheel)
        run(inside, "-c", EXAMPLES, ROOT / "README.md", cwd=folder)
        run(*install, f"{wheel}[lab]", "pytest", "hypothesis")
        return keep_contract(inside, folder).splitlines()[-1]


def usable(python: str) -> str | None:
    """Return the version of a Python that can make an environment, or None."""
    if shutil.which(python) is None:
        return None
    done = subprocess.run([python, "-c", USABLE], check=False, capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def main(pythons: list[str]) -> int:
    """Try the wheel on the Pythons named, or on those of pyproject.toml that are here."""
    wheels = list(DIST.glob("*.whl"))
    if len(wheels) != 1:
        print(f"{DIST} holds {len(wheels)} wheels, and one is needed: make dist.", file=sys.stderr)
        return 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = [line.rpartition(" ")[2] for line in project["classifiers"] if ":: 3." in line]
    tried = 0
    for python in pythons or [f"python{version}" for version in known]:
        if version := usable(python):
            tried += 1
            print(f"{wheels[0].name} on Python {version}: {attempt(python, wheels[0])}", flush=True)
        elif pythons:
            print(f"{python} is no Python that can make an environment.", file=sys.stderr)
            return 1
        else:
            print(f"{python} is not here: .github/workflows/release.yml tries it.", flush=True)
    return not tried


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
