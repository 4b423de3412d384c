"""The notes of a release are the changelog's entry of it, and of nothing else."""

import pytest
import release_notes

from npdl_activations import __version__

CHANGELOG = """# Changelog

## 2.1.0 - 2027-01-02

### Added

- One.

## 2.0.0 - 2026-11-27

- Two.
"""


def test_they_are_the_entry_of_the_version():
    assert release_notes.notes("v2.1.0", "2.1.0", CHANGELOG) == "### Added\n\n- One."
    assert release_notes.notes("v2.0.0", "2.0.0", CHANGELOG) == "- Two."


@pytest.mark.parametrize(
    ("tag", "version", "says"),
    [
        ("v2.1.1", "2.1.0", "The tag is v2.1.1, and the package is 2.1.0: its tag is v2.1.0."),
        ("2.1.0", "2.1.0", "its tag is v2.1.0"),
        ("v2.1", "2.1", "CHANGELOG.md has nothing under '## 2.1 - ' and a date."),
        ("v3.0.0", "3.0.0", "nothing under '## 3.0.0 - '"),
    ],
)
def test_another_tag_or_no_entry_is_an_error(tag, version, says):
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        release_notes.notes(tag, version, CHANGELOG)


def test_an_entry_without_a_date_or_without_a_word_is_none():
    for entry in (
        "## 2.1.0\n\n- One.\n",
        "## 2.1.0 - 2027-01-02\n\n## 2.0.0 - 2026-11-27\n\n- Two.\n",
    ):
        with pytest.raises(ValueError, match="has nothing under"):
            release_notes.notes("v2.1.0", "2.1.0", entry)


def test_the_command_says_what_it_needs(capsys, monkeypatch):
    monkeypatch.setattr(release_notes, "RELEASED", True)
    assert release_notes.main([]) == 2
    assert "One tag is needed" in capsys.readouterr().err
    assert release_notes.main(["v0.0.0"]) == 1
    assert f"its tag is v{__version__}" in capsys.readouterr().err
    assert release_notes.main([f"v{__version__}"]) == 0
    assert capsys.readouterr().out.startswith("### Added")


def test_a_release_that_no_text_names_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(release_notes, "RELEASED", False)
    assert release_notes.main([f"v{__version__}"]) == 1
    assert "released: true" in capsys.readouterr().err
