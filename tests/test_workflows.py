"""The workflows: what they may do and what they run; what is published is what was checked."""

import os
import re
import shutil
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = {path.stem: path for path in (ROOT / ".github" / "workflows").glob("*.yml")}
PARSED = {
    name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in WORKFLOWS.items()
}
BASH = shutil.which("bash")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = re.compile(r"([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")
# What a job may do beside reading the repository.
MAY = {
    ("publish", "publish"): {"pages", "id-token"},
    ("release", "index"): {"id-token"},
    ("release", "release"): {"contents", "id-token", "attestations"},
}


def jobs():
    return [
        ((name, job), parsed)
        for name, workflow in PARSED.items()
        for job, parsed in workflow["jobs"].items()
    ]


def commands(job):
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize(("name", "job"), jobs(), ids=str)
def test_a_job_may_do_what_it_has_to_and_stops(name, job):
    assert PARSED[name[0]]["permissions"] == {}
    assert PARSED[name[0]]["concurrency"]["group"]
    assert job["timeout-minutes"] <= 360
    writes = {scope for scope, level in job["permissions"].items() if level != "read"}
    assert writes == MAY.get(name, set())
    if writes:
        # What can publish runs nothing from the repository.
        assert "actions/checkout" not in str(job["steps"])


def test_every_action_is_one_commit_and_the_same_everywhere():
    text = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.values())
    used = re.findall(r"uses: (.+)", text)
    pins = {PINNED.fullmatch(line).groups() for line in used}
    assert len({action for action, *_ in pins}) == len(pins)


@pytest.mark.parametrize(("name", "job"), jobs(), ids=str)
def test_what_a_job_makes_has_a_target(name, job):
    targets = re.findall(r"make ([\w./-]+)", commands(job))
    targets += job.get("strategy", {}).get("matrix", {}).get("target", [])
    assert targets or name[0] not in {"weekly", "machines"}
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize(("workflow", "job"), [("machines", "unit"), ("release", "installed")])
def test_every_python_that_is_named_is_run(workflow, job):
    matrix = PARSED[workflow]["jobs"][job]["strategy"]["matrix"]
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: 3." in line]
    assert matrix["python"] == named
    for added in matrix.get("include", []):
        assert added["python"] in named


def test_the_oldest_numpy_that_is_promised_is_run():
    (need,) = PROJECT["dependencies"]
    oldest = {
        added["python"]: added["oldest"]
        for added in PARSED["machines"]["jobs"]["unit"]["strategy"]["matrix"]["include"]
    }
    assert oldest["3.11"] == need.removeprefix("numpy>=") + ".0"
    assert len(oldest) == len(PARSED["machines"]["jobs"]["unit"]["strategy"]["matrix"]["python"])


def test_what_is_published_is_what_was_checked():
    check, publish = (PARSED["publish"]["jobs"][name] for name in ("check", "publish"))
    run, upload = check["steps"][-2:]
    assert run["run"] == "bash .ci/run"
    assert run["env"]["SITE"] == upload["with"]["path"]
    assert publish["needs"] == "check"
    assert commands(publish) == ""
    release = PARSED["release"]["jobs"]
    assert release["index"]["needs"] == ["check", "installed"]
    assert commands(release["index"]) == ""
    assert release["installed"]["needs"] == "build"
    built = {
        step["with"]["name"]
        for step in chain(release["check"]["steps"], release["build"]["steps"])
        if "upload-artifact" in step.get("uses", "")
    }
    assert built == {"dist", "notes", "book"}


@pytest.fixture
def repository(tmp_path):
    """A repository whose checks take no time, and stand-ins for the programs that CI looks for."""
    folder = tmp_path / "repository"
    (folder / "tools").mkdir(parents=True)
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / "tools" / "venv.sh").touch()
    make_site = "mkdir -p _build/html && echo checked >_build/html/index.html"
    (folder / "Makefile").write_text(f"test:\n\t{make_site}\naudit:\n\t$(FAILS)\n")
    for program in ("chromium", "npm", "java", "gappa", "sollya"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for command in (["init"], ["add", "."], ["commit", "-m", "All"]):
        subprocess.run([*git, *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.skipif(os.name == "nt", reason=".ci/run is for Linux")
@pytest.mark.parametrize("passes", [True, False])
def test_ci_hands_on_the_site_that_passed(repository, tmp_path, passes):
    site = tmp_path / "site"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment = kept | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SITE": str(site),
        "FAILS": "" if passes else "false",
    }
    done = subprocess.run(
        [BASH, ".ci/run"], cwd=repository, env=environment, check=False, capture_output=True
    )
    assert (done.returncode == 0) is passes, done.stderr
    assert site.exists() is passes
    if passes:
        assert (site / "index.html").read_text() == "checked\n"
        del environment["SITE"]
        subprocess.run([BASH, ".ci/run"], cwd=repository, env=environment, check=True)
