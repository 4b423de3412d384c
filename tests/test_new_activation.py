"""A new activation is its module, its test, its chapter and a few lines: nothing else is edited.

In a copy of the repository the arc tangent is added as CONTRIBUTING says, and everything that
speaks of every activation has to take it up.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
LEFT_OUT = (".*", "_build", "_experiments", "_verify", "dist", "__pycache__")

MODULE = r'''"""Arctan, the arc tangent."""

from typing import Any, ClassVar

import numpy as np

from .arrays import Array
from .elementwise import Elementwise


class Arctan(Elementwise):
    r"""The arc tangent: any real number to one between -pi/2 and pi/2.

    .. math:: \varphi(x) = \arctan(x)

    .. math:: \varphi'(x) = \frac{1}{1 + x^2}

    Notes
    -----
    Within 4 ULP (value), 4 (derivative), 5 (backward) in float32; 4, 4, 5 in float64; 0.51 in
    16 bits (`max_ulp`).
    """

    names = ("arctan", "Arctan", "atan")
    formula = "atan(x)"
    derivative_formula = "1 / (1 + x**2)"
    max_ulp: ClassVar = {
        "float16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "bfloat16": {"value": 0.51, "derivative": 0.51, "backward": 0.51},
        "float32": {"value": 4, "derivative": 4, "backward": 5},
        "float64": {"value": 4, "derivative": 4, "backward": 5},
    }

    def _forward(self, x: Array) -> Any:
        return np.arctan(x)

    def _derivative(self, x: Array) -> Any:
        # Two divisions, because the square overflows long before the quotient is 0.
        return 1 / np.hypot(1, x) / np.hypot(1, x)
'''

TEST = '''"""What is special about the arc tangent."""

import numpy as np

from npdl_activations import Arctan


def test_it_is_an_angle_and_its_slope():
    arctan = Arctan()
    assert np.allclose(arctan.forward([-1.0, 0.0, 1.0]), [-np.pi / 4, 0, np.pi / 4])
    assert np.allclose(arctan.derivative(), [0.5, 1, 0.5])
    assert np.allclose(arctan.backward([2.0, 2.0, 2.0]), [1, 2, 1])
'''

ENTRY = """
@book{euler1748,
  author    = {Leonhard Euler},
  title     = {Introductio in analysin infinitorum},
  publisher = {Bousquet},
  year      = {1748}
}
"""

CARD = """| Property | Arctan |
|---|---|
| Range | $(-1.58, 1.58)$ |
| Accuracy | within 4 ULP (value), 4 (derivative), 5 (backward) in float32; 4, 4, 5 in float64; \
0.51 in 16 bits: [measured](accuracy.ipynb) |"""

DEFINITION = r"""## Definition

$$
\varphi(x) = \arctan(x)
$$
<!-- eq-arctan -->

$$
\varphi'(x) = \frac{1}{1 + x^2}
$$
<!-- eq-arctan-derivative -->

It is [Euler's](bibliography.md#euler1748)."""

QUIZ = """## Quiz

**1.** What is it at 0?

<details><summary>0</summary>

Right. It is odd.

</details>
<details><summary>1</summary>

No. That is its slope.

</details>
<details><summary>2</summary>

No. It is odd.

</details>

**2.** What is its slope at 0?

<details><summary>0</summary>

No. That is its value.

</details>
<details><summary>1</summary>

Right: 1 / (1 + 0).

</details>
<details><summary>2</summary>

No. It is never more than 1.

</details>"""

IMPORTS = """import numpy as np

from npdl_activations import Arctan
from npdl_activations.lab import plot_activation, use_house_style

use_house_style()
arctan = Arctan()"""

ASSERTION = """assert np.all(np.abs(arctan([-1e300, 1e300])) < 1.58)
assert f"{arctan(8.0):.2f}" == "1.45"
arctan.forward([1.0])
assert np.allclose(arctan.derivative(), 0.5) and np.allclose(arctan.backward([4.0]), 2)"""

CAPTION = "The arc tangent and its derivative. At 8 the value is 1.45."


def chapter():
    """Return a chapter as its author writes it, without outputs."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# Arctan\n\nThe arc tangent takes a slope to an angle."),
        new.new_code_cell(IMPORTS, metadata={"tags": ["hide-input"]}),
        new.new_code_cell("plot_activation(arctan, -8, 8)"),
        new.new_markdown_cell(CARD),
        new.new_code_cell(ASSERTION, metadata={"tags": ["hide-cell"]}),
        new.new_markdown_cell(DEFINITION),
        new.new_markdown_cell(QUIZ),
        new.new_markdown_cell("## References\n\n- [Euler 1748](bibliography.md#euler1748)."),
    ]
    cells[2].metadata["mystnb"] = {
        "figure": {"caption": CAPTION, "name": "fig-arctan"},
        "image": {"alt": "Two curves over x from −8 to 8, one in the shape of an S."},
    }
    return new.new_notebook(cells=cells)


def insert(path, after, line):
    """Insert a line after the last one that is matched."""
    text = path.read_text(encoding="utf-8")
    *_, last = re.finditer(after, text, re.MULTILINE)
    path.write_text(f"{text[: last.end()]}\n{line}{text[last.end() :]}", encoding="utf-8")


def add(tree):
    """Add the arc tangent in the places that CONTRIBUTING names."""
    package, book = tree / "npdl_activations", tree / "book"
    (package / "arctan.py").write_text(MODULE, encoding="utf-8")
    (tree / "tests" / "test_arctan.py").write_text(TEST, encoding="utf-8")
    nbformat.write(chapter(), book / "arctan.ipynb")
    insert(package / "__init__.py", r"^from \.activation .*$", "from .arctan import Arctan")
    insert(package / "__init__.py", r'^    "Activation",$', '    "Arctan",')
    insert(tree / "_toc.yml", "^      - file: book/softsign$", "      - file: book/arctan")
    with (book / "references.bib").open("a", encoding="utf-8") as references:
        references.write(ENTRY)
    explorer = book / "_static" / "explorer.js"
    curve = "    Arctan: { f: Math.atan, slope: (x) => 1 / (1 + x * x), reach: 8 },"
    insert(explorer, r"^  const functions = \{$", curve)
    figure = '    "fig-arctan": (figure) => curves(figure, ["Arctan"]),'
    insert(explorer, r"^  const explorers = \{$", figure)


def run(tree, *command):
    """Run Python in the copy, with the copy's package."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=os.environ
        | {"TIERS": "numpy", "PYTHONPATH": os.pathsep.join([str(tree), str(tree / "tools")])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA")
# In each file a test that runs over every activation.
TAKEN_UP = {
    "test_arctan": "test_it_is_an_angle_and_its_slope",
    "test_registry": "test_a_class_is_known_by_the_names_that_it_states",
    "test_contract": "test_floats_come_back_as_they_went_in",
    "test_formulas": "test_every_float_of_16_bits",
    "test_memory": "test_no_subclass_of_an_array_shares_its_memory",
    "test_equations": "test_the_chapter_says_what_the_code_says",
    "test_book": "test_the_card_states_the_bounds_of_the_class",
    "test_plain_markdown": "test_the_page_of_the_api_lists_every_activation",
}
# And those that look at all of them at once.
TOGETHER = "export or curve or contents or samples or right_answer or every_activation"


def check_its_names(tree):
    program = "from npdl_activations import get; print(get('atan'), get('Arctan')(0.0))"
    done = run(tree, "-c", program)
    assert done.stdout == "Arctan 0.0\n", done.stderr


def check_its_tests(tree):
    files = [f"tests/{name}.py" for name in TAKEN_UP]
    done = run(tree, *PYTEST, *files, "-k", f"arctan or Arctan or {TOGETHER}")
    failed = re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE)
    assert done.returncode == 0, failed or done.stdout + done.stderr
    for file, test in TAKEN_UP.items():
        passed = rf"^PASSED tests/{file}\.py::{test}\b"
        assert re.search(passed, done.stdout, re.MULTILINE), f"{file} does not run {test}"


def check_that_faults_of_its_chapter_are_noticed(tree):
    page = tree / "book" / "arctan.ipynb"
    text = page.read_text(encoding="utf-8")
    wrong = text.replace("the value is 1.45", "the value is 1.54")
    page.write_text(wrong.replace(r"\\arctan(x)", r"\\tanh(x)"), encoding="utf-8")
    done = run(tree, *PYTEST, "tests/test_book.py", "tests/test_equations.py", "-k", "arctan")
    page.write_text(text, encoding="utf-8")
    failed = re.findall(r"^FAILED tests/\w+\.py::(\w+\[.*?\])", done.stdout, re.MULTILINE)
    assert failed == [
        "test_a_notebook_has_no_fault[arctan-unfounded]",
        "test_a_notebook_is_stored_in_its_normal_form[arctan]",
        "test_the_chapter_says_what_the_code_says[arctan]",
    ]


def check_its_accuracy(tree):
    measure = ("npdl_activations.lab.accuracy", "Arctan", "--dtype", "float16", "--stride", "997")
    done = run(tree, "-m", *measure)
    assert done.returncode == 0, done.stderr
    for verb in ("value", "derivative", "backward"):
        assert f"Arctan {verb}, float16" in done.stdout


def check_its_mutants(tree):
    program = "import mutants; print(*(m.kernel for m in mutants.mutants('arctan')))"
    done = run(tree, "-c", program)
    assert done.returncode == 0, done.stderr
    assert {"forward", "derivative"} <= set(done.stdout.split())


def test_everything_takes_up_a_new_activation(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
    add(tree)
    done = run(tree, "tools/notebooks.py", "book/arctan.ipynb")
    assert done.returncode == 0, done.stderr
    check_its_names(tree)
    check_its_tests(tree)
    check_that_faults_of_its_chapter_are_noticed(tree)
    check_its_accuracy(tree)
    check_its_mutants(tree)
