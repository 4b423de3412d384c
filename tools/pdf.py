"""Print the built book as PDFs with a Chromium: each page by itself, and all of them as one book.

``make pdf`` builds the book, writes the PDFs into ``_build/html/pdf`` and links them: from the
download button of each page, which had offered to print it, and from the cover.
"""

import html
import io
import mimetypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import matplotlib as mpl
import pikepdf
import yaml
from measuring import ADDRESS, ARGUMENTS, CHROMIUM, NO_CHROMIUM, ROOT, SITE
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BOOK = "activation-functions"

FOOT = """\
<div style="display: flex; justify-content: space-between; width: 100%; margin: 0 24mm;
  font: 9pt serif; color: #555">
  <span>{}</span><span class="pageNumber"></span>
</div>"""
# The text is set in the family of its equations, on every machine. Matplotlib brings both fonts.
FONTS = Path(mpl.get_data_path(), "fonts", "ttf")
FACES = {
    "STIXGeneral.ttf": ("Book Text", "normal", 400),
    "STIXGeneralItalic.ttf": ("Book Text", "italic", 400),
    "STIXGeneralBol.ttf": ("Book Text", "normal", 700),
    "STIXGeneralBolIta.ttf": ("Book Text", "italic", 700),
    "DejaVuSansMono.ttf": ("Book Code", "normal", 400),
    "DejaVuSansMono-Oblique.ttf": ("Book Code", "italic", 400),
    "DejaVuSansMono-Bold.ttf": ("Book Code", "normal", 700),
}
TYPE = "".join(
    f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
    f"src: url({ADDRESS}fonts/{file}) }}"
    for file, (family, style, weight) in FACES.items()
)
LOAD = """(type) => {
  const style = document.createElement("style");
  style.textContent = type;
  document.head.append(style);
  return Promise.all([...document.fonts].map((font) => font.load()));
}"""
WIDTH = 612  # in pixels, what the margins leave of A4
# A wide page is printed smaller as a whole, a wide box is cut off.
TOO_WIDE = """() => [...document.querySelectorAll("html, body *")].filter((box) =>
  box.scrollWidth > box.clientWidth + 1 &&
  (box.localName === "html" || getComputedStyle(box).overflowX !== "visible") &&
  getComputedStyle(box).display !== "inline" && getComputedStyle(box).position !== "absolute"
).map((box) => `${box.localName}.${box.className}`)"""
PRINT = re.compile(r'<button onclick="window\.print\(\)"(.*?)</button>', re.DOTALL)
START = re.compile(r'(<p><strong><a [^>]*href="why_nonlinearity\.html".*?</strong>)', re.DOTALL)

Parts = list[tuple[str, list[str]]]


def contents() -> Parts:
    """Return the parts of the book, each with its caption and its pages; the first is the cover."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = (
        (part["caption"], [page["file"] for page in part["chapters"]]) for part in toc["parts"]
    )
    return [("", [toc["root"]]), *parts]


def published(browser: Browser) -> BrowserContext:
    """Return a context that finds the built book at its public address, and nothing else.

    So the links in a PDF lead to where the book is published. The pages' scripts are off: what they
    would fold is open, and there are no buttons.
    """

    def answer(route: Route) -> None:
        address = re.split("[?#]", route.request.url)[0]
        path = SITE / address.removeprefix(ADDRESS)
        if path.name in FACES:
            path = FONTS / path.name
        if address.startswith(ADDRESS) and path.is_file():
            route.fulfill(path=path, content_type=mimetypes.guess_type(path)[0])
        else:
            route.abort()

    context = browser.new_context(color_scheme="light", java_script_enabled=False)
    context.set_default_timeout(120_000)
    context.route("**/*", answer)
    return context


def entries(outline: list[pikepdf.OutlineItem]) -> Iterator[pikepdf.OutlineItem]:
    """Yield the entries of an outline, each before those below it."""
    for entry in outline:
        yield entry
        yield from entries(entry.children)


def printed(page: Page, foot: str) -> pikepdf.Pdf:
    """Return a page as PDF: tagged, with an outline, and `foot` and the page's number below.

    Chromium drops the spaces where a heading's lines break, and repeats a heading that it moved to
    the next page, so the outline gets its titles from the page.
    """
    page.emulate_media(media="print")
    page.set_viewport_size({"width": WIDTH, "height": 900})
    if wide := page.evaluate(TOO_WIDE):
        msg = f"{page.title()} has boxes wider than the paper: {', '.join(wide)}"
        raise RuntimeError(msg)
    data = page.pdf(
        prefer_css_page_size=True,
        print_background=True,
        tagged=True,
        outline=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT.format(html.escape(foot)),
    )
    result = pikepdf.open(io.BytesIO(data))
    titles = page.locator(":is(article, nav) :is(h1, h2, h3, h4, h5, h6):visible").all_inner_texts()
    with result.open_outline() as outline:
        for entry, title in zip(entries(outline.root), titles, strict=True):
            entry.title = " ".join(title.split())
    return result


def opened(context: BrowserContext, name: str) -> Page:
    """Return a page of the book with the fonts it is printed in."""
    page = context.new_page()
    page.goto(f"{ADDRESS}{name}.html")
    page.evaluate(LOAD, TYPE)
    return page


def print_page(context: BrowserContext, name: str) -> pikepdf.Pdf:
    """Return one page of the book as PDF."""
    page = opened(context, name)
    result = printed(page, page.title())
    page.close()
    return result


def chapters(pdf: pikepdf.Pdf) -> list[int]:
    """Return the numbers of the pages on which the entries on top of the outline begin."""
    with pdf.open_outline() as outline:
        places = [cast("pikepdf.Array", entry.destination)[0] for entry in outline.root]
    return [pikepdf.Page(place).index + 1 for place in places]


def print_book(
    context: BrowserContext, parts: Parts, edition: str = "", kept: tuple[str, ...] = ()
) -> pikepdf.Pdf:
    """Return pages of the book as one PDF with a title page and a table of contents.

    An edition has its name below the title, and keeps of each page the sections with these ids.
    """
    page = opened(context, contents()[0][1][0])
    join = (ROOT / "tools" / "pdf.js").read_text(encoding="utf-8")
    version = page.locator(".extra_footer").inner_text()
    lines = [*filter(None, [edition]), f"By {CONFIG['author']}", version, ADDRESS]
    page.evaluate(join, [ADDRESS, parts, lines, [*kept]])
    # Print it to see where the chapters begin, and again with these numbers in the contents.
    _, *begins = chapters(printed(page, CONFIG["title"]))
    fill = "pages => document.querySelectorAll('.page').forEach((e, i) => e.textContent = pages[i])"
    page.evaluate(fill, begins)
    result = printed(page, CONFIG["title"])
    page.close()
    if chapters(result)[1:] != begins:
        msg = "the chapters moved while the contents were filled in"
        raise RuntimeError(msg)
    return result


def write(pdf: pikepdf.Pdf, name: str, folder: Path = SITE / "pdf") -> Path:
    """Write a PDF as small as it gets, and return where."""
    path = folder / f"{name}.pdf"
    pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return path


def with_download(text: str, name: str) -> str:
    """Return a built page with a link to its PDF in place of the button that prints it."""
    link = rf'<a href="../pdf/{name}.pdf"\1</a>'
    text, count = PRINT.subn(link, text.replace("Print to PDF", "Download as PDF"))
    if count != 1:
        msg = f"{name}.html has {count} buttons that print it, not one"
        raise RuntimeError(msg)
    return text


def with_book(text: str, pages: int) -> str:
    """Return the built cover with a link to the whole book beside the one that starts reading."""
    label = f"The whole book as PDF ({pages} pages)"
    text, count = START.subn(rf'\1 <a href="../pdf/{BOOK}.pdf">{label}</a>', text, count=1)
    if count != 1:
        msg = "the cover has no link that starts reading"
        raise RuntimeError(msg)
    return text


def main() -> int:
    """Write every PDF and link it; return 1 where there is no Chromium."""
    if CHROMIUM is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 1
    (SITE / "pdf").mkdir(exist_ok=True)
    parts = contents()
    pages = [page for _, group in parts for page in group]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = published(browser)
        for page in pages:
            write(print_page(context, page), Path(page).name)
        book = print_book(context, parts)
        browser.close()
    path = write(book, BOOK)
    for page in pages:
        built = SITE / f"{page}.html"
        text = with_download(built.read_text(encoding="utf-8"), Path(page).name)
        if page == pages[0]:
            text = with_book(text, len(book.pages))
        built.write_text(text, encoding="utf-8")
    print(f"The book as PDF: {path.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
