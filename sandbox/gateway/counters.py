"""Counters of limits by key: windows, buckets and quotas of one gateway.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
"""

import threading
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

MINUTE = 60.0
"""Seconds in which `tokens-per-minute` counts."""


class Limits:
    """What one gateway has counted; a gateway of another region knows nothing of it.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy (usage notes)
    """

    def __init__(self) -> None:
        self.rates: dict[tuple[str, str], Rate] = {}
        self.quotas: dict[tuple[str, str], Quota] = defaultdict(Quota)
        self.lock = threading.Lock()

    def rate(self, statement: str, key: str, *, bucket: bool) -> "Rate":
        """Return the one counter of a statement's key, for all scopes that use it.

        https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy (usage notes)
        """
        return self.rates.setdefault((statement, key), Bucket() if bucket else Window())


class Rate:
    """How much of a rate is used."""

    def used(self, most: int, period: float, now: float) -> float:
        """Return what counts against the rate now.

        Sure: no belief.
        """
        raise NotImplementedError

    def add(self, number: int, most: int, period: float, now: float) -> None:
        """Count what was used.

        Sure: no belief.
        """
        raise NotImplementedError

    def wait(self, most: int, period: float, now: float) -> float:
        """Return the seconds until something is left again.

        Sure: no belief.
        """
        raise NotImplementedError


@dataclass
class Window(Rate):
    """A sliding window, as the classic tiers have it: what was used within the last seconds.

    https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy (renewal-period)
    """

    entries: list[tuple[float, int]] = field(default_factory=list)

    def used(self, most: int, period: float, now: float) -> float:  # noqa: ARG002
        """Add up the entries of the window.

        Sure: no belief.
        """
        self.entries = [one for one in self.entries if one[0] > now - period]
        return sum(number for _, number in self.entries)

    def add(self, number: int, most: int, period: float, now: float) -> None:  # noqa: ARG002
        """Keep an entry until it leaves the window.

        Sure: no belief.
        """
        self.entries.append((now, number))

    def wait(self, most: int, period: float, now: float) -> float:
        """Return when so many entries have left that less than the limit is used.

        Sure: inferred, as the pages name the header and not how its value is found.
        """
        left = self.used(most, period, now)
        for at, number in self.entries:
            left -= number
            if left < most:
                return at + period - now
        return period


@dataclass
class Bucket(Rate):
    """A bucket that fills evenly, as the v2 tiers have it: more used than it had is a debt.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy (usage notes)
    https://github.com/Azure-Samples/AI-Gateway/tree/main/labs/token-rate-limiting
    Sure: inferred, as the page names the algorithm alone: that a debt is kept is taken from a
    public run at 10 tokens a minute, whose second call was told to wait for 180 seconds.
    """

    debt: float = 0.0
    at: float = 0.0

    def used(self, most: int, period: float, now: float) -> float:
        """Take off what has been filled in since.

        Sure: no belief.
        """
        self.debt = max(0.0, self.debt - (now - self.at) * most / period)
        self.at = now
        return self.debt

    def add(self, number: int, most: int, period: float, now: float) -> None:
        """Take out what was used.

        Sure: no belief.
        """
        self.debt = self.used(most, period, now) + number

    def wait(self, most: int, period: float, now: float) -> float:
        """Return when the bucket has something again.

        Sure: inferred, as of the window.
        """
        return max(self.used(most, period, now) - most, 0.0) * period / most + period / most


@dataclass
class Quota:
    """Tokens used in a fixed window.

    https://learn.microsoft.com/azure/api-management/llm-token-limit-policy (token-quota-period)
    """

    window: str = ""
    tokens: int = 0

    def used(self, period: str, now: datetime) -> int:
        """Return the tokens of the window that now is.

        Sure: no belief.
        """
        window = begin(period, now).isoformat()
        if window != self.window:
            self.window, self.tokens = window, 0
        return self.tokens


def begin(period: str, now: datetime) -> datetime:
    """A quota's window begins with the hour, the day, Monday, the month or the year, in UTC.

    Sure: inferred, as the page says that the window is fixed, and not when it begins.
    """
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "Hourly": now.replace(minute=0, second=0, microsecond=0),
        "Daily": day,
        "Weekly": day - timedelta(days=day.weekday()),
        "Monthly": day.replace(day=1),
        "Yearly": day.replace(month=1, day=1),
    }[period]


def length(period: str, since: datetime) -> timedelta:
    """Return how long the window is that begins at a time.

    Sure: no belief.
    """
    days = {"Daily": 1, "Weekly": 7, "Monthly": monthrange(since.year, since.month)[1]}
    days["Yearly"] = (since.replace(year=since.year + 1) - since).days
    return timedelta(hours=1) if period == "Hourly" else timedelta(days=days[period])


@dataclass(frozen=True, kw_only=True)
class TokenLimit:
    """A statement `llm-token-limit` as one call has met it."""

    key: str
    per_minute: int
    quota: int
    period: str
    bucket: bool
    headers: tuple[str, str] = ("", "")
    """Names of the response headers for what is left of the minute and of the quota."""

    def count(self, limits: Limits, tokens: int, now: float) -> None:
        """Count tokens against rate and quota of the key.

        Sure: no belief.
        """
        if self.per_minute:
            rate = limits.rate("tokens", self.key, bucket=self.bucket)
            rate.add(tokens, self.per_minute, MINUTE, now)
        if self.quota:
            quota = limits.quotas["tokens", self.key]
            quota.used(self.period, datetime.fromtimestamp(now, UTC))
            quota.tokens += tokens

    def left(self, limits: Limits, now: float) -> tuple[int, int]:
        """Return the tokens left of the minute and of the quota, never below 0.

        https://github.com/Azure-Samples/AI-Gateway/tree/main/labs/token-rate-limiting
        """
        rate = limits.rate("tokens", self.key, bucket=self.bucket)
        minute = self.per_minute - rate.used(self.per_minute or 1, MINUTE, now)
        time = datetime.fromtimestamp(now, UTC)
        quota = self.quota - limits.quotas["tokens", self.key].used(self.period, time)
        return max(int(minute), 0), max(quota, 0)
