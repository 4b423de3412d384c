"""Real data to learn from: handwritten digits, shipped with the package."""

from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Digits", "load_digits"]


class Digits(NamedTuple):
    """Images of digits and what they show, to train on and to test with.

    An image is a row of 64 numbers between 0 (paper) and 1 (ink); ``row.reshape(8, 8)`` is the
    picture. A label is the digit, an integer from 0 to 9.
    """

    x_train: npt.NDArray[np.float64]
    t_train: npt.NDArray[np.int64]
    x_test: npt.NDArray[np.float64]
    t_test: npt.NDArray[np.int64]


def load_digits(test: str = "writers") -> Digits:
    """Load the 1,797 handwritten digits of 8 × 8 pixels that Alpaydin and Kaynak collected.

    Thirteen people wrote them, one after the other. Who wrote which is not told, but the order is
    kept, so that images far apart are of different writers.

    Parameters
    ----------
    test : {"writers", "mixed", "training"}, default "writers"
        Which images are kept for the test. "writers": the last 360, of people of whom at most one
        wrote images to train on. "mixed": of every fifty images the first ten, so that each
        writer is in both parts, which is easier. "training": the last 287 of the 1,437 training
        images of "writers", to choose settings by before the test.

    Returns
    -------
    Digits
        `x_train` of shape (1437, 64), `t_train` (1437,), `x_test` (360, 64), `t_test` (360,); for
        "training" 1,150 and 287 images. The arrays are new at each call.

    Raises
    ------
    ValueError
        If `test` is none of the three.

    References
    ----------
    E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
    Repository, 1998, doi:10.24432/C50P49, CC BY 4.0. The file ``digits-LICENSE.txt`` beside
    this module says what was changed.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.x_train.shape, digits.x_test.shape
    ((1437, 64), (360, 64))
    >>> load_digits("mixed").t_test[:10].tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file) as data:
        x = data["images"] / 16
        t = data["labels"].astype(np.int64)
    place = np.arange(len(x))
    match test:
        case "writers":
            held = place >= 1437
        case "mixed":
            held = place % 50 < 10
        case "training":
            x, t, held = x[:1437], t[:1437], place[:1437] >= 1150
        case _:
            msg = f"test must be 'writers', 'mixed' or 'training', not {test!r}"
            raise ValueError(msg)
    return Digits(x[~held], t[~held], x[held], t[held])
