"""The second tier: the same activations, compiled by Numba."""

from .tier import compiled

__all__ = ["compiled"]
