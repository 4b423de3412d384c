"""Print what CHANGELOG.md says of a release: ``python tools/release_notes.py v2.0.0``.

The tag has to be the version of the package, so that a release is never called what it is not,
and ``released`` in _config.yml has to say true, so that the texts name it.
"""

import re
import sys
from pathlib import Path

import yaml

from npdl_activations import __version__

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = ROOT / "CHANGELOG.md"
RELEASED = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["released"]
UNNAMED = (
    "The texts do not name the package in the index yet: set released: true in _config.yml,"
    " and make unit names the sentences to change."
)
USAGE = "One tag is needed: python tools/release_notes.py v2.0.0."


def notes(tag: str, version: str, changelog: str) -> str:
    """Return the entry of a version, without its heading.

    Raises
    ------
    ValueError
        If the tag is not that of the version, or the changelog has no date or nothing to say of it.
    """
    if tag != f"v{version}":
        msg = f"The tag is {tag}, and the package is {version}: its tag is v{version}."
        raise ValueError(msg)
    heading = rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        msg = f"CHANGELOG.md has nothing under '## {version} - ' and a date."
        raise ValueError(msg)
    return found[1].strip()


def main(arguments: list[str]) -> int:
    """Print the notes of the tag."""
    if len(arguments) != 1:
        print(USAGE, file=sys.stderr)
        return 2
    if not RELEASED:
        print(UNNAMED, file=sys.stderr)
        return 1
    try:
        print(notes(arguments[0], __version__, CHANGELOG.read_text(encoding="utf-8")))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
