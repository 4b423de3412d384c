"""The mark, the cards and the citation agree with what they stand for."""

import importlib.util
import re
from pathlib import Path

import mark
import nbformat
import pytest
import yaml
from PIL import Image
from pybtex.database import parse_string

from npdl_activations.registry import classes

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cards():
    spec = importlib.util.spec_from_file_location("cards", BOOK / "_ext" / "cards.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_mark_is_the_sigmoid_and_its_derivative():
    assert mark.TARGET.read_text(encoding="utf-8") == mark.mark(), "run python tools/mark.py"


def test_the_strokes_of_the_mark_are_found(cards):
    strokes = cards.STROKE.findall(mark.mark())
    assert [color for _, color, _ in strokes] == [cards.SLOPE, cards.CURVE]


@pytest.mark.parametrize("name", ["relu", "softmax", "glossary"])
def test_a_card_has_the_size_that_networks_ask_for_and_is_the_same_again(name, cards, tmp_path):
    paths = [tmp_path / "1.png", tmp_path / "2.png"]
    for path in paths:
        cards.write_card(path, mark.mark(), name, "A title", "Some $text. " * 40, "The book")
    with Image.open(paths[0]) as image:
        assert image.size == (1200, 630)
        assert len(image.getcolors(1 << 20)) > 20
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_citation_on_the_cover_is_that_of_the_file():
    cover = nbformat.read(BOOK / "intro.ipynb", as_version=4)
    prose = "\n".join(cell.source for cell in cover.cells)
    (text,) = re.findall(r"```bibtex\n(.+?)```", prose, re.DOTALL)
    (entry,) = parse_string(text, "bibtex").entries.values()
    (author,) = CITATION["authors"]
    assert entry.fields["title"] == CITATION["title"]
    assert entry.fields["url"] == CITATION["url"]
    assert entry.fields["year"] == CITATION["date-released"][:4]
    assert entry.fields["note"] == f"Version {CITATION['version']}"
    assert str(entry.persons["author"][0]) == f"{{{author['name']}}}"


def front(path):
    """What a chapter says before its first section."""
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.split(r"^## ", prose, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize(
    "path", sorted(set(BOOK.glob("*.ipynb")) - {BOOK / "intro.ipynb"}), ids=lambda path: path.stem
)
def test_a_chapter_says_what_it_takes_and_gives_and_what_comes_next(path):
    text = front(path)
    assert re.search(r"\*\*Time to read:\*\* about \d+ minutes", text)
    assert re.search(r"\*\*After this page you can\*\*\n(\n- .+){3}", text)
    assert "**You need**" in text
    assert "**Read next:**" in path.read_text(encoding="utf-8")


def test_each_name_leads_to_one_function():
    text = "\n".join(map(front, BOOK.glob("*.ipynb")))
    lists = re.findall(r"\| Also called \| (.+) \|", text)
    assert len(lists) == len(classes())
    names = ", ".join(lists).split(", ")
    assert len(names) == len(set(names))
