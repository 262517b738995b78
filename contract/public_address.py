"""Which IP addresses belong to the public internet, and which to an office or this machine.

Chosen: every form that wraps another address (mapped, 6to4, Teredo, NAT64) is looked into, because what it wraps is
where a connection goes.
Left out: resolving names, which is its callers'.
"""

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet, also where it wraps another."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    closed = found.is_private or found.is_loopback or found.is_link_local or found.is_reserved or found.is_unspecified
    return found.is_global and not closed and not found.is_multicast


def is_private(address: str) -> bool:
    """Return whether an IP address belongs to an office's network or to this machine.

    Link-local addresses do not count: at one of them a cloud gives its machines their credentials.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return is_private(str(found.ipv4_mapped))
    closed = found.is_link_local or found.is_unspecified or found.is_multicast or found.is_reserved
    return found.is_loopback or (found.is_private and not closed)
