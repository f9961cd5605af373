"""Losses and changes over the rows of a checked stack, each judged in process."""

from __future__ import annotations

import json
import math
import pickle
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from harness.machine import Machine
from harness.sabotage.generated.mutation import Count
from harness.sabotage.site import QUICK
from queries.check.evidence import Evidence
from queries.check.proofs import applicable_to
from queries.check.proofs.base import Verdict
from queries.check.records import OwnCall
from queries.check.rows import Rows, Source
from queries.check.traffic import OwnTraffic

Row = dict[str, Any]
Tables = Mapping[Source, list[Row]]
LOGS: tuple[Source, ...] = ("gateway-whole", "llm-whole", "diagnostics-whole")
OF_LLM = {"Request": "RequestMessages", "Response": "ResponseMessages"}
OF_ACCOUNT = {
    "Deployment": "modelDeploymentName",
    "Model": "modelName",
    "ModelVersion": "modelVersion",
    "StreamType": "streamType",
}
"""Columns of the check's queries, and where the table has them."""
UNCOMPARED = {
    "gateway-whole": {"_BilledSize"},
    "llm-whole": {"_BilledSize"},
    # Azure masks the address; and a gateway may call from several.
    "diagnostics-whole": {"_BilledSize", "CallerIPAddress"},
}
"""Columns in which no call says what must stand."""
STAND_BY = ("accounts", "unjudged")
"""What the check says of an account that is not called while others answer: accepted here."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What one run of the check knew at its end."""

    evidence: Evidence

    @classmethod
    def of(cls, file: Path) -> Recorded:
        """Read what `record` wrote."""
        return cls(evidence=pickle.loads(file.read_bytes()))

    @property
    def tables(self) -> Tables:
        """Return the rows of each table, with every column."""
        return {source: self.evidence.of(source) for source in LOGS}

    def judged(self, tables: Tables) -> dict[str, Verdict]:
        """Judge every proof that is read from rows, as if the workspace held these."""
        by_source = {**self.evidence.rows.by_source, **tables, **_asked(tables)}
        rows = Rows(
            by_source=by_source,
            runs=self.evidence.rows.runs,
            now=self.evidence.rows.now,
            changed=self.evidence.rows.changed,
        )
        evidence = replace(self.evidence, rows=rows)
        return {
            proof.id: proof.judge(evidence)
            for proof in applicable_to(evidence.target)
            if proof.needs
        }

    def proven(self, tables: Tables) -> bool:
        """Tell whether the check would end proven."""
        return all(
            verdict.status in {"seen", "skipped"} or (name, verdict.status) == STAND_BY
            for name, verdict in self.judged(tables).items()
        )

    def rows_of(self, source: Source, only: Callable[[OwnCall], bool]) -> list[int]:
        """Return places in a table of the rows of some of the run's calls."""
        calls = [c for c in self.evidence.calls if isinstance(c, OwnCall) and only(c)]
        ids = {
            one
            for call in calls
            for one in (
                call.account_ids
                if source == "diagnostics-whole"
                else self.evidence.correlations(call)
            )
        }
        rows = self.tables[source]
        return [at for at, row in enumerate(rows) if row["CorrelationId"] in ids]


def _asked(tables: Tables) -> Tables:
    """Return the rows as the check's other queries project them."""
    return {
        "gateway": list(tables["gateway-whole"]),
        "llm": [
            row | {name: _text(row.get(column)) for name, column in OF_LLM.items()}
            for row in tables["llm-whole"]
        ],
        "account": [
            row | {name: str(_inner(row).get(key, "")) for name, key in OF_ACCOUNT.items()}
            for row in tables["diagnostics-whole"]
            if row.get("Category") == "RequestResponse"
        ],
    }


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _inner(row: Row) -> Row:
    with suppress(ValueError):
        found = json.loads(row.get("properties_s") or "{}")
        return found if isinstance(found, dict) else {}
    return {}


def recorded(machine: Machine, file: Path, *more: str) -> Recorded:
    """Check a deployed stack at the usual depth, and keep what the check knew.

    `more` are further arguments of the check, which must end proven.
    """
    command = (sys.executable, "-m", "harness.sabotage.generated.record", str(file))
    done = machine.run(*command, "--stack", "dev", "--timeout", "1.5", *more, options=QUICK)
    assert done.status == 0, done.text
    return Recorded.of(file)


def count(run: Recorded) -> Count:
    """Make each loss and each change of a column by itself, and count those that end proven."""
    made, faults = Counter[str](), dict[str, str]()
    for kind, generated in (("losses of rows", losses(run)), ("columns changed", columns(run))):
        for loss in generated:
            made[kind] += 1
            if run.proven(loss.applied(run.tables)):
                faults[f"{kind}: {loss.name}"] = "every proof is seen"
    return Count(made=made, faults=faults)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What is done to some rows of one table."""

    name: str
    source: Source
    places: Sequence[int]
    change: Callable[[list[Row], Sequence[int]], list[Row]]

    def applied(self, tables: Tables) -> Tables:
        """Return the tables with the loss."""
        rows = [dict(row) for row in tables[self.source]]
        return {**tables, self.source: self.change(rows, self.places)}


def _dropped(rows: list[Row], places: Sequence[int]) -> list[Row]:
    gone = set(places)
    return [row for at, row in enumerate(rows) if at not in gone]


def _delayed(rows: list[Row], places: Sequence[int]) -> list[Row]:
    """Delay a row by hours: it is not there, as far as this run can see."""
    return _dropped(rows, places)


def _doubled(rows: list[Row], places: Sequence[int]) -> list[Row]:
    """Let each row come again, with one value changed."""
    again = [dict(rows[at]) for at in places]
    for row in again:
        row["OperationName"] = other(row["OperationName"])
    return rows + again


def _swapped(rows: list[Row], places: Sequence[int]) -> list[Row]:
    """Give each row the ids of the next row's call."""
    ids = [rows[at]["CorrelationId"] for at in places]
    for at, one in zip(places, ids[1:] + ids[:1], strict=True):
        rows[at]["CorrelationId"] = one
    return rows


WHOLE: dict[str, Callable[[list[Row], Sequence[int]], list[Row]]] = {
    "dropped": _dropped,
    "delayed by hours": _delayed,
    "doubled with a change": _doubled,
    "ids swapped": _swapped,
}


def other(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 2 + 100_000
    if isinstance(value, datetime):
        return value + timedelta(hours=3)
    return f"{value or ''}x-changed"


def _column(column: str, value: Callable[[Any], Any]) -> Callable[..., list[Row]]:
    def change(rows: list[Row], places: Sequence[int]) -> list[Row]:
        for at in places:
            rows[at][column] = value(rows[at][column])
        return rows

    return change


def _emptied(value: Any) -> Any:
    return "" if isinstance(value, str) else None


def _zero(value: Any) -> Any:
    return type(value)() if isinstance(value, int | float | str) else None


VALUES: dict[str, Callable[[Any], Any]] = {"emptied": _emptied, "zeroed": _zero, "changed": other}


def shares(places: Sequence[int], chance: random.Random) -> Iterator[tuple[str, list[int]]]:
    """Choose 5, 10 and 50 in a hundred rows, every tenth, and all."""
    for share in (0.05, 0.1, 0.5):
        count = max(1, math.ceil(len(places) * share))
        yield f"{share:.0%}", sorted(chance.sample(list(places), count))
    yield "every tenth", list(places[::10])
    yield "all", list(places)


def losses(run: Recorded, seed: int = 0) -> Iterator[Loss]:
    """Return every loss: of all calls, of each kind, consumer and account, in each log."""
    traffic = run.evidence.traffic
    assert isinstance(traffic, OwnTraffic)
    groups: dict[str, Callable[[OwnCall], bool]] = {"all calls": lambda _: True}
    for kind in dict.fromkeys(call.kind for call in traffic.calls):
        groups[f"kind {kind}"] = partial(_has, "kind", kind)
    for name in dict.fromkeys(call.consumer for call in traffic.calls):
        groups[f"consumer {name}"] = partial(_has, "consumer", name)
    backends = _backends(run)
    for name in sorted(set(backends.values())) if run.evidence.target.accounts else ():
        groups[f"account {name}"] = partial(_answered_by, name, backends)
    chance = random.Random(seed)
    for source in LOGS:
        for group, only in groups.items():
            places = run.rows_of(source, only)
            for share, chosen in shares(places, chance) if places else ():
                for name, change in WHOLE.items():
                    if _shows(run, source, group, share, chosen, name):
                        said = f"{source}: {share} of the rows of {group} {name}"
                        yield Loss(name=said, source=source, places=chosen, change=change)


def _backends(run: Recorded) -> dict[str, str]:
    """Return the backend that answered each of the run's calls, by the call's marker."""
    rows = {row["CorrelationId"]: str(row.get("BackendId")) for row in run.tables["gateway-whole"]}
    return {
        call.marker: rows[one]
        for call in run.evidence.calls
        if isinstance(call, OwnCall)
        for one in run.evidence.correlations(call)
    }


def _answered_by(name: str, backends: Mapping[str, str], call: OwnCall) -> bool:
    return backends[call.marker] == name


def _has(name: str, value: str, call: OwnCall) -> bool:
    return bool(getattr(call, name) == value)


def _shows(
    run: Recorded, source: Source, group: str, share: str, places: Sequence[int], name: str
) -> bool:
    """Tell whether anybody could tell the loss from a healthy log.

    The LLM log need not have any row of responses. The id of a call is told to no caller, so that
    two rows of the gateway's log may change ids where no other log has them; and so may two of the
    account's that are alike but for that id.
    """
    if source == "llm-whole" and group == "kind responses" and share == "all":
        return name not in {"dropped", "delayed by hours"}
    if name != "ids swapped":
        return True
    rows = [run.tables[source][at] for at in places]
    if source == "gateway-whole":
        known = {row["CorrelationId"] for row in run.tables["llm-whole"]}
        rows = [row for row in rows if row["CorrelationId"] in known]
        return len({row["CorrelationId"] for row in rows}) > 1
    if source == "llm-whole":
        return len({row["CorrelationId"] for row in rows}) > 1
    alike = [(row["OperationName"], _inner(row).get("requestLength")) for row in rows]
    return any(one != after for one, after in zip(alike, alike[1:] + alike[:1], strict=True))


def columns(run: Recorded, seed: int = 0) -> Iterator[Loss]:
    """Yield every column that some row fills, emptied, zeroed and changed in 5 % of all rows."""
    chance = random.Random(seed)
    for source in LOGS:
        rows, places = run.tables[source], run.rows_of(source, lambda _: True)
        names = sorted({name for at in places for name in rows[at]} - UNCOMPARED[source])
        for column in names:
            filled = [at for at in places if rows[at].get(column) not in (None, "", "[]", "{}")]
            if not filled:
                continue
            chosen = chance.sample(filled, max(1, math.ceil(len(filled) * 0.05)))
            for name, value in VALUES.items():
                if any(value(rows[at][column]) != rows[at][column] for at in chosen):
                    yield Loss(
                        name=f"{source}: {column} {name} in 5 % of the rows",
                        source=source,
                        places=chosen,
                        change=_column(column, value),
                    )


def lost_by_chance(run: Recorded, source: Source, share: float, seed: int) -> Loss:
    """Lose each call's rows of a log with the chance `share`, as a real loss goes."""
    chance = random.Random(seed)
    rows = run.tables[source]
    ids = sorted({rows[at]["CorrelationId"] for at in run.rows_of(source, lambda c: c.brief)})
    gone = {one for one in ids if chance.random() < share}
    places = [at for at, row in enumerate(rows) if row["CorrelationId"] in gone]
    return Loss(name=f"{source}: {share:.0%}", source=source, places=places, change=_dropped)


def healthy(run: Recorded, seed: int) -> Tables:
    """Return the same rows in another order, some twice."""
    chance = random.Random(seed)
    found = {}
    for source, rows in run.tables.items():
        again = [dict(row) for row in rows if chance.random() < 1 / 3]
        found[source] = chance.sample([*rows, *again], len(rows) + len(again))
    return found
