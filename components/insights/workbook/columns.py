"""Columns that several tiles show, each with one label."""

from __future__ import annotations

from components.insights.workbook.tiles import Column, Format

NUMBER, PERCENT = Format.NUMBER, Format.PERCENT

TIME = Column("Time", "Time", Format.TIME)
CALL = Column("CorrelationId", "Correlation id")
CONSUMER = Column("Consumer", "Consumer", empty="unknown")
DEPLOYMENT = Column("Deployment", "Deployment")
MODEL = Column("Model", "Model")
OPERATION = Column("OperationId", "Operation")
ADDRESS = Column("CallerIpAddress", "Caller's address")
CODE = Column("ResponseCode", "HTTP status", NUMBER)

CALLS = Column("Calls", "Calls", NUMBER)
FAILED = Column("Failed", "Failed calls", NUMBER)
THROTTLED = Column("Throttled", "Throttled calls", NUMBER)
CLIENT_ERRORS = Column("ClientErrors", "Caller's own errors", NUMBER)
FAILED_PERCENT = Column("FailedPercent", "Failed", PERCENT, yellow=1, red=5)
THROTTLED_PERCENT = Column("ThrottledPercent", "Throttled", PERCENT, yellow=1, red=5)

PROMPT_TOKENS = Column("PromptTokens", "Prompt tokens", NUMBER, empty="unknown")
COMPLETION_TOKENS = Column("CompletionTokens", "Completion tokens", NUMBER, empty="unknown")
TOTAL_TOKENS = Column("TotalTokens", "Tokens", NUMBER, empty="unknown")
COST = Column("Cost", "Cost (USD)", Format.DOLLARS, empty="none, see Price")

WHY = Column("Why", "Why")
