"""The workflows on GitHub, as far as they can be looked at here: what they may do, and that what they call is there."""

import re
import subprocess
import sys
from functools import cache

import pytest
import yaml

from tools.course import ROOT, some

FILES = {path.stem: path for path in sorted(some((ROOT / ".github" / "workflows").glob("*.yml")))}
READ = {"contents": "read"}
# What each job may do, and nothing else. Whoever gives a job more gives it to all that the job runs.
ALLOWED = {
    "course": {"test": READ, "publish": {"pages": "write", "id-token": "write"}, "other-machines": READ},
    "weekly": {"colab": READ, "keep": {"contents": "write"}, "publish": {"actions": "write"}, "addresses": READ,
               "deep": READ, "report": {"issues": "write"}},
    "nightly": {"mutants": READ},
}
PUSHES = {("weekly", "keep")}       # the jobs whose checkout may hold the token
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@cache
def workflow(name):
    return yaml.safe_load(FILES[name].read_text(encoding="utf-8"))


JOBS = [(name, job) for name in FILES for job in workflow(name)["jobs"]]
every_job = pytest.mark.parametrize("name, job", JOBS, ids="-".join)


def steps(name, job):
    return workflow(name)["jobs"][job]["steps"]


def test_the_list_of_what_is_allowed_is_that_of_the_jobs():
    assert {(name, job) for name, jobs in ALLOWED.items() for job in jobs} == set(JOBS)


@every_job
def test_a_job_may_do_what_it_needs_and_no_more(name, job):
    whole = workflow(name)
    assert "permissions" in whole, "without it, a job without its own has what the repository's settings say"
    assert whole["jobs"][job].get("permissions", whole["permissions"]) == ALLOWED[name][job]


@every_job
def test_a_job_has_an_end(name, job):
    assert 0 < workflow(name)["jobs"][job].get("timeout-minutes", 0) <= 180


@every_job
def test_a_job_keeps_the_token_only_to_push(name, job):
    for step in steps(name, job):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step.get("with", {}).get("persist-credentials", True) is ((name, job) in PUSHES)


@every_job
def test_a_job_needs_jobs_that_are_there(name, job):
    needs = workflow(name)["jobs"][job].get("needs", [])
    assert set([needs] if isinstance(needs, str) else needs) <= set(workflow(name)["jobs"])


def test_an_action_is_pinned_with_its_version_and_the_same_everywhere():
    used = [line.partition("uses: ")[2] for path in FILES.values() for line in path.read_text().splitlines()
            if re.match(r" *-? *uses: ", line)]
    assert len(used) == sum("uses" in step for name, job in JOBS for step in steps(name, job))
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    assert len({action.partition("@")[0] for action in used}) == len(set(used))


# --- what they call --------------------------------------------------------------------------------------------------


def called(pattern):
    """(workflow and job, what matches) in all that the jobs run."""
    return [(f"{name}-{job}", match) for name, job in JOBS for step in steps(name, job)
            for match in re.finditer(pattern, step.get("run", ""))]


@cache
def help_of(*program):
    result = subprocess.run([sys.executable, *program, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0 and "usage:" in result.stdout, result.stderr
    return result.stdout


@pytest.mark.slow
def test_a_tool_that_a_job_runs_is_there_with_its_options():
    calls = called(r"(?P<program>-m tools\.\w+|python tools/\w+\.py)(?P<arguments>[^\n&|;]*)")
    assert len(calls) >= 5
    for job, call in calls:
        said = help_of(*call["program"].removeprefix("python ").split())
        for option in re.findall(r"(?<!\S)--[\w-]+", call["arguments"]):  # perhaps none
            assert re.search(rf"{option}\b(?!-)", said), f"{job}: {call[0]}"


def test_what_make_is_asked_for_is_there():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    calls = called(r"(?<![\w-])make (?P<target>[a-z]+)")
    assert len(calls) >= 3
    assert {f"{job}: {call[0]}" for job, call in calls if call["target"] not in targets} == set()


def test_a_file_that_a_job_names_is_there():
    """Notebooks and workflows by name; that a moved chapter is renamed here too is the business of make move."""
    calls = called(r"(?<![\w/.-])(?:book|tests|tools)/[\w./-]+\.(?:ipynb|py|txt)|(?<=workflow run )\S+")
    assert len(calls) >= 4
    for job, call in calls:
        assert (ROOT / call[0]).exists() or (ROOT / ".github" / "workflows" / call[0]).exists(), f"{job}: {call[0]}"
