"""A conversation that goes otherwise is told with its line and what came instead; a secret that gets out is found."""

from typing import Any

import msgspec
import pytest

from app.ivr.language.reading import read_flow
from app.ivr.playing.interpreter import step
from app.ivr.playing.state import Note, Step
from app.ivr.rehearsal.conversation import Played, play
from app.ivr.rehearsal.played_call import Impossible, Rehearsal
from app.ivr.rehearsal.script_file import ConversationsFaulty, Customer, Given, read_conversations

FLOW = read_flow("""
flow: bank
languages: [zh, en]
timezone: Asia/Shanghai
fallback_queue: service
variables: {card: text, balance: number}
start: ask
nodes:
  ask:
    type: menu
    speech: true
    prompt: {zh: 请按键, en: press}
    choices:
      1: {next: card, words: {zh: [卡]}}
      2: english
      3: {next: later}
      4: look
    otherwise: bye
  english: {type: language, to: en, next: ask}
  card: {type: collect, prompt: card, into: card, least: 2, most: 4, next: pin, otherwise: bye}
  pin: {type: collect, prompt: pin, into: pin, secret: true, least: 4, most: 4, next: who, otherwise: bye}
  who: {type: identify, by: card_number, number: card, pin: pin, found: queue, not_found: card}
  queue: {type: queue, queue: cards, requires: {cards: 2}, bonus: 5}
  later: {type: branch, cases: [{when: "now.hour >= 18 || !queues.cards.open", next: bye}], otherwise: queue}
  look: {type: fetch, url: "https://a.b/{customer.id}", into: {balance: /x}, next: told, failed: bye}
  told: {type: say, text: "{vars.balance}", next: ask}
  bye: {type: hang_up, prompt: bye, reason: enough}
""")


def one(lines: str, given: str = "{}") -> Played:
    """What becomes of a conversation whose lines begin in line 5."""
    indented = "".join(f"    {line}\n" for line in lines.strip().splitlines())
    text = f"conversations:\n- name: it\n  given: {given}\n  lines:\n{indented}"
    return play(FLOW, read_conversations(text))[0]


def failed(lines: str, given: str = "{}") -> tuple[int, str]:
    """In which line it fails, and why."""
    it = one(lines, given)
    assert it.failed is not None
    return it.failed.line, it.failed.what


def test_what_goes_as_expected() -> None:
    it = one("- presses: 2\n- expect: {say: press, language: en, at: ask}\n- presses: 3\n- expect: {queue: cards}")
    assert it.failed is None
    assert [each.who for each in it.heard] == ["flow", "caller", "flow", "caller", "system"]


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ("say: hello", "'hello' was not heard, but '请按键'"),
        ("say: [键, 请]", "'请' was not heard then, but '请按键'"),
        ("not_say: 请", "'请' was heard"),
        ("language: en", "en was not spoken, but zh"),
        ("at: card", "the caller is not at card, but at ask"),
        ("secret: true", "no secret is asked for"),
        ("fetch: a.b", "'a.b' was not asked, but nothing"),
        ("variables: {card: '1'}", "card is not '1', but ''"),
        ("alert: locked", "there is no alert 'locked', but none"),
        ("queue: cards", "the call did not go to queue cards, but is still at ask"),
        ("requires: {cards: 2}", "requires is not {'cards': 2}, but {}"),
        ("bonus: 5.0", "bonus is not 5.0, but None"),
    ],
)
def test_what_was_expected_and_did_not_come(expect: str, what: str) -> None:
    assert failed(f"- expect: {{{expect}}}") == (5, what)


def test_another_ending_than_expected() -> None:
    assert failed("- presses: 3\n- expect: {queue: loans}") == (6, "queue is not loans, but queue cards")
    assert failed("- presses: 3\n- expect: {hang_up: done}") == (
        6,
        "the call did not go to hang up done, but queue cards",
    )
    assert failed("- hangs_up: true\n- expect: {queue: cards}")[1] == (
        "the call did not go to queue cards, but the caller hung up"
    )
    assert one("- presses: 3\n- expect: {queue: cards, requires: {cards: 2}, bonus: 5.0}").failed is None


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ("- presses: 3\n- presses: 1", 6, "the flow has ended"),
        ("- presses: 1\n- says: card", 6, "the flow does not listen to speech here"),
        ("- hangs_up: true\n- hangs_up: true", 6, "the flow has ended"),
    ],
)
def test_what_a_caller_cannot_do(lines: str, line: int, what: str) -> None:
    assert failed(lines) == (line, what)


def test_what_is_given_is_what_the_flow_knows() -> None:
    for given in ("{clock: '2026-03-02 18:00'}", "{queues: {cards: closed}}"):
        assert one("- presses: 3\n- expect: {say: bye, hang_up: enough}", given).failed is None
    given = "{fetch: [{body: {x: 2}}, {error: timeout}], customer: {id: c9}}"
    lines = "- presses: 4\n- expect: {say: '2', fetch: a.b/c9}\n- presses: 4\n- expect: {hang_up: enough}"
    assert one(lines, given).failed is None


def test_a_pin_is_compared_as_the_bank_would() -> None:
    given = "{customer: {card_number: '22', pin: '1234', recognised: false}}"
    right = "- presses: 1\n- presses: '22#'\n- presses: '1234'\n- expect: {queue: cards}"
    assert one(right, given).failed is None
    assert one(right.replace("1234", "1235").replace("queue: cards", "at: card"), given).failed is None
    assert one(right.replace("22", "33").replace("queue: cards", "at: card"), given).failed is None


def test_a_secret_is_shown_to_nobody() -> None:
    it = one("- presses: 1\n- presses: '22#'\n- presses: '9876'\n- expect: {at: card}")
    assert it.failed is None
    assert "9876" not in repr(it.heard)


def test_a_secret_that_gets_out_is_found() -> None:
    def leaking(*told: Any) -> Step:
        return msgspec.structs.replace(step(*told), notes=(Note(kind="x", node="y", data={"z": "9876"}),))

    call = Rehearsal(FLOW, {}, Given(), leaking)
    call.start()
    call.press("1")
    call.press("22#")
    assert call.leaks == []
    call.press("9876")
    assert call.leaks


def test_what_is_too_many_is_lost_and_what_ends_keys_is_known() -> None:
    call = Rehearsal(FLOW, {}, Given(customer=Customer()))
    call.start()
    call.press("123")
    assert call.node == "card"
    call.press("123456")
    assert (call.node, call.variables["card"]) == ("pin", "1234")
    call.lose_the_platform()
    assert call.node == "pin"
    with pytest.raises(Impossible, match="speech"):
        call.say("a")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "", "is empty"),
        ("- a", "", "is a list"),
        ("conversations: []", "conversations", "is []"),
        ("conversations: [{name: a, lines: [{presses: 123}]}]", "conversations[0].lines[0].presses", "is 123"),
        ("conversations: [{name: a, lines: [{presses: 1, says: b}]}]", "conversations[0].lines[0]", "one thing"),
        ("conversations: [{name: a, lines: [{press: 1}]}]", "conversations[0].lines[0].press", "unknown key"),
        ("conversations: [{name: a, lines: [{expect: {sya: a}}]}]", "conversations[0].lines[0].expect.sya", "unknown"),
        ("given: {queues: {a: shut}}\nconversations: [{name: a, lines: [{waits: true}]}]", "given.queues.a", "shut"),
        (
            "given: {clock: noon}\nconversations: [{name: a, lines: [{waits: true}]}]",
            "given.clock",
            "is no time: 'noon'",
        ),
        ("given: {}\ngiven: {}\nconversations: [{name: a, lines: [{waits: true}]}]", "given", "twice"),
    ],
)
def test_a_faulty_file_of_conversations(text: str, where: str, what: str) -> None:
    with pytest.raises(ConversationsFaulty) as raised:
        read_conversations(text)
    found = raised.value.facts["faults"]
    assert [each["where"] for each in found] == [where]
    assert what in found[0]["what"]
