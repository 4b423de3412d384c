"""What the chapters of the book share: figures, a small network, data and checks.

It needs more than NumPy: ``pip install "npdl-activations[lab]"``. The library itself never
imports this package.
"""

from npdl_activations.lab.beside import beside
from npdl_activations.lab.check import finite_difference, ulp_error
from npdl_activations.lab.digits import load_digits
from npdl_activations.lab.experiment import Experiment
from npdl_activations.lab.figures import plot_activation, use_house_style
from npdl_activations.lab.network import Network
from npdl_activations.lab.seeds import over_seeds, spread
from npdl_activations.lab.stack import Stack

__all__ = [
    "Experiment",
    "Network",
    "Stack",
    "beside",
    "finite_difference",
    "load_digits",
    "over_seeds",
    "plot_activation",
    "spread",
    "ulp_error",
    "use_house_style",
]
