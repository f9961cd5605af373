"""Why the check could not run (exit status 2)."""


class CannotRunError(Exception):
    """The check cannot start or go on: `str()` is one clear line, `fix` what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix
