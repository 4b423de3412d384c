"""What the extra `lab` installs, and one sentence where it is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["extra"]


@contextmanager
def extra() -> Iterator[None]:
    """Import in this context what the extra ``lab`` installs.

    Raises
    ------
    ModuleNotFoundError
        If a package is missing: one sentence that says what to type.

    Examples
    --------
    >>> with extra():
    ...     import mpmath
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # The quotes are for zsh, to which [lab] is a pattern.
        msg = (
            f"npdl_activations.lab needs {error.name} here: "
            'type pip install "npdl-activations[lab]"'
        )
        raise ModuleNotFoundError(msg, name=error.name) from error
