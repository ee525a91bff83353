"""Asking other systems and finding out who calls: slow, wrong, huge and hostile answers."""

import msgspec
import pytest

from app.ivr.language.phrases import LOCKED
from app.ivr.language.world import CustomerView
from app.ivr.playing.state import Fetch, Fetched, Keyed, TimedOut, ToQueue, Verified, Verify
from app.telephony.instructions import Music, Pause, Say
from tests.ivr.plays import WORLD, Play, flow_of

FETCH = """
type: fetch
method: POST
url: "https://bank.example/accounts/{vars.account}?t={customer.tier}"
headers: {X-Call: "{contact.id} {vars.account}"}
body: {account: "{vars.account}", gold: "{customer.tier == 'gold'}", list: ["{now.hour}:00", 3]}
secret: bank
timeout_seconds: 2
retries: 2
into: {balance: /account/balance, name: /names/1, open: /account/a~1b}
prompt: One moment.
next: b
failed: c
"""
HEAR = "{type: menu, prompt: '{vars.balance} {vars.name} {vars.open}', choices: {1: end}, otherwise: end}"
FAIL = "{type: hang_up, prompt: failed}"
VARIABLES = {
    "account": {"type": "text", "initial": "a/b?\r\nX: y"},
    "balance": "number",
    "name": {"type": "text", "initial": "nobody"},
    "open": "flag",
}
GOOD = '{"account": {"balance": 12, "a/b": true}, "names": ["x", "Li"]}'


def fetch() -> Play:
    return Play(flow_of(variables=VARIABLES, nodes={"a": FETCH, "b": HEAR, "c": FAIL}))


def test_a_request_is_filled_in_and_cannot_be_broken_out_of() -> None:
    play = fetch()
    request = play.last.request
    assert isinstance(request, Fetch)
    assert request.url == "https://bank.example/accounts/a%2Fb%3F%0D%0AX%3A%20y?t=gold"
    assert request.headers == {"X-Call": "a/b? X: y"}
    assert request.body == {"account": "a/b?\r\nX: y", "gold": True, "list": ["2:00", 3]}
    assert (request.method, request.secret, request.timeout_seconds, request.retries) == ("POST", "bank", 2, 2)
    assert play.last.instructions == (Say(text="One moment.", language="en"), Pause(seconds=1), Music())
    assert play.last.wait_seconds == 2 * 3 + 15


@pytest.mark.parametrize("account", [".", ".."])
def test_a_value_does_not_lead_to_another_place_of_the_address(account: str) -> None:
    variables = {**VARIABLES, "account": {"type": "text", "initial": account}}
    play = Play(flow_of(variables=variables, nodes={"a": FETCH, "b": HEAR, "c": FAIL}))
    assert play.last.request is None
    assert isinstance(play.last.action, ToQueue)


def test_the_answer_goes_into_variables() -> None:
    play = fetch()
    told = play.fetched(GOOD)
    assert play.heard == ["12 Li true"]
    assert told.notes[0].data == {"status": 200}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("", 0, "no answer within 2 seconds"),
        (GOOD, 500, None),
        (GOOD, 404, None),
        ("<html>", 200, None),
        ("", 200, None),
        ("[" * 100_000, 200, None),
        ('{"account": {"balance": 12, "a/b": true}, "names": ["x", "' + "y" * 10_000_000 + '"]}', 200, None),
        (GOOD.replace("12", '"12"'), 200, None),
        (GOOD.replace("12", "true"), 200, None),
        (GOOD.replace("12", "1" + "0" * 400), 200, None),
        (GOOD.replace("12", "null"), 200, None),
        (GOOD.replace("Li", "y" * 1001), 200, None),
        (GOOD.replace('"x", ', ""), 200, None),
        (GOOD.replace("account", "acount"), 200, None),
        ("5", 200, None),
    ],
    ids=lambda given: str(given)[:12],
)
def test_an_answer_that_is_slow_wrong_or_too_big_leads_to_failed(body: str, status: int, error: str | None) -> None:
    play = fetch()
    told = play.fetched(body, status, error)
    assert play.heard == ["failed"]
    assert play.vars["name"] == "nobody"
    assert told.notes[0].kind == "flow.fetch_failed"
    assert len(msgspec.json.encode(told)) < 3000


def test_no_answer_at_all_leads_to_failed_by_the_floors_own_deadline() -> None:
    play = fetch()
    play.tell(TimedOut(play.state.script))
    assert play.heard == ["failed"]


def test_an_answer_to_another_request_and_keys_meanwhile_change_nothing() -> None:
    play = fetch()
    other, wrong = Fetched(request="9", status=200), Verified(request="1", outcome="found")
    for event in (other, wrong, Keyed(script=1, digits="1")):
        assert play.tell(event).late
    play.fetched(GOOD)
    assert play.tell(Fetched(request="1", status=200, body="{}")).late


def test_the_request_stays_in_the_state_so_that_it_can_be_made_again_after_a_crash() -> None:
    play = fetch()
    assert play.state.request == play.last.request


IDENTIFY = {
    "a": "{type: collect, prompt: Number, into: number, next: pin, otherwise: end}",
    "pin": "{type: collect, prompt: PIN, into: pin, secret: true, next: who, otherwise: end}",
    "who": "{type: identify, by: id_number, number: number, pin: pin, attempts: 2, found: b, not_found: a}",
    "b": "{type: hang_up, prompt: welcome}",
}


def identify(who: str = "") -> Play:
    nodes = IDENTIFY | {"who": IDENTIFY["who"].replace("}", f"{who}}}")}
    return Play(flow_of(variables={"number": "text"}, nodes=nodes))


def attempt(play: Play, outcome: str) -> None:
    play.key("77")
    play.secret("ref")
    request = play.last.request
    assert isinstance(request, Verify)
    assert (request.by, request.number, request.secret_ref, request.number_ref) == ("id_number", "77", "ref", None)
    play.verified(outcome)


def test_who_knows_the_pin_is_let_in_and_the_secret_forgotten() -> None:
    play = identify()
    attempt(play, "not_found")
    assert (play.at, play.state.secrets, play.state.attempts) == ("a", {}, 1)
    attempt(play, "found")
    assert (play.heard, play.state.attempts) == (["welcome"], 0)


def test_an_identification_tried_by_brute_force_is_locked_alerted_and_told_politely() -> None:
    play = identify()
    attempt(play, "not_found")
    attempt(play, "not_found")
    assert play.heard == [LOCKED["en"]]
    assert play.last.action == ToQueue(queue="general")
    assert play.last.alert == "who: identification by id_number is locked after too many attempts"


def test_attempts_count_over_the_whole_call_and_once_locked_nothing_is_asked_any_more() -> None:
    play = identify(", locked: a")
    attempt(play, "not_found")
    attempt(play, "not_found")
    assert (play.at, play.last.alert is not None) == ("a", True)
    play.key("77")
    play.secret("ref")
    assert (play.at, play.last.request) == ("a", None)


def test_a_lock_of_the_banks_is_obeyed() -> None:
    play = identify()
    attempt(play, "locked")
    assert (play.heard, play.last.alert is not None) == ([LOCKED["en"]], True)


def test_what_cannot_be_found_out_now_is_no_wrong_attempt() -> None:
    play = identify(", failed: b")
    attempt(play, "lost")
    assert (play.at, play.state.attempts) == ("a", 0)
    attempt(play, "failed")
    assert play.heard == ["welcome"]
    play = identify()
    attempt(play, "failed")
    assert play.last.alert == "who: it cannot be found out who is calling"


def test_a_card_number_may_be_a_secret_too() -> None:
    nodes = IDENTIFY | {"a": IDENTIFY["a"].replace("into: number", "into: card, secret: true")}
    nodes["who"] = nodes["who"].replace("number: number", "number: card").replace("id_number", "card_number")
    play = Play(flow_of(nodes=nodes))
    play.secret("card-ref", 16)
    request = play.secret("pin-ref").request
    assert isinstance(request, Verify)
    assert (request.number, request.number_ref, request.secret_ref) == (None, "card-ref", "pin-ref")


@pytest.mark.parametrize(("known", "told"), [(True, "welcome"), (False, "stranger")])
def test_a_known_number_identifies_at_once(known: bool, told: str) -> None:
    nodes = {"a": "{type: identify, by: number, found: b, not_found: c}", "b": IDENTIFY["b"]}
    nodes["c"] = "{type: hang_up, prompt: stranger}"
    world = msgspec.structs.replace(WORLD, customer=CustomerView(known=known))
    assert Play(flow_of(nodes=nodes), world).heard == [told]
