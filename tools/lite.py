"""Build the site on which the notebooks run in the browser alone, and link it: ``make lite``.

JupyterLite is JupyterLab as files, and Pyodide is Python for the browser. A page that is opened
there has Pyodide fetched, and its NumPy and matplotlib, from Pyodide's own network. This package
comes from the site, and so does the one wheel besides that Pyodide does not have.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from measuring import ROOT, SITE, chapters

LITE = SITE / "lite"
BOOK = ROOT / "book"
NEEDED = "comm"  # by Pyodide's kernel
LAUNCH = re.compile(
    r'<div class="dropdown dropdown-launch-buttons">.*?<ul class="[^"]*">', re.DOTALL
)
BUTTON = """
      <li><a href="../lite/lab/index.html?path={page}" target="_blank"
   class="btn btn-sm dropdown-item"
   title="Run this page in your browser, without a server"
   data-bs-placement="left" data-bs-toggle="tooltip"
>
<span class="btn__icon-container">
    <img loading="lazy" alt="JupyterLite logo" src="../_static/images/logo_jupyterlite.svg">
  </span>
<span class="btn__text-container">Run in the browser</span>
</a>
</li>"""


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a Python module, and show what it says if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(map(str, command))} failed: see above.")


def trusted(notebook: Any) -> str:
    """Return the text of a notebook of which JupyterLite shows the stored figures.

    It has nobody to sign notebooks, as JupyterLab does, and believes what a cell says.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata["trusted"] = True
    return json.dumps(notebook, ensure_ascii=False)  # nbformat would drop the mark


def gather(work: Path) -> None:
    """Put what the site holds into a folder: its wheels, the notebooks and what they read."""
    run("hatchling", "build", "-t", "wheel", "-d", work / "wheels")
    fetch = ["pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
    needed = f"{NEEDED}=={metadata.version(NEEDED)}"
    run(*fetch, "--only-binary=:all:", "-d", work / "wheels", needed)
    pages = work / "contents" / BOOK.name
    shutil.copytree(BOOK / "data", pages / "data")
    for path in BOOK.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        (pages / path.name).write_text(trusted(notebook), encoding="utf-8")


def with_button(text: str, page: str) -> str:
    """Return a built page with a button that runs its notebook in the browser."""
    text, count = LAUNCH.subn(lambda menu: menu[0] + BUTTON.format(page=page), text)
    if count != 1:
        msg = f"{page} has {count} menus of launch buttons, not one"
        raise RuntimeError(msg)
    return text


def main() -> int:
    """Build the site, and have the built pages link to it."""
    shutil.rmtree(LITE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        gather(work)
        wheels = [f"--piplite-wheels={path}" for path in sorted((work / "wheels").iterdir())]
        options = ["--apps=lab", "--no-sourcemaps", "--no-unused-shared-packages", *wheels]
        run(
            *("jupyterlite_core", "build", "--lite-dir=.", "--contents=contents"),
            *(f"--output-dir={LITE}", *options),
            cwd=work,
        )
    for page in chapters():
        path = SITE / page
        text = with_button(path.read_text(encoding="utf-8"), page.replace(".html", ".ipynb"))
        path.write_text(text, encoding="utf-8")
    print("`make lite serve` shows it: Run in the browser is below the rocket of a page.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
