"""The question bank: the quizzes of the pages, and questions whose numbers come from seeds.

The library computes the answers. GIFT is what Moodle reads; QTI 2.1 is what other platforms do.
"""

import html
import itertools
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

import nbformat
import numpy as np
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from npdl_activations import Elliot, Sigmoid, Softmax, SoftPlus
from npdl_activations.elementwise import Elementwise
from npdl_activations.lab import Network
from npdl_activations.registry import classes

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
sys.path.append(str(BOOK / "_ext"))

from mathml import mathml  # noqa: E402 -- the book's own equations

VARIANTS = 5
FOLD = re.compile(r"<details><summary>(.*?)</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
ASKED = re.compile(r"^\*\*(\d+)\.\*\* ", re.MULTILINE)


@dataclass(frozen=True)
class Option:
    """An answer to choose, and why it is right or wrong."""

    text: str
    reason: str

    @property
    def right(self) -> bool:
        """Whether it is the right one."""
        return self.reason.startswith("Right")


@dataclass(frozen=True)
class Question:
    """A question in the notebooks' Markdown: with options, or with a number for an answer."""

    name: str
    text: str
    options: tuple[Option, ...] = ()
    answer: float = 0.0

    @property
    def tolerance(self) -> float:
        """How far off an answer with three significant digits, or a whole number, may be."""
        return 0.01 if self.answer.is_integer() else abs(self.answer) / 100


def quiz(path: Path) -> Iterator[Question]:
    """Yield the questions of a page's quiz."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown" or not cell.source.startswith("## Quiz"):
            continue
        _, *parts = ASKED.split(without_links(cell.source))
        for number, part in zip(parts[::2], parts[1::2], strict=True):
            options = tuple(Option(*fold) for fold in FOLD.findall(part))
            text = part.partition("<details>")[0].strip()
            yield Question(f"{path.stem}-quiz-{number}", text, options)


def without_links(text: str) -> str:
    """Return Markdown without its links: in an exam they lead nowhere."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def decimal(x: float) -> str:
    """Return a number without an exponent, which GIFT does not know."""
    return np.format_float_positional(x, 8, unique=False, fractional=False, trim="-")


Rng = np.random.Generator
Asked = tuple[str, float]


def definition(cls: type[Elementwise]) -> tuple[str, Elementwise]:
    """Return the first equation of a function's chapter, and the function with a parameter."""
    stem = cls.__module__.rpartition(".")[2]
    label = f"eq-{stem.replace('_', '-')}"
    text = "\n".join(c.source for c in nbformat.read(BOOK / f"{stem}.ipynb", as_version=4).cells)
    found = re.search(rf"\$\$\n([^$]*)\n\$\$\n<!-- {label} -->", text)
    if not found:
        msg = f"{stem}.ipynb has no equation with the label {label}"
        raise ValueError(msg)
    act = cls(steepness=2) if "steepness" in cls.formula else cls()  # type: ignore[call-arg]
    with_s = " with $s = 2$" if "steepness" in cls.formula else ""
    return f"Let ${' '.join(found[1].split())}$ ({cls.__name__}){with_s}.", act


def function(rng: Rng) -> tuple[str, Elementwise]:
    """Return the definition of a function that bends smoothly, and the function."""
    smooth = [c for c in classes() if issubclass(c, Elementwise) and not c.kinks]
    bent = [c for c in smooth if c.formula != "x"]
    return definition(bent[rng.integers(len(bent))])


def number(rng: Rng, low: int, high: int) -> float:
    """Return a number with one decimal, not 0."""
    tenths = np.arange(10 * low, 10 * high + 1)
    return float(rng.choice(tenths[tenths != 0])) / 10


def value(rng: Rng) -> Asked:
    """Ask for a value."""
    text, act = function(rng)
    x = number(rng, -2, 2)
    return f"{text} Compute $\\varphi({x})$.", float(act(x))


def slope(rng: Rng) -> Asked:
    """Ask for a derivative."""
    text, act = function(rng)
    x = number(rng, -2, 2)
    return f"{text} Compute $\\varphi'({x})$.", float(act.derivative(x))


def backward(rng: Rng) -> Asked:
    """Ask for a step of backpropagation."""
    text, act = function(rng)
    x, g = number(rng, -2, 2), number(rng, -3, 3)
    act.forward(x)
    asked = f"From above arrives $\\partial L / \\partial y = {g}$ for $y = \\varphi({x})$."
    return f"{text} {asked} Compute $\\partial L / \\partial x$.", float(act.backward(g))


def unit(rng: Rng) -> Asked:
    """Ask for the output of a unit with two inputs."""
    text, act = function(rng)
    w, x, b = rng.integers(-9, 10, 2) / 10, rng.integers(-9, 10, 2) / 10, number(rng, -1, 1)
    asked = f"A unit has the weights ${w[0]}$ and ${w[1]}$ and the bias ${b}$."
    return f"{text} {asked} What is its output for the inputs ${x[0]}$ and ${x[1]}$?", float(
        act(w @ x + b)
    )


def weight(rng: Rng) -> Asked:
    """Ask for the gradient of a weight."""
    text, act = function(rng)
    w, x, t = number(rng, -1, 1), number(rng, -2, 2), number(rng, 0, 1)
    asked = "A unit computes $y = \\varphi(w x)$, and the loss is $\\tfrac12 (y - t)^2$. For"
    y = act.forward(w * x)
    given = f"$w = {w}$, $x = {x}$ and $t = {t}$, compute $\\partial L / \\partial w$."
    return f"{text} {asked} {given}", float(act.backward(y - t) * x)


def chain(rng: Rng) -> Asked:
    """Ask for the slope of a function of itself."""
    text, act = function(rng)
    x = number(rng, -2, 2)
    asked = f"Compute the derivative of $\\varphi(\\varphi(x))$ at $x = {x}$."
    return f"{text} {asked}", float(act.derivative(act(x)) * act.derivative(x))


def logits(rng: Rng) -> tuple[str, Any, int]:
    """Return three logits, in words and as an array, and one of their places."""
    x = rng.permutation(np.arange(-20, 31))[:3] / 10
    return f"the logits ${x[0]}$, ${x[1]}$ and ${x[2]}$", x, int(rng.integers(3))


ORDER = ("first", "second", "third")


def probability(rng: Rng) -> Asked:
    """Ask for a probability of softmax."""
    text, x, i = logits(rng)
    return f"Softmax gets {text}. What is the {ORDER[i]} probability?", float(Softmax()(x)[i])


def jacobian(rng: Rng) -> Asked:
    """Ask for an entry of softmax's Jacobian."""
    text, x, i = logits(rng)
    j = (i + 1) % 3
    asked = f"What is the derivative of the {ORDER[i]} probability by the {ORDER[j]} logit?"
    return f"Softmax gets {text}. {asked}", float(Softmax().jacobian(x)[i, j])


def gradient(rng: Rng) -> Asked:
    """Ask for a gradient of softmax with the cross-entropy."""
    text, x, i = logits(rng)
    j = int(rng.integers(3))
    asked = f"The example is of the {ORDER[i]} class. What is the derivative of the cross-entropy"
    return f"Softmax gets {text}. {asked} by the {ORDER[j]} logit?", float(
        Softmax()(x)[j] - (i == j)
    )


def loss(rng: Rng) -> Asked:
    """Ask for the cross-entropy of two classes."""
    x = number(rng, -4, 4)
    asked = f"A classifier of two classes has the logit ${x}$ for an example of class 1."
    return f"{asked} What is its loss $-\\ln \\sigma({x})$?", float(SoftPlus()(-x))


def layers(rng: Rng) -> Asked:
    """Ask what is left of a gradient."""
    depth, x = int(rng.integers(3, 12)), number(rng, 0, 2)
    asked = f"A gradient passes {depth} sigmoids on its way back, each at the input ${x}$."
    asked += " The weights between them are 1. What is it multiplied by?"
    return asked, float(Sigmoid().derivative(x)) ** depth


def steepness(rng: Rng) -> Asked:
    """Ask for the slope of Elliot at 0."""
    s = number(rng, 1, 9)
    text = f"Elliot has the steepness $s = {s}$. What is its slope at 0?"
    return text, float(Elliot(s).derivative(0.0))


def parameters(rng: Rng) -> Asked:
    """Ask for the number of a network's weights and biases."""
    widths = [int(n) for n in rng.integers(2, 40, 3)]
    network = Network(widths, "tanh")
    text = f"A network has {widths[0]} inputs, {widths[1]} hidden units and {widths[2]} outputs."
    count = sum(layer.weights.size + layer.bias.size for layer in network.layers)
    return f"{text} How many weights and biases does it have together?", float(count)


TEMPLATES: tuple[Callable[[Rng], Asked], ...] = (
    value, slope, backward, unit, weight, chain, probability, jacobian, gradient, loss, layers,
    steepness, parameters,
)  # fmt: skip


def variants() -> Iterator[Question]:
    """Yield every question with numbers, from the first seeds that make different ones."""
    for number, template in enumerate(TEMPLATES):
        asked: dict[str, float] = {}
        for seed in itertools.count():
            asked.update([template(np.random.default_rng([number, seed]))])
            if len(asked) == VARIANTS:
                break
        for variant, (text, answer) in enumerate(asked.items(), start=1):
            digits = "" if answer.is_integer() else " Give three significant digits."
            yield Question(f"{template.__name__}-{variant}", text + digits, answer=answer)


def bank(pages: list[Path]) -> list[Question]:
    """Return the questions of the pages' quizzes and those with numbers."""
    return [question for path in pages for question in quiz(path)] + [*variants()]


def tex(content: str, options: dict[str, Any]) -> str:
    """Return an equation as Moodle sets it, with MathJax."""
    left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return left + html.escape(content) + right


MATH = "http://www.w3.org/1998/Math/MathML"
NAMED = re.compile(r"&(?!amp;|lt;|gt;|quot;|#)\w+;")


def presentation(content: str, options: dict[str, Any]) -> str:
    """Return an equation as MathML."""
    display = options["display_mode"]
    # XML knows none of the names that HTML has for letters.
    result = NAMED.sub(lambda name: html.unescape(name[0]), mathml(content, display=display))
    return result.replace("<math", f'<math xmlns="{MATH}"', 1)


def markup(text: str, renderer: Callable[[str, dict[str, Any]], str]) -> str:
    """Return Markdown as HTML that is XML too."""
    reader = MarkdownIt("commonmark").use(dollarmath_plugin, renderer=renderer)
    return str(reader.render(text)).strip()


SPECIAL = re.compile(r"([\\~=#{}:])")


def gift_text(text: str) -> str:
    """Return Markdown as GIFT takes it, on one line."""
    return SPECIAL.sub(r"\\\1", markup(text, tex).replace("\n", " "))


def gift(questions: list[Question]) -> str:
    """Return the bank in the form that Moodle imports."""
    blocks = []
    for question in questions:
        if question.options:
            lines = [
                f"{'=' if option.right else '~'}{gift_text(option.text)}#{gift_text(option.reason)}"
                for option in question.options
            ]
        else:
            lines = [f"#{decimal(question.answer)}:{decimal(question.tolerance)}"]
        body = "\n".join(lines)
        blocks.append(f"::{question.name}::[html]{gift_text(question.text)}{{\n{body}\n}}\n")
    return "\n".join(blocks)


QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"


def content(text: str) -> list[Element]:
    """Return Markdown as the paragraphs of a QTI document."""
    root = ET.fromstring(f"<div>{markup(text, presentation)}</div>")  # noqa: S314
    for node in root.iter():
        node.tag = node.tag.replace(f"{{{MATH}}}", "m:")
    return [*root]


def declaration(item: Element, kind: str, name: str, value: str, base: str) -> None:
    """Declare a variable of an item, and what it is at first or ought to be."""
    attributes = {"identifier": name, "cardinality": "single", "baseType": base}
    node = SubElement(item, f"{kind}Declaration", attributes)
    first = {"response": "correctResponse", "outcome": "defaultValue"}[kind]
    SubElement(SubElement(node, first), "value").text = value


def item(question: Question) -> Element:
    """Return a question as an assessment item of QTI 2.1."""
    ids = [f"choice-{i}" for i in range(len(question.options))]
    right = [i for i, option in zip(ids, question.options, strict=True) if option.right]
    root = Element(
        "assessmentItem",
        {
            "xmlns": QTI,
            "xmlns:m": MATH,
            "identifier": question.name,
            "title": question.name,
            "adaptive": "false",
            "timeDependent": "false",
        },
    )
    base, correct = ("identifier", right[0]) if right else ("float", decimal(question.answer))
    declaration(root, "response", "RESPONSE", correct, base)
    declaration(root, "outcome", "SCORE", "0", "float")
    if right:
        feedback = {"identifier": "FEEDBACK", "cardinality": "single", "baseType": "identifier"}
        SubElement(root, "outcomeDeclaration", feedback)
    body = SubElement(root, "itemBody")
    body.extend(content(question.text))
    if right:
        choose = {"responseIdentifier": "RESPONSE", "shuffle": "true", "maxChoices": "1"}
        interaction = SubElement(body, "choiceInteraction", choose)
        for i, option in zip(ids, question.options, strict=True):
            choice = SubElement(interaction, "simpleChoice", {"identifier": i})
            choice.extend(content(option.text))
    else:
        entry = {"responseIdentifier": "RESPONSE", "expectedLength": "12"}
        SubElement(SubElement(body, "p"), "textEntryInteraction", entry)
    processing = SubElement(root, "responseProcessing")
    condition = SubElement(SubElement(processing, "responseCondition"), "responseIf")
    near = {"toleranceMode": "absolute", "tolerance": decimal(question.tolerance)}
    same = SubElement(condition, "match") if right else SubElement(condition, "equal", near)
    SubElement(same, "variable", {"identifier": "RESPONSE"})
    SubElement(same, "correct", {"identifier": "RESPONSE"})
    score = SubElement(condition, "setOutcomeValue", {"identifier": "SCORE"})
    SubElement(score, "baseValue", {"baseType": "float"}).text = "1"
    if right:
        outcome = SubElement(processing, "setOutcomeValue", {"identifier": "FEEDBACK"})
        SubElement(outcome, "variable", {"identifier": "RESPONSE"})
    for i, option in zip(ids, question.options, strict=True):
        shown = {"outcomeIdentifier": "FEEDBACK", "identifier": i, "showHide": "show"}
        SubElement(root, "modalFeedback", shown).extend(content(option.reason))
    return root


def manifest(names: list[str]) -> Element:
    """Return the list of a package's items."""
    root = Element("manifest", {"xmlns": PACKAGE, "identifier": "activations"})
    about = SubElement(root, "metadata")
    SubElement(about, "schema").text = "QTIv2.1 Package"
    SubElement(about, "schemaversion").text = "1.0.0"
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for name in names:
        entry = {"identifier": name, "type": "imsqti_item_xmlv2p1", "href": f"{name}.xml"}
        SubElement(SubElement(resources, "resource", entry), "file", {"href": f"{name}.xml"})
    return root


def write(folder: Path, questions: list[Question]) -> None:
    """Write the bank into a folder, as ``questions.gift`` and as ``questions-qti.zip``."""
    folder.mkdir(parents=True)
    (folder / "questions.gift").write_text(gift(questions), encoding="utf-8")
    files = {question.name: item(question) for question in questions}
    files["imsmanifest"] = manifest([*files])
    with zipfile.ZipFile(folder / "questions-qti.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in files.items():
            entry = zipfile.ZipInfo(f"{name}.xml")
            archive.writestr(entry, ET.tostring(root, "utf-8", xml_declaration=True))
