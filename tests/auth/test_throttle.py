import pytest

from app.auth import throttle
from app.auth.errors import TooManyAttempts
from app.auth.throttle import Throttle, place_of
from app.core.clock import FrozenClock

HERE = ("anna", "10.0.0.1")


def test_failures_are_counted_until_the_window_has_passed() -> None:
    clock = FrozenClock()
    doors = Throttle(clock, failures=3, window=60)
    for _ in range(3):
        doors.admit(HERE)
    clock.advance(20)
    with pytest.raises(TooManyAttempts) as refusal:
        doors.admit(HERE)
    assert refusal.value.retry_after == 41
    clock.advance(41)
    doors.admit(HERE)


def test_a_success_forgets_the_failures_before_it() -> None:
    doors = Throttle(FrozenClock(), failures=2)
    for _ in range(5):
        doors.admit(HERE)
        doors.succeeded(HERE)


def test_others_are_not_held_up_by_one_account_or_one_address() -> None:
    doors = Throttle(FrozenClock(), failures=1)
    doors.admit(HERE)
    doors.admit(("bert", "10.0.0.1"))
    doors.admit(("anna", "10.0.0.2"))


def test_made_up_accounts_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "KEPT", 5)
    doors = Throttle(FrozenClock())
    for number in range(50):
        doors.admit((f"user{number}", "10.0.0.1"))
    assert len(doors) == 5


def test_made_up_accounts_do_not_make_it_forget_who_is_being_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "KEPT", 5)
    doors = Throttle(FrozenClock(), failures=3)
    doors.admit(HERE)
    doors.admit(HERE)
    for number in range(10_000):
        doors.admit((f"user{number}", "10.0.0.1"))
    doors.admit(HERE)
    with pytest.raises(TooManyAttempts):
        doors.admit(HERE)


def test_what_is_over_makes_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "KEPT", 2)
    clock = FrozenClock()
    doors = Throttle(clock, failures=2, window=60)
    doors.admit(HERE)
    doors.admit(HERE)
    clock.advance(61)
    for account in ("bert", "carl", "bert"):
        doors.admit((account, "10.0.0.1"))
    with pytest.raises(TooManyAttempts):
        doors.admit(("bert", "10.0.0.1"))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("unknown", "unknown", True),
        ("unknown", "testclient", False),
    ],
)
def test_whoever_has_a_whole_network_of_addresses_has_no_more_guesses(first: str, second: str, same: bool) -> None:
    assert (place_of(first) == place_of(second)) is same


def test_the_last_attempt_for_now_is_known_as_such() -> None:
    doors = Throttle(FrozenClock(), failures=3)
    assert [doors.admit(HERE) for _ in range(3)] == [False, False, True]


def test_looking_counts_nothing() -> None:
    doors = Throttle(FrozenClock(), failures=1, whose="from this address")
    for _ in range(3):
        doors.check(HERE)
    doors.admit(HERE)
    with pytest.raises(TooManyAttempts, match="Too many failed sign-ins from this address; wait"):
        doors.check(HERE)
