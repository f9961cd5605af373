"""The branches of a policy that limit consumers by their plans.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy
https://learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
"""

from __future__ import annotations

import re
from copy import deepcopy

from pack.parameters import Parameter
from policies.gateway.reader import Element

LIMITED: Parameter[tuple[str, ...]] = Parameter(
    "limited", (), "Names of consumers that the policy must hold to a plan"
)
_BY_KEY = r"context\.Subscription\.Id\.ToLowerInvariant\(\)"
_EITHER_WAY = (
    r'context\.Variables\.GetValueOrDefault<string>\("consumer", '
    r'context\.Subscription == null \? "" : context\.Subscription\.Id\)\.ToLowerInvariant\(\)'
)
_WHOSE = rf"({_BY_KEY}|{_EITHER_WAY})"
_PLAN = re.compile(
    r'@\(",(?P<names>[a-z0-9-]+(,[a-z0-9-]+)*),"\.Contains\("," \+ '
    rf'{_WHOSE} \+ ","\)\)'
)
_VARIABLE = r'context\.Variables\.GetValueOrDefault<string>\("%s", ""\)'
_FORM = re.escape(
    'Regex.IsMatch(context.Request.Headers.GetValueOrDefault("Content-Type", ""), "^ *multipart/",'
    " RegexOptions.IgnoreCase)"
    ' && !Regex.IsMatch(context.Request.Url.Path, "/deployments/[^/]", RegexOptions.IgnoreCase)'
)
_ERROR = r'\{"error":\{"code":"%s","type":"invalid_request_error","message":"%s"\}\}'
FORMS = {
    "${expired}": re.compile(
        r"@\(DateTime\.UtcNow >= new DateTime\(2[0-9]{3}, [0-9]{1,2}, [0-9]{1,2}\) && "
        rf'",[a-z0-9-]+(,[a-z0-9-]+)*,"\.Contains\("," \+ {_WHOSE} \+ ","\)\)'
    ),
    "${expiredSaid}": re.compile(
        _ERROR % ("ConsumerExpired", r"This consumer's last day was 2[0-9]{3}-[0-9]{2}-[0-9]{2}\.")
    ),
    "${number}": re.compile(r"[1-9][0-9]{0,14}"),
    "${period}": re.compile("Hourly|Daily|Weekly|Monthly|Yearly"),
    "${plan}": _PLAN,
    "${planBytes}": re.compile(
        r"@\(context\.Request\.Body != null && \(!Regex\.IsMatch\("
        r'context\.Request\.Headers\.GetValueOrDefault\("Content-Length", ""\), '
        rf"{_VARIABLE % 'readable-length'}\) \|\| "
        r"context\.Request\.Body\.As<byte\[\]>\(preserveContent: true\)\.Length >= "
        r"[1-9][0-9]{0,6}\)\)"
    ),
    "${planBytesSaid}": re.compile(
        _ERROR % ("PlanPromptTooLong", r"Your plan allows bodies of at most \d+ bytes\.")
    ),
    "${planCalls}": re.compile(rf'@\("[\w-]+/calls/" \+ {_WHOSE}\)'),
    "${planModels}": re.compile(
        r'@\(context\.Request\.Method != "GET" && context\.Request\.Method != "DELETE" && '
        rf'\(!",[a-z0-9_.,-]+,"\.Contains\("," \+ {_VARIABLE % "called-deployment"} \+ ","\)'
        rf" \|\| {_FORM}\)\)"
    ),
    "${planModelsSaid}": re.compile(
        _ERROR
        % (
            "PlanModelNotAllowed",
            r"Your plan allows the deployments [\w.-]+(, [\w.-]+)* and no other\.",
        )
    ),
    "${planTokens}": re.compile(rf'@\("[\w-]+/tokens/" \+ {_WHOSE}\)'),
}
"""What differs from plan to plan: consumers, numbers, deployments, and the API that counts."""
OF_A_LIMIT = (
    ("tokens-per-minute", "remaining-tokens-header-name"),
    ("token-quota", "token-quota-period", "remaining-quota-tokens-header-name"),
)
"""Attributes of `llm-token-limit` that go together: those of a rate, and those of a quota.

https://learn.microsoft.com/azure/api-management/llm-token-limit-policy#attributes
"""


def like(plan: Element, theirs: Element) -> Element:
    """Return the allowed limits of a plan: those that theirs has, of which it must have one."""
    made = deepcopy(plan)
    kept = [one for one in made.children if any(_same(one, each) for each in theirs.children)]
    made.children = kept or made.children
    limit, given = made.first("llm-token-limit"), theirs.first("llm-token-limit")
    if limit and given:
        for lacking in (some for some in OF_A_LIMIT if not given.attributes.keys() & set(some)):
            for name in lacking:
                limit.attributes.pop(name, None)
    return made


def _same(ours: Element, theirs: Element) -> bool:
    """Tell whether a statement is meant to be that of the pack: a refusal, if of that status."""
    statuses = [one.first("set-status") for one in (ours, theirs)]
    codes = {one.attributes.get("code") if one else None for one in statuses}
    return ours.name == theirs.name and len(codes) == 1


def limited(document: Element) -> frozenset[str]:
    """Read which consumers a policy holds to a plan, in lower case."""
    section = document.first("inbound")
    whens = section.all("when") if section else iter(())
    plans = (_PLAN.fullmatch(one.attributes.get("condition", "")) for one in whens)
    return frozenset(name for one in plans if one for name in one["names"].split(","))
