"""Tab Accounting: what Azure counted against what the logs hold."""

from __future__ import annotations

from components.insights.workbook.columns import CALL, DEPLOYMENT, NUMBER, PERCENT, TIME, WHY
from components.insights.workbook.tiles import Column, Format, LogTile, Tab

COUNTED = Column("Counted", "Counted by Azure", NUMBER)
LOGGED = Column("Logged", "In the log", NUMBER)
AROUND = Column("Around", "Around the gateway", NUMBER, yellow=1)
MISSING = Column("Missing", "Missing", NUMBER, yellow=1)
SUMS = tuple(column.name for column in (COUNTED, LOGGED, AROUND, MISSING))
LOG = Column("Log", "Log")
EMPTY = "The account's metrics counted no call in a whole hour of this time."

ACCOUNTING = Tab(
    title="Accounting",
    tiles=(
        LogTile(
            title="Accounted for",
            question="Which percent of what Azure counted do the logs hold?",
            query="reconcile",
            tail=(
                "| where isempty(Deployment)",
                f"| summarize {', '.join(f'{name} = sum({name})' for name in SUMS)} by Log",
                "| extend AccountedPercent = round(100.0 * Logged / Counted, 2)",
                "| order by Log asc",
            ),
            columns=(
                LOG,
                COUNTED,
                LOGGED,
                AROUND,
                MISSING,
                Column("AccountedPercent", "Accounted for", PERCENT),
            ),
            empty=EMPTY,
        ),
        LogTile(
            title="Hours that do not add up",
            question="In which hours did Azure count more than the logs hold?",
            query="reconcile",
            tail=('| where State != "whole"', "| project-away AccountedPercent"),
            columns=(
                Column("Hour", "Hour", Format.TIME),
                LOG,
                DEPLOYMENT,
                COUNTED,
                LOGGED,
                AROUND,
                MISSING,
                Column("MissingPercent", "Missing share", PERCENT, yellow=0.1, red=2),
                Column("State", "State"),
            ),
            empty="The logs hold all that Azure counted in each whole hour.",
        ),
        LogTile(
            title="Requests around the gateway",
            query="bypass",
            columns=(
                TIME,
                CALL,
                Column("OperationName", "Operation"),
                DEPLOYMENT,
                Column("ResultSignature", "HTTP status"),
                Column("CallerIPAddress", "Caller's address"),
                Column("ObjectId", "Caller's object id"),
                WHY,
            ),
            empty="Every request to the account came through the gateway.",
        ),
        LogTile(
            title="Traffic without log rows",
            query="silence",
            columns=(
                Column("Hour", "Hour", Format.TIME),
                Column("Resource", "Resource"),
                Column("Log", "Table"),
                Column("Requests", "Requests counted", NUMBER),
                Column("Logged", "Requests logged", NUMBER),
                Column("Missing", "Missing", NUMBER, yellow=1),
                Column("State", "State"),
            ),
            empty="Every request that the metrics counted is in the logs.",
        ),
        LogTile(
            title="Accounts side by side",
            query="accounts",
            columns=(
                Column("Account", "Account"),
                DEPLOYMENT,
                Column("Calls", "Calls", NUMBER),
                Column("SharePercent", "Share", PERCENT),
                Column("Failed", "Failed", NUMBER, yellow=1),
                Column("Throttled", "Throttled", NUMBER, yellow=1),
                Column("P50", "P50", Format.MILLISECONDS),
                Column("P95", "P95", Format.MILLISECONDS),
                Column("PromptTokens", "Prompt tokens", NUMBER),
                Column("CompletionTokens", "Completion tokens", NUMBER),
                Column("UnknownCalls", "Of unknown tokens", NUMBER, yellow=1),
                Column("PeakTokensPerMinute", "Busiest minute", NUMBER),
                Column("LimitTokensPerMinute", "Limit a minute", NUMBER),
                Column("Percent", "Share of it", PERCENT, yellow=80, red=100),
                Column("Logged", "In its own log", NUMBER),
                Column("Refused", "Refused there", NUMBER, yellow=1),
                Column("Around", "Around the gateway", NUMBER, yellow=1),
            ),
            empty="No account was called in this time.",
        ),
    ),
)
