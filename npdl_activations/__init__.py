"""Activation functions of neural networks and their derivatives, right in the tails too."""

from .activation import Activation
from .elliot import Elliot
from .linear import Linear
from .registry import get
from .relu import ReLU
from .sigmoid import Sigmoid
from .softmax import Softmax
from .softplus import SoftPlus
from .softsign import SoftSign
from .symmetric_elliot import SymmetricElliot
from .tanh import Tanh

__all__ = [
    "Activation",
    "Elliot",
    "Linear",
    "ReLU",
    "Sigmoid",
    "SoftPlus",
    "SoftSign",
    "Softmax",
    "SymmetricElliot",
    "Tanh",
    "get",
]

__version__ = "2.0.0"
