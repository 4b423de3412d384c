"""The numbers that a page states, and where the page founds them.

A number in a caption, an alternative text, a card or a summary is founded where the same page has
it in a cell with an assertion or in a stored text output, both of which `make test` compares; of a
figure also in the cell that draws it. Numbers are compared by value, without their sign.

Exempt are 0, 1 and 2, single digits in formulas, number words up to ten, and what counts nothing:
citations, code spans, the names of formats.
"""

import ast
import html
import math
import operator
import re

SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
SMALL += " fifteen sixteen seventeen eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
WORDS = {word: n for n, word in enumerate(SMALL.split())}
WORDS |= {word: 10 * n for n, word in enumerate(TENS.split(), 2)} | SCALES
# An ordinal is a place or a part: the hundredth step, one hundredth.
ORDINALS = {re.sub("y$", "ie", word) + "th": n for word, n in WORDS.items() if n >= 10}

ORDINAL = re.compile(rf"\b({'|'.join(ORDINALS)})s\b")

# What holds numbers that count nothing.
NO_COUNT = re.compile(
    r"""`[^`]*`                                   # code
    | \[[^\]]*\]\(bibliography\.md\#[^)]*\)       # a citation, with its year
    | (?<=\])\([^)]*\)                            # where a link leads
    | \bx86-64\b | \b\d+[ -]bits?\b               # names of processors and formats
    | \b(?:Exercise|Figure|NumPy|Python)\s\d[\d.]*
    """,
    re.VERBOSE,
)
DIGITS = r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
TIMES_TEN = re.compile(DIGITS + r"\s*(?:\\cdot|\\times|×)\s*10\^\{?(-?\d+)\}?")
POWER = re.compile(DIGITS + r"\^\{?(-?\d+)\}?")
FRACTION = re.compile(r"\\[td]?frac(?:\{(\d+)\}\{(\d+)\}|(\d)(\d))")
WORD = "|".join(sorted([*WORDS, *ORDINALS], key=len, reverse=True))
PLAIN = re.compile(
    DIGITS + rf"(e[+-]?\d+)?(?:st|nd|rd|th)?(?![\w^])(?:\s+({'|'.join(SCALES)})\b|\s*(%|percent))?"
)
SPELT = re.compile(rf"\b(?:{WORD})s?(?:[\s-]+(?:{WORD})s?)*\b", re.IGNORECASE)
CARD = "| Property |"
FORMULA = re.compile(r"\$[^$]+\$")


def digits(text):
    return float(text.replace(",", ""))


def counted(words):
    """Return the number that words such as "twenty thousand" count."""
    value = 0
    for word in words:
        number = WORDS.get(word) or ORDINALS.get(word, 0)
        value = (value or 1) * number if number in SCALES.values() else value + number
    return value


def spelt(text):
    """Return the values that a number in words may have: a hundredth is 100th or 1/100."""
    words = [ORDINAL.sub(r"\1", word) for word in text.lower().split()]
    value = counted("-".join(words).split("-"))
    if words[-1].rpartition("-")[2] not in ORDINALS:
        return {value}
    # Two hundred-millionths are 2 of a hundred millionth parts.
    parts = (counted(words[:-1]) or 1) / counted(words[-1].split("-"))
    return {value, 1 / value, parts}


def plain(match):
    """Return the values of a number in digits: 44 % is 44 or 0.44."""
    value = digits(match[1] + (match[2] or "")) * SCALES.get(match[3], 1)
    return {value, value / 100} if match[4] else {value}


# What comes first takes its place in the text.
READERS = [
    (TIMES_TEN, lambda match: {digits(match[1]) * 10.0 ** int(match[2])}),
    (POWER, lambda match: {digits(match[1]) ** int(match[2]), abs(int(match[2]))}),
    (FRACTION, lambda match: {operator.truediv(*map(int, filter(None, match.groups())))}),
    (PLAIN, plain),
    (SPELT, lambda match: spelt(match[0])),
]


def numbers(text):
    """Return each number of a text, as it is written and as the values that it may mean."""
    text = html.unescape(NO_COUNT.sub(" ", text.replace("{,}", ",").replace("−", "-")))
    formulas = [range(*formula.span()) for formula in FORMULA.finditer(text)]
    found = {}
    for pattern, values in READERS:
        for match in pattern.finditer(text):
            free = not any(match.start() < end and start < match.end() for start, end in found)
            factor = len(match[0]) == 1 and any(match.start() in formula for formula in formulas)
            if free and not factor:
                found[match.span()] = match[0], values(match)
    return [found[span] for span in sorted(found)]


def stated(text):
    """Return the numbers of a text that have to be founded."""
    return [
        (written, values)
        for written, values in numbers(text)
        if not values & {0, 1, 2} and not (written.isalpha() and max(values) <= 10)
    ]


OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def constant(node):
    """Return the value of a number, or of numbers and operators alone, or None."""
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = constant(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        pair = constant(node.left), constant(node.right)
        if None not in pair:
            try:
                return OPERATORS[type(node.op)](*map(float, pair))
            except (OverflowError, ZeroDivisionError):
                return None
    return None


def said_by_code(source):
    """Return the numbers of a cell's code: its constants, and those inside its strings."""
    found = set()
    for node in ast.walk(ast.parse(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = found.union(*(values for _, values in numbers(node.value)))
        elif (value := constant(node)) is not None and math.isfinite(value):
            found.add(abs(value))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "logspace":
            found |= {10.0**power for end in node.args[:2] if (power := constant(end)) is not None}
    return found


def said_by_output(output):
    """Return the numbers of an output's text, which nbval compares."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return set()
    texts = [output.get("text", ""), data.get("text/plain", "")]
    texts.append(re.sub(r"<[^>]*>", " ", data.get("text/html", "")))
    return {value for text in texts for _, values in numbers(text) for value in values}


def founded(values, ground):
    """Return whether one of a number's values is among those of the ground."""
    return any(math.isclose(a, b, rel_tol=1e-9) for a in values for b in ground)


def ground(cells):
    """Return the numbers that the assertions and the text outputs of cells hold."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    asserting = [said_by_code(cell.source) for cell in code if "assert " in cell.source]
    printed = [said_by_output(output) for cell in code for output in cell.outputs]
    return set().union(*asserting, *printed)


def sections(notebook):
    """Return the cells of each section, a list for what stands below one heading."""
    found = [[]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith(("## ", "### ")):
            found.append([])
        found[-1].append(cell)
    return found


def statements(notebook):
    """Yield the texts that state numbers: where, the text, and the numbers that it may state."""
    for section in sections(notebook):
        held = ground(section)
        for cell in section:
            settings = cell.metadata.get("mystnb", {})
            if cell.cell_type == "code" and "figure" in settings:
                name = settings["figure"].get("name", cell.get("id"))
                own = held | said_by_code(cell.source)
                yield f"caption of {name}", settings["figure"].get("caption", ""), own
                yield f"alt text of {name}", settings.get("image", {}).get("alt", ""), own
            elif cell.source.startswith("## Summary"):
                text = cell.source.partition("\n")[2].partition("**Read next")[0]
                yield "summary", text, ground(notebook.cells)
            elif CARD in cell.source:
                rows = [line for line in cell.source.splitlines() if line.startswith("|")]
                # A test of its own holds the bounds to `max_ulp`.
                yield "card", "\n".join(re.sub("within .* ULP.*", "", row) for row in rows), held


def unfounded(notebook):
    """A number in a caption, an alternative text, a card or a summary that nothing holds."""
    return [
        f"{place}: {written}"
        for place, text, held in statements(notebook)
        for written, values in stated(text)
        if not founded(values, held)
    ]
