"""Run ARM operations: their place in time, conflicts, faults that were asked for, journal.

Sure: no belief.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, model_validator

from sandbox import arm
from sandbox.engine import shapes
from sandbox.engine.values import UNKNOWN, reveal
from sandbox.errors import ArmError
from sandbox.options import Options

HOLD_SECONDS = 0.02
"""Least real time that a change keeps its lock, so that two at once do meet."""
NOT_IMPLEMENTED = 501
"""Status in the journal if the sandbox does not model an operation."""
METHODS = {"create": "PUT", "update": "PUT", "delete": "DELETE", "invoke": "POST", "read": "GET"}
LATENCY = json.loads(Path(__file__).with_name("latency.json").read_text())
"""Modelled seconds by type (or tier) and operation, each with its public source."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation that the engine asked of the provider."""

    op: str
    type: str
    id: str
    inputs: dict[str, Any]
    urn: str = ""

    def names(self) -> list[str]:
        """Return the ARM name and the logical name."""
        return [self.id.rsplit("/", 1)[-1], self.urn.rsplit("::", 1)[-1]]

    def seconds(self) -> float:
        """Return how long Azure takes, in modelled seconds."""
        sku = reveal(self.inputs).get("sku")
        tier = sku.get("name") if isinstance(sku, dict) else ""
        table = LATENCY.get(f"{self.type} {tier}") or LATENCY.get(self.type) or LATENCY["default"]
        return float(table.get(self.op, LATENCY["default"][self.op])["seconds"])


def acceptable(op: str, token: str) -> bool:
    """Whether Azure may accept this operation of a type, and fail it later."""
    return shapes.long_running(token, METHODS[op])


class Fault(BaseModel):
    """A fault of the faults file: an operation that fails, and when.

    `before`: Azure refuses, and nothing is done. `after`: Azure does the work, and the wait for its
    end fails. `accepted`: Azure accepts the request, then fails it, which only long operations can;
    what was to be deleted stays. `lost`: Azure does the work, and the answer never arrives.

    The engine gets, by the provider's code, the state if Azure accepted the request and the
    resource can be read, else only the error.
    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
    https://github.com/pulumi/pulumi-azure-native/pull/4804
    Sure: inferred, as no public run shows an answer that was lost: `lost` is read from the code.
    """

    op: Literal["create", "read", "update", "delete", "invoke"]
    type: str
    name: str | None = None
    occurrence: int = 1
    when: Literal["before", "after", "accepted", "lost"] = "before"
    status: int
    """0 for a connection that was cut: there is no answer that could have a status."""
    code: str
    message: str = "A fault was asked for."
    seen: int = 0

    @model_validator(mode="after")
    def _refuse_impossible(self) -> "Fault":
        if self.when == "accepted" and not acceptable(self.op, self.type):
            text = (
                f"{self.op} of {self.type} cannot fail as `accepted`: Azure answers it at its end"
            )
            raise ValueError(f"{text}; `when` may be before, after or lost")
        return self


class AcceptedThenFailedError(ArmError):
    """Azure took the request, but the operation ended in an error.

    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
    """


class OperationFailedError(AcceptedThenFailedError):
    """It ended so in Azure too: what was made is in a failed state.

    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """


class AnswerLostError(ArmError):
    """Azure did the work, and the provider never learned of it."""


ENDS: dict[str, type[ArmError]] = {
    "before": ArmError,
    "after": AcceptedThenFailedError,
    "accepted": OperationFailedError,
    "lost": AnswerLostError,
}
"""Errors with which an operation ends, by the fault's `when`.

https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
"""


class Operations:
    """The runner of ARM operations on one modelled clock, which writes the journal."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._held: set[str] = set()
        faults = options.faults.read_text() if options.faults else "[]"
        self._faults = TypeAdapter(list[Fault]).validate_json(faults)
        journal = options.journal
        if journal:
            journal.parent.mkdir(parents=True, exist_ok=True)
        lines = journal.read_text().splitlines() if journal and journal.exists() else []
        entries = [json.loads(line) for line in lines]
        self._sequence = max((entry["seq"] for entry in entries), default=0)
        self._now = max((entry["end"] for entry in entries), default=0.0)

    def run(self, operation: Operation, work: Callable[[], T]) -> T:
        """Do `work` as one ARM operation; a fault stands for what is left after HTTP retries.

        Raises:
            ArmError: Azure refuses, another change holds the lock, or a fault says so.
            AcceptedThenFailedError: a fault makes the operation fail after Azure took it.
            AnswerLostError: the work is done, but a fault keeps the answer back.
        """
        fault = self._fault(operation)
        when = fault.when if fault else ""
        entry, key = self._entry(operation), ""
        try:
            key = self._acquire(operation)
            if when == "before" or (when, operation.op) == ("accepted", "delete"):
                _strike(fault, operation)
            result = work()
            taken = operation.seconds() if self._options.latency == "azure" else 0.0
            time.sleep(max(taken * self._options.time_scale, HOLD_SECONDS if key else 0))
            entry["end"] += taken
            _strike(fault, operation)
        except Exception as error:
            code = getattr(error, "code", type(error).__name__)
            entry |= {"status": getattr(error, "status", NOT_IMPLEMENTED), "code": code}
            raise
        finally:
            self._write(entry, key)
        return result

    def simulate(self, operation: Operation) -> None:
        """Note in the journal what a preview would do."""
        self._write({**self._entry(operation), "simulated": True})

    def _entry(self, operation: Operation) -> dict[str, Any]:
        times = {"start": self._now, "end": self._now}
        status = {"status": 201 if operation.op == "create" else 200, "code": ""}
        named = {"name": operation.names()[0], "inputs": reveal(operation.inputs, "[secret]")}
        return {**vars(operation), **named, **times, **status, "simulated": False}

    def _fault(self, operation: Operation) -> Fault | None:
        """Find the fault for this operation, which is by default the first that it matches."""
        due = None
        with self._lock:
            for fault in self._faults:
                same = (fault.op, fault.type) == (operation.op, operation.type)
                if same and fault.name in (None, *operation.names()):
                    fault.seen += 1
                    due = fault if fault.seen == fault.occurrence else due
        return due

    def _acquire(self, operation: Operation) -> str:
        exclusive = arm.exclusive(operation.id, METHODS[operation.op])
        if exclusive is None:
            return ""
        with self._lock:
            if exclusive[0] in self._held:
                raise exclusive[1]
            self._held.add(exclusive[0])
        return exclusive[0]

    def _write(self, entry: dict[str, Any], key: str = "") -> None:
        with self._lock:
            self._held.discard(key)
            self._now = max(self._now, entry["end"])
            self._sequence += 1
            line = json.dumps({"seq": self._sequence, **entry}).replace(UNKNOWN, "[unknown]")
            if self._options.journal is not None:
                with self._options.journal.open("a") as journal:
                    journal.write(line + "\n")


def _strike(fault: Fault | None, operation: Operation) -> None:
    """Fail as the fault says, if there is one; a cut connection's error names the request."""
    if fault is None:
        return
    method, message = METHODS[operation.op].capitalize(), fault.message
    if not fault.status:
        message = f'{method} "https://management.azure.com{operation.id}": {message}'
    raise ENDS[fault.when](fault.status, fault.code, message)
