r"""The equations that a reader sees are the ones that are tested.

Each chapter, book/<module>.ipynb, has two labelled equations in one Markdown cell or in two,
written as display mathematics with a label behind it, in a comment:

    $$
    \varphi(x) = \frac{1}{1 + e^{-x}}
    $$
    <!-- eq-sigmoid -->

    $$
    \varphi'(x) = \frac{e^{-x}}{(1 + e^{-x})^2}
    $$
    <!-- eq-sigmoid-derivative -->

The labels are eq-<module> and eq-<module>-derivative, with hyphens for underscores. On the left
stands \varphi(x) or \varphi'(x). Each side after an equals sign is read by SymPy and held to the
class's `formula` or `derivative_formula`. Letters are x, e, and the class's parameters by their
own names, as \alpha, or by the letter that LETTER gives; \varphi(x) on the right stands for the
definition. \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases} is read too, as are
\begin{aligned}, and \tanh^2(x) or \tanh(x)^2 for a square of the function's value.

A function of a row has eq-<module> and eq-<module>-jacobian instead, in the form that EXAMPLES
has here for Softmax.
"""

import itertools
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import samples
import sympy
from lark.exceptions import LarkError
from sympy.core.function import AppliedUndef
from sympy.parsing.latex import parse_latex

from npdl_activations import get
from npdl_activations.rowwise import Rowwise

BOOK = Path(__file__).parent.parent / "book"
CLASSES = {samples.module(cls): cls for cls in samples.CLASSES}

# The letter that a page may write for a parameter: the document has s.
LETTER = {"steepness": "s"}

X = sympy.Symbol("x", real=True)
Y = sympy.Symbol("y", real=True)

# 0, and numbers on either side of it at which nothing in the formulas meets by accident.
POINTS = [sympy.Rational(n, 7) for n in (-37, -11, -5, -1, 0, 1, 4, 9, 40)]
# What each parameter is set to.
SETTINGS = [sympy.Rational(3, 5), sympy.Rational(5, 2)]


def parameters(cls):
    """Return the symbols of a class's parameters by name."""
    return {name: sympy.Symbol(name, positive=True) for name in cls().parameters}


def letters(cls):
    """Return the symbols that a class's chapter may use, by what is written for them."""
    named = parameters(cls)
    return {"x": X, "y": Y, "e": sympy.E, **named} | {
        LETTER[name]: symbol for name, symbol in named.items() if name in LETTER
    }


def equations(notebook):
    """Return the labelled display equations of a notebook, by label."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    found = re.findall(r"^\$\$\n([^$]*)\n\$\$\n<!-- (eq-[a-z-]+) -->$", text, re.MULTILINE)
    labels = [label for _, label in found]
    assert len(labels) == len(set(labels)), f"a label stands twice in {notebook.name}: {labels}"
    return {label: latex for latex, label in found}


@cache
def readings(latex):
    """Return every way in which SymPy can read LaTeX."""
    tree = parse_latex(latex, backend="lark")
    return [tree] if isinstance(tree, sympy.Basic) else tree.children


def expression(latex, allowed):
    """Read LaTeX as the one expression in it that speaks of nothing but the allowed symbols."""
    # tanh(x) might be tan(h x), and y (1 - y) the function y at 1 - y: not here.
    named = [
        r.subs({symbol: allowed.get(symbol.name, symbol) for symbol in r.free_symbols})
        for r in readings(latex)
    ]
    fitting = {
        r for r in named if r.free_symbols <= set(allowed.values()) and not r.atoms(AppliedUndef)
    }
    assert len(fitting) == 1, f"{latex} reads as {fitting or named}"
    return sympy.nsimplify(fitting.pop(), rational=True)


def read(latex, allowed):
    r"""Read one side of an equation in the letters allowed, where y stands for \varphi(x)."""
    cases = re.fullmatch(r"\\begin\{cases\}(.*)\\end\{cases\}", latex.strip(), re.DOTALL)
    if cases:
        pairs = [
            [read(part, allowed) for part in case.split("&")] for case in cases[1].split(r"\\")
        ]
        values, conditions = zip(*pairs, strict=True)
        for x in POINTS:
            met = [c for c in conditions if c.subs(X, x)]
            assert len(met) == 1, f"at x = {x} {len(met)} of the cases {conditions} hold"
        return sympy.Piecewise(*zip(values, conditions, strict=True))
    latex = re.sub(r"\\(left|right|[bB]ig+[lr]?)(?![a-zA-Z])", "", latex)
    latex = re.sub(r"\\[dt]frac", r"\\frac", latex)
    latex = re.sub(r"\\[lr]vert(?![a-zA-Z])", "|", latex)
    latex = re.sub(r"\\[,;:! ]", " ", latex)
    function = r"(\\(?:tanh|sinh|cosh))"
    latex = re.sub(function + r"\^(\{\w\}|\w)\s*(?:\((\w)\)|(\w))", r"(\1(\3\4))^\2", latex)
    latex = re.sub(rf"({function}\(\w\))\^", r"(\1)^", latex)
    return expression(latex, allowed)


def sides(latex, left):
    """Return what stands after each equals sign of an equation that begins with `left`."""
    latex = latex.strip().rstrip(".,")
    aligned = re.fullmatch(r"\\begin\{aligned\}(.*)\\end\{aligned\}", latex, re.DOTALL)
    if aligned:
        latex = aligned[1].replace("&=", "=").replace(r"\\", " ")
    # An equals sign in braces belongs to the sum or the like that the braces belong to.
    first, *others = re.split(r"=(?![^{}]*\})", latex)
    assert first.strip() == left, f"{left} is to stand on the left, not {first.strip()}"
    assert others
    return others


@cache
def values(formula, cls):
    """Return a formula's value, with 40 digits, at each point and setting of the parameters."""
    named = parameters(cls)
    expr = sympy.sympify(formula, locals={"x": X, **named})
    assert expr.free_symbols <= {X, *named.values()}, f"{formula} has other symbols"
    settings = itertools.product(SETTINGS, repeat=len(named))
    substitutions = [dict(zip(named.values(), setting, strict=True)) for setting in settings]
    return [
        ({X: x, **setting}, expr.subs({X: x, **setting}).evalf(40))
        for x in POINTS
        for setting in substitutions
    ]


def assert_equal(side, formula, cls):
    """Assert that an expression has a formula's values, whatever x and the parameters are."""
    for (at, wanted), (_, y) in zip(values(formula, cls), values(cls.formula, cls), strict=True):
        got = side.subs({**at, Y: y}).evalf(40)
        assert got.is_real, f"{side} is {got} at {at}"
        assert abs(got - wanted) < sympy.Rational(1, 10**30), f"{side} is not {formula} at {at}"


def labels(cls):
    """Return the labels of a class's two equations."""
    label = "eq-" + samples.module(cls).replace("_", "-")
    return label, label + ("-jacobian" if issubclass(cls, Rowwise) else "-derivative")


def check_elementwise(cls, found):
    """Assert that a chapter's two equations say what its activation's formulas say."""
    value, slope = labels(cls)
    for side in sides(found[value], r"\varphi(x)"):
        assert_equal(read(side, letters(cls)), cls.formula, cls)
    for side in sides(found[slope], r"\varphi'(x)"):
        text = side.replace(r"\varphi(x)", " y ")
        assert_equal(read(text, letters(cls)), cls.derivative_formula, cls)


def check_rowwise(cls, found):
    """Assert that a chapter's two equations give what the class computes, for K = 3."""
    logits = [sympy.Rational(n, 4) for n in (-3, 1, 6)]
    row = np.array(logits, float)
    p = cls()(row)
    names = ("x_{j}", "x_{k}", "k", "K")
    symbols = {name: sympy.Symbol(name) for name in names}

    def at(number, expr, name):
        return expr.subs(symbols[name], logits[number - 1])

    def written_out(body, limits):
        k, first, last = limits
        assert k == symbols["k"]
        return sum(at(n, body, "x_{k}") for n in range(first, last.subs(symbols["K"], 3) + 1))

    of_value, of_jacobian = labels(cls)
    (side,) = sides(found[of_value], r"\varphi(\mathbf{x})_j")
    value = expression(side, {**symbols, "e": sympy.E}).replace(sympy.Sum, written_out)
    for j in (1, 2, 3):
        assert float(at(j, value, "x_{j}")) == pytest.approx(p[j - 1], rel=1e-14)

    left = r"\frac{\partial \varphi_i}{\partial x_j}"
    (side,) = sides(found[of_jacobian], left)
    names = ("phi_{i}", "phi_{j}", "delta_{ij}")
    phi_i, phi_j, delta = symbols = sympy.symbols(names)
    entry = expression(side, {"e": sympy.E, **dict(zip(names, symbols, strict=True))})
    matrix = [
        [float(entry.subs({phi_i: p[i], phi_j: p[j], delta: int(i == j)})) for j in range(3)]
        for i in range(3)
    ]
    np.testing.assert_allclose(matrix, cls().jacobian(row), rtol=1e-14)


def check(cls, found):
    (check_rowwise if issubclass(cls, Rowwise) else check_elementwise)(cls, found)


EXAMPLES = {
    "sigmoid": (
        r"\varphi(x) = \frac{1}{1 + e^{-x}}",
        r"\varphi'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = \varphi(x)\,(1 - \varphi(x))",
    ),
    "tanh": (
        r"\varphi(x) = \frac{\sinh(x)}{\cosh x} = \dfrac{e^x - e^{-x}}{e^x + e^{-x}} = \tanh(x)",
        r"""\begin{aligned}
\varphi'(x) &= 1 - \tanh^2(x) \\
&= 1 - \tanh(x)^2 \\
&= 1 - \varphi(x)^2
\end{aligned}""",
    ),
    "relu": (
        r"\varphi(x) = \max(0, x)",
        r"\varphi'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}",
    ),
    "linear": (r"\varphi(x) = x", r"\varphi'(x) = 1."),
    "elliot": (
        r"\varphi(x) = \frac{0.5\, s x}{1 + |s x|} + 0.5",
        r"\varphi'(x) = \frac{0.5\, s}{(1 + |s x|)^2}",
    ),
    "symmetric_elliot": (
        r"\varphi(x) = \frac{s x}{1 + \left|s x\right|}",
        r"\varphi'(x) = \frac{s}{\left(1 + |s x|\right)^2}",
    ),
    "softplus": (
        r"\varphi(x) = \ln(1 + e^x)",
        r"\varphi'(x) = \frac{e^x}{1 + e^x} = \frac{1}{1 + e^{-x}}",
    ),
    "softsign": (
        r"\varphi(x) = \frac{x}{1 + |x|}",
        r"\varphi'(x) = \frac{1}{(1 + \lvert x \rvert)^2}",
    ),
    "softmax": (
        r"\varphi(\mathbf{x})_j = \frac{e^{x_j}}{\sum_{k=1}^{K} e^{x_k}}",
        r"\frac{\partial \varphi_i}{\partial x_j} = \varphi_i (\delta_{ij} - \varphi_j)",
    ),
}


def misprints(latex):
    """Return copies of an equation in each of which one sign or number is another."""
    first = latex.index("=") + 1
    swap = {"+": "-", "-": "+", ">": "<", r"\le": r"\ge"}
    for match in re.finditer(r"\+|-|\d|>|\\le(?![a-z])", latex[first:]):
        start, end = (first + i for i in match.span())
        other = swap.get(match[0]) or str((int(match[0]) + 1) % 10)
        yield latex[:start] + other + latex[end:]


each = pytest.mark.parametrize("cls", samples.CLASSES, ids=samples.module)


@cache
def chapter(cls):
    """Return the labelled equations of a class's chapter."""
    return equations(BOOK / f"{samples.module(cls)}.ipynb")


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_forms_that_this_file_promises_are_read(module):
    cls = type(get(module))
    check(cls, dict(zip(labels(cls), EXAMPLES[module], strict=True)))


@each
def test_the_chapter_says_what_the_code_says(cls):
    check(cls, chapter(cls))


@each
def test_a_misprint_in_the_chapter_is_noticed(cls):
    found = chapter(cls)
    for label in labels(cls):
        for misprint in misprints(found[label]):
            with pytest.raises((AssertionError, LarkError, TypeError)):
                check(cls, {**found, label: misprint})


@each
def test_the_equation_of_another_function_under_the_label_is_noticed(cls):
    found, (label, _) = chapter(cls), labels(cls)
    for other in samples.CLASSES:
        if other is not cls:
            foreign = chapter(other)[labels(other)[0]]
            with pytest.raises((AssertionError, LarkError, TypeError)):
                check(cls, {**found, label: foreign})


def test_what_is_not_an_expression_in_the_letters_is_refused():
    for latex in (r"\frac{q}{1 + e^{-x}}", r"\sin(x", "1 +", "t(x)", "s x"):
        with pytest.raises((AssertionError, LarkError)):
            read(latex, letters(type(get("sigmoid"))))


def test_cases_with_a_gap_or_an_overlap_are_refused():
    for relation in ("<", r"\ge"):
        with pytest.raises(AssertionError, match="of the cases"):
            read(rf"\begin{{cases}} 1 & x > 0 \\ 0 & x {relation} 0 \end{{cases}}", {"x": X})


def test_only_labelled_equations_are_taken(tmp_path):
    page = tmp_path / "page.ipynb"
    source = "a\n\n$$\nx = 1\n$$\n\n$$\nx = 2\n$$\n<!-- eq-linear -->\n\nb $x$"
    page.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": source}]}))
    assert equations(page) == {"eq-linear": "x = 2"}
    cells = [{"cell_type": "markdown", "source": [source]}] * 2
    page.write_text(json.dumps({"cells": cells}))
    with pytest.raises(AssertionError, match="twice"):
        equations(page)
