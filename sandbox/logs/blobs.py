"""The blobs of a storage account, as its clients read them: a list of a container, and a blob.

https://learn.microsoft.com/rest/api/storageservices/list-blobs
https://learn.microsoft.com/rest/api/storageservices/get-blob
"""

import re
from urllib.parse import unquote
from xml.sax.saxutils import escape

from sandbox import rbac
from sandbox.arm.sinks import STORAGE
from sandbox.cloud import Cloud, Resource
from sandbox.errors import NotModelledError
from sandbox.http import Endpoint, Headers, Request, Response
from sandbox.identity import authenticate
from sandbox.logs.copies import Copies

SUFFIX = ".blob.core.windows.net"
AUDIENCE = "https://storage.azure.com"
"""Tokens for a storage account are made for this resource.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
"""
READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
PAGE = 5000
"""Most blobs of one answer.

https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""
VERSION = "2024-11-04"
WHEN = "Fri, 28 Nov 2025 00:00:00 GMT"
REFUSALS = {
    "NoAuthenticationInformation": (401, "Server failed to authenticate the request."),
    "InvalidAuthenticationInfo": (401, "Server failed to authenticate the request."),
    "KeyBasedAuthenticationNotPermitted": (
        403,
        "Key based authentication is not permitted on this storage account.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "BlobNotFound": (404, "The specified blob does not exist."),
}
"""Status and words of refusals, by code.

https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
"""


def blob_endpoint(cloud: Cloud, copies: Copies) -> Endpoint:
    """Whoever has a role that reads blobs gets them, from where the account is open to.

    https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory
    """

    def endpoint(request: Request) -> Response:
        name = request.host.lower().removesuffix(SUFFIX)
        found = [one for one in cloud.of_type(STORAGE) if one.name.lower() == name]
        if not found:
            raise ConnectionError(f"The remote name could not be resolved: '{request.host}'")
        if refused := _refusal(cloud, found[0], request):
            return _refused(refused)
        if request.method != "GET":
            raise NotModelledError("the sandbox only reads blobs")
        return _answer(copies.containers(found[0].name), request)

    return endpoint


def _refusal(cloud: Cloud, account: Resource, request: Request) -> str:
    """The code by which a caller is refused; "" for one who may read.

    https://learn.microsoft.com/azure/storage/common/storage-network-security
    https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent
    """
    given = request.headers.get("Authorization")
    if given.lower().startswith("sharedkey"):
        if account.properties.get("allowSharedKeyAccess") is False:
            return "KeyBasedAuthenticationNotPermitted"
        raise NotModelledError("the sandbox gives no account keys")
    who = authenticate(cloud, given, AUDIENCE)
    if isinstance(who, str):
        return "InvalidAuthenticationInfo" if given else "NoAuthenticationInformation"
    rules = account.properties.get("networkAcls") or {}
    closed = account.properties.get("publicNetworkAccess") == "Disabled"
    if closed or rules.get("defaultAction") == "Deny":
        return "AuthorizationFailure"
    grants = rbac.granted(cloud, who.object_id, account.id)
    allowed = any(rbac.allows(cloud, one, READ) for one in grants)
    return "" if allowed else "AuthorizationPermissionMismatch"


def _answer(containers: dict[str, dict[str, list[str]]], request: Request) -> Response:
    container, _, blob = unquote(request.path).strip("/").partition("/")
    blobs, query = containers.get(container), dict(request.query)
    if blobs is None:
        return _refused("ContainerNotFound")
    if not blob:
        if (query.get("restype"), query.get("comp")) != ("container", "list"):
            raise NotModelledError("the sandbox lists blobs of a container, and no more of it")
        return _listed(blobs, query)
    if blob not in blobs:
        return _refused("BlobNotFound")
    return _read("".join(f"{line}\n" for line in blobs[blob]).encode(), request)


def _listed(blobs: dict[str, list[str]], query: dict[str, str]) -> Response:
    """A page of the blobs whose names begin with a prefix, in the order of their names.

    https://learn.microsoft.com/rest/api/storageservices/list-blobs
    """
    if query.get("delimiter"):
        raise NotModelledError("the sandbox lists blobs without a hierarchy")
    after, most = query.get("marker", ""), min(int(query.get("maxresults") or PAGE), PAGE)
    names = sorted(n for n in blobs if n.startswith(query.get("prefix", "")) and n > after)
    shown, rest = names[:most], names[most:]
    entries = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{WHEN}</Last-Modified>"
        f"<Etag>0x1</Etag><Content-Length>{_size(blobs[name])}</Content-Length>"
        "<BlobType>AppendBlob</BlobType></Properties></Blob>"
        for name in shown
    )
    marker = escape(shown[-1]) if rest else ""
    return _xml(
        200,
        f"<EnumerationResults><Blobs>{entries}</Blobs><NextMarker>{marker}</NextMarker>"
        "</EnumerationResults>",
    )


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _read(content: bytes, request: Request) -> Response:
    """A range of a blob, as clients ask for it part by part.

    https://learn.microsoft.com/rest/api/storageservices/get-blob
    """
    asked = request.headers.get("x-ms-range") or request.headers.get("Range")
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    fields = [
        ("Content-Type", "application/octet-stream"),
        ("ETag", '"0x1"'),
        ("Last-Modified", WHEN),
        ("Accept-Ranges", "bytes"),
        ("x-ms-blob-type", "AppendBlob"),
        ("x-ms-version", VERSION),
    ]
    if not found:
        return Response(200, Headers(fields), content)
    begin, end = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
    fields.append(("Content-Range", f"bytes {begin}-{end}/{len(content)}"))
    return Response(206, Headers(fields), content[begin : end + 1])


def _refused(code: str) -> Response:
    """An error, with its code in a header too.

    https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
    """
    status, text = REFUSALS[code]
    answer = _xml(status, f"<Error><Code>{code}</Code><Message>{text}</Message></Error>")
    answer.headers.add("x-ms-error-code", code)
    return answer


def _xml(status: int, text: str) -> Response:
    fields = Headers([("Content-Type", "application/xml"), ("x-ms-version", VERSION)])
    return Response(status, fields, f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode())
