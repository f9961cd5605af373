"""The figures at the top of the page, each with what it does not say."""

from __future__ import annotations

from queries.report import own, shape
from queries.report.facts import NOBODY, Facts
from queries.report.numbers import (
    NOTHING,
    compact,
    many,
    milliseconds,
    name,
    number,
    percent,
    share,
    usd,
)
from queries.report.parts.usage import HOURLY, UNKNOWN, UNPRICED, at_most, hourly
from queries.report.parts.usage import priced as priced_rows
from queries.report.questions import TOLERATED_PERCENT
from queries.report.tables import Tile
from queries.workspace import Row

GATEWAY_LOG, TOKENS = "ApiManagementGatewayLogs", "tokens"
WELL_KNOWN = 99.0
"""Percent of calls below which the share accounted for is shown as a warning."""


def tiles(facts: Facts) -> list[Tile]:
    """Return calls, tokens, cost, errors, latency, and the shares accounted for and reconciled.

    A consumer's page has in the place of these shares what is left of its budget.
    """
    found = [_calls(facts), _tokens(facts), _cost(facts), _errors(facts)]
    if not facts.consumer:
        return [*found, _p95(facts), _known(facts), _counted(facts)]
    return [*found, own.p95_of_most(facts), *([own.left(facts)] if facts.target.budgets else [])]


def _calls(facts: Facts) -> Tile:
    rows = facts.rows("traffic")
    if not rows:
        return Tile(label="Calls", value=NOTHING, details=["no rows"])
    calls = shape.total(rows, "Calls")
    consumers = len({row["Consumer"] for row in rows if row["Consumer"] not in ("", NOBODY)})
    whose = [] if facts.consumer else [many(consumers, "consumer")]
    deployments = len(
        {row["Deployment"] for row in rows if row["Deployment"] and _may_exist(row, facts)}
    )
    said = ", ".join([*whose, many(deployments, "deployment")])
    return Tile(label="Calls", value=compact(calls), number=calls, details=[said])


def _may_exist(row: Row, facts: Facts) -> bool:
    """Tell whether the stack has a name, or not every call was refused: callers make names up."""
    known = {deployment.name.lower() for deployment in facts.target.deployments}
    return row["Deployment"].lower() in known or row["Calls"] > row["ClientErrors"]


def _tokens(facts: Facts) -> Tile:
    rows = facts.rows("traffic")
    if not rows:
        return Tile(label="Tokens", value=NOTHING, details=["no rows"])
    tokens, prompt, completion, unknown = (
        shape.total(rows, measure)
        for measure in ("TotalTokens", "PromptTokens", "CompletionTokens", "UnknownCalls")
    )
    details = [f"{compact(prompt)} prompt, {compact(completion)} completion"]
    details += [f"without {many(unknown, 'call')} of unknown tokens"] if unknown else []
    return Tile(label="Tokens", value=compact(tokens), number=tokens, details=details)


def _cost(facts: Facts) -> Tile:
    rows = facts.rows("cost")
    if not rows:
        return Tile(label="Cost", value=NOTHING, details=["no rows"])
    priced = priced_rows(facts)
    cost = shape.total(rows, "Cost") if priced else None
    bare = [row for row in rows if row["Priced"] == UNPRICED]
    details = ["at list prices, without discounts"] if priced else []
    details += [bound] if (bound := at_most(priced)) else []
    if bare:
        models = sorted({name(row["Model"]) for row in bare})
        shown = ", ".join(models[:2]) + (f" and {len(models) - 2} more" if len(models) > 2 else "")  # noqa: PLR2004
        tokens = sum(shape.total(bare, m) for m in ("PromptTokens", "CompletionTokens"))
        details.append(f"{UNPRICED} for {shown}: {compact(tokens)} tokens are not in it")
    if by_hour := sorted({name(row["Deployment"]) for row in hourly(facts)}):
        details.append(f"{', '.join(by_hour)}: {HOURLY}, not in it")
    if unknown := shape.total([row for row in rows if row["Priced"] == UNKNOWN], "Calls"):
        details.append(f"without {many(unknown, 'call')} of unknown tokens")
    return Tile(
        label="Cost",
        value=usd(cost) if priced else UNPRICED if bare else NOTHING,
        number=cost,
        details=details,
        alarming=bool(bare),
    )


def _errors(facts: Facts) -> Tile:
    rows = facts.rows("traffic")
    if not rows:
        return Tile(label="Error rate", value=NOTHING, details=["no rows"])
    calls, failed, throttled, theirs = (
        shape.total(rows, measure) for measure in ("Calls", "Failed", "Throttled", "ClientErrors")
    )
    return Tile(
        label="Error rate",
        value=percent(share(failed, calls)),
        number=share(failed, calls),
        details=[
            f"{many(failed, 'call')} failed",
            f"{percent(share(throttled, calls))} throttled",
            f"{percent(share(theirs, calls))} callers' own errors",
        ],
    )


def _p95(facts: Facts) -> Tile:
    rows = [row for row in facts.rows("latency in all") if row["P95"] is not None]
    if not rows:
        return Tile(label="P95 latency", value=NOTHING, details=["no answered calls"])
    busiest = max(rows, key=lambda row: number(row["Calls"]))
    slowest = max(rows, key=lambda row: number(row["P95"]))
    details = [f"of {name(busiest['Deployment'])}, the busiest deployment"]
    if slowest is not busiest:
        details.append(f"slowest: {name(slowest['Deployment'])}, {milliseconds(slowest['P95'])}")
    value = busiest["P95"]
    return Tile(label="P95 latency", value=milliseconds(value), number=value, details=details)


def _known(facts: Facts) -> Tile:
    rows = facts.rows("coverage")
    if not rows:
        return Tile(label="Accounted for", value=NOTHING, details=["no rows"])
    calls, known, unknown, unanswered = (
        shape.total(rows, measure) for measure in ("Calls", "Accounted", "Unknown", "Unanswered")
    )
    value = share(known, known + unknown)
    said = "of every answered call the tokens are known"
    if unknown:
        said = f"of {many(unknown, 'answered call')} the tokens are unknown"
    missing = shape.total(
        [row for row in facts.rows("silence") if row["Log"] == "ApiManagementGatewayLogs"],
        "Missing",
    )
    around = shape.total(facts.rows("bypass"), "Calls")
    details = [said]
    if unanswered:
        part = percent(share(unanswered, calls))
        details.append(f"{many(unanswered, 'call')} more, {part}, ended without a whole answer")
    details += [f"{many(missing, 'request')} in metrics, but not in logs"] if missing else []
    details += [f"{many(around, 'request')} around the gateway"] if around else []
    return Tile(
        label="Accounted for",
        value=percent(value),
        number=value,
        details=details,
        alarming=bool(missing or around) or (value is not None and value < WELL_KNOWN),
    )


def _counted(facts: Facts) -> Tile:
    """Show the smaller share of calls and of tokens that the account counted and logs hold."""
    label = "Of what Azure counted"
    rows = [row for row in facts.rows("reconcile") if row["Log"] in (GATEWAY_LOG, TOKENS)]
    if not rows or not facts.target.every_call:
        return Tile(label=label, value=NOTHING, details=["no whole hour to compare"])
    shares = {row["Log"]: share(number(row["Logged"]), number(row["Counted"])) for row in rows}
    value = min(one for one in shares.values() if one is not None)
    said = {GATEWAY_LOG: "calls", TOKENS: "tokens"}
    details = [f"{percent(one)} of {said[log]}" for log, one in shares.items()]
    missing = any(number(row["Missing"]) for row in rows)
    short = max(number(row["ShortHours"]) for row in facts.rows("reconcile"))
    told = [f"a log lacks over {TOLERATED_PERCENT} % of {many(short, 'hour')}"] if short else []
    return Tile(
        label=label,
        value=percent(value),
        number=value,
        details=["accounted for: " + ", ".join(details), *told],
        alarming=bool(short) or (missing and value < 100 - TOLERATED_PERCENT),
    )


NEEDS = {
    "Calls": ("traffic",),
    "Tokens": ("traffic",),
    "Cost": ("cost", "traffic"),
    "Error rate": ("traffic",),
    "P95 latency": ("latency in all",),
    own.OF_MOST: ("latency",),
    own.LEFT: ("budgets",),
    "Accounted for": ("coverage", "silence", "bypass"),
    "Of what Azure counted": ("reconcile",),
}
"""The questions that each figure is made from, by its label."""


def answered(facts: Facts) -> list[Tile]:
    """Return the figures; one of which a question had no answer is not known, and alarms."""
    return [_unknown(facts, tile) or tile for tile in tiles(facts)]


def _unknown(facts: Facts, tile: Tile) -> Tile | None:
    lacking = {a.file for n in NEEDS[tile.label] if (a := facts.answers.get(n)) and a.failed}
    if not lacking:
        return None
    said = ", ".join(f"{file}.kql" for file in sorted(lacking))
    details = [f"not known: {said} had no answer"]
    return Tile(label=tile.label, value=NOTHING, details=details, alarming=True)
