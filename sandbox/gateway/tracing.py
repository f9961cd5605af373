"""Calls that the gateway traces: those with a debug token of its own management API.

https://learn.microsoft.com/azure/api-management/api-management-howto-api-inspector
"""

import hmac

from sandbox import clock
from sandbox.arm import debug
from sandbox.cloud import Cloud
from sandbox.gateway.call import Call

HEADER = "Apim-Debug-Authorization"


def look(cloud: Cloud, call: Call) -> None:
    """A valid token turns tracing on; the response says so, or what is wrong with the token.

    A subscription that allows tracing, with the header Ocp-Apim-Trace, no longer does:
    https://learn.microsoft.com/azure/api-management/trace-policy
    Sure: inferred, as the pages name headers of the response for expired tokens and those of
    another API, and nothing for a forged one.
    """
    given = call.request.headers.get(HEADER)
    said = dict(part.partition("=")[::2] for part in given.split("&"))
    name, expiry = said.get("aid", ""), said.get("ex", "")
    if call.api is None or not expiry.isdigit():
        return
    if not hmac.compare_digest(given.encode(), debug.token(cloud, name, int(expiry)).encode()):
        return
    if name.lower() != call.api.name.partition(";rev=")[0].lower():
        call.about_trace.add(f"{HEADER}-WrongAPI", "the token is for another API")
    elif int(expiry) < clock.now():
        call.about_trace.add(f"{HEADER}-Expired", expiry)
    else:
        call.traced = True
        call.about_trace.add("Apim-Trace-Id", clock.guid().replace("-", ""))
