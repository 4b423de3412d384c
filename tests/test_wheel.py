"""Wheel and sdist hold the package and no more, and what is installed keeps the contract."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import installed
import pytest

import npdl_activations

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "npdl_activations"
OURS = {
    path.relative_to(ROOT).as_posix()
    for path in PACKAGE.rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
REPOSITORY = "npdl-activations/npdl-activations"
BESIDE = {
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "pyproject.toml",
}


def run(*command, **options):
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """What `make dist` builds: the sdist, and from it the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    build = ("-m", "uv", "build", "--quiet", "--no-build-isolation", "--no-create-gitignore")
    run(sys.executable, *build, "--python", sys.executable, "--out-dir", folder, cwd=ROOT)
    assert len(list(folder.iterdir())) == 2
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = dist.glob("*-py3-none-any.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def test_the_sdist_holds_the_package_and_what_says_what_it_is(dist):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held == OURS | BESIDE


def test_it_holds_the_package_and_nothing_that_only_maintainers_run(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == OURS
    assert "npdl_activations/py.typed" in held
    tools = {path.stem for path in (ROOT / "tools").iterdir()}
    assert not tools & {Path(name).stem for name in held}


def test_it_says_what_it_needs(metadata):
    assert metadata["Version"] == npdl_activations.__version__
    needs = metadata.get_all("Requires-Dist")
    assert [need for need in needs if "extra ==" not in need] == ["numpy>=2.0"]


def test_its_page_in_the_index_leads_to_the_files_of_this_version(metadata):
    """There a link that stands for a file beside the README would lead nowhere."""
    beside = r"(!?)\[[^]]+\]\((?!https?:)(.+?)\)"
    page = metadata.get_payload(decode=True).decode()
    assert not re.findall(beside, page)
    links = re.findall(beside, (ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"", "!"} == {mark for mark, _ in links}
    version = npdl_activations.__version__
    for mark, name in links:
        place = (
            f"raw.githubusercontent.com/{REPOSITORY}" if mark else f"github.com/{REPOSITORY}/blob"
        )
        assert f"](https://{place}/v{version}/{name})" in page


def test_what_is_installed_from_it_keeps_the_contract(wheel, tmp_path):
    """In an environment with the other packages of this one, in a folder without the package."""
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = installed.executable(environment)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # A .pth file in a folder that a .pth file names is not read: the checkout stays out.
    Path(packages, "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install = ["-m", "pip", "--python", python, "install", "-qq", "--no-index", "--no-deps", wheel]
    run(sys.executable, *install, env=os.environ | {"PIP_USER": "0"})
    assert " passed" in installed.keep_contract(python, tmp_path)


def test_a_python_that_cannot_be_used_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(installed, "DIST", tmp_path)
    assert installed.main([]) == 1
    assert "holds 0 wheels, and one is needed: make dist." in capsys.readouterr().err
    (tmp_path / "a-1.0-py3-none-any.whl").touch()
    assert installed.main(["no-such-python"]) == 1
    assert capsys.readouterr().err == "no-such-python is no Python that can make an environment.\n"
    monkeypatch.setattr(installed, "usable", {}.get)
    assert installed.main([]) == 1  # nothing was tried
    assert (
        "python3.14 is not here: .github/workflows/release.yml tries it." in capsys.readouterr().out
    )


def test_every_python_that_is_here_is_tried(monkeypatch, tmp_path, capsys):
    (tmp_path / "a-1.0-py3-none-any.whl").touch()
    monkeypatch.setattr(installed, "DIST", tmp_path)
    monkeypatch.setattr(installed, "usable", lambda python: python.removeprefix("python"))
    monkeypatch.setattr(installed, "attempt", lambda python, _: f"{python} passed")
    assert installed.main([]) == 0
    printed = capsys.readouterr().out
    assert [line.rpartition(": ")[2] for line in printed.splitlines()] == [
        f"python3.{minor} passed" for minor in (11, 12, 13, 14)
    ]


def test_examples_that_fail_and_other_packages_are_noticed(tmp_path):
    """In this environment, which holds more than the package and NumPy."""
    done = subprocess.run(
        [sys.executable, "-c", installed.EXAMPLES, ROOT / "README.md"],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert "AssertionError" in done.stderr
    wrong = tmp_path / "README.md"
    wrong.write_text(">>> 1 + 1\n3\n", encoding="utf-8")
    alone = installed.EXAMPLES.replace("assert held", "held")
    for page, code in ((ROOT / "README.md", 0), (wrong, 1)):
        done = subprocess.run([sys.executable, "-c", alone, page], check=False, capture_output=True)
        assert done.returncode == code
