"""Record what callers know of their calls, and sum that up."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from sandbox.http import Response

Json = dict[str, Any]


def moment(seconds: float) -> str:
    """Write a time as ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def told(response: Response, body: bytes) -> Json:
    """Return what a response told: model, tokens by kind (null if none), what a filter stopped."""
    lines = [line[5:] for line in body.splitlines() if line.startswith(b"data: {")]
    usage, name, filtered = Json(), "", ""
    for value in map(json.loads, lines or [body or b"{}"]):
        error, whole = value.get("error") or {}, value.get("response") or value
        usage, name = whole.get("usage") or usage, whole.get("model") or name
        ends = {choice.get("finish_reason") for choice in whole.get("choices") or []}
        ends |= {error.get("code"), (whole.get("incomplete_details") or {}).get("reason")}
        if "content_filter" in ends:
            filtered = "prompt" if error else "completion"
    prompt = usage.get("prompt_tokens", usage.get("input_tokens"))
    completion = usage.get("completion_tokens", usage.get("output_tokens", 0 if usage else None))
    details = usage.get("prompt_tokens_details", usage.get("input_tokens_details")) or {}
    kinds = {"cached": details.get("cached_tokens"), "written": details.get("cache_write_tokens")}
    tokens = {"prompt": prompt, "completion": completion, **kinds, "usage_told": bool(usage)}
    return {"status": response.status, "model": name, **tokens, "filtered": filtered}


def totals(records: list[Json]) -> list[Json]:
    """Sum up the calls through the gateway by UTC day, consumer and deployment."""
    names = ("calls", "failed", "throttled", "untold", "prompt", "completion")
    sums: dict[tuple[str, str, str], Json] = defaultdict(lambda: dict.fromkeys(names, 0))
    for one in records:
        if one["through"] == "gateway":
            entry = sums[one["time"][:10], one["consumer"], one["deployment"]]
            failed = one["status"] >= 400  # noqa: PLR2004
            more = (1, failed, one["status"] == 429, not (failed or one["usage_told"]))  # noqa: PLR2004
            tokens = (one["prompt"] or 0, one["completion"] or 0)
            for name, value in zip(names, more + tokens, strict=True):
                entry[name] += int(value)
    where = ("day", "consumer", "deployment")
    return [dict(zip(where, key, strict=True)) | sums[key] for key in sorted(sums)]
