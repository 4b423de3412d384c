"""What is said of the public addresses is what ``published`` says in _config.yml.

Before the first publication each mention that a reader could follow says so; after it none does.
The same goes for the package in the index, and ``released``.
"""

import re
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
PROSE = [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md"), *(ROOT / "book").glob("*.ipynb")]

ADDRESS = re.compile(r"mybinder\.org|\.github\.io/|github\.com/npdl|git\+https|\brocket\b")
# A reference names the address, and a sentence on what Binder shows sends nobody there.
REFERENCE = re.compile(r"^```bibtex\n.*?^```", re.MULTILINE | re.DOTALL)
INDEX = re.compile(r"pip install (?:-\S+ )*[\"']?npdl-activations(?!(?:\[[\w,]+\])? @)")
# What nobody reaches before the switch is on, and the words that say so.
SWITCHES = {
    "published": (ADDRESS, re.compile(r"\bonce (?:it|the book) is published\b", re.IGNORECASE)),
    "released": (INDEX, re.compile(r"\bonce (?:it|the library) is released\b", re.IGNORECASE)),
}
each_switch = pytest.mark.parametrize("switch", SWITCHES)


def text(path):
    """The prose of a page."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def sections(prose):
    return re.split(r"^#+ ", REFERENCE.sub("", prose), flags=re.MULTILINE)


def faults(prose, switch, *, on):
    """Sections that send a reader to where nothing is, or that say so after it came there."""
    place, not_yet = SWITCHES[switch]
    if on:
        return [section for section in sections(prose) if not_yet.search(section)]
    return [
        section
        for section in sections(prose)
        if place.search(section) and not not_yet.search(section)
    ]


@each_switch
@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_a_page_sends_nobody_where_nothing_is(path, switch):
    assert faults(text(path), switch, on=CONFIG[switch]) == []


@each_switch
def test_the_mentions_are_found(switch):
    readme = text(ROOT / "README.md")
    place, not_yet = SWITCHES[switch]
    assert any(place.search(section) for section in sections(readme))
    assert faults(not_yet.sub("", readme), switch, on=False)
    assert bool(faults(readme, switch, on=True)) != CONFIG[switch]


def test_a_reference_is_no_mention():
    assert not faults("```bibtex\nurl = {https://a.github.io/b}\n```\n", "published", on=False)


@pytest.mark.parametrize(
    "command", ["npdl-activations", '"npdl-activations[lab]"', "--quiet npdl-activations"]
)
def test_each_form_of_the_command_is_a_mention(command):
    assert faults(f"Type pip install {command}.", "released", on=False)
    assert not faults(f"Once it is released, pip install {command}.", "released", on=False)
    assert not faults('pip install "npdl-activations[lab] @ git+https://a"', "released", on=False)


@pytest.mark.skipif(CONFIG["released"], reason="the index has it")
def test_no_cell_installs_what_the_index_has_not():
    for path in (ROOT / "book").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        # In the browser the index is the site's own.
        sources = [
            re.sub(r'if sys.platform == "emscripten":\n.*\n', "", cell.source)
            for cell in cells
            if cell.cell_type == "code"
        ]
        assert not [source for source in sources if INDEX.search(source)]
