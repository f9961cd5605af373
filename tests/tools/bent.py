"""A sandbox that is wrong in known ways, to stand in for an Azure that is not as it is believed."""

from __future__ import annotations

import os
import sys

from sandbox import __main__ as program
from sandbox.arm.base import AZURE
from sandbox.gateway import logs
from sandbox.gateway.call import Call, Json

REFUSAL, COLUMN = "DeploymentModelNotSupported", "BackendTime"


def bend() -> None:
    """One refusal has another code, and one column of the gateway's log stays empty."""
    AZURE["refusals"][REFUSAL]["code"] = "ModelUnknown"
    row = logs._row

    def without(call: Call, settings: Json) -> Json:
        return {name: value for name, value in row(call, settings).items() if name != COLUMN}

    logs._row = without


if __name__ == "__main__":
    bend()
    ended = program.main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(ended)
