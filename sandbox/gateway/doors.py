"""Who reaches a gateway, and from where its own calls come."""

from dataclasses import replace

from sandbox.cloud import Cloud, Resource
from sandbox.http import Endpoint, Request, Response
from sandbox.reach import inside, of_gateway, privately

CLOSED = (
    "Request originated from client public IP address {ip}, public network access on this "
    "'Microsoft.ApiManagement/service/{name}' is disabled. To connect to "
    "'Microsoft.ApiManagement/service/{name}', please use the Private Endpoint from inside your "
    "virtual network. "
)


def service_of(cloud: Cloud, request: Request) -> Resource:
    """The service that a host names; raises ConnectionError for none, as in DNS.

    Sure: no belief.
    """
    for service in cloud.of_type("Microsoft.ApiManagement/service"):
        if f"{service.name}.azure-api.net".lower() == request.host.lower():
            return service
    raise ConnectionError(f"The remote name could not be resolved: '{request.host}'")


def refusal(cloud: Cloud, service: Resource, request: Request) -> Response | None:
    """A closed gateway answers 403 to who does not come by its private endpoint; None for welcome.

    https://learn.microsoft.com/azure/api-management/private-endpoint#test-from-internet
    One that was put inside a network has no address outside of it: raises ConnectionError.
    https://learn.microsoft.com/azure/api-management/api-management-using-with-internal-vnet
    """
    given = service.properties
    if given.get("virtualNetworkType") == "Internal" and not inside(request, service):
        raise ConnectionError(f"The remote name could not be resolved: '{request.host}'")
    if given.get("publicNetworkAccess") != "Disabled" or privately(cloud, request, service):
        return None
    text = CLOSED.format(ip=request.client_ip, name=service.name)
    return Response.json(403, {"statusCode": 403, "message": text})


def leaving(service: Resource, send: Endpoint) -> Endpoint:
    """Calls of a gateway come from the network that it has joined, and from its public address.

    https://learn.microsoft.com/azure/api-management/api-management-howto-ip-addresses
    """
    addresses = service.properties.get("publicIPAddresses") or [""]
    networks = of_gateway(service)

    def sent(request: Request) -> Response:
        return send(replace(request, networks=networks, address=str(addresses[0])))

    return sent
