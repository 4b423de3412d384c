"""SoftSign, compiled: SymmetricElliot with a steepness of 1."""

from .symmetric_elliot import formulas

__all__ = ["formulas"]
