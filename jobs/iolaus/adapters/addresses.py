"""The client's address of a list of hops, as proxies write it."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Addresses of a deployment's own network. Those of documentation (RFC 5737) are as good as public ones.
_OWN = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"))
) + tuple(map(ip_network, ("fc00::/7", "fe80::/10", "::1/128")))
# A hop: an address in brackets, or of IPv4, or any other, with or without scheme, zone, prefix length and port.
_HOP = re.compile(
    r"(?:[a-z]\w*:(?:/{2})?)?(?:\[([0-9a-f:.]+)(?:%[^\]]*)?\]|(\d+\.\d+\.\d+\.\d+))(?::\d+|/\d+)?|([0-9a-f:.]+)(?:%\w+)?(?:/\d+)?",
    re.IGNORECASE,
)
_FULL_WITH_PORT = re.compile(r"((?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}):\d+", re.IGNORECASE)
_FORWARDED = re.compile(r"\bfor=\"?([^\";,]+)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;\"']+")


@lru_cache(1 << 16)
def address(chain: str, own_proxies: int = 0) -> str | None:
    """The client's address of a list of hops, as X-Forwarded-For and Forwarded write it.

    Without port, None if there is none.

    Each proxy adds the hop before it at the end, and what stands first is the client's own word. So the last
    `own_proxies` hops, whatever they are, are passed over, and after them the hops of private networks: the last one
    left is what the outermost proxy of one's own saw. If all are private, the first of them counts.
    """
    several = _FORWARDED.findall(chain) or _BETWEEN.split(
        chain.replace("%5B", "[").replace("%5D", "]").removeprefix('["')
    )
    found = [spelt for hop in several if (spelt := _address(hop.strip()))]
    found = found[: len(found) - own_proxies] if own_proxies < len(found) else found[:1]
    public = [hop for hop in found if not any(hop in network for network in _OWN if network.version == hop.version)]
    return str((public or found[::-1])[-1]) if found else None


def _address(spelt: str) -> IPv4Address | IPv6Address | None:
    """The address of a hop; None for a name, a word as `unknown`, and the address of nothing."""
    if full := _FULL_WITH_PORT.fullmatch(spelt):
        spelt = full[1]
    bare = _HOP.fullmatch(spelt)
    try:
        found = ip_address(bare[1] or bare[2] or bare[3]) if bare else None
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return None if found is None or found.is_unspecified else found
