"""Who asks: a proxy of ours is believed, and nobody else, whatever he writes."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from storeline.web.address import client_address, client_of, throttled

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours: whatever it says of others is its own word
        ("203.0.113.7", "198.51.100.1, 10.0.0.1", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the left one was written by the client
        ("10.0.0.1", "10.9.9.9, 203.0.113.7", "203.0.113.7"),  # also where it claims to be one of us
        ("10.0.0.1", "198.51.100.1,203.0.113.7, 10.0.0.2", "203.0.113.7"),  # two proxies, one behind the other
        ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),  # a health check from within
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, for=_hidden", "10.0.0.1"),  # what cannot be read hides what is left of it
        ("10.0.0.1", "203.0.113.7:51234", "203.0.113.7"),
        ("2001:db8:1::1", "[2001:db8:f::7]:51234", "2001:db8:f::7"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("", "203.0.113.7", ""),  # a local socket: nobody to believe
    ],
)
def test_the_rightmost_address_that_is_none_of_ours(peer: str, forwarded: str, client: str) -> None:
    assert client_of(peer, forwarded, TRUSTED) == client


def test_without_proxies_of_ours_the_peer_it_is() -> None:
    assert client_of("10.0.0.1", "203.0.113.7", ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:f:1::7", "2001:db8:f:1::/64"),
        ("2001:db8:f:1:ffff::", "2001:db8:f:1::/64"),
        ("2001:db8:f:2::7", "2001:db8:f:2::/64"),
        ("", ""),
    ],
)
def test_one_subscriber_counts_once(address: str, subscriber: str) -> None:
    assert throttled(address) == subscriber


def test_a_request_is_asked_by_the_settings(settings) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "1.1.1.1, 2001:db8:f:1::7"})
    settings.TRUSTED_PROXIES = ()
    assert client_address(request) == "10.0.0.1"
    settings.TRUSTED_PROXIES = TRUSTED
    assert client_address(request) == "2001:db8:f:1::/64"
