"""Post a preview as the one comment of its kind on a pull request: a later run replaces it.

    python -m tools.comment --title "Preview of dev" FILE

Works in GitHub Actions and, with Azure Repos, in Azure Pipelines. The variables that these set
tell the pull request and the token.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tools.preview_text import shown

PAGE = 100
TIMEOUT = 60
"""Seconds that one request may take."""


class CommentError(Exception):
    """The comment could not be posted; `str()` says why."""


class Forge(Protocol):
    """The service that holds the pull request."""

    def find(self, marker: str) -> str | None:
        """Return the path of our earlier comment, which begins with `marker`; None without one."""

    def write(self, path: str | None, body: str) -> None:
        """Replace the comment at `path`; without a path, add the comment."""


@dataclass(frozen=True)
class GitHub:
    """Comments of GitHub: https://docs.github.com/rest/issues/comments."""

    repository: str
    token: str
    request: str

    def find(self, marker: str) -> str | None:
        """Return the path of a robot's comment with the marker: a person may quote it too."""
        page = 1
        while True:
            url = f"issues/{self.request}/comments?per_page={PAGE}&page={page}"
            comments = self._send("GET", url)
            for comment in comments:
                if comment["user"]["type"] == "Bot" and comment["body"].startswith(marker):
                    return f"issues/comments/{comment['id']}"
            if len(comments) < PAGE:
                return None
            page += 1

    def write(self, path: str | None, body: str) -> None:
        """Replace the comment at `path`, or add one."""
        method = "PATCH" if path else "POST"
        self._send(method, path or f"issues/{self.request}/comments", {"body": body})

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return send(method, f"{self.repository}/{path}", f"Bearer {self.token}", body)


@dataclass(frozen=True)
class AzureRepos:
    """Threads of Azure Repos.

    https://learn.microsoft.com/rest/api/azure/devops/git/pull-request-threads
    """

    threads: str
    token: str

    def find(self, marker: str) -> str | None:
        """Return the path of the comment with which our thread begins."""
        for thread in self._send("GET", "")["value"]:
            for comment in thread.get("comments", [])[:1]:
                if (comment.get("content") or "").startswith(marker):
                    return f"/{thread['id']}/comments/{comment['id']}"
        return None

    def write(self, path: str | None, body: str) -> None:
        """Replace the comment at `path`, or add a thread, closed, as it asks nobody anything."""
        if path:
            self._send("PATCH", path, {"content": body})
        else:
            comment = {"parentCommentId": 0, "content": body, "commentType": "text"}
            self._send("POST", "", {"comments": [comment], "status": "closed"})

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        basic = base64.b64encode(f":{self.token}".encode()).decode()
        return send(method, f"{self.threads}{path}?api-version=7.1", f"Basic {basic}", body)


def send(method: str, url: str, authorization: str, body: Mapping[str, Any] | None) -> Any:
    """Send one request and read the JSON of its answer.

    Raises:
        CommentError: the server refuses the request, or does not answer.
    """
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 the forge's
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise CommentError(f"{method} {url}: {error.code} {error.reason}") from None
    except OSError as error:
        raise CommentError(f"{method} {url}: {error}") from None


def forge(environment: Mapping[str, str]) -> Forge:
    """Return the forge whose pipeline runs this.

    Raises:
        CommentError: no forge does, or it has given no token or no pull request.
    """
    try:
        if "GITHUB_REPOSITORY" in environment:
            repository = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}".format_map(environment)
            return GitHub(repository, environment["GITHUB_TOKEN"], environment["PULL_REQUEST"])
        threads = (
            "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_apis/git/repositories/"
            "{BUILD_REPOSITORY_ID}/pullRequests/{SYSTEM_PULLREQUEST_PULLREQUESTID}/threads"
        ).format_map(environment)
        return AzureRepos(threads, environment["SYSTEM_ACCESSTOKEN"])
    except KeyError as error:
        raise CommentError(f"the variable {error.args[0]} is not set") from None


def marker(title: str) -> str:
    """Return the beginning, which is not shown, of the comment of that title."""
    return f"<!-- {title} -->"


def body(title: str, text: str) -> str:
    """Write the comment: what was refused, then all that would change."""
    return f"{marker(title)}\n### {title}\n\n{shown(text)}"


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Post the comment; return 1 after a message if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tools.comment", description=__doc__)
    parser.add_argument("--title", required=True)
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        text = options.file.read_text(encoding="utf-8", errors="replace")
        there = forge(environment)
        there.write(there.find(marker(options.title)), body(options.title, text))
    except (CommentError, OSError) as error:
        sys.stderr.write(f"comment: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
