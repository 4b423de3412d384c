"""What the kit for teachers takes from the built book: slides and the booklet of answers."""

import os
import re

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("pikepdf", reason="The answers were not tested: make pdf installs pikepdf.")

import kit_slides
import pdf
from bs4 import BeautifulSoup
from measuring import SITE

PAGES = [page for _, group in pdf.contents()[1:] for page in group]
# Moving in shows tables, and no figure.
CHAPTERS = [
    page for page in PAGES if (pdf.ROOT / f"{page}.ipynb").exists() and page != "book/moving_in"
]


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_deck_has_what_its_page_shows_and_asks_for_nothing_else(page, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    slides = BeautifulSoup(kit_slides.deck(page, images), "html.parser")
    built = BeautifulSoup((SITE / f"{page}.html").read_text("utf-8"), "html.parser").article
    for left_out in built.select(", ".join(f"section#{name}" for name in kit_slides.LEFT_OUT)):
        left_out.decompose()
    assert len(slides.select("figure")) == len(built.select("figure:has(img)")) > 0
    assert len(slides.select(".equation")) == len(built.select(".equation"))
    assert all(figure.figcaption.get_text().strip() for figure in slides.select("figure"))
    assert all(image["alt"].strip() for image in slides.select("img"))
    assert all((tmp_path / image["src"]).is_file() for image in slides.select("img"))
    assert slides.select("section")[-1].h2.text == "Summary"
    assert all(slide.find(["h1", "h2"]).get_text().strip() for slide in slides.select("section"))
    asked = [node.get("src") or node.get("href") for node in slides.select("[src], [href]")]
    assert all(re.match(r"(reveal|images)/[\w.-]+$", address) for address in asked)
    ids = [node["id"] for node in slides.select("[id]")]
    assert len(ids) == len(set(ids))


def test_what_is_no_page_of_the_book_has_no_slides(tmp_path):
    with pytest.raises(ValueError, match="has no summary"):
        kit_slides.deck("book/glossary", tmp_path)


@pytest.mark.usefixtures("browser")
def test_the_answers_are_the_exercises_and_quizzes_alone(browser):
    context = pdf.published(browser)
    parts = [("One chapter", ["book/softsign"])]
    book = pdf.print_book(context, parts, "Answers", ("exercises", "quiz"))
    whole = pdf.print_book(context, parts)
    context.close()
    with book.open_outline() as outline:
        titles = [entry.title for entry in pdf.entries(outline.root)]
    assert [title for title in titles if "SoftSign" in title]
    assert {"Exercises", "Quiz"} <= set(titles)
    assert not {"Definition", "Summary", "References"} & set(titles)
    assert len(book.pages) < len(whole.pages)
