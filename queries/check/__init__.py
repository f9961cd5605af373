"""The post-deploy check: calls the deployments, then finds each call in the workspace.

Run it as `python -m queries.check`; exit status 0 every proof seen that can be judged, 1 a proof
failed, 2 could not run, 3 rows had not arrived by the timeout, 130 interrupted.
"""


class CannotRunError(Exception):
    """The check cannot start or go on: `str()` is one clear line, `fix` what to do."""

    verdict = "error"

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class MissingError(CannotRunError):
    """The check cannot go on because a part of the deployment is gone: a failed deployment."""

    verdict = "failed"
