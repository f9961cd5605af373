"""Tokens and cost, by consumer and by deployment, over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from queries.library import price_list
from queries.report import charts, palette, shape
from queries.report.facts import Facts
from queries.report.numbers import compact, count, name, number, percent, share, usd
from queries.report.period import DAY, Period
from queries.report.shape import Series
from queries.report.svg import figure
from queries.report.tables import Cell, Figure, Section, Table
from queries.workspace import Row

AT_MOST = "at most"
"""What `cost-by-consumer.kql` says of a cost where nothing tells what the prompt cache gave."""
UNPRICED = "no price"
UNKNOWN = "unknown tokens"
"""What it says of tokens of a model without a price, and of tokens that are not known."""
BY_THE_HOUR = "by the hour"
"""What it says of calls of provisioned deployments, whatever their models' prices."""
HOURLY = f"paid {BY_THE_HOUR}"
SUMS = ("Calls", "PromptTokens", "CompletionTokens", "Cost", "Bare", "Bound")
CENTS_BELOW = 10
"""US dollars of a bar below which the axis shows cents."""


def section(facts: Facts) -> Section:
    """Return the part."""
    found = facts.section(
        "usage",
        "Tokens and cost",
        "What was used, by whom and on which deployment. Tokens are those that the logs prove; "
        "calls whose tokens are unknown are counted below, under what could not be known.",
        "traffic",
        "cost",
    )
    traffic, period = facts.rows("traffic"), facts.period
    if traffic:
        for by, key in facts.dimensions:
            tokens = shape.series(traffic, by, "TotalTokens", period, palette=palette.of(facts, by))
            found.figures.append(_over_time(f"tokens-by-{key}", f"Tokens by {key}", tokens, period))
    if facts.rows("cost"):
        found.figures += _cost(facts)
        found.tables.append(_by_model(facts))
        found.remarks += not_in_cost(facts)
        found.remarks.append(price_source(facts))
    return found


def priced(facts: Facts) -> list[Row]:
    """Return the rows of calls whose cost is known, or known to be at most so much."""
    return [row for row in facts.rows("cost") if row["Priced"] in ("yes", AT_MOST)]


def at_most(rows: list[Row]) -> str:
    """Say how much of a cost is an upper bound; "" if none of it is."""
    bound = shape.total([row for row in rows if row["Priced"] == AT_MOST], "Cost")
    part = share(bound, shape.total(rows, "Cost"))
    return f"{usd(bound)} of it ({percent(part)}) is {AT_MOST}" if bound else ""


def hourly(facts: Facts) -> list[Row]:
    """Return the rows of calls of provisioned deployments, with their tokens."""
    return _with_tokens(facts, BY_THE_HOUR)


def unpriced(facts: Facts) -> list[Row]:
    """Return the rows of calls of models without a price, with their tokens."""
    return _with_tokens(facts, UNPRICED)


def _with_tokens(facts: Facts, state: str) -> list[Row]:
    return [
        row | {"Tokens": number(row["PromptTokens"]) + number(row["CompletionTokens"])}
        for row in facts.rows("cost")
        if row["Priced"] == state
    ]


def not_in_cost(facts: Facts) -> list[str]:
    """Return what of the calls is not in the cost, or only as an upper bound, and why."""
    said = [
        f"Model {model} has no price: {count(sums['Tokens'])} tokens of {count(sums['Calls'])} "
        "calls are not in the cost."
        for model, sums in shape.totals(unpriced(facts), "Model", "Tokens", "Calls").items()
    ]
    said += [
        f"Deployment {deployment} is provisioned and {HOURLY}: {count(sums['Tokens'])} tokens of "
        f"{count(sums['Calls'])} calls are not in the cost."
        for deployment, sums in shape.totals(hourly(facts), "Deployment", "Tokens", "Calls").items()
    ]
    if bound := at_most(priced(facts)):
        untold = [row for row in priced(facts) if row["Priced"] == AT_MOST]
        said.append(
            f"Cost: {bound}: the logs do not tell what of the prompts of "
            f"{count(shape.total(untold, 'Calls'))} calls came from the prompt cache, which is "
            "cheaper; streams tell it to their callers only."
        )
    unknown = [row for row in facts.rows("cost") if row["Priced"] == UNKNOWN]
    if unknown:
        calls = count(shape.total(unknown, "Calls"))
        said.append(f"The tokens of {calls} calls are unknown, and not in the cost.")
    return said


def price_source(facts: Facts) -> str:
    """Return where the prices come from."""
    listed = price_list()
    base = f"list prices of {listed['sku']} as of {listed['as_of']} ({listed['source']})"
    others = ", ".join(
        f"{name(deployment.name)} is {name(deployment.sku)}"
        for deployment in facts.target.deployments
        if deployment.sku not in {"", listed["sku"]} and not deployment.provisioned
    )
    tail = f" Another SKU may cost otherwise: {others}." if others else ""
    own = [
        model
        for model, price in facts.target.prices.items()
        if listed["models"].get(model) != price
    ]
    if own:
        return f"Prices: the stack's own of {', '.join(map(name, own))}; others: {base}.{tail}"
    return f"Prices: {base}. The stack's configuration key prices overrides them.{tail}"


def _cost(facts: Facts) -> list[Figure]:
    """Draw cost over time; what has no price is in none of the bars."""
    rows, days = priced(facts), _by_day(facts.period)
    figures = []
    for by, key in facts.dimensions:
        spent = shape.series(rows, by, "Cost", days, "Day", palette.of(facts, by))
        title = f"Cost by {key}, in US dollars"
        small = max(spent.values.values(), default=0) < CENTS_BELOW
        form = "$.2f" if small else "$~s"
        figures.append(_over_time(f"cost-by-{key}", title, spent, days, usd, form))
    return figures if rows else []


def _over_time(
    key: str,
    title: str,
    found: Series,
    period: Period,
    show: Callable[[float | None], str] = count,
    form: str = "~s",
) -> Figure:
    """Draw bars over time, with their text."""
    brief, absent = (compact, 0.0) if show is count else (show, None)
    most = ", ".join(f"{shown} {brief(found.totals[shown])}" for shown in found.all[:3])
    return figure(
        key,
        f"{title}, per {period.unit}",
        f"Stacked bars. {brief(sum(found.totals.values()))} in all; most: {most}.",
        lambda width: charts.stacked(found, period, width, form),
        shape.by_step(found, period, f"{title}, per {period.unit}", show, absent),
        found.all,
        found.colours,
    )


def _by_day(period: Period) -> Period:
    """Return the period in days, or weeks: the query of cost counts by day."""
    if period.step >= DAY:
        return period
    since = period.since - timedelta(hours=period.since.hour)
    return Period(since, period.until, DAY)


def _by_model(facts: Facts) -> Table:
    """Return what each deployment's models used and cost, with what has no price named as such."""
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for row in facts.rows("cost"):
        entry = sums.setdefault(
            (name(row["Deployment"]), name(row["Model"])), dict.fromkeys(SUMS, 0.0)
        )
        for measure in SUMS[:4]:
            entry[measure] += number(row[measure])
    for row in unpriced(facts):
        sums[name(row["Deployment"]), name(row["Model"])]["Bare"] += row["Tokens"]
    for row in priced(facts):
        if row["Priced"] == AT_MOST:
            sums[name(row["Deployment"]), name(row["Model"])]["Bound"] += number(row["Cost"])
    by_hour = {(name(row["Deployment"]), name(row["Model"])) for row in hourly(facts)}
    has_price = {(name(row["Deployment"]), name(row["Model"])) for row in priced(facts)}
    rows = []
    largest = dict(sorted(sums.items(), key=lambda item: -item[1]["PromptTokens"]))
    for key, entry in shape.folded(largest, lambda others: (others, "")).items():
        cost = entry["Cost"] if key in has_price else None
        bare = f"{compact(entry['Bare'])} tokens" if entry["Bare"] else "0"
        rows.append(
            [
                *map(Cell, key),
                *(shape.numeric(entry[measure]) for measure in SUMS[:3]),
                Cell(HOURLY, numeric=True) if key in by_hour else shape.numeric(cost, usd),
                shape.numeric(entry["Bound"] if key in has_price else None, usd),
                Cell(bare, entry["Bare"], numeric=True),
            ]
        )
    columns = [
        "deployment",
        "model",
        "calls",
        "prompt tokens",
        "completion tokens",
        "cost",
        f"of it {AT_MOST}",
        UNPRICED,
    ]
    return Table(caption="Deployments and models", columns=columns, rows=rows)
