"""What is said of the public addresses is what ``published`` says in _config.yml.

Before the first publication each mention that a reader could follow says so; after it none does.
"""

import re
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
PUBLISHED = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["published"]
PROSE = [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md"), *(ROOT / "book").glob("*.ipynb")]

ADDRESS = re.compile(r"mybinder\.org|\.github\.io/|github\.com/npdl|git\+https|\brocket\b")
# A reference names the address, and a sentence on what Binder shows sends nobody there.
REFERENCE = re.compile(r"^```bibtex\n.*?^```", re.MULTILINE | re.DOTALL)
NOT_YET = re.compile(r"\bonce (?:it|the book) is published\b", re.IGNORECASE)


def text(path):
    """The prose of a page."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def sections(prose):
    return re.split(r"^#+ ", REFERENCE.sub("", prose), flags=re.MULTILINE)


def faults(prose, *, published):
    """Sections that send a reader to where nothing is, or that say so after it came there."""
    if published:
        return [section for section in sections(prose) if NOT_YET.search(section)]
    return [
        section
        for section in sections(prose)
        if ADDRESS.search(section) and not NOT_YET.search(section)
    ]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_a_page_sends_nobody_where_nothing_is(path):
    assert faults(text(path), published=PUBLISHED) == []


def test_the_mentions_are_found():
    readme = text(ROOT / "README.md")
    assert any(ADDRESS.search(section) for section in sections(readme))
    without = readme.replace("Once it is published", "As it is published")
    assert faults(without, published=False)
    assert bool(faults(readme, published=True)) != PUBLISHED
    assert not faults("```bibtex\nurl = {https://a.github.io/b}\n```\n", published=False)
