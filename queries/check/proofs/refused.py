"""Calls that must be refused are refused, and every refusal is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from queries.check.evidence import Evidence
from queries.check.fields import text
from queries.check.plans import FEW, free_to_name
from queries.check.proofs.base import (
    GATEWAY_LOG_FIX,
    NO_CALL,
    Proof,
    Verdict,
    by_traffic,
    failed,
    no_row,
    seen,
    skipped,
    together,
    waiting,
)
from queries.check.proofs.calls import TRAFFIC_FIX
from queries.check.records import CODES, EXPECTED, TRANSIENT, WRONG_TOKENS, Attempt, AttemptName
from queries.check.rows import GATEWAY_LOG
from queries.check.traffic import OthersTraffic, OwnTraffic
from queries.workspace import Row

NOT_FOUND = "DeploymentNotFound"
ERROR_BYTES = 512
"""Body limit from which an error is logged whole."""
REASONS: dict[str, AttemptName] = {
    "SubscriptionKeyNotFound": "no key",
    "SubscriptionKeyInvalid": "wrong key",
}
"""https://learn.microsoft.com/azure/api-management/api-management-error-handling-policies"""
TOKEN_REASONS: dict[str, AttemptName] = {
    "TokenNotPresent": "no key",
    "TokenSignatureKeyNotFound": "foreign token",
    "TokenAudienceNotAllowed": "wrong audience",
}
"""Those of a stack that takes tokens."""
OPEN_FIX = (
    "anybody may call: the API must require a subscription (portal: API > Settings > Subscription "
    "required; pulumi up --refresh puts it back)"
)
ERROR_FIX = (
    "the gateway does not pass on the account's error, or logs another: look for policies at other "
    "scopes, and run gateway-errors.kql"
)
APART_FIX = (
    "any consumer who learns an id reads, continues or deletes what another has stored: the "
    "policy's inbound section must refuse it; pulumi up --refresh puts it back"
)
BACKGROUND_FIX = (
    "responses made in the background are stored, and their tokens come with a later answer: the "
    "policy's inbound section must refuse them; pulumi up --refresh puts it back"
)
UNPROVEN_FIX = (
    "anybody may call: the policy must begin with validate-jwt, whose tenant and audience are the "
    "stack's; pulumi up --refresh puts it back"
)
FIXES: dict[AttemptName, str] = {
    "foreign token": UNPROVEN_FIX,
    "wrong audience": UNPROVEN_FIX,
    "unknown deployment": ERROR_FIX,
    "stored response": APART_FIX,
    "background response": BACKGROUND_FIX,
}
NAMED = (
    "every plan names its deployments, or takes few bytes, so no consumer's call reaches one that "
    "there is not"
)
NAMED_FIX = (
    f"give one consumer a plan without models and of {FEW:,} promptBytes, or none, to have it "
    "judged"
)
STORED = "/v1/responses/"
"""What stands in the URL of a call to a stored response, and in no other."""


def _each(*names: AttemptName) -> Callable[[Evidence, OwnTraffic], Verdict]:
    def judge(evidence: Evidence, traffic: OwnTraffic) -> Verdict:
        if not traffic.attempts:
            return waiting(NO_CALL)
        if "unknown deployment" in names and free_to_name(evidence.target) is None:
            return skipped(NAMED, NAMED_FIX)
        tokens = [one for one in WRONG_TOKENS if one in evidence.target.wrong_tokens]
        wanted = [*names, *(tokens if "wrong key" in names else [])]
        return together(of_kind(evidence, traffic, name) for name in wanted)

    return judge


def of_kind(evidence: Evidence, traffic: OwnTraffic, name: AttemptName) -> Verdict:
    """Judge attempts of a kind: one row is enough; an answer that is no refusal is enough to fail.

    One that was throttled or lost tells neither.
    """
    made = [attempt for attempt in traffic.attempts if attempt.name == name]
    answered = [attempt for attempt in made if attempt.status not in TRANSIENT]
    wrong = next((one for one in answered if not one.refused), None)
    if wrong:
        as_told = f"{wrong.expected} {CODES.get(name, '')}".rstrip()
        said = f"{name}: not refused with {as_told} but answered {wrong.cause}"
        return failed(said, FIXES.get(name, OPEN_FIX))
    if not answered:
        return waiting(f"{name}: {made[-1].cause if made else 'not tried'}")
    verdicts = [_logged(evidence, attempt) for attempt in answered]
    return next((verdict for verdict in verdicts if verdict.status != "waiting"), verdicts[0])


def _logged(evidence: Evidence, attempt: Attempt) -> Verdict:
    rows = [row for row in evidence.of_api if attempt.mark in text(row, "Url")]
    if not rows:
        missing = no_row(evidence, "gateway", GATEWAY_LOG)
        return waiting(f"{attempt.name}: {missing.detail}")
    codes = {int(row.get("ResponseCode") or 0) for row in rows}
    if attempt.expected not in codes:
        return failed(f"{attempt.name}: ResponseCode is {codes}, not {attempt.expected}", ERROR_FIX)
    if attempt.name != "unknown deployment":
        reason = next((text(r, "LastErrorReason") for r in rows if text(r, "LastErrorReason")), "")
        return seen(f"{attempt.name}: {attempt.expected} {reason}".rstrip())
    if not any(row.get("BackendResponseCode") == attempt.expected for row in rows):
        return failed(f"{attempt.name}: BackendResponseCode is not {attempt.expected}", ERROR_FIX)
    column = _error_column(evidence)
    if column and not any(NOT_FOUND in text(row, column) for row in rows):
        return failed(f"{attempt.name}: the error is not in {column}", ERROR_FIX)
    return seen(f"{attempt.name}: {attempt.expected}, also of the account")


def _error_column(evidence: Evidence) -> str:
    """Return where the error's code stands, "" for nowhere: the policy tells it in a header too."""
    target = evidence.target
    if target.response_bodies and target.body_bytes >= ERROR_BYTES:
        return "ResponseBody"
    return "ResponseHeaders" if target.accounting_header else ""


def _refused_to_others(evidence: Evidence, _: OthersTraffic) -> Verdict:
    """Tell what others were refused of late, by the reason that the gateway logged."""
    rows = evidence.of_api
    tokens = TOKEN_REASONS if evidence.target.entra_tenant else {}
    return together(
        _newest((row for row in rows if text(row, "LastErrorReason") == reason), name)
        for reason, name in {**REASONS, **tokens}.items()
    )


def _error_of_others(evidence: Evidence, _: OthersTraffic) -> Verdict:
    """Judge the newest call to a deployment that the account does not know."""
    name: AttemptName = "unknown deployment"
    column = _error_column(evidence)
    rows = [
        row
        for row in evidence.of_api
        if row.get("BackendResponseCode") == EXPECTED[name]
        and "/deployments/" in text(row, "Url")
        and (not column or NOT_FOUND in text(row, column) or not _held(row, column))
    ]
    return _newest(rows, name, column)


def _stored_of_others(evidence: Evidence, _: OthersTraffic) -> Verdict:
    """Judge the newest call to a stored response."""
    return _newest(
        (row for row in evidence.of_api if STORED in text(row, "Url")), "stored response"
    )


def _held(row: Row, column: str) -> str:
    """Return a body, or headers if any is logged."""
    found = text(row, column)
    return "" if column == "ResponseHeaders" and found == "{}" else found


def _newest(rows: Iterable[Row], name: AttemptName, column: str = "") -> Verdict:
    newest = max(rows, key=lambda row: str(row.get("TimeGenerated")), default=None)
    if newest is None:
        return skipped(f"{name}: no such call among the rows looked at", TRAFFIC_FIX)
    code, expected = newest.get("ResponseCode"), EXPECTED[name]
    if code != expected:
        return failed(f"{name}: ResponseCode is {code}, not {expected}", ERROR_FIX)
    if column and not _held(newest, column):
        return failed(f"{name}: the error is not in {column}", ERROR_FIX)
    return seen(f"{name}: {expected} at {newest['TimeGenerated']:%Y-%m-%d %H:%M:%S}")


REFUSED = Proof(
    id="refused",
    about="a call without a key and one with a wrong key are refused, and logged",
    needs=("gateway",),
    judge=by_traffic(_each("no key", "wrong key"), _refused_to_others),
    fix=GATEWAY_LOG_FIX,
)
ERROR = Proof(
    id="error",
    about="a call to an unknown deployment fails, and is logged with its error",
    needs=("gateway",),
    judge=by_traffic(_each("unknown deployment"), _error_of_others),
    fix=GATEWAY_LOG_FIX,
)
APART = Proof(
    id="apart",
    about="a consumer that names a stored response is refused, so that none reaches another's",
    needs=("gateway",),
    judge=by_traffic(_each("stored response"), _stored_of_others),
    applies=lambda target: target.keeps_apart,
    fix=GATEWAY_LOG_FIX,
)
