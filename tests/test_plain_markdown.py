"""What the book makes of a notebook's plain Markdown."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from samples import CLASSES

BOOK = Path(__file__).parent.parent / "book"

spec = importlib.util.spec_from_file_location("plain_markdown", BOOK / "_ext" / "plain_markdown.py")
ext = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ext)

GLOSSARY = """# Glossary

```{glossary}
logit
  The inverse: of the sigmoid.

units in the last place (ULP)
  The spacing of floats.

ULP
: One of them.
```
"""


def markdown(text):
    return {"id": "a", "cell_type": "markdown", "metadata": {}, "source": text.splitlines(True)}


def code(text):
    return {"id": "b", "cell_type": "code", "metadata": {}, "source": text, "outputs": []}


def test_the_terms_of_a_glossary_are_found_by_their_anchors():
    assert ext.terms(GLOSSARY) == {
        "term-logit": "logit",
        "term-units-in-the-last-place-ULP": "units in the last place (ULP)",
        "term-ULP": "ULP",
    }
    names = ext.terms((BOOK / "glossary.md").read_text(encoding="utf-8"))
    assert names["term-vector-Jacobian-product"] == "vector-Jacobian product"


@pytest.mark.parametrize(
    ("plain", "ours"),
    [
        ("See [Elliott 1993](bibliography.md#elliott1993).", "See {cite:t}`elliott1993`."),
        ("[A](bibliography.md#a) [B](bibliography.md#b-2)", "{cite:t}`a` {cite:t}`b-2`"),
        ("a [logit](glossary.md#term-logit)", "a {term}`logit <logit>`"),
        ("[ulps](glossary.md#term-ULP)", "{term}`ulps <ULP>`"),
        ("[lost](glossary.md#term-lost)", "{term}`lost <term-lost>`"),  # the build stops at it
        (
            "[next](tanh.ipynb) and [x](https://a.b/c#d)",
            "[next](tanh.ipynb) and [x](https://a.b/c#d)",
        ),
        ("$$\nx\n$$\n<!-- eq-x-derivative -->\n", "$$\nx\n$$ (eq-x-derivative)\n"),
        ("$$\nx\n$$\n<!-- a remark -->\n", "$$\nx\n$$\n<!-- a remark -->\n"),
        ("$$\nx\n$$\n\n<!-- eq-x -->\n", "$$\nx\n$$\n\n<!-- eq-x -->\n"),
    ],
)
def test_links_and_labels_become_roles(plain, ours):
    assert ext.with_roles(plain, ext.terms(GLOSSARY)) == ours


def test_an_answer_is_right_where_its_reason_says_so():
    def fold(reason):
        return f"<details><summary>1/4</summary>\n\n{reason}\n\n</details>\n"

    text = ext.with_roles(
        fold("Right: so it is.") + fold("No. Right of 0.") + fold("Rightly no."), {}
    )
    assert [part.partition(">")[0] for part in text.split("<details ")[1:]] == [
        'class="right"',
        'class="wrong"',
        'class="wrong"',
    ]


def test_an_exercise_and_its_solution_stand_in_their_directives():
    cells = [
        markdown("## Exercises"),
        markdown("### Exercise 2: in code\n\nTry $x$."),
        markdown("#### Solution"),
        markdown("It is 2."),
        code("# no heading\nassert 1 + 1 == 2"),
        markdown("### Exercise 3: an idea\n\nWhy?"),
        markdown("#### Solution"),
        code("1"),
        markdown("## Quiz"),
        markdown("After it."),
    ]
    before = json.dumps(cells)
    result = ext.with_exercises(cells, "soft-sign")
    assert [cell["source"] for cell in result] == [
        "## Exercises",
        "````{exercise} 2: in code\n:label: soft-sign-exercise-2\n:nonumber:\n\n\nTry $x$.\n````",
        "```{solution-start} soft-sign-exercise-2\n:class: dropdown\n```",
        "It is 2.",
        "# no heading\nassert 1 + 1 == 2",
        "```{solution-end}\n```",
        "````{exercise} 3: an idea\n:label: soft-sign-exercise-3\n:nonumber:\n\n\nWhy?\n````",
        "```{solution-start} soft-sign-exercise-3\n:class: dropdown\n```",
        "1",
        "```{solution-end}\n```",
        "## Quiz",
        "After it.",
    ]
    assert [cell["cell_type"] for cell in result].count("code") == 2
    assert json.dumps(cells) == before


def test_only_a_notebooks_markdown_is_rewritten(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "glossary.md").write_text(GLOSSARY, encoding="utf-8")
    link = "[logit](glossary.md#term-logit)"
    env = SimpleNamespace(doc2path=lambda docname: docname)
    app = SimpleNamespace(srcdir=tmp_path, env=env)

    source = [json.dumps({"cells": [markdown(link), code(link)], "nbformat": 4})]
    ext.rewrite(app, "book/page.ipynb", source)
    notebook = json.loads(source[0])
    assert [cell["source"] for cell in notebook["cells"]] == ["{term}`logit <logit>`", link]
    assert notebook["nbformat"] == 4

    source = [link]
    ext.rewrite(app, "book/page.md", source)
    assert source == [link]


def test_the_page_of_the_api_lists_every_activation():
    page = ext.with_classes((BOOK / "api.md").read_text(encoding="utf-8"))
    for cls in CLASSES:
        assert page.count(f"\n.. autoclass:: npdl_activations.{cls.__name__}\n") == 1


CONF = f"""
import sys
sys.path.insert(0, {str(BOOK / "_ext")!r})
extensions = ["myst_nb", "sphinx_exercise", "plain_markdown"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
exercise_style = "solution_follow_exercise"
html_theme = "basic"
"""


def test_a_page_shows_them_all(tmp_path):
    cells = [
        markdown("# Page\n\nA [share](glossary.md#term-logit).\n\n$$\nx = 1\n$$\n<!-- eq-x -->"),
        markdown("### Exercise 1: on paper\n\nFind $x$."),
        markdown("#### Solution"),
        markdown("One."),
        markdown("## Quiz\n\n<details><summary>1</summary>\n\nRight.\n\n</details>"),
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "glossary.md").write_text(GLOSSARY, encoding="utf-8")
    (tmp_path / "book" / "my_page.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "index.md").write_text(
        "# Book\n\n```{toctree}\nbook/my_page\nbook/glossary\n```\n", encoding="utf-8"
    )
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", tmp_path, tmp_path / "html"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "book" / "my_page.html").read_text(encoding="utf-8")
    assert 'href="glossary.html#term-logit"' in page
    assert 'id="equation-eq-x"' in page
    assert ">Exercise 1: on paper</p>" in " ".join(page.split())
    assert 'id="my-page-exercise-1"' in page
    assert "dropdown" in page
    assert '<details class="right">' in page
