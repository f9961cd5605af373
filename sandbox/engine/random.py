"""The random provider: values drawn once, when the resource is created, and kept in its state.

https://www.pulumi.com/registry/packages/random/api-docs/

Sure: documented.
"""

import base64
import secrets
import string
import uuid
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc

from sandbox.engine import diff, plugin
from sandbox.engine.values import UNKNOWN, from_struct, public, secret, to_struct
from sandbox.errors import NotModelledError

CLASSES = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numeric": string.digits,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}
MODELLED = {*CLASSES, "length", "byteLength", "keepers"}


class Random(plugin.Plugin):
    """RandomString, RandomPassword, RandomId and RandomUuid."""

    package = "random"

    def check(self, request: Any) -> Any:
        """Accept the inputs that shape what is drawn here."""
        if unknown := sorted(public(request.news).keys() - MODELLED):
            raise NotModelledError(f"the sandbox does not model {', '.join(unknown)}")
        return rpc.CheckResponse(inputs=request.news)

    def diff(self, request: Any) -> Any:
        """Any change draws anew."""
        old, new = public(request.old_inputs), public(request.news)
        keys = diff.detailed(old, new, old.keys() | new.keys(), {})
        changes = rpc.DiffResponse.DIFF_SOME if keys else rpc.DiffResponse.DIFF_NONE
        return rpc.DiffResponse(changes=changes, replaces=list(keys))

    def create(self, request: Any) -> Any:
        """Draw; a preview only says what will be drawn."""
        token = plugin.type_of(request.urn)
        drawn: dict[str, Any] = _draw(token, public(request.properties))
        resource_id = next(iter(drawn.values()))
        if request.preview:
            drawn = dict.fromkeys(drawn, UNKNOWN)
        if token.endswith("RandomPassword"):
            drawn, resource_id = {"result": secret(drawn["result"])}, "none"
        outputs = to_struct({**from_struct(request.properties), **drawn})
        return rpc.CreateResponse(id="" if request.preview else resource_id, properties=outputs)

    def read(self, request: Any) -> Any:
        """The state is all there is."""
        return rpc.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def delete(self, _: Any) -> Any:
        """Forget."""
        return Empty()


def _draw(token: str, inputs: dict[str, Any]) -> dict[str, str]:
    """The outputs that are drawn, the one that is the id first."""
    kind = token.rsplit(":", 1)[-1]
    if kind == "RandomUuid":
        return {"result": str(uuid.uuid4())}
    if kind == "RandomId":
        drawn = secrets.token_bytes(inputs["byteLength"])
        url, std = base64.urlsafe_b64encode(drawn).decode().rstrip("="), base64.b64encode(drawn)
        number = str(int.from_bytes(drawn, "big"))
        return {"b64Url": url, "b64Std": std.decode(), "hex": drawn.hex(), "dec": number}
    if kind not in ("RandomString", "RandomPassword"):
        raise NotModelledError(f"the sandbox does not model {token}")
    letters = "".join(text for name, text in CLASSES.items() if inputs.get(name, True))
    return {"result": "".join(secrets.choice(letters) for _ in range(inputs["length"]))}
