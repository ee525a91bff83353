"""How a flow ends: what the floor gets, and what the caller hears before."""

import msgspec
import pytest

from app.ivr.language.phrases import SHORT_WAIT, STAY
from app.ivr.language.world import CallerView
from app.ivr.playing.announcing import announced
from app.ivr.playing.state import Announce, OfferCallback, ToCallback, ToHangUp, ToQueue, ToTransfer, ToVoicemail
from app.routing.engine.requirement import Requirement, Step
from app.telephony.instructions import Enqueue, HangUp, Music, Say, Transfer, Voicemail
from tests.ivr.plays import WORLD, Play, flow_of

QUEUE = """
type: queue
queue: cards
requires: {cards: 3}
teams: [vip]
steps: [{after_seconds: 30, requires: {cards: 1}}]
bonus: 60
prompt: "Please hold, {customer.name}."
music: jazz
announcements: {every_seconds: 30, prompt: "{customer.name}, {position} before you"}
callback: {after_seconds: 90, key: 5}
survey: csat
"""


def test_a_queue_gets_all_that_the_flow_wants_of_it() -> None:
    told = Play(flow_of(nodes={"a": QUEUE.replace("key: 5", "key: '5'")})).last
    assert told.instructions == (
        Enqueue(queue="cards", music="jazz", prompts=(Say(text="Please hold, Li Mei.", language="en"),)),
    )
    offer = Say(text="To be called back at your place in the queue, press 5.", language="en")
    assert told.action == ToQueue(
        queue="cards",
        steps=(
            Step(0.0, Requirement(skills=(("cards", 3),), teams=("vip",))),
            Step(30.0, Requirement(skills=(("cards", 1),))),
        ),
        bonus=60,
        music="jazz",
        announce=Announce(
            language="en", every_seconds=30, prompts=(Say(text="Li Mei, {position} before you", language="en"),)
        ),
        callback=OfferCallback(after_seconds=90, key="5", prompts=(offer,)),
        survey="csat",
    )


def test_a_closed_queue_leads_elsewhere_where_the_flow_says_so() -> None:
    elsewhere = "{type: queue, queue: shut, closed: b}"
    assert Play(flow_of(nodes={"a": elsewhere, "b": "{type: hang_up, prompt: shut}"})).heard == ["shut"]
    assert Play(flow_of(nodes={"a": "{type: queue, queue: shut}"})).last.action == ToQueue(queue="shut")


@pytest.mark.parametrize("node", ["queue, queue: x", "voicemail, queue: x, prompt: y", "transfer, queue: x"])
def test_a_published_flow_that_refers_to_a_queue_since_closed(node: str) -> None:
    told = Play(flow_of(nodes={"a": f"{{type: {node}}}"})).last
    assert (told.action, told.alert) == (ToQueue(queue="general"), "a: there is no queue 'x'")


CALLBACK = "{type: callback, queue: cards, number: other, prompt: We call {vars.other}, no_number: end}"


@pytest.mark.parametrize(
    ("keyed", "caller", "number"),
    [
        ("", CallerView(number="+861", number_kind="mobile"), "+861"),
        ("555", CallerView(number="+861", number_kind="mobile"), "555"),
        ("555", CallerView(), "555"),
    ],
)
def test_a_callback_goes_to_the_number_that_was_keyed_or_called_from(
    keyed: str, caller: CallerView, number: str
) -> None:
    world = msgspec.structs.replace(WORLD, caller=caller)
    variables = {"other": {"type": "text", "initial": keyed}}
    told = Play(flow_of(variables=variables, nodes={"a": CALLBACK.replace("{vars.other}", "you")}), world).last
    assert told.action == ToCallback(queue="cards", number=number)
    assert told.instructions == (Say(text="We call you", language="en"), HangUp(reason="callback"))


def test_who_withholds_their_number_cannot_be_called_back_at_it() -> None:
    world = msgspec.structs.replace(WORLD, caller=CallerView(number="anonymous"))
    flow = flow_of(nodes={"a": "{type: callback, queue: cards, no_number: end}"})
    assert Play(flow, world).last.action == ToHangUp()


@pytest.mark.parametrize(
    ("node", "action", "last"),
    [
        ("transfer, number: '+861234'", ToTransfer(number="+861234"), Transfer(number="+861234")),
        ("transfer, agent: mei", ToTransfer(agent="mei"), Music()),
        ("transfer, queue: cards", ToTransfer(queue="cards"), Enqueue(queue="cards")),
        (
            "voicemail, queue: cards, prompt: Speak, most_seconds: 60",
            ToVoicemail(queue="cards", most_seconds=60),
            Voicemail(most_seconds=60, prompts=(Say(text="Speak", language="en"),)),
        ),
        ("hang_up, reason: spam", ToHangUp(reason="spam"), HangUp(reason="spam")),
    ],
)
def test_other_ends(node: str, action: object, last: object) -> None:
    told = Play(flow_of(nodes={"a": f"{{type: {node}}}"})).last
    assert (told.action, told.instructions[-1], told.wait_seconds, told.state.over) == (action, last, None, True)


WANTED = Announce(language="en")


@pytest.mark.parametrize(
    ("wanted", "position", "wait", "told"),
    [
        (WANTED, 3, 200, ["You are number 3 in the queue.", "Your wait is about 3 minutes."]),
        (WANTED, None, 20, [SHORT_WAIT["en"]]),
        (WANTED, None, None, [STAY["en"]]),
        (Announce(language="zh-CN", wait=False), 2, 200, ["您前面的排队位置是第2位。"]),
        (Announce(language="fr", position=False), 2, 200, ["Your wait is about 3 minutes."]),
        (Announce(language="en", prompts=(Say(text="{{{position}}}", language="en"),)), 2, None, ["{2}"]),
        (Announce(language="en", prompts=(Say(text="{minutes}", language="en"),)), 2, None, [STAY["en"]]),
    ],
)
def test_what_a_waiting_caller_is_told(
    wanted: Announce, position: int | None, wait: float | None, told: list[str]
) -> None:
    assert [each.text for each in announced(wanted, position, wait) if isinstance(each, Say)] == told
