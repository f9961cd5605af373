"""The workbook's tabs."""

from __future__ import annotations

from components.insights.workbook.accounting import ACCOUNTING
from components.insights.workbook.conversation import CONVERSATION
from components.insights.workbook.latency import LATENCY
from components.insights.workbook.overview import OVERVIEW
from components.insights.workbook.provisioned import PROVISIONED
from components.insights.workbook.safety import SAFETY
from components.insights.workbook.tiles import Tab
from components.insights.workbook.tokens import TOKENS

TABS: tuple[Tab, ...] = (OVERVIEW, TOKENS, LATENCY, ACCOUNTING, SAFETY, PROVISIONED, CONVERSATION)
"""The tabs in the order of their links. Only the last shows prompts and completions.

A tab holds at most five log tiles: as many queries as the service runs at once for one user.
https://learn.microsoft.com/azure/azure-monitor/service-limits#la-query-api
"""
