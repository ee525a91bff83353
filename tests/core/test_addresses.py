"""Addresses as they are shown: names of values in their query stay, the values do not."""

import pytest

from app.core.addresses import meant, shown
from app.core.errors import Invalid


@pytest.mark.parametrize(
    ("query", "stars"),
    [
        ("?key=t0ken", "?key=***"),
        ("?t0ken", "?***"),
        ("?dDBrZW4tc2VjcmV0LTE=", "?***"),
        ("?dDBrZW4tc2VjcmV0LQ==", "?***"),
        ("?a=dDBrZW4tc2VjcmV0LQ==&dDBrZW4=", "?a=***&***"),
        ("?=t0ken", "?=***"),
        ("?a=1&&b=2#t0ken", "?a=***&&b=***#***"),
        ("", ""),
    ],
)
def test_what_may_prove_who_we_are_is_stars_and_means_itself_when_sent_back(query: str, stars: str) -> None:
    kept = f"https://desk.example/hooks{query}"
    assert shown(kept) == f"https://desk.example/hooks{stars}"
    assert meant(shown(kept), kept, "body.url") == kept


def test_stars_where_nothing_is_kept_are_told_that_the_whole_address_is_needed() -> None:
    with pytest.raises(Invalid) as refused:
        meant("https://desk.example/hooks?key=***", None, "body.url")
    [told] = refused.value.facts["faults"]
    assert told["accepted"] == "the whole address, with what the stars stand for"


@pytest.mark.parametrize("behind", ["?key=***", "?***", "?a=1&key=***", "#***", "?key=%2A%2A%2A", "?key=1#%2a%2a%2a"])
def test_stars_of_another_address_are_told_how_the_one_that_is_kept_stays(behind: str) -> None:
    with pytest.raises(Invalid) as refused:
        meant(f"https://evil.example/hooks{behind}", "https://desk.example/hooks?key=t0ken#t0ken", "body.url")
    [told] = refused.value.facts["faults"]
    assert "sent back as shown, the kept one stays" in told["accepted"]


def test_a_new_address_is_taken_as_it_is() -> None:
    for kept in (None, "https://desk.example/hooks?key=t0ken"):
        assert (
            meant("https://desk.example/hooks?key=new*#top", kept, "body.url")
            == "https://desk.example/hooks?key=new*#top"
        )
