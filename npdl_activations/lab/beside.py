"""What lies beside a page of the book, also where the page came alone."""

from pathlib import Path
from urllib.request import urlopen

__all__ = ["beside"]

SOURCE = "https://github.com/npdl-activations/npdl-activations/raw/main/book/"


def beside(name: str) -> Path:
    """Return the path of a file that lies beside a page, which is fetched where it is missing.

    Parameters
    ----------
    name : str
        The file, as seen from the page: ``"data/experiments.json"``.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    FileNotFoundError
        If it is neither there nor can be fetched: one sentence that says what to do.
    """
    path = Path(name)
    if not path.exists():
        try:
            with urlopen(SOURCE + name, timeout=30) as answer:  # noqa: S310 -- https alone
                data = answer.read()
        except OSError as error:
            msg = (
                f"{name} is not beside this page and could not be fetched ({error}): connect to "
                "the network, or open the page in a copy of the repository"
            )
            raise FileNotFoundError(msg) from None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path
