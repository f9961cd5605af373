"""A job stays signed in to Azure for as long as it lasts, whatever one request meets."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".github" / "actions" / "stack" / "sign-in.sh"
CURL = r"""#!/bin/bash
cat > "$0.sent"; printf '%s\n' "$@" > "$0.asked"
number=$(( $(cat "$0.count" 2> /dev/null || echo 0) + 1 )); echo $number > "$0.count"
case "$(sed -n ${number}p "$0.answers")" in
  token) echo "{\"value\": \"token-$number\"}" ;;
  nothing) echo '{}' ;;
  cut) echo '{"value": "tok'; exit 18 ;;
  *) exit 22 ;;
esac
"""
SLEEP = """#!/bin/bash
# As many waits as there are answers left; each lasts until the test has looked.
touch "$0.waits"
while [ ! -e "$0.go" ]; do "$0.real" 0.02; done
rm "$0.go" "$0.waits"
"""


class Job:
    """A runner whose token server gives these answers, one after the other."""

    def __init__(self, folder: Path, *answers: str) -> None:
        self.folder = folder
        for name, script in (("curl", CURL), ("sleep", SLEEP)):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        (folder / "sleep.real").symlink_to(shutil.which("sleep") or "")
        (folder / "curl.answers").write_text("\n".join(answers))
        (folder / "temp").mkdir()
        (folder / "variables").touch()
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_ENV": str(folder / "variables"),
            "ARM_CLIENT_ID": "client",
            "ARM_TENANT_ID": "tenant",
            "ACTIONS_ID_TOKEN_REQUEST_URL": "https://tokens.example/?v=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "never-shown",
        }
        self.done = subprocess.run(
            ["bash", str(SCRIPT)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )

    @property
    def token(self) -> str:
        return (self.folder / "temp" / "identity").read_text().strip()

    def wait(self) -> None:
        """Until the background process sleeps."""
        end = time.monotonic() + 120
        while not (self.folder / "sleep.waits").exists():
            assert time.monotonic() < end, "nothing renews the token"
            time.sleep(0.01)

    def renew(self) -> None:
        """Let the background process try once more."""
        self.wait()
        (self.folder / "sleep.go").touch()
        while (self.folder / "sleep.go").exists():
            time.sleep(0.01)
        self.wait()

    def end(self) -> None:
        """As a runner ends a job: its processes go."""
        (self.folder / "sleep").unlink()
        (self.folder / "sleep").symlink_to(shutil.which("false") or "")
        if (self.folder / "sleep.waits").exists():
            (self.folder / "sleep.go").touch()


@pytest.mark.parametrize("answer", ["refused", "nothing", "cut"])
def test_a_token_that_does_not_come_leaves_the_last_one(answer: str, tmp_path: Path) -> None:
    job = Job(tmp_path, "token", answer, "token")
    try:
        assert job.done.returncode == 0
        assert job.token == "token-1"
        job.renew()
        assert job.token == "token-1"
        job.renew()
        assert job.token == "token-3"
    finally:
        job.end()


def test_later_steps_find_the_identity_and_nobody_else_reads_it(tmp_path: Path) -> None:
    job = Job(tmp_path, "token")
    job.wait()
    job.end()
    given = dict(line.split("=", 1) for line in (tmp_path / "variables").read_text().splitlines())
    file = Path(given.pop("AZURE_FEDERATED_TOKEN_FILE"))
    assert given == {"AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant"}
    assert file.read_text() == "token-1\n"
    assert file.stat().st_mode & 0o077 == 0
    asked = (tmp_path / "curl.asked").read_text()
    assert "https://tokens.example/?v=1&audience=api://AzureADTokenExchange" in asked
    assert "never-shown" not in asked + job.done.stdout + job.done.stderr
    assert "Authorization: bearer never-shown" in (tmp_path / "curl.sent").read_text()


@pytest.mark.parametrize("answer", ["refused", "nothing"])
def test_without_a_first_token_the_step_fails(answer: str, tmp_path: Path) -> None:
    job = Job(tmp_path, answer)
    assert job.done.returncode != 0
    assert (tmp_path / "variables").read_text() == ""
    assert not (tmp_path / "sleep.waits").exists()
