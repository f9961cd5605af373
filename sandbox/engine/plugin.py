"""The parts of every provider plugin: handshake, version, refusals as gRPC errors.

Sure: no belief.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.status_pb2 import Status

from sandbox.errors import ArmError, NotModelledError

DETAILS = "grpc-status-details-bin"
"""Where gRPC carries the details of an error.

https://grpc.io/docs/guides/error/#richer-error-model
"""


PEER: ContextVar[str] = ContextVar("PEER", default="")
"""The connection by which a request came: the engine has one to each provider of the program."""


class AlreadyExistsError(ArmError):
    """The provider found the resource before it created it.

    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
    """


class UncheckedError(ArmError):
    """The provider could not find out whether the resource exists.

    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/azure/client_azcore.go
    """

    def __init__(self, resource_id: str, cause: ArmError) -> None:
        body = json.dumps({"error": {"code": cause.code, "message": cause.message}})
        text = f"cannot check existence of resource '{resource_id}': status code {cause.status}, "
        super().__init__(cause.status, cause.code, text + body)


class PartialFailureError(Exception):
    """The resource exists, but its operation failed: the engine keeps it and updates it next.

    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/provider/crud/crud.go
    """

    def __init__(self, state: rpc.ErrorResourceInitFailed) -> None:
        super().__init__(state.reasons[0])
        self.state = state


def installed(package: str) -> str:
    """Return the version of a package's SDK, which is also its plugin's."""
    return version(f"pulumi-{package}")


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A provider; its methods in lower case answer the RPCs of the same name."""

    package = ""

    def configure(self, _: Any) -> Any:
        """Take any configuration."""
        return rpc.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def parameterize(self, _: Any) -> Any:
        """Become another package, where a provider has such."""
        raise NotModelledError(f"{self.package} takes no parameters")


ANSWERS: dict[str, Callable[[Any, Any], Any]] = {
    "Handshake": lambda *_: rpc.ProviderHandshakeResponse(accept_secrets=True),
    "Attach": lambda *_: Empty(),
    # The installed SDK's version: the engine warns of a plugin that is older.
    "GetPluginInfo": lambda plugin, _: PluginInfo(version=installed(plugin.package)),
    "CheckConfig": lambda _, request: rpc.CheckResponse(inputs=request.news),
    "DiffConfig": lambda *_: rpc.DiffResponse(),
    "Cancel": lambda *_: Empty(),
}


def described(error: Exception) -> str:
    """An error in the provider's words; without a status, in those of Go's HTTP client.

    https://github.com/pulumi/pulumi-azure-native/blob/master/provider/pkg/azure/client_azcore.go
    https://pkg.go.dev/net/url#Error
    """
    if isinstance(error, ArmError) and not error.status:
        return error.message
    if isinstance(error, AlreadyExistsError | UncheckedError) or not isinstance(error, ArmError):
        return getattr(error, "message", str(error))
    return f'Status={error.status} Code="{error.code}" Message="{error.message}"'


def _rpc(name: str) -> Callable[..., Any]:
    def call(self: Plugin, request: Any, context: grpc.ServicerContext) -> Any:
        PEER.set(context.peer())
        try:
            answer = ANSWERS.get(name) or getattr(type(self), name.lower())
            return answer(self, request)
        except (ArmError, NotModelledError, PartialFailureError, ValueError) as error:
            if isinstance(error, PartialFailureError):
                status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
                status.details.add().Pack(error.state)
                context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, described(error))

    return call


for _name in (
    *ANSWERS,
    *("Configure", "Parameterize", "Check", "Diff", "Create", "Read", "Update", "Delete", "Invoke"),
):
    setattr(Plugin, _name, _rpc(_name))


def type_of(urn: str) -> str:
    """Return the type in `urn:pulumi:stack::project::parent$type::name`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]
