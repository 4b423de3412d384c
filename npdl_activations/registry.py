"""`get`: an activation by its name. What the package exports is what is known."""

from copy import copy
from functools import cache
from importlib import import_module
from typing import Any

from .activation import Activation


@cache
def classes() -> list[type[Activation]]:
    """Return the activations that the package exports, in the order of its `__all__`."""
    package = import_module(__package__)
    exported = (getattr(package, name) for name in package.__all__)
    return [c for c in exported if isinstance(c, type) and c is not Activation]


@cache
def names() -> dict[str, type[Activation]]:
    """Return the class that each name stands for, as the classes state their names."""
    return {name: cls for cls in classes() for name in cls.names}


def get(activation: str | Activation, **parameters: Any) -> Activation:
    """Return a new activation, by its name or like another one.

    Parameters
    ----------
    activation : str or Activation
        One of the names that the classes state in `names`, or an activation to copy, without
        what it remembers.
    **parameters
        What the activation's class takes, where `activation` is a name.

    Returns
    -------
    Activation
        A new instance each time.

    Raises
    ------
    ValueError
        If nothing is known by that name, or `activation` is neither a name nor an activation.
    TypeError
        If the class does not take these parameters, or they come with an instance.

    Examples
    --------
    >>> get("elliot", steepness=2)
    Elliot(steepness=2.0)
    >>> get("sigmoids")
    Traceback (most recent call last):
        ...
    ValueError: unknown activation 'sigmoids': did you mean 'sigmoid'?
    """
    if isinstance(activation, Activation):
        if parameters:
            msg = f"parameters go with a name, not with an instance: {activation!r} has its own"
            raise TypeError(msg)
        return copy(activation)
    if not isinstance(activation, str):
        msg = f"get takes a name or an Activation instance, not {activation!r}"
        raise ValueError(msg)  # noqa: TRY004 -- npdl raised it, and callers may catch it
    if activation not in names():
        msg = f"unknown activation {activation!r}: {_hint(activation)}"
        raise ValueError(msg)
    return names()[activation](**parameters)


def _hint(unknown: str) -> str:
    """Return the name that was probably meant, or all names."""
    # Imported where it is needed: `import npdl_activations` loads NumPy and nothing else.
    from difflib import get_close_matches

    def plain(name: str) -> str:
        return "".join(filter(str.isalnum, name.lower()))

    known = {plain(name): name for name in reversed(names())}
    # A letter of seven may be a slip; a letter of four makes another function: gelu, selu, relu6.
    close = get_close_matches(plain(unknown), known, n=1, cutoff=0.9)
    return f"did you mean {known[close[0]]!r}?" if close else f"known are {', '.join(names())}"
