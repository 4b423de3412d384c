"""The equations are set when the book is built, and those that cannot be stop the build."""

import importlib.util
import inspect
import json
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from PIL import Image

import npdl_activations

BOOK = Path(__file__).parent.parent / "book"
SOURCES = sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")])

spec = importlib.util.spec_from_file_location("mathml", BOOK / "_ext" / "mathml.py")
ext = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ext)


def equations(path):
    """Return the TeX of every equation on a page, and whether it stands on its own."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    tokens = MarkdownIt().enable("table").use(dollarmath_plugin, double_inline=True).parse(text)
    flat = [*tokens, *(child for token in tokens for child in token.children or ())]
    return [
        (" ".join(token.content.split()), token.type != "math_inline")
        for token in flat
        if token.type.startswith("math_")
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_equation_of_a_page_can_be_set(path):
    faults = []
    for tex, display in equations(path):
        try:
            ext.mathml(tex, display=display)
        except ValueError as error:
            faults.append(f"{tex}: {error}")
    assert faults == []


def test_the_equations_of_a_page_are_found():
    found = equations(BOOK / "sigmoid.ipynb")
    assert sum(display for _, display in found) >= 10
    assert (r"\varphi(x) = \frac{1}{1 + e^{-x}}", True) in found


def test_every_equation_of_a_docstring_can_be_set():
    public = [value for value in vars(npdl_activations).values() if inspect.isclass(value)]
    texts = [inspect.getdoc(value) or "" for value in public]
    found = [tex for text in texts for tex in re.findall(r":math:`([^`]+)`", text)]
    found += [
        tex for text in texts for tex in re.findall(r"\.\. math:: ((?:.+\n?)+?)(?:\n|$)", text)
    ]
    assert found
    for tex in found:
        ext.mathml(" ".join(tex.split()), display=True)


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\frac{1}", "argument"),
        (r"\foo", "foo"),
        (r"\begin{split} a \\ b \end{split}", "split"),
        (r"\begin{align} a &= b \end{align}", "numbers"),
        (r"a \\ b", "aligned"),
        (r"\begin{aligned} a \\ [b, c) \end{aligned}", "distance"),
        (r"\vec v", "arrow"),
        (r"\xrightarrow{n}", "arrow"),
        (r"\boxed{a}", "box"),
        (r"\cancel{a}", "box"),
    ],
)
def test_what_would_not_show_as_written_is_refused(tex, reason):
    with pytest.raises(ValueError, match=reason):
        ext.mathml(tex, display=True)


def test_a_distance_between_rows_is_left_to_the_style_sheet():
    rows = r"\begin{{cases}} 1 & x > 0 \\{} 0 & x \le 0 \end{{cases}}"
    assert ext.mathml(rows.format("[1ex]"), display=True) == ext.mathml(
        rows.format(""), display=True
    )


def test_a_prime_is_as_large_as_its_letter():
    assert '<mrow><mi>f</mi><mo lspace="0" rspace="0">″</mo></mrow>' in ext.mathml(
        "f''(x)", display=False
    )


def test_the_font_has_what_the_equations_use_and_no_more():
    used = ext.characters(ext.mathml(r"\varphi(x) = \text{é}", display=False) + "<p>W</p>")
    assert {"é", "=", "(", "\N{MATHEMATICAL ITALIC SMALL X}"} <= used
    assert "W" not in used
    font = TTFont(BytesIO(ext.font(used)))
    assert {ord(letter) for letter in used} <= set(font.getBestCmap())
    assert ord("W") not in font.getBestCmap()
    assert "MATH" in font
    assert "Open Font License" in font["name"].getDebugName(13)


def test_a_character_that_the_font_lacks_stops_the_build():
    with pytest.raises(Exception, match="6F22"):
        ext.font({"漢"})


PAGE = r"""# Page

Inline $f'(x) < 1$ math. A definition:

$$
\varphi(x) = \frac{1}{1 + e^{-x}}
$$ (eq-short)

$$
a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + a_{10} + a_{11} + a_{12} = 0
$$ (eq-long)

$$
\underbrace{\varphi'(z_1)\,\varphi'(z_2) \cdots \varphi'(z_n)}_{n}
$$

See {eq}`eq-short`, $b_1 + b_2 + b_3 + b_4 + b_5 + b_6 + b_7 + b_8 + b_9 + b_{10} + b_{11} = 0$.
"""
CONF = f"""
import sys
sys.path.insert(0, {str(BOOK / "_ext")!r})
extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
html_static_path = [{str(BOOK / "_static")!r}]
html_css_files = ["custom.css"]
html_theme = "sphinx_book_theme"
"""


def build(folder, page):
    """Build a book of one page, where a warning is an error."""
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / "index.md").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", folder, folder / "html"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    result = build(folder, PAGE)
    assert result.returncode == 0, result.stderr
    return folder / "html"


def test_a_page_keeps_the_tex_the_numbers_and_the_anchors(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    tex = '<annotation encoding="application/x-tex">'
    assert f"{tex}f'(x) &lt; 1</annotation>" in text
    assert rf"{tex}\varphi(x) = \frac{{1}}{{1 + e^{{-x}}}}</annotation>" in text
    assert text.count('id="equation-eq-short"') == 1
    assert '<a class="eqno" href="#equation-eq-short">(1)</a>' in text
    assert '<a class="eqno" href="#equation-eq-long">(2)</a>' in text
    assert text.count('href="#equation-eq-short"') == 2  # its own number, and the reference
    assert text.count('class="eqno"') == 2
    assert text.count('<div tabindex="0"><math display="block">') == 3  # where no script runs
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert (site / "_static" / "math.css").is_file()


def test_a_broken_equation_stops_the_build_and_names_its_place(tmp_path):
    result = build(tmp_path, "# Page\n\nSee\n\n$$\n\\frac{1}\n$$\n")
    assert result.returncode != 0
    assert re.search(r"index\.md:5: ?cannot set the equation \\frac\{1\}: ", result.stderr)


@pytest.fixture(scope="module")
def page(site, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((site / "index.html").as_uri())
    page.add_script_tag(path=BOOK / "_static" / "scroll.js")  # the book has it on every page
    page.evaluate("document.fonts.ready")
    yield page
    page.close()


def test_a_wide_equation_scrolls_by_keyboard_and_a_narrow_one_is_passed_over(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        "document.querySelectorAll('[tabindex] math, math[tabindex]').length == 2"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for place, start in ((".equation > div[tabindex]", "a_1"), ("math[tabindex]", "b_1")):
        box = page.locator(place)
        assert start in box.text_content()
        assert box.bounding_box()["x"] + box.bounding_box()["width"] <= 390
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function("!document.querySelector('[tabindex] math, math[tabindex]')")


COPY = """([from, to]) => {
  const [first, last] = [from, to].map((place) => document.querySelector(place));
  getSelection().setBaseAndExtent(first, 0, last, 1);
  const clipboardData = new DataTransfer();
  document.dispatchEvent(new ClipboardEvent("copy", { clipboardData, cancelable: true }));
  return clipboardData.getData("text/plain");
}"""


def test_copied_equations_are_tex(page):
    assert page.evaluate(COPY, ["section p", "section p mi"]) == "Inline $f'(x) < 1$"
    assert page.evaluate(COPY, [".equation mfrac", ".equation mfrac"]) == (
        r"$$\varphi(x) = \frac{1}{1 + e^{-x}}$$"
    )
    assert page.evaluate(COPY, ["section h1", "section h1"]) == ""  # left to the browser


def test_a_stretched_brace_is_drawn_from_end_to_end(page):
    shot = page.locator("munder munder").screenshot()
    picture = Image.open(BytesIO(shot)).convert("L")
    brace = picture.crop((0, picture.height - 8, picture.width, picture.height))
    left, _, right, _ = brace.point(lambda value: 255 * (value < 200)).getbbox()
    assert left <= 4
    assert right >= picture.width - 4
