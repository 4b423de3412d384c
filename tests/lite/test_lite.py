"""The site in the browser: what it holds, and what it does up to where NumPy would be fetched.

No package index has NumPy for WebAssembly, so that chapters.py, which the workflow that publishes
runs, has the last word.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import nbformat
import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_VERSION
from measuring import ROOT, SITE, chapters, pages, read

import npdl_activations

LITE = SITE / "lite"
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
KINDS = {".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
# What the kernel asks for before a cell runs, and what the first cell does.
KERNEL = {"micropip", "ipython", "jedi"}
LAB = {"numpy", "matplotlib", "matplotlib-inline", "sympy", "mpmath", "tqdm", "cycler", "ml-dtypes"}


def test_its_index_lists_every_page_and_what_they_read():
    index = json.loads((LITE / "api" / "contents" / "book" / "all.json").read_text("utf-8"))
    listed = {item["name"] for item in index["content"]}
    assert listed == {path.name for path in NOTEBOOKS} | {"data"}
    for path in (ROOT / "book" / "data").iterdir():
        assert (LITE / "files" / "book" / "data" / path.name).read_bytes() == path.read_bytes()
    for path in NOTEBOOKS:
        copy = (LITE / "files" / "book" / path.name).read_text("utf-8")
        assert nbformat.reads(copy, as_version=4) == nbformat.read(path, as_version=4)
        trusted = [cell["metadata"].get("trusted") for cell in json.loads(copy)["cells"]]
        assert trusted == [
            cell.cell_type == "code" or None for cell in nbformat.reads(copy, 4).cells
        ]


def test_its_packages_are_this_one_and_what_pyodide_lacks():
    index = json.loads((LITE / "pypi" / "all.json").read_text("utf-8"))
    assert sorted(index) == ["comm", "npdl-activations"]
    for name, package in index.items():
        ((version, [file]),) = package["releases"].items()
        path = LITE / "pypi" / file["filename"]
        assert path.name.endswith("-none-any.whl")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["digests"]["sha256"]
        assert version == npdl_activations.__version__ or name == "comm"
    with zipfile.ZipFile(path) as wheel:
        for source in (ROOT / "npdl_activations").rglob("*.py"):
            assert wheel.read(source.relative_to(ROOT).as_posix()) == source.read_bytes()


def test_a_notebook_has_its_button_and_no_other_page_has_one():
    for page in pages():
        paths = re.findall(r'href="\.\./lite/lab/index\.html\?path=([^"]*)"', read(page))
        assert paths == ([page.replace(".html", ".ipynb")] if page in chapters() else []), page


def test_nothing_of_it_is_loaded_before_the_button_is_pressed(browser, server):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.address}book/relu.html", wait_until="networkidle")
    page.get_by_role("button", name="Launch interactive content").click()
    button = page.get_by_role("link", name="Run in the browser")
    button.wait_for()
    assert not [url for url in asked if "/lite/" in url or not url.startswith(server.address)]
    with page.expect_popup() as opened:
        button.click()
    assert opened.value.url.startswith(f"{server.address}lite/lab/index.html?path=book/relu.ipynb")
    page.context.close()


def closure(packages, names):
    """What is asked of Pyodide for some packages, by the names of the files."""
    found, todo = {}, list(names)
    while todo:
        name = re.sub("[-_.]+", "-", todo.pop()).lower()
        if name not in found:
            found[name] = packages[name]["file_name"]
            todo += packages[name]["depends"]
    return set(found.values())


@pytest.fixture(scope="session")
def pyodide():
    """A folder with Pyodide, of npm, and the pure packages that it lists, of PyPI; fetched once."""
    if shutil.which("npm") is None:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("The kernel in the browser was not tested: that takes npm (apt-get install npm).")
    folder = ROOT / "_build" / f"pyodide-{PYODIDE_VERSION}"
    lock = folder / "pyodide-lock.json"
    if not lock.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        pack = ["npm", "pack", "--silent", f"pyodide@{PYODIDE_VERSION}"]
        subprocess.run(pack, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
        listed = json.loads((folder / "package" / lock.name).read_text("utf-8"))
        packages = {
            re.sub("[-_.]+", "-", name).lower(): about for name, about in listed["packages"].items()
        }
        wanted = closure(packages, KERNEL | LAB)
        pins = [
            f"{about['name']}=={about['version']}"
            for about in packages.values()
            if about["file_name"] in wanted and about["file_name"].endswith("-none-any.whl")
        ]
        fetch = ["-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        pure = ["--only-binary=:all:", "--implementation=py", "--abi=none", "--platform=any"]
        subprocess.run(
            [sys.executable, *fetch, *pure, "--python-version=3.14", "-d", folder, *pins],
            check=True,
        )
        for about in packages.values():
            if (wheel := folder / about["file_name"]).is_file():  # PyPI's, not rebuilt by Pyodide
                about["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        for path in (folder / "package").iterdir():
            path.rename(folder / path.name)
        lock.write_text(json.dumps(listed), "utf-8")
    return folder


def answering(folder):
    """Answer from a folder, and let everything else fail."""

    def answer(route):
        path = folder / route.request.url.rpartition("/")[2]
        if not path.is_file():
            route.abort()
            return
        kind = KINDS.get(path.suffix, "application/octet-stream")
        allowed = {"access-control-allow-origin": "*", "content-type": kind}
        route.fulfill(path=path, headers=allowed)

    return answer


def test_a_page_opens_with_its_figures_and_its_code_folded(open_page, tmp_path):
    stored = nbformat.read(ROOT / "book" / "relu.ipynb", as_version=4)
    lab = open_page("relu", answering(tmp_path))  # where nothing is
    figures = lab.tab.locator(".jp-RenderedSVG")
    figures.first.wait_for()
    folded = [cell for cell in stored.cells if cell.metadata.get("jupyter")]
    assert folded
    now = lab.notebook()
    assert len([cell for cell in now.cells if cell.metadata.get("jupyter")]) == len(folded)
    lab.tab.locator(".jp-InputPlaceholder").first.wait_for()
    first, *_ = lab.tab.locator(".jp-CodeCell").all()
    assert first.locator(".jp-InputPlaceholder").is_visible()
    assert [url for url in lab.asked if not url.startswith(PYODIDE_CDN_URL)] == []


UNDER_PYODIDE = """
import compileall, sys
from importlib.metadata import version
from importlib.util import find_spec
%pip install --no-deps npdl-activations
folder = find_spec("npdl_activations").submodule_search_locations[0]
print(sys.platform, *sys.version_info[:2], version("npdl-activations"))
print(compileall.compile_dir(folder, quiet=1))
import os
print(os.path.exists("data/experiments.json"))
try:
    import npdl_activations
except ModuleNotFoundError as error:
    print(error.name)
"""


def test_the_kernel_runs_the_first_cell_up_to_what_is_compiled(open_page, pyodide):
    """All that fails is what npm and PyPI do not have: what Pyodide compiled."""
    packages = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))["packages"]
    named = {re.sub("[-_.]+", "-", name).lower(): about for name, about in packages.items()}
    compiled = {
        f"{PYODIDE_CDN_URL}/{name}"
        for name in closure(named, LAB)
        if not name.endswith("-none-any.whl")
    }
    assert any("/numpy-" in url for url in compiled)
    lab = open_page("relu", answering(pyodide))
    lab.start()
    _, source = (cell.source for cell in lab.notebook().cells[:2])
    lab.execute(source)
    assert set(lab.failed) == compiled
    assert [url for url in lab.asked if not url.startswith(PYODIDE_CDN_URL)] == []
    printed, *errors = lab.execute(UNDER_PYODIDE)
    assert errors == []
    assert printed.split() == [
        *("emscripten", "3", "14", npdl_activations.__version__),
        *("True", "True", "numpy"),
    ]
