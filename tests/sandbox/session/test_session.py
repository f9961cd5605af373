"""What a command inside the sandbox finds, and what it never gets to see."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import sandbox
from sandbox.__main__ import main
from sandbox.options import Options
from sandbox.session import session
from sandbox.stack import SALT, SessionError, _tidy

REAL = {
    "AZURE_CLIENT_SECRET": "s",
    "ARM_CLIENT_SECRET": "s",
    "PULUMI_ACCESS_TOKEN": "s",
    "PULUMI_BACKEND_URL": "https://example.com",
    "OPENAI_API_KEY": "s",
    "https_proxy": "http://example.com",
}


Elsewhere = tuple[Options, str]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A folder that is no Pulumi project, and a PATH with something called pulumi."""
    monkeypatch.chdir(tmp_path)
    engine = tmp_path / "engine" / "pulumi"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    return Options(folder=tmp_path / "cloud"), f"{engine.parent}:{os.environ['PATH']}"


def test_no_credential_of_the_caller_comes_in(elsewhere: Elsewhere) -> None:
    options, path = elsewhere
    with session(options, {**REAL, "PATH": path, "HOME": "/h"}) as inside:
        assert inside["HOME"] == "/h"
        assert inside["PULUMI_BACKEND_URL"].startswith(f"file://{options.folder}")
        assert inside["https_proxy"].startswith("http://127.0.0.1:")
        assert not {"AZURE_CLIENT_SECRET", "PULUMI_ACCESS_TOKEN"} & inside.keys()
        assert not {"s", "http://example.com", "https://example.com"} & set(inside.values())


def test_the_resource_manager_can_be_read_inside(elsewhere: Elsewhere) -> None:
    options, path = elsewhere
    with session(options, {"PATH": path}) as inside:
        trust = ssl.create_default_context(cafile=inside["SSL_CERT_FILE"])
        with httpx.Client(proxy=inside["HTTPS_PROXY"], verify=trust) as client:
            answer = client.get("https://management.azure.com/subscriptions/x?api-version=1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")


def test_one_process_a_folder(elsewhere: Elsewhere) -> None:
    options, path = elsewhere
    with (
        session(options, {"PATH": path}),
        pytest.raises(SessionError, match="in use by another sandbox"),
        session(options, {"PATH": path}),
    ):
        pass
    with session(options, {"PATH": path}):
        """Free again."""


def test_without_an_engine_it_says_what_to_do(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, _ = elsewhere
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("HOME", "/nowhere")
    with pytest.raises(SessionError, match="make setup"), session(options, {"PATH": "/nowhere"}):
        pass


def run(
    options: Options, path: str, *command: str, stdin: int | None = None
) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "sandbox", "run", "--dir", str(options.folder), "--", *command]
    folder = str(Path(sandbox.__file__).parent.parent)
    environment = {**os.environ, "PATH": path, "PYTHONPATH": folder}
    return subprocess.Popen(words, env=environment, stdin=stdin, stdout=subprocess.PIPE, text=True)


def test_the_status_of_the_command_is_the_status(elsewhere: Elsewhere) -> None:
    options, path = elsewhere
    assert run(options, path, "sh", "-c", "exit 7").wait() == 7


def test_an_interrupt_reaches_the_command(elsewhere: Elsewhere) -> None:
    options, path = elsewhere
    script = 'trap "echo stopped; exit 9" INT; echo started; while :; do sleep 0.05; done'
    process = run(options, path, "sh", "-c", script, stdin=subprocess.DEVNULL)
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "stopped\n"
    assert process.wait(timeout=60) == 9


@pytest.mark.parametrize("text", ["[{", '[{"op": "create", "type": "x"}]', '[{"op": "patch"}]'])
def test_a_bad_file_of_faults_is_said_before_the_command_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(text)
    given = ["run", "--dir", str(tmp_path / "cloud"), "--faults", str(faults), "--", "touch"]
    assert main([*given, str(tmp_path / "ran")]) == 2
    assert "sandbox: " in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_leftovers_are_told_from_soft_deleted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {"id": "/x", "type": "T/t", "name": "kept", "body": {}}
    (tmp_path / "cloud.json").write_text(json.dumps({"deleted": {"/x": gone}}))
    assert main(["leftovers", "--dir", str(tmp_path)]) == 0
    assert "kept" in capsys.readouterr().out
    (tmp_path / "cloud.json").write_text(json.dumps({"live": {"/x": {**gone, "name": "alive"}}}))
    assert main(["leftovers", "--dir", str(tmp_path)]) == 1


def test_a_folder_without_a_sandbox_is_no_empty_cloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leftovers", "--dir", str(tmp_path / "slip")]) == 2
    assert "there is no sandbox in" in capsys.readouterr().err
    assert not (tmp_path / "slip").exists()


def test_stack_files_lose_our_salt_and_keep_a_persons_own(tmp_path: Path) -> None:
    texts = {
        "dev": "config: {}\n" + SALT,
        "secret": "config:\n  a:\n    secure: v1:x\n" + SALT,
        "own": "encryptionsalt: v1:own\n",
    }
    for name, text in texts.items():
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text)
    _tidy(tmp_path, {})
    after = {name: (tmp_path / f"Pulumi.{name}.yaml").read_text() for name in texts}
    assert after == texts | {"dev": "config: {}\n"}
