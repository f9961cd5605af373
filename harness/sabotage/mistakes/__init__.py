"""Every mistake of the suite."""

from __future__ import annotations

from harness.sabotage.mistakes import access, arrival, diagnostic, route

MISTAKES = (*access.MISTAKES, *route.MISTAKES, *diagnostic.MISTAKES, *arrival.MISTAKES)
