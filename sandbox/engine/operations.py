"""One ARM operation: its place in time, its conflicts, the faults asked for, its journal line.

Sure: no belief.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from sandbox import arm
from sandbox.engine.values import UNKNOWN, reveal
from sandbox.errors import ArmError
from sandbox.options import Options

HOLD_SECONDS = 0.02
"""Least real time that a change keeps its lock, so that two at once do meet."""
NOT_IMPLEMENTED = 501
"""Status in the journal where the sandbox itself has no answer."""
METHODS = {"create": "PUT", "update": "PUT", "delete": "DELETE", "invoke": "POST", "read": "GET"}
LATENCY = json.loads(Path(__file__).with_name("latency.json").read_text())
"""Modelled seconds by type (or tier) and operation, each with its public source."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What the engine asked of the provider."""

    op: str
    type: str
    id: str
    inputs: dict[str, Any]
    urn: str = ""

    def names(self) -> list[str]:
        """The ARM name, and the logical one."""
        return [self.id.rsplit("/", 1)[-1], self.urn.rsplit("::", 1)[-1]]

    def seconds(self) -> float:
        """How long Azure takes, in modelled seconds."""
        sku = reveal(self.inputs).get("sku")
        tier = sku.get("name") if isinstance(sku, dict) else ""
        table = LATENCY.get(f"{self.type} {tier}") or LATENCY.get(self.type) or LATENCY["default"]
        return float(table.get(self.op, LATENCY["default"][self.op])["seconds"])


class Fault(BaseModel):
    """What the file of faults asks for: `status` and `code` in place of, or after, an operation."""

    op: Literal["create", "read", "update", "delete", "invoke"]
    type: str
    name: str | None = None
    occurrence: int = 1
    when: Literal["before", "after"] = "before"
    status: int
    code: str
    message: str = "A fault was asked for."
    seen: int = 0


class AcceptedThenFailedError(ArmError):
    """Azure took the request and did the work, but the operation ended in an error."""


class Operations:
    """Runs ARM operations on one modelled clock, and writes the journal."""

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
            AcceptedThenFailedError: the work is done, but a fault makes the operation fail.
        """
        fault = self._fault(operation)
        entry, key, after = self._entry(operation), "", fault and fault.when == "after"
        try:
            key = self._acquire(operation)
            _fail(ArmError, None if after else fault)
            result = work()
            taken = operation.seconds() if self._options.latency == "azure" else 0.0
            time.sleep(max(taken * self._options.time_scale, HOLD_SECONDS if key else 0))
            entry["end"] += taken
            _fail(AcceptedThenFailedError, fault)
        except Exception as error:
            code = getattr(error, "code", type(error).__name__)
            entry |= {"status": getattr(error, "status", NOT_IMPLEMENTED), "code": code}
            raise
        finally:
            self._write(entry, key)
        return result

    def simulate(self, operation: Operation) -> None:
        """Note what a preview would do."""
        self._write({**self._entry(operation), "simulated": True})

    def _entry(self, operation: Operation) -> dict[str, Any]:
        times = {"start": self._now, "end": self._now}
        status = {"status": 201 if operation.op == "create" else 200, "code": ""}
        named = {"name": operation.names()[0], "inputs": reveal(operation.inputs, "[secret]")}
        return {**vars(operation), **named, **times, **status, "simulated": False}

    def _fault(self, operation: Operation) -> Fault | None:
        """The fault for this operation: by default it is for the first that it matches."""
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


def _fail(kind: type[ArmError], fault: Fault | None) -> None:
    if fault:
        raise kind(fault.status, fault.code, fault.message)
