"""What a page reads lies beside it, or is fetched."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml

from npdl_activations.lab import beside

ROOT = Path(__file__).parent.parent
beside_page = import_module("npdl_activations.lab.beside")


def test_what_lies_beside_a_page_is_not_fetched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(beside_page, "urlopen", None)
    Path("numbers.json").write_text("[]")
    assert beside("numbers.json") == Path("numbers.json")


def test_what_a_page_came_without_is_fetched(tmp_path, monkeypatch):
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "data" / "numbers.json").write_text("[1]")
    monkeypatch.setattr(beside_page, "SOURCE", f"{source.as_uri()}/")
    (tmp_path / "page").mkdir()
    monkeypatch.chdir(tmp_path / "page")
    assert beside("data/numbers.json").read_text() == "[1]"
    (source / "data" / "numbers.json").unlink()
    assert beside("data/numbers.json").read_text() == "[1]"


def test_without_a_network_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(beside_page, "SOURCE", f"{(tmp_path / 'nowhere').as_uri()}/")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^data/no\.json is not beside this page") as error:
        beside("data/no.json")
    assert "connect to the network, or open the page in a copy" in str(error.value)
    assert not Path("data").exists()


def test_it_is_fetched_from_the_branch_that_is_published():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    url, branch = config["repository"]["url"], config["repository"]["branch"]
    assert f"{url}/raw/{branch}/book/" == beside_page.SOURCE
