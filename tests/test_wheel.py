"""The wheel holds the package and no more, and what is installed from it keeps the contract."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import npdl_activations

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "npdl_activations"
# Beside the contract: what is tested is what was installed.
INSTALLED = """
import sys
from pathlib import Path
import npdl_activations
def test_the_installed_package_is_tested():
    assert Path(npdl_activations.__file__).is_relative_to(sys.prefix)
"""


def run(*command, **options):
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (path,) = folder.iterdir()
    return path


def test_it_holds_the_package_and_nothing_that_only_maintainers_run(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert held == {path.relative_to(ROOT).as_posix() for path in ours}
    assert "npdl_activations/py.typed" in held
    tools = {path.stem for path in (ROOT / "tools").iterdir()}
    assert not tools & {Path(name).stem for name in held}


def test_it_says_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    assert metadata["Version"] == npdl_activations.__version__
    needs = metadata.get_all("Requires-Dist")
    assert [need for need in needs if "extra ==" not in need] == ["numpy>=2.0"]


def test_what_is_installed_from_it_keeps_the_contract(wheel, tmp_path):
    """In an environment with the other packages of this one, in a folder without the package."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # A .pth file in a folder that a .pth file names is not read: the checkout stays out.
    Path(packages, "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install = ["-m", "pip", "--python", python, "install", "-qq", "--no-index", "--no-deps", wheel]
    run(sys.executable, *install, env=os.environ | {"PIP_USER": "0"})
    for part in ("tests", "tools"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "test_installed.py").write_text(INSTALLED)
    run(
        *(python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:nbval"),
        *("tests/test_installed.py", "tests/test_contract.py"),
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
