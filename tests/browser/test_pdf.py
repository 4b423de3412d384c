"""The PDFs can be found one's way in: an outline, tags, page numbers, links that lead somewhere."""

import os
import re

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("pikepdf", reason="The PDFs were not tested: make pdf installs pikepdf.")

import pdf
import pikepdf

pytestmark = pytest.mark.usefixtures("browser")

PARTS = [("", ["book/intro"]), ("Two chapters", ["book/softsign", "book/glossary"])]


@pytest.fixture(scope="module")
def context(browser):
    context = pdf.published(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(context):
    return pdf.print_page(context, "book/softsign")


@pytest.fixture(scope="module")
def book(context):
    return pdf.print_book(context, PARTS)


def titles(document):
    with document.open_outline() as outline:
        return [entry.title for entry in pdf.entries(outline.root)]


def links(document):
    """Each link: its page's number and where it leads, an address or the number of a page."""
    for number, page in enumerate(document.pages, start=1):
        for note in page.get("/Annots", []):
            if note.get("/Subtype") != "/Link":
                continue
            if "/A" in note and "/URI" in note.A:
                yield number, str(note.A.URI)
            else:
                place = document.Root.Dests[str(note.Dest)]
                yield number, pikepdf.Page(place[0]).index + 1


def fonts(document):
    for page in document.pages:
        for font in page.Resources.get("/Font", {}).values():
            yield font.DescendantFonts[0].FontDescriptor if "/DescendantFonts" in font else font


@pytest.mark.parametrize("name", ["page", "book"])
def test_a_pdf_is_a_tagged_document_on_a4_with_its_fonts(name, request):
    document = request.getfixturevalue(name)
    assert document.Root.MarkInfo.Marked
    assert "/StructTreeRoot" in document.Root
    assert str(document.Root.Lang) == "en"
    for each in document.pages:
        assert [round(float(side)) for side in each.MediaBox] == [0, 0, 595, 842]
    for font in fonts(document):
        assert "/FontFile2" in font or font.get("/Subtype") == "/Type3"
    names = " ".join(str(font.get("/FontName")) for font in fonts(document))
    for used in ("STIXGeneral-Regular", "STIXGeneral-Bold", "STIXTwoMath", "DejaVuSansMono"):
        assert used in names


def test_the_outline_of_a_page_is_its_headings(page):
    found = titles(page)
    assert found[0].endswith("SoftSign")
    sections = ("What to notice", "Where floating point bites", "Exercises", "Quiz", "References")
    assert set(sections) <= set(found)


def test_the_book_begins_with_its_contents_and_each_chapter_on_a_page_of_its_own(book):
    begins = pdf.chapters(book)
    with book.open_outline() as outline:
        tops = [entry.title for entry in outline.root]
    assert [title.split(". ")[-1] for title in tops] == [
        "Contents", pdf.CONFIG["title"], "SoftSign", "Glossary",
    ]  # fmt: skip
    assert begins[:2] == [2, 3]
    assert begins == sorted(set(begins))
    assert [target for number, target in links(book) if number == 2] == begins[1:]


@pytest.mark.parametrize("name", ["page", "book"])
def test_links_lead_into_the_document_or_to_the_published_book(name, request):
    found = {target for _, target in links(request.getfixturevalue(name))}
    addresses = {target for target in found if isinstance(target, str)}
    assert f"{pdf.ADDRESS}book/tanh.html" in addresses
    assert all(address.startswith("https://") for address in addresses)
    assert (f"{pdf.ADDRESS}book/glossary.html" in str(addresses)) == (name == "page")


def test_what_is_folded_is_open(context):
    page = context.new_page()
    page.goto(f"{pdf.ADDRESS}book/softsign.html")
    page.emulate_media(media="print")
    folded = page.locator(".solution .cell_input, details p")
    assert folded.count() > 5
    assert all(each.is_visible() for each in folded.all())
    for name in ("navigation", "button"):
        assert page.get_by_role(name).count() == 0
    page.close()


def test_nothing_is_wider_than_the_paper(context):
    page = context.new_page()
    page.set_viewport_size({"width": pdf.WIDTH, "height": 900})
    page.emulate_media(media="print")
    for _, pages in pdf.contents():
        for name in pages:
            page.goto(f"{pdf.ADDRESS}{name}.html")
            assert page.evaluate(pdf.TOO_WIDE) == [], name
    page.close()


@pytest.mark.parametrize("style", ["", "overflow-x: auto"])
def test_what_is_wider_than_the_paper_is_not_printed(style, context):
    page = context.new_page()
    page.set_content(f'<div style="{style}"><pre style="width: 900px">Wide</pre></div>')
    with pytest.raises(RuntimeError, match=r"wider than the paper: (html|div)"):
        pdf.printed(page, "")
    page.close()


def test_the_links_are_put_where_the_pages_had_a_button():
    text = (pdf.SITE / "book" / "intro.html").read_text(encoding="utf-8")
    linked = pdf.with_book(pdf.with_download(text, "intro"), 100)
    assert re.search(r'<a href="../pdf/intro.pdf"\s+class="[^"]*dropdown-item', linked)
    assert "(100 pages)</a></p>" in linked
    assert "window.print" not in linked
    with pytest.raises(RuntimeError, match="0 buttons"):
        pdf.with_download(linked, "intro")
    with pytest.raises(RuntimeError, match="starts reading"):
        pdf.with_book("", 1)
