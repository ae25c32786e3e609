"""Say whose address a request comes from: one machine is one, however many addresses it has."""

import ipaddress

from fastapi import Request

_IPV6_NETWORK_BITS = 64
"""A home or a machine is given a whole /64: its addresses are one address."""


def address_of(request: Request) -> str:
    """Name the address, or network, that a request comes from; a proxy's word counts if trusted."""
    return network_of(request.client.host if request.client else "")


def network_of(host: str) -> str:
    """Name whose address it is: the address itself, or the network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host  # A Unix socket's client has none.
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
