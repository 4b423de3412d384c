"""Measure the built book: what the browser tests and `make audit` hold it to.

Each measurement answers findings: a row of the table, the page, the value, and what was found.
"""

import gzip
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from html.parser import HTMLParser
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import yaml
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from justhtml import JustHTML
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
NO_CHROMIUM = (
    "The pages were neither checked in a browser nor printed, as there is no Chromium: install one"
    " (apt-get install chromium)."
)


class Row(NamedTuple):
    """A row of the table: what is measured, on which pages, and the largest value allowed."""

    what: str
    pages: str
    limit: float
    unit: str = ""


CHAPTERS = "cover, chapters"
ROWS = {
    "axe": Row("axe-core violations, light and dark, 1280 and 390 px", "every page", 0),
    "hosts": Row("requests to any other host", "every page", 0),
    "console": Row("console errors and warnings, failed requests", "every page", 0),
    "first": Row("bytes on the wire, first visit", CHAPTERS, 600, "KB"),
    "second": Row("bytes on the wire, second page of the visit", CHAPTERS, 150, "KB"),
    "scroll": Row("horizontal scroll at 320 px, spaced widely too", "every page", 0, "px"),
    "links": Row("broken internal links and anchors", "site", 0),
    "ids": Row("duplicate ids", "site", 0),
    "html": Row("invalid HTML", "site", 0),
    "equations": Row("equations that failed to typeset", "site", 0),
}


class Finding(NamedTuple):
    """A value that was measured on a page."""

    row: str
    page: str
    value: float
    detail: str = ""


def pages(site: Path = SITE) -> list[str]:
    """Return the pages of a site; JupyterLite's are its own."""
    return sorted(
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if path.relative_to(site).parts[0] not in {"_static", "lite"}
    )


def read(page: str, site: Path = SITE) -> str:
    """Return the source of a page."""
    return (site / page).read_text(encoding="utf-8")


def to_visit() -> list[str]:
    """Return the pages a reader sees, the search with results: not those that only send on."""
    seen = [page for page in pages() if "http-equiv" not in read(page)]
    return [f"{page}?q=logistic" if page == "search.html" else page for page in seen]


def chapters() -> list[str]:
    """Return the cover and the chapters."""
    return sorted(f"book/{path.stem}.html" for path in (ROOT / "book").glob("*.ipynb"))


@cache
def compressed(path: Path) -> bytes:
    """Return a file as GitHub Pages sends it."""
    return gzip.compress(path.read_bytes(), 6)


HEADERS = 250  # bytes that an answer has besides what was asked for


class Compressing(SimpleHTTPRequestHandler):
    """Answers as GitHub Pages does: text compressed with gzip, all of it kept for ten minutes."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        """Send a file."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        kind = self.guess_type(path)
        text = re.search(r"^text/|javascript|json|svg|xml", kind)
        body = compressed(path) if text else path.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        if text:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        with self.server.lock:
            self.server.sent += len(body) + HEADERS
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Server(ThreadingHTTPServer):
    """A server that the many requests of a page do not overrun, and that counts what it sends."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, site: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Compressing, directory=str(site)))
        self.address = f"http://127.0.0.1:{self.server_port}/"
        self.lock = Lock()
        self.sent = 0

    def handle_error(self, *args: Any) -> None:
        """Report an error, unless the reader went on to another page."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*args)


@contextmanager
def serve(site: Path = SITE) -> Iterator[Server]:
    """Serve a site on this machine."""
    with Server(site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Traffic:
    """What the pages of a context ask of other hosts, and what they complain of."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.server = server
        self.hosts: list[str] = []
        self.faults: list[str] = []
        context.on("request", self.asked)
        context.on("console", self.said)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("requestfailed", self.failed)
        context.on("response", self.answered)

    def asked(self, request: Any) -> None:
        """Note a request to another host."""
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.hosts.append(request.url)

    def said(self, message: Any) -> None:
        """Note an error or a warning."""
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.type}: {message.text}")

    def failed(self, request: Any) -> None:
        """Note a failure, unless the reader went on to another page."""
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.failure}: {request.url}")

    def answered(self, response: Any) -> None:
        """Note a refusal."""
        if response.status >= HTTPStatus.BAD_REQUEST:
            self.faults.append(f"{response.status}: {response.url}")


# scroll.js lays the sections out one after the other; the search answers when its index is there.
SETTLED = """() => document.readyState === "complete" && document.fonts.status === "loaded" &&
  [...document.querySelectorAll(".bd-article > section > section")].every(
    (section) => section.style.contentVisibility === "visible") &&
  (!location.search || document.querySelector("#search-results li"))"""

UNFOLD = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const button of document.querySelectorAll(".toggle-button-hidden")) button.click();
}"""

# All that answers to a reader, but what leaves the page: printing and the full screen.
USE = """() => {
  for (const button of document.querySelectorAll("button:not([onclick])")) button.click();
  for (const input of document.querySelectorAll("article :is(input, select)"))
    for (const name of ["input", "change"])
      input.dispatchEvent(new Event(name, { bubbles: true }));
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}"""

OVERFLOW = """() => {
  const excess = document.documentElement.scrollWidth - innerWidth;
  const wide = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 0.5);
  const name = (element) => `${element.localName}.${element.className}`;
  return [Math.max(0, excess), excess > 0 ? wide.slice(0, 5).map(name).join(", ") : ""];
}"""

# WCAG 1.4.12: a reader may space letters, words and lines so far. A wide font takes no more room.
SPACED = """* {
  letter-spacing: 0.12em !important; line-height: 1.5 !important; word-spacing: 0.16em !important
}
p { margin-bottom: 2em !important }"""

# Of the equations: an error, none of it drawn, a font that did not arrive, TeX left in the text.
UNSET = r"""() => {
  const shown = [...document.querySelectorAll("math")].filter((math) => math.checkVisibility());
  const faults = [...document.querySelectorAll("merror")].map((error) => error.textContent);
  for (const math of shown)
    if (!math.getBoundingClientRect().width) faults.push(math.textContent);
  const fonts = [...document.fonts].filter((font) => font.family.includes("Book Math"));
  if (shown.length && !fonts.some((font) => font.status === "loaded"))
    faults.push("the font is not there");
  const text = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (text.nextNode()) {
    const { data, parentElement } = text.currentNode;
    if (/\\[a-zA-Z]{2,}|\$[^$\s]+\$/.test(data) &&
        !parentElement.closest("pre, code, script, style, annotation")) faults.push(data.trim());
  }
  return faults;
}"""

# Letters of code with one class look alike, and so do those of an equation. To ask one of each for
# its contrast takes a third of the time.
ALIKE = """() => {
  for (const math of document.querySelectorAll("math"))
    for (const letter of [...math.querySelectorAll("mi, mn, mo, mtext")].slice(1))
      letter.dataset.alike = "";
  const seen = new Set();
  for (const span of document.querySelectorAll("pre span")) {
    const look = `${span.className} ${span.closest("pre").parentElement.className}`;
    if (seen.has(look)) span.dataset.alike = "";
    seen.add(look);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: ":not([data-alike])" }] });
}"""

AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


def axe(tab: Page, page: str, *, every_letter: bool) -> list[Finding]:
    """Return what axe-core finds at fault, in both colours and at both widths."""
    tab.evaluate(UNFOLD)
    found = []
    for width, scheme in product((1280, 390), ("light", "dark")):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        alike = "" if every_letter else f"({ALIKE})();"
        results = Axe(f"{AXE_SCRIPT}; {alike}").run(tab, options=AXE)
        for fault in results.response["violations"]:
            for node in fault["nodes"]:
                what = f"{scheme}, {width} px: {fault['id']}: {node['html'][:100]}"
                found.append(Finding("axe", page, 1, f"{what}: {node['failureSummary']}"))
    return found


def measure(
    browser: Browser, server: Server, page: str, *, every_letter: bool = False
) -> list[Finding]:
    """Return what a browser finds on a page, and what the next chapter costs after a chapter.

    Of letters that look alike, axe-core asks one for its contrast, or every one.
    """
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    traffic = Traffic(context, server)
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    found = []
    sent = server.sent

    tab.goto(server.address + page, wait_until="networkidle")
    tab.wait_for_function(SETTLED)
    if page in chapters():
        found.append(Finding("first", page, (server.sent - sent) / 1000))

    found += axe(tab, page, every_letter=every_letter)

    faults = tab.evaluate(UNSET)
    found.append(Finding("equations", page, len(faults), "; ".join(faults)))
    tab.set_viewport_size({"width": 320, "height": 700})
    found.append(Finding("scroll", page, *tab.evaluate(OVERFLOW)))
    spacing = tab.add_style_tag(content=SPACED)
    found.append(Finding("scroll", page, *tab.evaluate(OVERFLOW)))
    spacing.evaluate("style => style.remove()")

    tab.evaluate(USE)
    tab.wait_for_load_state("networkidle")
    if page in chapters():
        following = chapters()[(chapters().index(page) + 1) % len(chapters())]
        sent = server.sent
        tab.goto(server.address + following, wait_until="networkidle")
        found.append(Finding("second", following, (server.sent - sent) / 1000))
    context.close()

    found.append(Finding("hosts", page, len(traffic.hosts), "; ".join(traffic.hosts)))
    found.append(Finding("console", page, len(traffic.faults), "; ".join(traffic.faults)))
    return found


class Anchors(HTMLParser):
    """The ids of a page, and the addresses it points to."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.feed(source)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is called and what it points to."""
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"href", "src", "data", "poster", "action"}:
                self.addresses.append(value or "")
            elif name == "srcset":
                self.addresses += [part.split()[0] for part in (value or "").split(",")]
            elif name == "content" and (value or "").startswith(ADDRESS):
                self.addresses.append(value or "")


def links(site: Path = SITE) -> list[Finding]:
    """Return the links between pages that lead nowhere, and the ids that are not alone."""
    parsed = {page: Anchors(read(page, site)) for page in pages(site)}
    pointing = [(page, target) for page, anchors in parsed.items() for target in anchors.addresses]
    if (sitemap := site / "sitemap.xml").is_file():
        found = re.findall("<loc>(.*?)</loc>", sitemap.read_text(encoding="utf-8"))
        pointing += [("sitemap.xml", target) for target in found]
    findings = []
    for page, target in pointing:
        address, fragment = urldefrag(urljoin(ADDRESS + page, target))
        if not address.startswith(ADDRESS):
            continue
        path = unquote(urlsplit(address).path.removeprefix(urlsplit(ADDRESS).path))
        path = path or "index.html"
        known = parsed.get(path)
        if not (site / path).is_file() or (fragment and known and fragment not in known.ids):
            findings.append(Finding("links", page, 1, target))
    for page, anchors in parsed.items():
        twice = {name for name in anchors.ids if anchors.ids.count(name) > 1}
        findings += [Finding("ids", page, 1, name) for name in sorted(twice)]
    return findings


def invalid(site: Path = SITE) -> list[Finding]:
    """Return what the HTML standard calls an error of parsing.

    justhtml is a parser, kept and held to the html5lib tests; it needs no program besides Python.
    `make audit` has the Nu Html Checker look at which element stands in which, too.
    """
    return [
        Finding("html", page, 1, f"line {error.line}: {error.code}")
        for page in pages(site)
        for error in JustHTML(read(page, site), collect_errors=True, sanitize=False).errors
    ]


def over(findings: list[Finding], rows: dict[str, Row] = ROWS) -> list[Finding]:
    """Return the findings beyond the limits of their rows."""
    return [found for found in findings if found.value > rows[found.row].limit]
