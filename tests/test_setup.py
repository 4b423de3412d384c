"""Set-up: .venv is that of its folder and of its Python, whatever the folder is called.

A script stands for Python. It makes a .venv that holds itself, and writes down what it is asked.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import elsewhere
import pytest
import yaml

ROOT = Path(__file__).parent.parent
MAKE = shutil.which("make")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

PYTHON = """\
#!/bin/sh
echo "user=$PIP_USER $*" >>"$LOG"
case $* in
    '-m venv --clear .venv') rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *sys.base_prefix*) echo {version} ;;
    *'import pikepdf'* | *'import nbgrader'*) exit 1 ;;
    '-c '*) exec {python} "$@" ;;
esac
"""
MADE = "-m venv --clear .venv"
# What a make that runs these tests would tell the make that they run.
UNSET = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "PIP_USER"}


class Checkout:
    """What set-up reads of the repository, in a folder of its own, with a Python or two."""

    def __init__(self, folder):
        self.outside = folder
        self.folder = folder / "checkout"
        (self.folder / "tools").mkdir(parents=True)
        for name in ("Makefile", "requirements.txt", "pyproject.toml", "tools/venv.sh"):
            shutil.copy(ROOT / name, self.folder / name)
        for name, version in (("python3", "3.11"), ("python4", "4.0")):
            path = folder / "bin" / name
            path.parent.mkdir(exist_ok=True)
            text = PYTHON.format(version=version, python=shlex.quote(sys.executable))
            path.write_text(text, "utf-8")
            path.chmod(0o755)

    def make(self, *arguments):
        """Run make; return what it prints, and what Python was asked to do."""
        log = self.outside / "log"
        log.write_text("", "utf-8")
        path = f"{self.outside / 'bin'}:{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if k not in UNSET}
        done = subprocess.run(
            [MAKE, *arguments],
            cwd=self.folder,
            env=kept | {"PATH": path, "LOG": str(log)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.stdout, log.read_text("utf-8")

    def move(self, name):
        """Give the checkout another folder."""
        self.folder = self.folder.rename(self.outside / name)


@pytest.fixture
def checkout(tmp_path):
    if os.name == "nt":
        pytest.skip("on Windows the README's commands set up .venv, not make")
    return Checkout(tmp_path)


def test_it_is_made_once_and_as_no_user_install(checkout):
    printed, asked = checkout.make(".venv/stamp")
    assert printed == "Setting up .venv (a minute or two, once).\n"
    assert MADE in asked
    assert re.findall(r"user=(.*) -m pip install -qq --disable-pip-version-check (.*)", asked) == [
        ("0", "--requirement .venv/uv.txt"),
        ("0", "--requirement requirements.txt"),  # the uv that is not there could not do it
        ("0", "--no-deps --no-build-isolation --editable ."),
    ]
    uv = (checkout.folder / ".venv" / "uv.txt").read_text("utf-8")
    assert re.fullmatch(r"uv==[\d.]+ \\\n(    --hash=sha256:\w{64} \\\n)+    --hash=\S+\n", uv)
    printed, asked = checkout.make(".venv/stamp")
    assert printed == ""
    assert " -m " not in asked


def test_a_folder_that_was_moved_or_copied_gets_its_own(checkout):
    checkout.make(".venv/stamp")
    checkout.move("elsewhere")
    assert MADE in checkout.make(".venv/stamp")[1]
    shutil.copytree(checkout.folder, checkout.outside / "copy")
    assert MADE not in checkout.make(".venv/stamp")[1]
    checkout.folder = checkout.outside / "copy"
    assert MADE in checkout.make(".venv/stamp")[1]


def test_another_python_makes_it_anew_and_is_kept(checkout):
    checkout.make(".venv/stamp")
    assert MADE not in checkout.make("PYTHON=python3", ".venv/stamp")[1]
    assert MADE in checkout.make("PYTHON=python4", ".venv/stamp")[1]
    assert MADE not in checkout.make(".venv/stamp")[1]
    (checkout.folder / ".venv" / "bin" / "python").unlink()  # Python itself was removed
    assert MADE in checkout.make(".venv/stamp")[1]


def test_another_requirement_is_installed_into_it(checkout):
    checkout.make(".venv/stamp")
    with (checkout.folder / "requirements.txt").open("a") as lock:
        lock.write("another==1.0\n")
    asked = checkout.make(".venv/stamp")[1]
    assert MADE not in asked
    assert "--requirement requirements.txt" in asked


def test_what_only_printing_needs_is_installed_for_printing(checkout):
    assert "pdf" not in checkout.make("book")[1]
    assert "--requirement requirements-pdf.txt" in checkout.make("pdf")[1]
    asked = checkout.make("kit")[1]
    assert "--requirement requirements-pdf.txt" in asked
    assert "--requirement requirements-kit.txt" in asked


def test_a_missing_python_is_one_sentence(checkout):
    printed, _ = checkout.make("PYTHON=python5", ".venv/stamp")
    assert printed.startswith("Python 3.11 or newer is needed: install it")
    assert len(printed.splitlines()) == 2  # make adds its own


def test_a_folder_may_be_called_anything(checkout):
    checkout.move('100% größer $(touch x)\'s "q" `touch x`; touch x')
    printed, asked = checkout.make("book")
    address = (checkout.folder / "_build" / "html" / "index.html").as_uri()
    assert printed.splitlines()[1:] == [f"The book: {address}"]
    assert " .venv/bin/jupyter-book build . " in asked
    assert not list(checkout.outside.rglob("x"))


def recipes():
    """Return the lines that make gives to the shell for all targets."""
    targets = re.findall(r"^\w[\w-]*(?=:)", MAKEFILE, re.MULTILINE)
    done = subprocess.run(
        [MAKE, "--dry-run", "--always-make", *targets],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "MAKEFLAGS"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()


def test_no_script_of_python_is_left_to_the_shell():
    """Its first line holds the folder's name, and where that is long or has a space, so does sh."""
    programs = [found for line in recipes() for found in re.findall(r"^\S*\.venv/bin/(\w+)", line)]
    assert len(programs) > 15
    assert set(programs) == {"python", "ruff", "uv", "zizmor", "actionlint"}


def test_what_make_runs_is_there():
    tools = re.findall(r"\btools/[\w./]+", MAKEFILE)
    assert len(tools) > 8
    assert [path for path in tools if not (ROOT / path).is_file()] == []


def names(requirements):
    return {re.split(r"[\[<>=~ ;]", need)[0].lower().replace("_", "-") for need in requirements}


EXTRAS = {extra: names(needs) for extra, needs in PROJECT["optional-dependencies"].items()}
LIBRARY = names(PROJECT["dependencies"])


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("npdl_activations/lab", ["lab"]),
        ("book/_ext", ["lab", "book"]),
        ("tools", EXTRAS),
        ("tests", EXTRAS),
    ],
)
def test_what_is_imported_is_declared(folder, extras):
    declared = LIBRARY.union(*(EXTRAS[extra] for extra in extras))
    known = packages_distributions()
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    ours = {path.stem for path in ROOT.glob("*/**/*.py")} | {PROJECT["name"].replace("-", "_")}
    missing = {
        f"{path.name}: {module}"
        for path in files
        for module in set(imports(path)) - ours - sys.stdlib_module_names
        if not names(known.get(module, [module])) & declared
    }
    assert not missing


def test_what_builds_the_package_is_locked():
    """It is built by the packages of .venv, not by whatever is the newest."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert names(build["requires"]) <= EXTRAS["test"]


def test_the_oldest_numpy_is_the_same_everywhere():
    (need,) = PROJECT["dependencies"]
    oldest = need.removeprefix("numpy>=")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"NumPy (\d+\.\d+)", readme) == [oldest]


def test_an_older_processor_lacks_what_this_one_has():
    levels = elsewhere.below({"X86_V3", "X86_V4", "AVX512_ICL"})
    assert {name: level["NPY_DISABLE_CPU_FEATURES"] for name, level in levels.items()} == {
        "AVX2": "AVX512_ICL X86_V4",
        "SSE4.2": "AVX512_ICL X86_V3 X86_V4",
    }
    assert list(elsewhere.below({"X86_V3"})) == ["SSE4.2"]


def test_another_kind_of_processor_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(elsewhere.core, "__cpu_dispatch__", ["ASIMDHP"])
    assert elsewhere.main() == 0
    assert capsys.readouterr().out.startswith("There is nothing to do")


def test_a_test_of_a_function_needs_no_browser():
    """Neither Playwright nor anything else that the browser tests alone import."""
    code = "import sys, pytest; pytest.main(); sys.exit('playwright' in sys.modules)"
    test = "tests/test_sigmoid.py"
    options = ["-q", "--collect-only", "-p", "no:cacheprovider", "-p", "no:nbval"]
    command = [sys.executable, "-c", code, *options, test]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    assert "test_sigmoid.py" in done.stdout


def test_the_changelog_begins_with_this_version_and_its_date():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    latest, *_ = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    assert latest == f"{citation['version']} - {citation['date-released']}"
