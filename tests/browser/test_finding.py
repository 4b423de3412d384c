"""A reader finds each page: by search, by the index, and from where somebody links to it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml
from PIL import Image

from npdl_activations import __version__

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(page["file"] for part in TOC["parts"] for page in part["chapters"])]
ADDRESS = CONFIG["html"]["baseurl"]


class Head(HTMLParser):
    """What the head of a page says of it."""

    def __init__(self, page):
        super().__init__()
        self.meta, self.links, self.title = {}, {}, None
        self.text = (SITE / f"{page}.html").read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "meta" and (name := given.get("name") or given.get("property")):
            self.meta.setdefault(name, []).append(given["content"])
        elif tag == "link":
            self.links.setdefault(given["rel"], []).append(given["href"])


def other_names():
    """The names in the chapters' cards, each with its chapter."""
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        front = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        if found := re.search(r"\| Also called \| (.+) \|", front):
            yield re.match("# (.+)", front)[1], path.stem
            for name in found[1].split(", "):
                yield name, path.stem
                yield name.removesuffix(" function"), path.stem


@pytest.fixture(scope="module")
def heads():
    return {page: Head(page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_is(page, heads):
    head = heads[page]
    (text,) = head.meta["description"]
    assert head.meta["og:description"] == [text]
    assert 40 <= len(text) <= 250
    assert not set("$\\\n") & set(text)
    assert head.links["canonical"] == head.meta["og:url"] == [f"{ADDRESS}{page}.html"]
    (image,) = head.meta["og:image"]
    with Image.open(SITE / image.removeprefix(ADDRESS)) as card:
        assert card.size == (1200, 630)
    assert head.meta["og:image:alt"][0]
    for icon in ("icon", "apple-touch-icon"):
        (address,) = head.links[icon]
        assert (SITE / page).parent.joinpath(address).is_file()


def test_no_two_pages_say_the_same(heads):
    for name in ("description", "og:title", "og:image"):
        assert len({head.meta[name][0] for head in heads.values()}) == len(PAGES)


def test_the_list_of_pages_is_complete():
    found = re.findall("<loc>(.+)</loc>", (SITE / "sitemap.xml").read_text(encoding="utf-8"))
    assert sorted(found) == sorted(f"{ADDRESS}{page}.html" for page in PAGES)


def test_the_root_leads_to_the_cover(visit):
    page = visit("index.html")
    page.wait_for_url(f"**/{TOC['root']}.html")


def test_every_page_has_the_version_and_its_date_at_its_foot(heads):
    version = rf"<p>Version {re.escape(__version__)}, \d+ [A-Z]\w+ \d{{4}}</p>"
    for head in heads.values():
        assert re.search(version, head.text)


def test_search_leads_from_every_name_to_its_chapter(visit):
    page = visit("search.html?q=expit")
    first = page.locator("#search-results li a").first
    assert first.inner_text().endswith("Sigmoid")
    found = page.locator("#search-results li > a").all_inner_texts()
    assert len(found) == len(set(found))
    assert "inverse logit" in page.locator("#search-results .context").first.inner_text()
    assert "(0,14]" not in page.locator("#search-results").inner_text()
    search = "name => Search._performSearch(...Search._parseQuery(name)).at(-1)[0]"
    wanted = dict(other_names())
    assert len(wanted) > 30
    assert {name: page.evaluate(search, name) for name in wanted} == {
        name: f"book/{stem}" for name, stem in wanted.items()
    }


def test_the_index_has_every_name_and_is_reached_from_every_page(visit, heads):
    page = visit("book/intro.html")
    page.get_by_role("navigation", name="Index").get_by_role("link").click()
    page.wait_for_url("**/genindex.html")
    listed = set(page.locator(".indextable a").all_inner_texts())
    assert {name for name, _ in other_names()} <= listed
    for head in heads.values():
        assert 'genindex.html">Index</a>' in head.text


def test_the_link_to_a_term_says_what_it_means(heads):
    text = "".join(head.text for head in heads.values())
    found = dict(re.findall(r'href="[^"]*glossary\.html#term-([^"]+)" title="([^"]+)"', text))
    assert len(found) > 12
    assert found["ULP"].startswith("Unit in the last place: the gap between neighbouring")
    assert found["logit"].endswith("p it is ln(p/(1−p)), the inverse of the sigmoid.")
    assert "machine-epsilon" not in found  # in one line, 2 to the power of −52 would be 2−52
    assert not any("$" in meaning or "\\" in meaning for meaning in found.values())
