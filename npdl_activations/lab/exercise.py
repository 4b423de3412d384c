"""Tell whether an exercise is solved, and if not what is off, without showing the answer."""

import ast
import base64
import traceback
import zlib
from typing import Any

__all__ = ["NotYetError", "check", "seal"]

_TEST = "<test>"


class NotYetError(AssertionError):
    """What is off, shown in a notebook as one line: a traceback would show the test."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def seal(test: str) -> str:
    """Return a test as letters that nobody reads by accident; who wants to can undo it."""
    return base64.b64encode(zlib.compress(test.encode(), 9)).decode()


def _broken(test: ast.Module, error: Exception, wanted: list[str]) -> str:
    """Return which answers an error speaks of, and which assertion of how many fails."""
    frames = traceback.extract_tb(error.__traceback__)
    line = [frame.lineno for frame in frames if frame.filename == _TEST][-1]
    asserts = [node for node in ast.walk(test) if isinstance(node, ast.Assert)]
    asserts.sort(key=lambda node: node.lineno)
    for i, node in enumerate(asserts, start=1):
        if line is not None and node.lineno <= line <= (node.end_lineno or line):
            read = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            named = [name for name in wanted if name in read] or wanted
            return f"{', '.join(named)} (check {i} of {len(asserts)})"
    return ", ".join(wanted)


def check(space: dict[str, Any], answers: str, sealed: str) -> None:
    """Print "Right." if the answers in `space` pass a test.

    Parameters
    ----------
    space : dict of objects by name
        Where the answers are, in a notebook ``globals()``. It is not changed.
    answers : str
        The names that the exercise asks for, with spaces between them.
    sealed : str
        The test, from `seal`: code with assertions.

    Raises
    ------
    NotYetError
        If an answer is missing, stops with an error, or is not right.

    Examples
    --------
    >>> check({"root": 3.0}, "root", seal("assert root**2 == 9"))
    Right.
    >>> check({"root": 2.0}, "root", seal("assert root**2 == 9"))
    Traceback (most recent call last):
    npdl_activations.lab.exercise.NotYetError: Not yet: root (check 1 of 1) is not right.
    """
    wanted = answers.split()
    if missing := [name for name in wanted if space.get(name, ...) is ...]:
        msg = f"Not yet: {', '.join(missing)} is missing."
        raise NotYetError(msg)
    test = ast.parse(zlib.decompress(base64.b64decode(sealed)).decode())
    try:
        exec(compile(test, _TEST, "exec"), dict(space))  # noqa: S102 -- the kit wrote it
    except Exception as error:  # noqa: BLE001 -- whatever stops an answer is what is off
        fault = "is not right."
        if not isinstance(error, AssertionError):
            fault = f"stops with {type(error).__name__}: {error}"
        msg = f"Not yet: {_broken(test, error, wanted)} {fault}"
        raise NotYetError(msg) from None
    print("Right.")
