"""The second tier: the same activations, compiled by Numba."""

try:
    import numba  # noqa: F401 -- before a module that needs it
except ImportError as error:
    msg = 'compiled activations need Numba: pip install "npdl-activations[fast]"'
    raise ImportError(msg) from error

from .tier import compiled

__all__ = ["compiled"]
