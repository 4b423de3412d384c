"""`get`: an activation by its name."""

from copy import deepcopy
from typing import Any

from .activation import Activation
from .elliot import Elliot
from .linear import Linear
from .relu import ReLU
from .sigmoid import Sigmoid
from .softmax import Softmax
from .softplus import SoftPlus
from .softsign import SoftSign
from .symmetric_elliot import SymmetricElliot
from .tanh import Tanh

NAMES: dict[str, type[Activation]] = {
    "sigmoid": Sigmoid,
    "Sigmoid": Sigmoid,
    "tan": Tanh,
    "tanh": Tanh,
    "Tanh": Tanh,
    "relu": ReLU,
    "ReLU": ReLU,
    "RELU": ReLU,
    "linear": Linear,
    "Linear": Linear,
    "softmax": Softmax,
    "Softmax": Softmax,
    "elliot": Elliot,
    "Elliot": Elliot,
    "symmetric_elliot": SymmetricElliot,
    "SymmetricElliot": SymmetricElliot,
    "SoftPlus": SoftPlus,
    "soft_plus": SoftPlus,
    "softplus": SoftPlus,
    "SoftSign": SoftSign,
    "softsign": SoftSign,
    "soft_sign": SoftSign,
}


def get(activation: str | Activation, **parameters: Any) -> Activation:
    """Return a new activation, by its name or like another one.

    Parameters
    ----------
    activation : str or Activation
        One of the names in `NAMES`, or an activation to copy, without what it remembers.
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
        fresh = deepcopy(activation)
        fresh._last = None
        return fresh
    if not isinstance(activation, str):
        msg = f"get takes a name or an Activation instance, not {activation!r}"
        raise ValueError(msg)  # noqa: TRY004 -- npdl raised it, and callers may catch it
    if activation not in NAMES:
        # Imported where it is needed: `import npdl_activations` loads NumPy and nothing else.
        from difflib import get_close_matches

        known = {name.lower(): name for name in reversed(NAMES)}
        close = get_close_matches(activation.lower(), known, n=1)
        hint = f"did you mean {known[close[0]]!r}?" if close else f"known are {', '.join(NAMES)}"
        msg = f"unknown activation {activation!r}: {hint}"
        raise ValueError(msg)
    return NAMES[activation](**parameters)
