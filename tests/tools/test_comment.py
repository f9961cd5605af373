"""A pull request shows one comment of a kind, with the newest text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tools import comment

BOT = {"type": "Bot"}
Answer = Callable[[str, str, Any], Any]
"""What a forge replies to a method, a path and a body; None refuses."""


@contextmanager
def forge(answer: Answer) -> Iterator[str]:
    """Serve a forge on this machine; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            found = answer(self.command, self.path, sent)
            self.send_response(200 if found is not None else 403)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def do_GET(self) -> None:
            self.serve()

        def do_POST(self) -> None:
            self.serve()

        def do_PATCH(self) -> None:
            self.serve()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def github(url: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": "team/stack",
        "GITHUB_TOKEN": "never-shown",
        "PULL_REQUEST": "7",
    }


@pytest.fixture
def preview(tmp_path: Path) -> str:
    file = tmp_path / "preview.txt"
    file.write_text("+ account\n")
    return str(file)


def test_the_second_run_replaces_the_comment_of_the_first(preview: str) -> None:
    comments: list[dict[str, Any]] = [
        {"id": n, "user": {"type": "User"}, "body": f"<!-- Preview of dev --> {n}"}
        for n in range(150)
    ]

    def answer(method: str, path: str, sent: Any) -> Any:
        if method == "GET":
            page = int(path.rpartition("=")[2])
            return comments[100 * (page - 1) : 100 * page]
        if method == "POST":
            comments.append({"id": 900, "user": BOT, "body": sent["body"]})
            return comments[-1]
        assert path == "/repos/team/stack/issues/comments/900"
        comments[-1]["body"] = sent["body"]
        return comments[-1]

    with forge(answer) as url:
        for text in ("+ account", "~ account"):
            Path(preview).write_text(text)
            arguments = ["--title", "Preview of dev", preview]
            assert comment.main(arguments, github(url)) == 0

    assert len(comments) == 151
    assert "~ account" in comments[-1]["body"]
    assert "+ account" not in comments[-1]["body"]


def test_azure_repos_keeps_one_closed_thread(preview: str) -> None:
    threads: list[dict[str, Any]] = []

    def answer(method: str, path: str, sent: Any) -> Any:
        base = "/org/project/_apis/git/repositories/repo/pullRequests/7/threads"
        assert path.startswith(base)
        if method == "GET":
            return {"value": [{"id": 1, "comments": [{"id": 1}]}, *threads]}
        if method == "POST":
            threads.append({"id": 2, "comments": [{"id": 1, **sent["comments"][0]}], **sent})
            threads[-1]["comments"][0]["id"] = 1
            return threads[-1]
        assert path == f"{base}/2/comments/1?api-version=7.1"
        threads[0]["comments"][0]["content"] = sent["content"]
        return {}

    with forge(answer) as url:
        environment = {
            "SYSTEM_COLLECTIONURI": f"{url}/org/",
            "SYSTEM_TEAMPROJECTID": "project",
            "BUILD_REPOSITORY_ID": "repo",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "SYSTEM_ACCESSTOKEN": "never-shown",
        }
        assert comment.main(["--title", "Preview", preview], environment) == 0
        assert comment.main(["--title", "Preview", preview], environment) == 0

    assert len(threads) == 1
    assert threads[0]["status"] == "closed"


def test_a_refusal_is_told_without_the_token(
    preview: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with forge(lambda *_: None) as url:
        assert comment.main(["--title", "Preview", preview], github(url)) == 1
    said = capsys.readouterr().err
    assert "403" in said
    assert "never-shown" not in said


def test_a_missing_variable_is_named(preview: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert comment.main(["--title", "Preview", preview], {"GITHUB_REPOSITORY": "team/stack"}) == 1
    assert "GITHUB_API_URL is not set" in capsys.readouterr().err


def test_the_text_cannot_leave_its_fence() -> None:
    shown = comment.body("Preview", "a\n```\n@everyone\n````\nb\x1b[31m!\x1b[0m")
    assert "\n`````diff\na\n```\n@everyone\n````\nb!\n`````\n" in shown
