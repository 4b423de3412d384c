"""Put twenty inputs that break activation code to other libraries and to this package.

``make peers`` measures in an environment of its own, ``.peers``, and writes
``book/data/peers.json``; then what their users write, beside what they write here, which goes to
``book/data/moving_in.json``.
"""

import json
import os
import platform
import subprocess
import sys
import venv
import warnings
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from drop_in import install_npdl
from machine import cpu_model, simd_levels
from moving_in import PAIRS, compare
from peers_libraries import LIBRARIES, OURS, Column
from peers_questions import ROWS, STRIDE, VERDICTS, cell, largest_errors, masked_whole, that_round

import npdl_activations as package

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".peers"
TARGET = ROOT / "book" / "data" / "peers.json"
MOVING_IN = TARGET.with_name("moving_in.json")


def measure(missing: dict[str, str]) -> dict[str, Any]:
    """Return the matrix, with the reason for each library that could not be installed."""
    libraries: list[dict[str, Any]] = []
    columns: dict[str, Column] = {}
    for library in LIBRARIES:
        about = {"name": library.name, "version": "", "note": library.note, "missing": ""}
        libraries.append(about)
        if library.name in missing:
            about["missing"] = missing[library.name]
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                columns[library.name] = library.load()
        except Exception as error:  # noqa: BLE001 -- whatever keeps it from loading is the reason
            about["missing"] = f"{type(error).__name__}: {error}"
            continue
        distribution = library.requirement.partition("==")[0]
        if distribution:
            about["version"] = metadata.version(distribution)
        elif library.name == OURS:
            about["version"] = package.__version__
    rows = []
    for asked in ROWS:
        cells = {name: cell(asked, column)._asdict() for name, column in columns.items()}
        about_row = {k: v for k, v in asdict(asked).items() if k != "judge"}
        rows.append(about_row | {"cells": cells})
    # Of the functions that another library has too, the largest errors are told.
    offered = {
        name
        for library in LIBRARIES
        if library.requirement and library.name in columns
        for name in columns[library.name].values
    }
    functions = that_round(offered)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "simd": next(iter(simd_levels())),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "mpmath": metadata.version("mpmath"),
        "libraries": libraries,
        "rows": rows,
        "stride": STRIDE,
        "largest": {name: largest_errors(column, functions) for name, column in columns.items()},
        "masked_whole": [
            {"library": name, "call": column.masked[0], "answer": masked_whole(column.masked[1])}
            for name, column in columns.items()
            if column.masked
        ],
        "moving_in": moving_in(),
    }


def moving_in() -> dict[str, Any]:
    """Return for each library its version, what comes before its lines, and its pairs of lines."""
    return {
        library: {
            "version": metadata.version(library),
            "setup": setup,
            "rows": compare(library),
        }
        for library, (setup, _) in PAIRS.items()
    }


def install() -> tuple[str, dict[str, str]]:
    """Make the environment; return its Python, and what could not be installed and why."""
    venv.create(HOME, with_pip=True)
    python = str(HOME / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    own = [
        f"{name}=={metadata.version(name)}" for name in ("numpy", "matplotlib", "mpmath", "sympy")
    ]
    subprocess.run([*pip, *own], check=True)
    missing = {}
    for library in LIBRARIES:
        if library.requirement:
            print(f"installing {library.requirement}")
            # NumPy is held, so that every library computes with the one that the package does.
            command = [*pip, library.requirement, own[0]]
            done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
            if done.returncode:
                missing[library.name] = done.stderr.strip().splitlines()[-1]
    install_npdl(pip)
    return python, missing


def main(arguments: list[str]) -> int:
    """Measure in an environment of its own, or in this one with ``--here``."""
    if arguments[:1] == ["--here"]:
        print(json.dumps(measure(json.loads(arguments[1]))))
        return 0
    python, missing = install()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")]),
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "numpy",
    }
    command = [python, __file__, "--here", json.dumps(missing)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    )
    table = json.loads(done.stdout.splitlines()[-1])
    for target, found in ((MOVING_IN, table.pop("moving_in")), (TARGET, table)):
        text = json.dumps(found, indent=1, ensure_ascii=False)
        target.write_text(text + "\n", encoding="utf-8")
    for library in table["libraries"]:
        given = [row["cells"].get(library["name"], {}).get("verdict") for row in table["rows"]]
        counts = ", ".join(f"{given.count(v)} {v}" for v in VERDICTS if v in given)
        print(f"{library['name']} {library['version']}: {counts or library['missing']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
