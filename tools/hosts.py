"""Run the chapters as a host of notebooks does: ``make binder`` and ``make colab``.

Each host gets an environment of its own in ``.hosts``, and the commit that is checked out. Give
notebooks, ``python tools/hosts.py binder book/relu.ipynb``, to run only those.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
from measuring import ARGUMENTS, CHROMIUM, NO_CHROMIUM
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HOSTS = ROOT / ".hosts"
REPOSITORY = "https://github.com/npdl-activations/npdl-activations"

PYTHON = re.compile(r"^Building conda environment for python=(\S+)$", re.MULTILINE)
# What is run of this repository, and not to set up the machine.
STEP = re.compile(r"^RUN ((?:\$\{KERNEL_PYTHON_PREFIX\}|chmod |\./).*)$", re.MULTILINE)
# What repo2docker has there before: these, in the versions of its lock.
BASE = ("ipykernel", "ipywidgets", "jupyter_server", "jupyterlab", "notebook")
# Colab keeps an old IPython, and versions of what the pages import that are not the newest.
COLAB = [
    *("ipykernel==6.17.1", "ipython==7.34.0", "jupyter-client<8", "matplotlib-inline==0.1.7"),
    *("numpy==2.0.2", "matplotlib==3.10.0", "mpmath==1.3.0", "sympy==1.13.1", "tqdm==4.67.1"),
]


class HostError(Exception):
    """What a host could not do, in a sentence."""


def repository(folder: Path) -> tuple[str, str]:
    """Return the Python and the Dockerfile that repo2docker has for a folder."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    found = PYTHON.search(done.stderr)
    if not found:
        msg = f"repo2docker names no Python:\n{done.stderr}"
        raise HostError(msg)
    return found[1], done.stdout


def base(python: str) -> list[str]:
    """Return what repo2docker installs before it reads the repository."""
    name = f"repo2docker/buildpacks/conda/environment.py-{python}-linux-64.lock"
    lock = Path(str(distribution("jupyter-repo2docker").locate_file(name))).read_text("utf-8")
    listed = re.findall(r"/([^/]+)-([^-/]+)-[^-/]+\.conda", lock)
    return [f"{name}=={version}" for name, version in listed if name in BASE]


def interpreter(wanted: str) -> str:
    """Return a Python of that version, or this one where there is none."""
    version = "import sys; print('%d.%d' % sys.version_info[:2])"
    for python in filter(None, (sys.executable, shutil.which(f"python{wanted}"))):
        command = [python, "-c", version]
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
        if done.stdout.strip() == wanted:
            return python
    here = ".".join(map(str, sys.version_info[:2]))
    print(f"Python {wanted}, which this host has, is not on this machine: this is Python {here}.")
    return sys.executable


class Host:
    """An environment and a home for what is run in it."""

    def __init__(self, name: str, python: str, packages: list[str]) -> None:
        folder = HOSTS / name
        shutil.rmtree(folder, ignore_errors=True)
        self.name = name
        self.prefix = folder / "environment"
        self.home = folder / "home"
        self.python = str(self.prefix / "bin" / "python")
        subprocess.run([interpreter(python), "-m", "venv", self.prefix], check=True)
        # The checks know the kernel by the host's name.
        self.environment = os.environ | {
            "HOME": str(self.home),
            "JUPYTER_PATH": str(self.prefix / "share" / "jupyter"),
            "PATH": f"{self.prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        self.home.mkdir()
        self.pip("install", "-qq", *packages)
        kernel = ["-m", "ipykernel", "install", f"--prefix={self.prefix}", f"--name={name}"]
        subprocess.run([self.python, *kernel], check=True, capture_output=True)

    def pip(self, *arguments: str) -> str:
        """Run its pip."""
        command = [self.python, "-m", "pip", "--disable-pip-version-check", *arguments]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=self.environment
        )
        return done.stdout

    def packages(self) -> dict[str, str]:
        """Return its packages with their versions."""
        lines = self.pip("list", "--format=freeze").split()
        return dict(line.split("==") for line in lines)

    def size(self) -> float:
        """Return the room its packages take, in MB."""
        files = (path for path in self.prefix.rglob("*") if path.suffix != ".pyc")
        return sum(path.lstat().st_size for path in files if path.is_file()) / 1e6

    def check(self, notebooks: list[str], *, figures: bool) -> None:
        """Run notebooks there under nbval, from this environment."""
        command: list[str] = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
        command += ["-p", "no:cacheprovider", "--nbval" if figures else "--nbval-lax"]
        command += [f"--nbval-kernel-name={self.name}", "--nbval-cell-timeout=300", *notebooks]
        done = subprocess.run(command, cwd=self.home, check=False, env=self.environment)
        if done.returncode:
            msg = f"A page fails on {self.name}: see above."
            raise HostError(msg)


@contextmanager
def lab(host: Host) -> Iterator[str]:
    """Serve the host's home in its JupyterLab."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    server = subprocess.Popen(
        [host.python, "-m", "jupyterlab", *options, "--IdentityProvider.token="],
        cwd=host.home,
        env=host.environment,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urlopen(f"{address}/api").close()  # noqa: S310 -- this machine
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


def stored_figures(host: Host, page: str) -> int:
    """Return how many figures JupyterLab shows of a page that was opened and not run."""
    if CHROMIUM is None:
        raise HostError(NO_CHROMIUM)
    with lab(host) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(f"{address}/lab/tree/{page}", timeout=120_000)
        tab.locator(".jp-CodeCell .jp-InputPlaceholder").first.wait_for(timeout=120_000)
        figures = tab.locator(".jp-RenderedSVG")
        with suppress(PlaywrightTimeout):
            figures.first.wait_for(timeout=60_000)
        shown = figures.count()
        browser.close()
    return shown


def binder(notebooks: list[str]) -> None:
    """Replay the steps of the Dockerfile on the Python that it names, and run the pages."""
    python, dockerfile = repository(ROOT)
    host = Host("binder", python, base(python))
    before, room = host.packages(), host.size()
    host.home /= "book"
    clone = [str(shutil.which("git")), "clone", "--quiet", str(ROOT), str(host.home)]
    subprocess.run(clone, check=True)
    host.environment |= {"KERNEL_PYTHON_PREFIX": str(host.prefix)}
    for step in STEP.findall(dockerfile):
        print(f"RUN {step}", flush=True)
        shell = ["/bin/sh", "-c", step]
        subprocess.run(shell, cwd=host.home, check=True, env=host.environment)
    new = [name for name in host.packages() if name not in before]
    print(f"They add {len(new)} packages, {host.size() - room:.0f} MB: {', '.join(new)}.")
    figures = stored_figures(host, "book/relu.ipynb")
    print(f"JupyterLab shows {figures} figures of book/relu.ipynb before it is run.")
    if not figures:
        msg = "The notebooks are not trusted."
        raise HostError(msg)
    host.check(notebooks or ["book"], figures=True)


def first_cell(host: Host, page: Path) -> str:
    """Run the first cell of a page as it is there; return its error."""
    notebook: Any = nbformat.read(page, as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
    # The kernels are found, and get what is set, by way of this process.
    os.environ |= host.environment
    client = NotebookClient(notebook, kernel_name=host.name, timeout=600)
    try:
        client.execute(cwd=str(page.parent))
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    return ""


def colab(notebooks: list[str]) -> None:
    """Open pages where the package is not, without a network and with one, and run them."""
    host = Host("colab", "3.12", COLAB)
    before = host.packages()
    pages = [Path(name) for name in notebooks] or sorted((ROOT / "book").glob("*.ipynb"))
    for page in pages:
        shutil.copy(page, host.home)
    # Git takes this repository for the public one, or finds neither.
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": REPOSITORY}
    for source in (host.home / "nowhere", ROOT):
        host.environment |= instead | {"GIT_CONFIG_KEY_0": f"url.{source.as_uri()}.insteadOf"}
        error = first_cell(host, host.home / pages[0].name)
        print(f"Fetched from {source.name}: {error or 'installed'}", flush=True)
        if ("connect to the network" in error) != (source != ROOT):
            msg = "The first cell does not do what it says."
            raise HostError(msg)
    after = host.packages()
    if changed := {name for name, version in before.items() if after[name] != version}:
        msg = f"The first cell changes what the host has: {', '.join(sorted(changed))}."
        raise HostError(msg)
    print(f"New: {', '.join(sorted(set(after) - set(before)))}; NumPy stays {after['numpy']}.")
    # What a page reads it would fetch from the public address.
    shutil.copytree(ROOT / "book" / "data", host.home / "data")
    host.check([page.name for page in pages], figures=False)


def main(arguments: list[str]) -> int:
    """Run the pages on a host; return 1 if it fails."""
    try:
        {"binder": binder, "colab": colab}[arguments[0]](arguments[1:])
    except HostError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
