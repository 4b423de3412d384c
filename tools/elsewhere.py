"""Run the unit tests and the chapters as on the x86 processors before this one.

NumPy and OpenBLAS leave unused what they are told that the processor lacks. Emulating another kind
of processor takes longer: ``make arm``.
"""

import os
import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
core: Any = import_module("numpy._core._multiarray_umath")
# What a level lacks, by NumPy's names, and the processor that OpenBLAS then takes it for.
LEVELS = {
    "AVX2": ({"X86_V4", "AVX512_ICL", "AVX512_SPR"}, "Haswell"),
    "SSE4.2": ({"X86_V4", "AVX512_ICL", "AVX512_SPR", "X86_V3"}, "Nehalem"),
}
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2"]
NBVAL = ["--dist", "loadfile", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=120", "book"]


def below(features: set[str]) -> dict[str, dict[str, str]]:
    """Return the levels below a processor with these features: what to set in the environment."""
    levels = {}
    for level, (lacking, core_type) in LEVELS.items():
        if disabled := sorted(lacking & features):
            levels[level] = {
                "NPY_DISABLE_CPU_FEATURES": " ".join(disabled),
                "OPENBLAS_CORETYPE": core_type,
            }
    return levels


def main() -> int:
    """Run both at each level; return 1 if anything fails."""
    found = {name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)}
    levels = below(found)
    if not levels:
        print(
            f"There is nothing to do: this processor ({platform.machine()}) has no older x86 level"
            f" that NumPy {np.__version__} can pretend to be."
        )
    failed = False
    for level, settings in levels.items():
        for arguments in ([], NBVAL):
            print(f"With {level} at most: pytest {' '.join(arguments)}", flush=True)
            environment = os.environ | settings
            done = subprocess.run([*PYTEST, *arguments], cwd=ROOT, env=environment, check=False)
            failed |= bool(done.returncode)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
