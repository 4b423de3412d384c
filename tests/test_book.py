"""Guards for the book: what must hold of every chapter, and of what points to it.

A guard of one notebook is a function that returns the faults it finds. Each is run over every
notebook of the book, and once over a sample that has the fault, to see that it finds it.
"""

import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.sign import NotebookNotary
from notebooks import FOLDED, normal_form, pictures
from pybtex.database import parse_file
from samples import CLASSES, accuracy, curves, module
from stated import CARD, WORDS, unfounded

import npdl_activations
from npdl_activations.elementwise import Elementwise

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(page["file"] for part in TOC["parts"] for page in part["chapters"])]
CITED = {entry.lower() for entry in parse_file(BOOK / "references.bib").entries}
CITATIONS = re.compile(r"\(bibliography\.md#([\w-]+)\)")
FIGURE_TYPES = {"image/svg+xml", "image/png", "image/jpeg"}
LONGEST_CELL = 20


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def uncounted(notebook):
    """Nbval compares nothing in a cell without a count; counts in order mean a clean run."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"counts are {counts}"]


def undescribed(notebook):
    """A figure without a text for who cannot see it, or without a caption."""
    faults = []
    for cell in code_cells(notebook):
        if not any(FIGURE_TYPES & set(output.get("data", ())) for output in cell.outputs):
            continue
        settings = cell.metadata.get("mystnb", {})
        for kind, key in (("image", "alt"), ("figure", "caption")):
            if not settings.get(kind, {}).get(key, "").strip():
                faults.append(f"{cell.id} draws a figure without mystnb.{kind}.{key}")
    return faults


def ill_shaped(notebook):
    """A cell too long to read at one glance, or one that nbval cannot compare."""
    faults = []
    for cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            faults.append(f"{cell.id} ends in ';'")
        if (lines := len(cell.source.splitlines())) > LONGEST_CELL:
            faults.append(f"{cell.id} has {lines} lines")
    return faults


def noisy(notebook):
    """An output on stderr, or an error."""
    return [
        f"{cell.id} stores an output on stderr or an error"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def uncited(notebook):
    """A citation of a work that is not in references.bib."""
    keys = CITATIONS.findall(markdown(notebook))
    return [f"{key} is not in references.bib" for key in keys if key.lower() not in CITED]


def unlisted(notebook):
    """A work that a chapter cites and does not list among its references."""
    parts = markdown(notebook).partition("## References")
    cited, _, listed = map(CITATIONS.findall, parts)
    return sorted(set(cited) - set(listed)) if listed else []


PHONE = 358  # the room for a figure on a page 390 pixels wide
SMALLEST = 9


def illegible(notebook):
    """Letters of a figure that a phone shows smaller than SMALLEST pixels, but for exponents."""
    faults = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            svg = output.get("data", {}).get("image/svg+xml", "")
            if not (width := re.search(r'viewBox="0 0 ([\d.]+)', svg)):
                continue
            scale = min(96 / 72, PHONE / float(width[1]))
            sizes = {float(size) for size in re.findall(r"font(?:-size)?:[^;\"]*?([\d.]+)px", svg)}
            exponents = {round(0.7 * size, 3) for size in sizes}
            small = [size for size in sizes - exponents if size * scale < SMALLEST]
            faults += [f"{cell.id} has letters of {size * scale:.1f} px" for size in small]
    return faults


def cryptic(notebook):
    """Markdown that only the book understands, and Binder and Colab show as it stands."""
    noise = r"^(?:```+|:::+)\{.*|\{[\w:-]+\}`.*|^\$\$ *\(.*|^\([\w-]+\)="
    return re.findall(noise, markdown(notebook), re.MULTILINE)


QUESTION = re.compile(r"^\*\*\d+\.\*\* .+?(?=^\*\*\d|\Z)", re.MULTILINE | re.DOTALL)
ANSWER = re.compile(r"<details><summary>[^\n]+</summary>\n\n(\w+).*?\n\n</details>", re.DOTALL)


def quiz(notebook):
    """The first words of the reasons for each question's answers."""
    cells = [cell.source for cell in notebook.cells if cell.source.startswith("## Quiz")]
    return [ANSWER.findall(question) for cell in cells for question in QUESTION.findall(cell)]


def unanswered(notebook):
    """A question of the quiz without one right answer and two wrong ones."""
    return [words for words in quiz(notebook) if sorted(words) != ["No", "No", "Right"]]


def given_away(notebook):
    """A solution in the cell of its heading, where JupyterLab does not fold it."""
    cells = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [text for text in cells if text.startswith(FOLDED) and text != FOLDED]


AIDS = {"remove-cell", "hide-cell", "hide-input"}  # what the site does not show, or folds


def misplaced(notebook):
    """In a function's chapter, anything but folded code between title, picture and card."""
    cells = notebook.cells
    if not any(CARD in cell.source for cell in cells):
        return []  # no function's chapter
    cards = [i for i, cell in enumerate(cells) if cell.source.startswith(CARD)]
    if not cards:
        return ["the card does not begin its cell"]
    title, *opening = cells[: cards[0]]
    drawn = ["figure" in cell.metadata.get("mystnb", {}) for cell in opening]
    faults = [] if re.fullmatch(r"# .+\n\n.+", title.source) else ["no title and one sentence"]
    faults += [] if any(drawn) else ["no picture stands before the card"]
    return faults + [
        f"{cell.id} stands before the card"
        for cell, figure in zip(opening, drawn, strict=True)
        if not figure and not AIDS & set(cell.metadata.get("tags", ()))
    ]


ELEMENTWISE = [cls for cls in CLASSES if issubclass(cls, Elementwise)]
COUNTS = {len(CLASSES), len(ELEMENTWISE)}
COUNT = "|".join([*map(str, COUNTS), *(word for word, n in WORDS.items() if n in COUNTS)])
OURS = "functions|activations|classes|boxes|small plots"
BY_HAND = re.compile(
    rf"\b(?:all|the) (?:{COUNT})\b|\b(?:{COUNT}) (?:activation )?(?:{OURS})\b", re.IGNORECASE
)


def counted_by_hand(text):
    """Places that say how many functions there are, and that one more would make false."""
    return [found[0] for found in BY_HAND.finditer(" ".join(text.split()))]


def counting(notebook):
    """A title, a text or a description of a figure that counts the functions by hand."""
    settings = [cell.metadata.get("mystnb", {}) for cell in notebook.cells]
    texts = [part.get("image", {}).get("alt", "") for part in settings]
    texts += [part.get("figure", {}).get("caption", "") for part in settings]
    return [found for text in [markdown(notebook), *texts] for found in counted_by_hand(text)]


GUARDS = [uncounted, undescribed, ill_shaped, noisy, uncited, unlisted]
GUARDS += [illegible, cryptic, unanswered, given_away, misplaced, unfounded, counting]


@pytest.fixture(scope="module")
def stored():
    return {path: nbformat.read(path, as_version=4) for path in NOTEBOOKS}


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_fault(guard, path, stored):
    assert guard(stored[path]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_in_its_normal_form(path, stored):
    text = path.read_text(encoding="utf-8")
    assert normal_form(stored[path], path.stem) == text, "run `make notebooks`"


def sample(source="1 + 1", count=1, metadata=None, outputs=()):
    cell = nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    cell.metadata.update(metadata or {})
    return nbformat.v4.new_notebook(cells=[cell])


def drawn(**settings):
    svg = nbformat.v4.new_output("display_data", data={"image/svg+xml": "<svg/>"})
    return sample(metadata={"mystnb": settings}, outputs=[svg])


def lettered(size):
    figure = drawn(image={"alt": "a word"}, figure={"caption": "A word."})
    figure.cells[0].outputs[0].data["image/svg+xml"] = (
        f'<svg viewBox="0 0 400 300"><text style="font: {size}px serif"/></svg>'
    )
    return figure


def asked(*words):
    answers = (f"<details><summary>1</summary>\n\n{word}.\n\n</details>" for word in words)
    return written("\n".join(["## Quiz", "", "**1.** How many?", "", *answers]))


def written(text):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


PIECES = {
    "title": written("# Title\n\nA sentence."),
    "heading": written("# Title\n\nA sentence.\n\n## See it"),
    "folded": sample("import numpy", metadata={"tags": ["hide-input"]}),
    "code": sample("import numpy"),
    "picture": drawn(image={"alt": "a curve"}, figure={"caption": "A curve."}),
    "text": written("Look."),
    "card": written(f"{CARD} Some |\n|---|---|\n| Range | $(0, 1)$ |"),
    "stated": drawn(image={"alt": "a curve"}, figure={"caption": "It needs 513 steps."}),
}


def pieced(*names):
    return nbformat.v4.new_notebook(cells=[cell for name in names for cell in PIECES[name].cells])


@pytest.mark.parametrize(
    ("guard", "notebook"),
    [
        (uncounted, sample(count=None)),
        (uncounted, sample(count=2)),
        (undescribed, drawn()),
        (undescribed, drawn(image={"alt": "a curve"})),
        (undescribed, drawn(image={"alt": " "}, figure={"caption": "A curve."})),
        (ill_shaped, sample("1 + 1;")),
        (ill_shaped, sample("x = 1\n" * (LONGEST_CELL + 1))),
        (noisy, sample(outputs=[nbformat.v4.new_output("stream", name="stderr", text="!")])),
        (noisy, sample(outputs=[nbformat.v4.new_output("error", ename="E", evalue="e")])),
        (uncited, written("[Nobody 1900](bibliography.md#nobody1900)")),
        (unlisted, written("[1](bibliography.md#a)\n## References\n[2](bibliography.md#b)")),
        (illegible, lettered(8)),
        (cryptic, written("$$\nx\n$$ (eq-x)")),
        (cryptic, written("```{note}\n```")),
        (cryptic, written("See {ref}`there`.")),
        (cryptic, written("(here)=\n# Title")),
        (given_away, written(f"{FOLDED}\n\nIt is 2.")),
        (misplaced, written(f"# Title\n\nA sentence.\n\n{CARD} x |\n|---|---|")),
        (misplaced, pieced("title", "card", "picture")),
        (misplaced, pieced("title", "picture", "text", "card")),
        (misplaced, pieced("title", "code", "picture", "card")),
        (misplaced, pieced("heading", "picture", "card")),
        (unfounded, pieced("title", "folded", "picture", "card", "stated")),
        (counting, written(f"# The {max(COUNTS)}")),
        (counting, drawn(image={"alt": f"{max(COUNTS)} small plots."})),
        (counting, drawn(figure={"caption": f"All {max(COUNTS)} functions."})),
        (unanswered, asked("Right", "No")),
        (unanswered, asked("Right", "No", "Right")),
        (unanswered, asked("Right", "No", "Maybe")),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_guard_finds_its_fault(guard, notebook):
    assert guard(notebook)


def test_the_guards_pass_a_sound_notebook():
    sound = deepcopy(pieced("title", "folded", "picture", "card"))
    sound.cells += lettered(11).cells
    sound.cells[2].execution_count, sound.cells[4].execution_count = 2, 3
    sound.cells.append(nbformat.v4.new_markdown_cell("[Elliott](bibliography.md#elliott1993)"))
    sound.cells += asked("No", "Right", "No").cells
    assert [fault for guard in GUARDS for fault in guard(sound)] == []


def test_the_place_of_the_right_answer_cannot_be_guessed(stored):
    places = [words.index("Right") for notebook in stored.values() for words in quiz(notebook)]
    assert len(places) == 2 * (len(NOTEBOOKS) - 1)  # all but the cover
    assert max(map(places.count, range(3))) < len(places) / 2


def test_the_readme_shows_the_figure_of_the_cover(stored):
    (svg,) = pictures(stored[BOOK / "intro.ipynb"])
    assert (BOOK / "_static" / "gallery.svg").read_text(encoding="utf-8") == svg


def test_jupyterlab_folds_the_code_that_the_book_does_not_show():
    for tag in ("hide-input", "hide-cell", "remove-input", "remove-cell"):
        (cell,) = nbformat.reads(normal_form(sample(metadata={"tags": [tag]}), "page"), 4).cells
        assert cell.metadata["jupyter"] == {"source_hidden": True}
    stale = sample(metadata={"tags": ["hide-output"], "jupyter": {"source_hidden": True}})
    (cell,) = nbformat.reads(normal_form(stale, "page"), 4).cells
    assert "jupyter" not in cell.metadata


def test_the_normal_form_leaves_out_what_differs_by_run():
    notebook = sample(count=7, metadata={"execution": {"iopub.status.busy": "2026"}, "tags": ["t"]})
    notebook.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    notebook.cells.append(nbformat.from_dict(notebook.cells[0]))
    text = normal_form(notebook, "page")
    again = nbformat.reads(text, as_version=4)
    assert "2026" not in text
    assert "3.12.1" not in text
    assert [cell.execution_count for cell in again.cells] == [1, 2]
    assert len({cell.id for cell in again.cells}) == 2
    assert again.cells[0].metadata == {"tags": ["t"]}
    assert normal_form(again, "page") == text


each = pytest.mark.parametrize("cls", CLASSES, ids=module)


@each
def test_an_activation_has_its_module_test_chapter_and_entry(cls):
    name = module(cls)
    assert (ROOT / "npdl_activations" / f"{name}.py").is_file()
    assert (ROOT / "tests" / f"test_{name}.py").is_file()
    assert (BOOK / f"{name}.ipynb").is_file()
    assert f"book/{name}" in PAGES


ACCURACY = re.compile(r"^\| Accuracy \| (.*): \[measured\]\(accuracy\.ipynb\) \|$", re.MULTILINE)


@each
def test_the_card_states_the_bounds_of_the_class(cls, stored):
    (row,) = ACCURACY.findall(markdown(stored[BOOK / f"{module(cls)}.ipynb"]))
    assert row.endswith(accuracy(cls))


@each
def test_the_docstring_states_the_bounds_of_the_class(cls):
    first, *rest = accuracy(cls)
    sentence = f"{first.upper()}{''.join(rest)} (`max_ulp`)"
    assert sentence in " ".join(inspect.getdoc(cls).split())


def test_a_class_states_its_bounds_in_one_form():
    bounds = {"value": 4, "derivative": 3.5, "backward": 5}
    half = dict.fromkeys(bounds, 0.51)
    wide = {"float32": bounds, "float64": bounds}
    cls = type("Some", (), {"max_ulp": {**wide, "float16": half, "bfloat16": half}})
    start = "within 4 ULP (value), 3.5 (derivative), 5 (backward) in float32; 4, 3.5, 5 in float64;"
    assert accuracy(cls) == f"{start} 0.51 in 16 bits"
    cls.max_ulp["bfloat16"] = half | {"backward": 0.6}
    assert accuracy(cls) == f"{start} 0.51, 0.51, 0.6 in 16 bits"
    cls.max_ulp = dict.fromkeys(cls.max_ulp, dict.fromkeys(bounds, 0))
    assert accuracy(cls) == "exact in every dtype"


def test_every_function_of_one_number_has_its_curve_and_its_figure():
    script = (BOOK / "_static" / "explorer.js").read_text(encoding="utf-8")
    assert set(curves(script)) == {cls.__name__ for cls in ELEMENTWISE}
    for cls in ELEMENTWISE:
        figure = "fig-" + module(cls).replace("_", "-")
        assert f'"{figure}": (figure) => curves(figure, ["{cls.__name__}"])' in script


def test_every_explorer_has_its_figure(stored):
    script = (BOOK / "_static" / "explorer.js").read_text(encoding="utf-8")
    cells = (cell for notebook in stored.values() for cell in notebook.cells)
    names = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    for figure in re.findall(r'"(fig-[\w-]+)":', script):
        assert names.count(figure) == 1, figure


COUNTED = [
    *(ROOT / name for name in ("README.md", "CITATION.cff", "pyproject.toml")),
    ROOT / ".zenodo.json",
    ROOT / "_config.yml",
    ROOT / "_toc.yml",
    *sorted(BOOK.glob("*.md")),
    *sorted((ROOT / "npdl_activations").glob("*.py")),
]


@pytest.mark.parametrize("path", COUNTED, ids=lambda path: path.name)
def test_no_file_counts_the_functions_by_hand(path):
    assert counted_by_hand(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("count", COUNT.split("|"))
def test_a_count_is_found_and_others_are_not(count):
    for text in (
        "Take all {}.",
        "derives {} activation functions",
        "The {} functions\nand",
        "most of the {} do",
        "for {} functions",
        "A map with {} boxes",
        "{} small plots",
        "- caption: The {}",
    ):
        assert counted_by_hand(text.format(count)), text
    for text in (
        "each further {} costs",
        "more than {} digits in ten",
        "with {} times the weights",
        "the answers of {} columns",
        "{} units",
    ):
        assert not counted_by_hand(text.format(count)), text


def test_the_contents_and_the_folder_agree():
    assert len(PAGES) == len(set(PAGES))
    on_disk = {path.stem for path in BOOK.iterdir() if path.suffix in {".ipynb", ".md"}}
    assert {page.removeprefix("book/") for page in PAGES} == on_disk


# What a reader follows: every mention of the repository, wherever it stands.
MENTIONING = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CITATION.cff", "pyproject.toml")),
    ROOT / ".zenodo.json",
    ROOT / "_config.yml",
    ROOT / "tools" / "hosts.py",
    ROOT / "npdl_activations" / "lab" / "beside.py",
    *sorted(BOOK.glob("*.md")),
    *NOTEBOOKS,
]
REPOSITORY = re.compile(
    r"(?:github\.com|githubusercontent\.com|/gh|/github)/([\w.-]+/npdl-activations)\b"
)
SITE = re.compile(r"https://[\w.-]+\.github\.io/[\w.-]+/")
BESIDE = re.compile(r"\]\((?!\w+:)([\w./-]+)(?:#[\w-]+)?\)")
LAUNCH = re.compile(r"(?:urlpath=(?:lab/)?tree|npdl-activations/blob/[\w.-]+)/([\w./-]+\w)")


def strayed(text):
    """Mentions of another repository or another site than those in _config.yml."""
    repository = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    site = CONFIG["html"]["baseurl"]
    return [found for found in REPOSITORY.findall(text) if found != repository] + [
        found for found in SITE.findall(text) if found != site
    ]


def prose(path):
    """The text of a file, of a notebook without its code, where `f[x](y)` is no link."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return markdown(nbformat.reads(text, as_version=4))


def dangling(text, folder):
    """Paths in launch links, and in links between files, that the repository does not have."""
    paths = [ROOT / path for path in LAUNCH.findall(text)]
    paths += [folder / path for path in BESIDE.findall(text)]
    return [path for path in paths if not path.exists()]


@pytest.mark.parametrize("path", MENTIONING, ids=lambda path: path.name)
def test_what_a_file_points_to_is_there(path):
    assert strayed(path.read_text(encoding="utf-8")) == []
    assert dangling(prose(path), path.parent) == []


def test_the_mentions_are_found_and_a_wrong_one_too():
    for name in ("README.md", "CITATION.cff", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert REPOSITORY.search(text), name
        assert SITE.search(text), name
    assert LAUNCH.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert strayed("https://mybinder.org/v2/gh/somebody/npdl-activations/main")
    assert strayed("https://github.com/somebody/npdl-activations")
    assert strayed("https://somebody.github.io/npdl-activations/")
    for text in (
        "https://mybinder.org/v2/gh/a/npdl-activations/main?urlpath=lab/tree/book/x.md",
        "https://github.com/a/npdl-activations/blob/main/book/x.ipynb",
        "[next](x.ipynb)",
        "[logit](x.md#term-logit)",
    ):
        assert dangling(text, BOOK), text


def test_the_launch_buttons_open_the_page_itself():
    assert CONFIG["repository"]["path_to_book"] == ""
    assert CONFIG["launch_buttons"]["binderhub_url"] == "https://mybinder.org"
    for page in PAGES:
        # The theme takes a page with a kernel for a notebook, which Binder and Colab could open.
        if not (ROOT / f"{page}.ipynb").is_file():
            assert "kernelspec" not in (ROOT / f"{page}.md").read_text(encoding="utf-8"), page


def test_binder_shows_the_stored_figures(tmp_path, stored):
    """JupyterLab does so in notebooks that the one who runs it has signed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "JUPYTER_DATA_DIR": str(tmp_path)}
    *_, trust = (ROOT / "binder" / "postBuild").read_text(encoding="utf-8").splitlines()
    shell = ["/bin/sh", "-c", trust]
    subprocess.run(shell, cwd=ROOT, env=environment, check=True, capture_output=True)
    notary = NotebookNotary(data_dir=str(tmp_path))
    assert all(map(notary.check_signature, stored.values()))
    notary.store.close()


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == npdl_activations.__version__
    assert citation["title"] == CONFIG["title"]


def test_the_archive_is_told_what_the_citation_and_the_package_say():
    """Zenodo reads .zenodo.json, and takes the version and the date from the release."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    record = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert record["title"] == citation["title"]
    assert record["description"] == citation["abstract"].strip()
    assert record["creators"] == citation["authors"] == project["authors"]
    assert record["keywords"] == citation["keywords"] == project["keywords"]
    assert record["license"] == citation["license"][0] == project["license"]
    assert all(licence in record["notes"] for licence in citation["license"])
    assert record["related_identifiers"][0]["identifier"] == citation["url"]
    assert not {"version", "publication_date"} & record.keys()


def locked(name):
    """Return the version and the hashes of each package in a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert " /" not in text
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    return {
        re.split("[=;@ ]", entry)[0]: (
            re.search(r"==([^\s;]+)", entry)[1],
            re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry),
        )
        for entry in entries
    }


def test_the_locks_hold_every_requirement_its_hashes_and_no_address():
    """What only printing and the kit need is in locks of their own; what two hold is the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lock = locked("requirements.txt")
    apart = {extra: locked(f"requirements-{extra}.txt") for extra in ("pdf", "kit")}
    binder = locked("binder/requirements.txt")
    for held in (lock, binder, *apart.values()):
        assert all(hashes for _, hashes in held.values())
        assert all(held[name] == lock[name] for name in held.keys() & lock.keys())
    for extra, needs in {**extras, "": project["dependencies"]}.items():
        wanted = {re.split(r"[\[<>=~ ]", need)[0] for need in needs}
        assert wanted <= apart.get(extra, lock).keys(), extra
    assert not {"pikepdf", "nbgrader"} & lock.keys()
