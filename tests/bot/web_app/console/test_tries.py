"""Knocking is counted before anything is looked at, and goes on being counted without Redis."""

from datetime import timedelta

import pytest

from bot.floods import WINDOW_S
from bot.web_app.addresses import network_of
from bot.web_app.console.tries import WITHOUT_REDIS, count_try
from core.errors import UserError
from tests.bot.web_app.console.coming_in import a_link, come_in, who


def test_an_address_that_knocks_too_often_is_told_when_to_come_again(stranger, services):
    """Before its link is looked at: a right one is refused as well."""
    link = a_link(services)
    for _ in range(20):
        assert stranger.post("/console/enter", data={"token": "guess"}).status_code == 400

    answer = come_in(stranger, link)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW_S
    assert "Too many tries" in answer.text
    assert who(stranger) == ""


def test_it_may_come_again_when_it_was_told(stranger, services, clock):
    for _ in range(21):
        answer = stranger.post("/console/enter", data={"token": "guess"})
    assert answer.status_code == 429

    clock.ahead += timedelta(seconds=int(answer.headers["Retry-After"]))

    assert come_in(stranger, a_link(services)).status_code == 303


def test_what_all_addresses_try_together_is_bounded(app, services):
    """And past the bound no address is given a counter of its own."""
    console = app.state.console
    for number in range(200):
        count_try(console, f"10.0.{number // 250}.{number % 250}")

    with pytest.raises(UserError, match="console_too_many_tries"):
        count_try(console, "192.0.2.1")
    assert len(services.events.tallies) == 201
    assert not any("10.0.0" in name for name in services.events.tallies)


def test_without_redis_a_few_tries_are_let_through(stranger, services, clock):
    """Each is still judged by itself; then the door stays shut until the count can be kept."""
    clock.ahead = timedelta(days=1)  # A window in which nobody was counted yet.
    services.events.is_away = True
    statuses = [
        stranger.post("/console/enter", data={"token": "guess"}).status_code
        for _ in range(WITHOUT_REDIS + 2)
    ]

    assert statuses == [400] * WITHOUT_REDIS + [429] * 2


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_an_ipv6_network_is_one_address(one, other, is_same):
    """Or else one machine would have 2^64 of them."""
    assert (network_of(one) == network_of(other)) is is_same
