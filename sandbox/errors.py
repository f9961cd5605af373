"""The two errors of the sandbox: Azure refuses, or the sandbox does not model."""


class ArmError(Exception):
    """A refusal in Azure's own words: HTTP status, error code, message.

    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class NotModelledError(Exception):
    """Something that Azure has and this sandbox does not: an error, never a silent pass."""
