"""SoftSign, compiled: SymmetricElliot with a steepness of 1."""

from .symmetric_elliot import MAX_ULP, formulas

__all__ = ["MAX_ULP", "formulas"]
