"""Keys in time, too late, too many, wrong ones, none at all, and words."""

import pytest

from app.ivr.playing.state import Keyed, Said, ScriptDone, TimedOut, ToHangUp, ToQueue
from app.telephony.instructions import Collect, HangUp, Say
from tests.ivr.plays import Play, collecting, flow_of

MENU = """
type: menu
prompt: {en: Press one., zh: 请按一。}
choices: {1: b, "#": end}
retries: 1
no_input: {prompt: Still there, next: c}
no_match: {prompt: That is no choice.}
otherwise: d
"""
END = "{type: hang_up, prompt: %s}"
ASK = {"a": MENU, "b": END % "one", "c": END % "silent", "d": END % "wrong"}


def menu(**changes: str) -> Play:
    return Play(flow_of(nodes=ASK | changes))


def test_a_menu_listens_for_one_key_whichever_it_is() -> None:
    play = menu()
    assert play.last.instructions == (Collect(terminator="", prompts=(Say(text="Press one.", language="en"),)),)
    assert play.key("1").action == ToHangUp()
    assert play.heard == ["one"]
    assert menu().key("#").instructions == (HangUp(),)


def test_each_part_of_a_greeting_is_spoken_in_its_own_language_and_voice() -> None:
    parts = "[{say: 中文请按一。, language: zh}, {say: {en: Press two., zh: 按二}, language: en}, Or wait.]"
    nodes = ASK | {"a": MENU.replace("{en: Press one., zh: 请按一。}", parts)}
    play = Play(flow_of(nodes=nodes, voices={"zh": "mei"}))
    assert collecting(play.last).prompts == (
        Say(text="中文请按一。", language="zh", voice="mei"),
        Say(text="Press two.", language="en"),
        Say(text="Or wait.", language="en"),
    )


def test_keys_while_a_prompt_plays_end_it_where_the_flow_allows() -> None:
    assert collecting(menu().last).barge_in
    play = menu(a=MENU + "barge_in: false")
    assert not collecting(play.last).barge_in


@pytest.mark.parametrize("digits", ["2", "11", "1234567890" * 9, "*", "one", "\N{FULLWIDTH DIGIT ONE}"])
def test_wrong_keys_and_too_many_are_asked_again_and_then_lead_on(digits: str) -> None:
    play = menu()
    play.key(digits)
    assert play.heard == ["That is no choice.", "Press one."]
    play.key(digits)
    assert play.heard == ["wrong"]


def test_silence_is_asked_again_and_then_leads_on() -> None:
    play = menu()
    play.silence()
    assert play.heard == ["Still there", "Press one."]
    play.silence()
    assert play.heard == ["silent"]


def test_a_platform_that_says_nothing_more_counts_as_silence() -> None:
    play = menu()
    assert play.last.wait_seconds is not None
    play.tell(TimedOut(play.state.script))
    assert play.heard == ["Still there", "Press one."]
    play.tell(ScriptDone(play.state.script))
    assert play.heard == ["silent"]


def test_tries_count_together_and_begin_anew_at_the_next_visit() -> None:
    play = menu(d="{type: say, text: again, next: a}")
    play.silence()
    play.key("9")
    assert (play.heard, play.state.tries) == (["again", "Press one."], 0)


def test_keys_for_an_older_script_change_nothing() -> None:
    play = menu()
    play.silence()
    before = play.state
    late = play.tell(Keyed(script=before.script - 1, digits="1"))
    assert (late.late, late.state, late.instructions, late.wait_seconds) == (True, before, (), before.wait_seconds)
    play.key("1")
    assert play.heard == ["one"]


def test_a_menu_without_a_way_out_leads_to_the_fallback_queue() -> None:
    play = Play(flow_of(nodes={"a": "{type: menu, prompt: x, choices: {1: end}, retries: 0}"}))
    told = play.silence()
    assert told.action == ToQueue(queue="general")
    assert told.alert == "a: has no way out after the last try"


def test_nobody_is_kept_who_is_not_there() -> None:
    play = Play(flow_of(nodes={"a": "{type: menu, prompt: x, choices: {1: end}, retries: 0, otherwise: a}"}))
    for _ in range(19):
        assert play.silence().action is None
    assert play.silence().action == ToHangUp(reason="no_input")


SPEECH = """
type: menu
prompt: x
speech: true
choices:
  1: {next: end, words: {en: [balance, my account], zh: [余额]}}
  2: {next: b, words: {en: [card, lost card, my], zh: [挂失, 银行卡]}}
otherwise: end
"""


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("en", "Balance!", "1"),
        ("en", "I have a lost card, please", "2"),
        ("en", "my account", "1"),
        ("en", "2", "2"),
        ("en", "balance of my card", ""),
        ("en", "cardboard", ""),
        ("en", "", ""),
        ("en", "余额", ""),
        ("zh", "我想查余额", "1"),
        ("zh", "银行卡丢了要挂失", "2"),
    ],
)
def test_what_is_said_is_a_choice_where_it_is_clear(language: str, text: str, key: str) -> None:
    play = Play(flow_of(languages=[language], nodes={"a": SPEECH, "b": "{type: hang_up}"}))
    assert collecting(play.last).speech
    told = play.tell(Said(script=play.state.script, text=text))
    assert [note.data.get("key", "") for note in told.notes if note.kind != "flow.hang_up"] == [key]


def test_what_was_hardly_understood_is_no_choice() -> None:
    play = Play(flow_of(nodes={"a": SPEECH, "b": "{type: hang_up}"}))
    assert play.tell(Said(script=play.state.script, text="balance", confidence=0.1)).action is None


COLLECT = "{type: collect, prompt: Your number, into: number, least: 4, most: 6, next: b, otherwise: end}"
HEAR = "{type: say, text: 'You said {vars.number}', next: c}"


def collect(kind: str = "text", digits: str = COLLECT) -> Play:
    again = "{type: menu, prompt: x, choices: {1: end}, otherwise: end}"
    return Play(flow_of(variables={"number": kind}, nodes={"a": digits, "b": HEAR, "c": again}))


def test_digits_are_collected_and_not_noted() -> None:
    play = collect()
    assert (collecting(play.last).least, collecting(play.last).most, collecting(play.last).terminator) == (4, 6, "#")
    told = play.key("0123#")
    assert (play.vars, play.heard[0]) == ({"number": "0123"}, "You said 0123")
    assert [note.data for note in told.notes] == [{"keys": 4}]
    numbers = collect("number")
    numbers.key("0123")
    assert numbers.vars == {"number": 123.0}


@pytest.mark.parametrize("digits", ["", "123", "1234567", "12*4", "1" * 10_000, "١٢٣٤", "12 4"])
def test_too_few_too_many_and_wrong_digits_are_asked_for_again(digits: str) -> None:
    play = collect()
    play.key(digits)
    assert (play.heard, play.at) == (["Your number"], "a")


def test_a_secret_is_kept_only_as_a_reference() -> None:
    play = collect(digits=COLLECT.replace("into: number", "secret: true, into: pin"))
    assert collecting(play.last).secret
    play.tell(Keyed(script=play.state.script, digits="4321"))  # a platform must not, and nothing is kept of it
    assert (play.at, play.state.secrets) == ("a", {})
    told = play.secret("ref-1", 4)
    assert (play.at, play.state.secrets) == ("c", {"pin": "ref-1"})
    assert told.notes[0].data == {"keys": 4, "secret": True}
    assert play.key("1").state.secrets == {}


SURVEY = "{type: survey, question: csat, prompt: Rate us., into: rating, next: b}"


@pytest.mark.parametrize(("digits", "rating"), [("5", 5), ("1", 1)])
def test_a_rating_is_noted(digits: str, rating: int) -> None:
    play = Play(flow_of(variables={"rating": "number"}, nodes={"a": SURVEY, "b": END % "'{vars.rating}'"}))
    told = play.key(digits)
    assert told.notes[0].data == {"question": "csat", "rating": rating, "highest": 5}
    assert play.heard == [digits]


@pytest.mark.parametrize("digits", ["0", "6", "55", "*"])
def test_who_rates_nothing_goes_on(digits: str) -> None:
    play = Play(flow_of(variables={"rating": "number"}, nodes={"a": SURVEY, "b": END % "bye"}))
    for _ in range(3):
        play.key(digits)
    assert play.heard == ["bye"]
