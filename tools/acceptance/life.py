"""Run one life of the stack, from nothing to nothing: the same on Azure and in the sandbox.

`python -m tools.acceptance.life FOLDER` reads FOLDER/plan.json and writes FOLDER/outcomes.json
after each step. Whatever happens, all that it created is deleted and purged at its end.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from queries.interrupts import INTERRUPTED
from tools.acceptance import clean, events, offers, refusals, rows
from tools.acceptance.arm import VERSIONS, Arm, ForeignError
from tools.acceptance.events import Facts, Outcome
from tools.acceptance.plan import ROOT, STACK, Plan


class StoppedError(Exception):
    """The life cannot go on; `str()` says why."""


@dataclass
class Life:
    """One life: runs the steps and keeps their outcomes."""

    folder: Path
    plan: Plan
    arm: Arm
    known: list[str]
    """Names of models, the preferred first."""
    outcomes: list[Outcome] = field(default_factory=list)
    _stack_file: Path = Path()
    _edited: Path = Path()

    def run(self) -> None:
        """Run every step; delete and purge everything, also after a failure or Ctrl-C."""
        self._step("preflight", self._preflight)
        try:
            self._live()
        finally:
            signal.signal(signal.SIGINT, _not_now)
            signal.signal(signal.SIGTERM, _not_now)
            self._step("destroy", self._destroy)
            self._step("kept", lambda: clean.kept(self.arm))
            self._step("purge", lambda: clean.purge(self.arm))

    def _live(self) -> None:
        self._pulumi("preview", "preview")
        if self._pulumi("up", "up", "--yes", "--skip-preview") != 0:
            raise StoppedError("the first `pulumi up` failed, so that there is no stack to examine")
        self._step("check", self._check)
        self._step("rows", lambda: rows.arrived(STACK))
        self._pulumi("preview again", "preview")
        self._pulumi("refresh", "refresh", "--yes", "--skip-preview")
        self._pulumi("edit", "up", "--yes", "--skip-preview", config=self._edited)
        pack = "policies/guardrails"
        options = ("--policy-pack", pack, "--policy-pack-config", f"{pack}.json")
        self._pulumi("guardrails", "preview", *options, config=self._edited)
        self._step("refusals", lambda: refusals.provoke(self.arm))

    def _step(self, name: str, work: Callable[[], Facts], log: Path | None = None) -> None:
        """Run a step, keep its outcome, and print its name."""
        _say(f"{name} …")
        begun, outcome = time.monotonic(), Outcome(name)
        self.outcomes.append(outcome)
        try:
            outcome.facts = work()
        except Exception as error:  # noqa: BLE001 purging is due, whatever failed
            outcome.facts = {"stopped": type(error).__name__}
            _say(f"{name}: {error}")
            if name == "preflight":
                raise StoppedError(str(error)) from None
        finally:
            outcome.seconds = round(time.monotonic() - begun, 1)
            outcome.operations = events.operations(log) if log else {}
            self._write()

    def _preflight(self) -> Facts:
        """See that the subscription answers, the group is new, a chat model can be deployed."""
        plan = self.plan
        answer = self.arm.send(
            "GET", f"/subscriptions/{plan.subscription}", VERSIONS["subscription"]
        )
        state = answer.json().get("state") if answer.status_code == 200 else answer.status_code  # noqa: PLR2004
        if self.arm.is_there(plan.group_id, VERSIONS["group"]):
            raise ForeignError(f"{plan.group_id} exists already, or cannot be read")
        model = offers.choose(self.arm, self.known)
        self._stack_file, self._edited = plan.configure(self.folder, model)
        self._prepare()
        _say(f"model {model['model']} {model['version']} in {plan.group}")
        return {"subscription": str(state), "chat model": "can be deployed"}

    def _prepare(self) -> None:
        """Create a backend and a stack of the run's own, with a passphrase in its folder only."""
        state, secret = self.folder / "state", self.folder / "passphrase"
        state.mkdir(exist_ok=True)
        secret.touch(0o600)
        secret.write_text(secrets.token_urlsafe(24))
        for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK"):
            os.environ.pop(name, None)
        os.environ |= {
            "PULUMI_BACKEND_URL": f"file://{state.resolve()}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(secret.resolve()),
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log, as Pulumi's own Automation API does
            "ARM_SUBSCRIPTION_ID": self.plan.subscription,
        }
        project = str(self._stack_file.parent)
        self._command("init", "pulumi", "-C", project, "stack", "init", STACK)
        for line in self._stack_file.read_text().splitlines():
            if line.startswith("encryptionsalt:"):
                self._edited.write_text(f"{self._edited.read_text()}{line}\n")

    def _pulumi(self, name: str, verb: str, *options: str, config: Path | None = None) -> int:
        """Run a verb of the engine as a step; return its exit status."""
        log = self.folder / f"{name.replace(' ', '-')}.jsonl"
        given = ["--stack", STACK, "--non-interactive", "--event-log", str(log)]
        if verb != "destroy":
            given += ["--config-file", str(config or self._stack_file)]
        status = 1

        def work() -> Facts:
            nonlocal status
            status = self._command(name, "pulumi", verb, *options, *given)
            return {"exit status": str(status)} | events.facts(log)

        self._step(name, work, log)
        return status

    def _check(self) -> Facts:
        """Run the check; return exit status, verdict, and how each proof ended."""
        file = self.folder / "verdict.json"
        given = ["--stack", STACK, "--timeout", f"{self.plan.timeout:g}", "--json", str(file)]
        status = self._command("check", sys.executable, "-m", "queries.check", *given)
        report: dict[str, Any] = json.loads(file.read_text() or "{}") if file.exists() else {}
        proofs = {f"proof {one['id']}": one["status"] for one in report.get("proofs", [])}
        return {"exit status": str(status), "verdict": str(report.get("verdict"))} | proofs

    def _destroy(self) -> Facts:
        log = self.folder / "destroy.jsonl"
        given = ["--yes", "--skip-preview", "--run-program", "--stack", STACK, "--non-interactive"]
        given += ["--event-log", str(log), "--config-file", str(self._stack_file)]
        status = self._command("destroy", "pulumi", "destroy", *given)
        return {"exit status": str(status)} | events.facts(log)

    def _command(self, name: str, *command: str) -> int:
        """Run a command, its output in a file; after Ctrl-C, let it finish what is under way."""
        file = self.folder / f"{name.replace(' ', '-')}.txt"
        with file.open("w") as output:
            process = subprocess.Popen(  # noqa: S603 commands of this file
                command,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a second signal would end the engine in the middle
            )
            try:
                return process.wait()
            except KeyboardInterrupt:
                _say(f"{name}: waiting until the operations under way have ended")
                signal.signal(signal.SIGINT, _not_now)
                process.send_signal(signal.SIGINT)
                process.wait()
                raise

    def _write(self) -> None:
        text = json.dumps([asdict(one) for one in self.outcomes], indent=1)
        (self.folder / "outcomes.json").write_text(text)


def _say(text: str) -> None:
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def _not_now(*_: object) -> None:
    _say("deleting and purging what was created; please wait until that is done")


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(folder: Path) -> int:
    """Run the life; return 1 if it could not go on, 130 after Ctrl-C, 3 if something is left."""
    signal.signal(signal.SIGTERM, _stop)
    plan = Plan.read(folder)
    arm = Arm(plan)
    known = json.loads((folder / "known.json").read_text())
    life, status = Life(folder, plan, arm, known), 0
    try:
        life.run()
    except StoppedError as error:
        _say(str(error))
        status = 1
    except KeyboardInterrupt:
        _say("interrupted")
        status = INTERRUPTED
    remains = clean.left(arm)
    (folder / "left.json").write_text(json.dumps(remains))
    if not remains:
        shutil.rmtree(folder / "state", ignore_errors=True)
        (folder / "passphrase").unlink(missing_ok=True)
    return 3 if remains and not status else status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
