"""Which addresses may be connected to: those of the open Internet, and others only where that is allowed.

A name can lead anywhere, so that a URL from a stranger could reach what only this machine can: server-side
request forgery (https://owasp.org/Top10/A10_2021-Server-Side_Request_Forgery_%28SSRF%29/).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

METADATA = tuple(
    map(
        ip_address,
        (
            *("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd20:ce::254"),
            *("100.100.100.200", "192.0.0.192", "168.63.129.16"),
        ),
    )
)
"""Where clouds tell a machine its own secrets: never connected to."""

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""IPv6 addresses whose last bytes are an IPv4 address that a gateway connects to (RFC 6052, RFC 8215)."""

_COMPATIBLE = IPv6Network("::/96")
_PRIVATE_NETWORKS = (
    *(IPv4Network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")),
    *(IPv6Network(network) for network in ("fc00::/7", "::1/128")),
    IPv4Network("100.64.0.0/10"),
)


def refusal(address: str, allow_private: bool) -> str | None:
    """Say why an address must not be connected to; None where it may be.

    `allow_private` allows addresses of this machine and of private networks, but none that is link-local.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return f"{address!r} is not an address"  # such as fe80::1%eth0, which only this machine knows
    meant = list(_embedded(found))
    if any(each in METADATA for each in (found, *meant)):
        return f"{address} is where a cloud tells a machine its secrets"
    if not meant and allow_private and any(found in network for network in _PRIVATE_NETWORKS):
        return None
    if all(each.is_global and not each.is_multicast and not each.is_reserved for each in meant or [found]):
        return None
    return f"{address} is not an address of the open Internet"


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """Give the IPv4 addresses that a packet to an IPv6 address may end at."""
    if isinstance(address, IPv4Address):
        return
    teredo = address.teredo or ()
    for found in (address.ipv4_mapped, address.sixtofour, *teredo):
        if found is not None:
            yield found
    compatible = address in _COMPATIBLE and int(address) > 1
    if compatible or any(address in network for network in _TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFFFFFF)
