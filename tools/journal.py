"""What was measured already, so that an interrupted `make verify` loses nothing."""

import ast
import hashlib
import importlib.util
import io
import json
import platform
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from machine import cpu_model, simd_levels

import npdl_activations as package
from npdl_activations.lab.inputs import COMPILED, named

PACKAGE = Path(package.__file__).parent
# What measures: an activation is measured anew when it changes.
LAB = ("npdl_activations.lab.yardstick", "npdl_activations.lab.inputs")


def bare(source: str) -> str:
    """Return a module's source without what changes no result.

    That is comments, docstrings, blank lines, `max_ulp` and imports from typing.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Expr(value=ast.Constant(value=str()))
                | ast.AnnAssign(target=ast.Name(id="max_ulp"))
                | ast.Assign(targets=[ast.Name(id="MAX_ULP")])
                | ast.ImportFrom(module="typing")
            ):
                end = node.end_lineno or node.lineno
                lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def location(module: str) -> Path | None:
    """Return the file of a module of the package, where it has one."""
    _, *rest = module.split(".")
    path = PACKAGE.joinpath(*rest)
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)


def imported(module: str, source: str) -> Iterator[str]:
    """Yield the names of what a module imports that may be modules of the package."""
    parent = (
        module if (location(module) or Path()).stem == "__init__" else module.rpartition(".")[0]
    )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = "." * node.level + (node.module or "")
            name = importlib.util.resolve_name(name, parent)
            yield from (name, *(f"{name}.{alias.name}" for alias in node.names))


def sources(modules: Iterable[str], within: str) -> dict[str, str]:
    """Return the bare sources of modules, and of what they import inside a package."""
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = location(module) if module.startswith(f"{within}.") else None
        if path is not None and module not in found:
            source = path.read_text(encoding="utf-8")
            found[module] = bare(source)
            waiting += imported(module, source)
    return found


@cache
def fingerprint(name: str) -> str:
    """Return a hash of the code of an activation and of what measures it.

    It covers the activation's module, all modules of the package that this imports, and the
    yardstick and the inputs.
    """
    module = named(name.removeprefix(COMPILED)).__module__
    modules = [module]
    if name.startswith(COMPILED):
        compiled = f"{package.__name__}.compiled"
        modules += [f"{compiled}.tier", f"{compiled}.{module.rpartition('.')[2]}"]
    found = sources(modules, package.__name__)
    found |= sources(LAB, f"{package.__name__}.lab")
    text = "\n".join(found[module] for module in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """Results by their keys, in a file that grows by a line as each piece of work ends.

    It holds for the NumPy and the machine that it was written with.
    """

    def __init__(self, folder: Path) -> None:
        made = "\n".join([np.__version__, *simd_levels(), platform.platform(), cpu_model()])
        self._path = folder / f"{hashlib.sha256(made.encode()).hexdigest()[:16]}.jsonl"
        self.results: dict[str, Any] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:
                    continue  # the line that was being written when the run stopped
                self.results[entry["key"]] = entry["result"]

    def __contains__(self, key: str) -> bool:
        """Return whether there is a result by that key."""
        return key in self.results

    def __getitem__(self, key: str) -> Any:
        """Return the result by that key."""
        return self.results[key]

    def __setitem__(self, key: str, result: Any) -> None:
        """Write a result down."""
        self.results[key] = result
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            # The newline comes first, because the last line may be torn.
            file.write("\n" + json.dumps({"key": key, "result": result}))
