"""What this machine is: its processor, and the SIMD levels that NumPy can be run at."""

import platform
import re
from pathlib import Path
from typing import Any

import numpy as np


def cpu_model() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    found = re.search(r"model name\s*: (.+)", text)
    return found[1] if found else platform.processor()


def simd_levels() -> dict[str, str]:
    """Return the SIMD levels that NumPy can be run at here: what to disable, by name.

    The first is what it runs at by itself; a level is named after the last feature it has.
    """
    config: Any = np.show_config(mode="dicts")
    simd = config["SIMD Extensions"]
    baseline, found = (simd.get(key, []) for key in ("baseline", "found"))
    narrow = [feature for feature in found if "512" not in feature and feature != "X86_V4"]
    return {
        ["none", *baseline, *kept][-1]: " ".join(f for f in found if f not in kept)
        for kept in (found, narrow, [])
    }
