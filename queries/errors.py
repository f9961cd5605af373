"""What ends the check or the report before it has an answer."""

from __future__ import annotations


class CannotRunError(Exception):
    """It cannot start or go on: `str()` is one clear line, `fix` what to do."""

    verdict = "error"

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class MissingError(CannotRunError):
    """It cannot go on because a part of the deployment is gone: a failed deployment."""

    verdict = "failed"
