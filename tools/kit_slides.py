"""Slides of each chapter: its figures with their captions, its equations, its summary.

They are cut out of the built pages, so the equations are those of the book, and reveal.js, which
lies beside them, shows them without a network.
"""

import re
import shutil
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import Tag
from kit_figures import CREDIT
from measuring import SITE
from playwright.sync_api import Browser

LEFT_OUT = {"exercises", "quiz", "summary", "references"}
# The first is the theme; what it needs of a font it carries.
FILES = ("dist/theme/white.css", "dist/reset.css", "dist/reveal.css", "dist/reveal.js", "LICENSE")
DECK = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="stylesheet" href="reveal/reset.css">
<link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="reveal/white.css">
<link rel="stylesheet" href="reveal/math.css">
<style>
math {{ font-family: "Book Math", math }}
.reveal {{ font-size: 30px }}
.reveal h2 {{ font-size: 1.3em; text-transform: none }}
.reveal h1 {{ font-size: 2em; text-transform: none }}
.reveal img {{ background: #fff; max-height: 430px }}
.reveal li {{ font-size: 0.85em }}
.reveal figcaption, .reveal small {{ font-size: 0.7em }}
</style>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="reveal/reveal.js"></script>
<script>Reveal.initialize({{ hash: true, width: 1100, height: 700, transition: "none" }})</script>
</html>
"""
TOO_TALL = """() => [...document.querySelectorAll(".slides section:not(.stack)")].flatMap(
  (slide, i) => {
    slide.style.display = "block";
    const { scrollHeight, scrollWidth } = slide;
    slide.style.display = "";
    return scrollHeight > 700 || scrollWidth > 1100 ? [i] : [];
  })"""


def heading(node: Tag) -> str:
    """Return the text of the heading that a part of a page stands under, with its equations."""
    section = node.find_parent("section")
    title = section.find(["h1", "h2", "h3", "h4"]) if section else None
    return title.decode_contents() if title else ""


def slide(title: str, *parts: str) -> str:
    """Return a slide."""
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>"


def before(node: Tag) -> str:
    """Return the paragraph that leads to a part of a page, where one stands right before it."""
    last = node.find_previous_sibling()
    return str(last) if last and last.name == "p" else ""


def deck(page: str, images: Path) -> str:
    """Return the slides of a built page, and put its figures beside them."""
    source = SITE / f"{page}.html"
    article = BeautifulSoup(source.read_text(encoding="utf-8"), "html.parser").article
    if article is None or article.h1 is None:
        msg = f"{source} is no page of the book"
        raise ValueError(msg)
    for node in article.select(".headerlink, .section-number, .eqno, .caption-number, script"):
        node.decompose()
    for link in article.select("a"):
        link.unwrap()
    for box in article.select("[tabindex]"):
        del box["tabindex"]
    title = article.h1.get_text().strip()
    first = article.h1.find_next("p")
    slides = [f"<section><h1>{title}</h1>{first}<small>{CREDIT}</small></section>"]
    for node in article.select("figure:has(img), .equation"):
        if LEFT_OUT & {str(section.get("id")) for section in node.find_parents("section")}:
            continue
        for image in node.select("img"):
            file = (source.parent / str(image["src"])).resolve()
            shutil.copy(file, images)
            image["src"] = f"{images.name}/{file.name}"
            del image["width"], image["height"]
        leading = before(node) if node.name == "div" else ""
        slides.append(slide(heading(node), leading, str(node)))
    summary = article.select_one("section#summary > ul")
    if summary is None:
        msg = f"{source} has no summary"
        raise ValueError(msg)
    slides.append(slide("Summary", str(summary)))
    ids = re.compile(r' id="[^"]*"')
    return DECK.format(title=title, slides=ids.sub("", "\n".join(slides)))


def write(folder: Path, browser: Browser, pages: list[str], reveal: Path) -> None:
    """Write the slides of the pages into a folder, and see that each fits.

    Raises
    ------
    RuntimeError
        If a slide is larger than the screen, or asks for what is not there.
    """
    home = folder / "reveal"
    images = folder / "images"
    home.mkdir(parents=True)
    images.mkdir()
    for name in FILES:
        shutil.copy(reveal / name, home)
    shutil.copy(SITE / "_static" / "math.css", home)
    faults: list[str] = []
    tab = browser.new_page(viewport={"width": 1100, "height": 700})
    tab.on("requestfailed", lambda request: faults.append(f"{request.url} is missing"))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    for page in pages:
        path = folder / f"{page.rpartition('/')[2]}.html"
        path.write_text(deck(page, images), encoding="utf-8")
        tab.goto(path.as_uri())
        tab.wait_for_function("Reveal.isReady()")
        faults += [f"{path.name}: slide {i + 1} is too large" for i in tab.evaluate(TOO_TALL)]
    tab.close()
    if faults:
        raise RuntimeError("\n".join(faults))
