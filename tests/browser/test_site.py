"""Every page of the site keeps to the figures in tools/measuring.py."""

import os
import re

import pytest
from measuring import (
    ROWS,
    SETTLED,
    chapters,
    invalid,
    links,
    measure,
    over,
    pages,
    read,
    serve,
    to_visit,
)


@pytest.mark.parametrize("page", to_visit())
def test_a_page_keeps_to_its_figures(page, browser, server):
    assert over(measure(browser, server, page)) == []


def test_no_link_is_broken_and_no_id_stands_twice():
    assert over(links()) == []


def test_the_html_is_valid():
    assert over(invalid()) == []


def test_notebooks_alone_have_buttons_that_open_a_notebook():
    buttons = {
        page: re.findall(r'href="[^"]*/(?:colab|mybinder)\b[^"]*"', read(page)) for page in pages()
    }
    assert sorted(page for page, found in buttons.items() if found) == chapters()
    for page, found in buttons.items():
        assert all(f"/{page.replace('.html', '.ipynb')}" in address for address in found)


def test_each_style_sheet_is_named_by_its_digest():
    """So that a browser does not keep an old one."""
    for page in to_visit():
        sheets = re.findall(
            r'<link rel="stylesheet"[^>]*?href="([^"]+)"', read(page.partition("?")[0])
        )
        assert sheets
        for sheet in sheets:
            assert re.search(r"\?v=\w+$", sheet), f"{page}: {sheet}"


def test_an_equation_and_its_full_stop_stay_on_one_line(visit):
    page = visit("book/tanh.html", viewport={"width": 390, "height": 844})
    page.wait_for_function(SETTLED)
    lines = page.evaluate(
        "[...document.querySelectorAll('.together')].map((part) =>"
        " new Set([...part.getClientRects()].map(({ bottom }) => Math.round(bottom))).size)"
    )
    assert len(lines) > 10
    assert set(lines) == {1}
    loose = re.sub('<span class="together">.*?</span>', "", read("book/tanh.html"), flags=re.DOTALL)
    assert not re.search("</math>[.,;:!?)]", loose)


def test_menus_and_the_mark_on_a_section_work_although_their_script_comes_late(visit):
    page = visit("book/sigmoid.html", viewport={"width": 1400, "height": 900})
    assert "bootstrap.js" not in read("book/sigmoid.html")
    page.wait_for_function("window.bootstrap")
    page.wait_for_function(SETTLED)
    page.get_by_role("button", name="Download this page").click()
    page.get_by_role("link", name=".ipynb").wait_for()
    for section in ("Definition", "Quiz"):
        page.get_by_role("heading", name=section, exact=True).evaluate("it => it.scrollIntoView()")
        page.locator(".page-toc .active", has_text=section).wait_for()


FAULTY = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<title>Faults</title>
<script>
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const { dataset } = document.documentElement;
  dark.onchange = () => { dataset.theme = dark.matches ? "dark" : "light"; };
  console.warn("a warning");
</script>
<main>
<h1 id="twice">Faults</h1>
<p id="twice" style="background: #fff; color: #bbb">Pale</p>
<a href="#nowhere">Nowhere</a>
<img src="noise.png" alt="Noise">
<div style="width: 900px">Wide</div>
<p>Left as \\frac{1}{2}</p>
<button onmouseover="0">Ask</button>
<script>
  document.querySelector("button").addEventListener("click", () => fetch("http://127.0.0.1:9/"));
</script>
</main>
</span>
"""


def test_a_fault_of_each_kind_is_found(tmp_path, browser):
    page, following = chapters()[:2]
    (tmp_path / "book").mkdir()
    (tmp_path / page).write_text(FAULTY, encoding="utf-8")
    (tmp_path / following).write_text(FAULTY.replace("noise", "more"), encoding="utf-8")
    for name, size in (("noise", 601_000), ("more", 151_000)):
        (tmp_path / "book" / f"{name}.png").write_bytes(os.urandom(size))
    with serve(tmp_path) as server:
        found = measure(browser, server, page)
    found += links(tmp_path) + invalid(tmp_path)
    assert {fault.row for fault in over(found)} == set(ROWS)
