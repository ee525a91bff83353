"""Prompts, keys and time limits of one script."""

from collections.abc import Sequence

import pytest

from app.telephony.adapters.asterisk_ari.actions import Action, Request, Told, Wake
from app.telephony.adapters.asterisk_ari.line.player import (
    LONGEST_PROMPT,
    MISSING,
    Alternatives,
    Media,
    Player,
    prompts_of,
)
from app.telephony.instructions import AnyInstruction, Collect, Pause, Play, Script

CALL, A, B = "1.2", Media("sound:a"), Media("sound:b", "zh")
HELLO, NAMES = Play(media="hello"), Play(media="names")


def begun(*instructions: AnyInstruction, media: Sequence[Alternatives] = ((A,), (B,))) -> tuple[Player, list[Action]]:
    """A player that has begun a script at 100."""
    player = Player(CALL)
    return player, player.begin(CALL, Script(number=7, instructions=instructions), media, 100.0)


def playback(actions: Sequence[Action]) -> str:
    """The playback that was started."""
    (path,) = [each.path for each in actions if isinstance(each, Request) and each.method == "POST"]
    return path.rpartition("/")[2]


def told(actions: Sequence[Action]) -> Told:
    """The only news."""
    (found,) = [each for each in actions if isinstance(each, Told)]
    return found


def wake(actions: Sequence[Action]) -> Wake:
    """The only instant asked for."""
    (found,) = [each for each in actions if isinstance(each, Wake)]
    return found


def stops(actions: Sequence[Action]) -> int:
    """How many playbacks are stopped."""
    return sum(isinstance(each, Request) and each.method == "DELETE" for each in actions)


def test_prompts_are_played_one_after_the_other_in_their_language() -> None:
    player, first = begun(HELLO, Collect(prompts=(NAMES,)))
    second = player.played(playback(first), "done", 103.0)
    assert [each.query for each in (*first, *second) if isinstance(each, Request)] == [
        {"media": "sound:a"}, {"media": "sound:b", "lang": "zh"},
    ]  # fmt: skip


def test_a_key_ends_the_prompts_of_the_collect_it_is_for() -> None:
    player, first = begun(Collect(most=2, prompts=(NAMES,)))
    assert stops(pressed := player.key("1", 101.0)) == 1
    assert wake(pressed).at == 104.0
    assert player.played(playback(first), "done", 101.1) == []
    assert told(player.key("2", 102.0)).details == {"script": 7, "finished": "length", "digits": "12"}


def test_a_key_ends_nothing_before_the_collect_or_without_barge_in() -> None:
    player, _ = begun(HELLO, Collect(prompts=(NAMES,)))
    assert player.key("1", 101.0) == []
    player, _ = begun(Collect(barge_in=False, prompts=(NAMES,)))
    assert player.key("1", 101.0) == []


def test_the_terminator_ends_what_is_keyed_and_is_not_of_it() -> None:
    player, _ = begun(Collect(most=9, prompts=(NAMES,)))
    player.key("4", 101.0)
    assert told(player.key("#", 102.0)).details == {"script": 7, "finished": "terminator", "digits": "4"}


def test_without_a_terminator_every_key_counts() -> None:
    player, _ = begun(Collect(most=2, terminator="", prompts=(NAMES,)))
    player.key("#", 101.0)
    assert told(player.key("*", 102.0)).details["digits"] == "#*"


def test_the_first_key_is_awaited_from_the_end_of_the_prompts() -> None:
    player, first = begun(Collect(first_seconds=6, prompts=(NAMES,)))
    waits = wake(player.played(playback(first), "done", 110.0))
    assert waits.at == 116.0
    assert told(player.wake(waits.token, 116.0)).details == {"script": 7, "finished": "timeout", "digits": ""}


def test_each_key_begins_the_wait_for_the_next_one_anew() -> None:
    player, _ = begun(Collect(most=5, between_seconds=2, prompts=(NAMES,)))
    first, second = wake(player.key("1", 101.0)), wake(player.key("2", 102.5))
    assert player.wake(first.token, 103.0) == []
    assert told(player.wake(second.token, 104.5)).details == {"script": 7, "finished": "timeout", "digits": "12"}


def test_keys_after_the_limit_are_nobodys() -> None:
    player, _ = begun(Collect(most=1, prompts=(NAMES,)))
    player.key("1", 101.0)
    assert player.key("2", 101.1) == []
    assert player.script is None


def test_what_is_keyed_as_a_secret_is_in_no_details() -> None:
    player, _ = begun(Collect(most=4, secret=True, prompts=(NAMES,)))
    for digit in "937":
        player.key(digit, 101.0)
    news = told(player.key("1", 102.0))
    assert news.details == {"script": 7, "finished": "length"}
    assert news.secret is not None
    assert news.secret.get_secret_value() == "9371"
    assert "9371" not in repr(news)


def test_a_secret_that_was_not_keyed_is_told_as_nothing() -> None:
    player, first = begun(Collect(secret=True, prompts=(NAMES,)))
    waits = wake(player.played(playback(first), "done", 110.0))
    assert told(player.wake(waits.token, 115.0)).secret is None


def test_a_playback_that_fails_is_told_and_followed_by_the_next_alternative_and_then_by_the_next_prompt() -> None:
    player, first = begun(HELLO, Collect(prompts=(NAMES,)), media=((A, B), (A,)))
    second = player.played(playback(first), "failed", 100.1)
    assert told(second).type == MISSING
    third = player.played(playback(second), "failed", 100.2)
    assert told(third).details == {"media": "sound:b", "script": 7}
    assert playback(third).split(".")[-2:] == ["1", "0"]


def test_a_request_to_play_that_asterisk_does_not_take_is_a_playback_that_failed() -> None:
    player, first = begun(Collect(prompts=(NAMES,)), media=((A, B),))
    refused = next(each for each in first if isinstance(each, Request))
    again = player.unplayed(refused.path, 100.1)
    assert told(again).details["media"] == "sound:a"
    assert player.unplayed(refused.path, 100.2) == []
    assert player.unplayed("channels/1.2/answer", 100.2) == []


def test_a_prompt_whose_end_is_never_told_is_given_up() -> None:
    player, first = begun(Collect(prompts=(NAMES,)))
    assert wake(first).at == 100.0 + LONGEST_PROMPT
    assert stops(given_up := player.wake(wake(first).token, 400.0)) == 1
    assert wake(given_up).at == 405.0


def test_pauses_pass_without_a_playback() -> None:
    player, first = begun(Pause(seconds=2), HELLO, Collect(), media=((A,),))
    assert wake(first).at == 102.0
    assert playback(player.wake(wake(first).token, 102.0))


def test_the_next_script_ends_the_one_before_whose_playback_is_late_then() -> None:
    player, first = begun(HELLO, Collect(), media=((A,),))
    again = player.begin(CALL, Script(number=7, instructions=(HELLO, Collect())), [(A,)], 101.0)
    assert stops(again) == 1
    assert playback(again) != playback(first)
    assert player.played(playback(first), "done", 101.1) == []


@pytest.mark.parametrize("asked", [Collect(), Collect(prompts=(Pause(seconds=1),))])
def test_a_collect_without_a_prompt_waits_at_once(asked: Collect) -> None:
    player, first = begun(asked, media=())
    assert wake(first).at in (101.0, 105.0)
    assert told(player.key("5", 100.5)).details["digits"] == "5"


def test_prompts_of_a_script_are_those_that_are_played_in_their_order() -> None:
    script = Script(number=1, instructions=(HELLO, Pause(seconds=1), Collect(prompts=(NAMES, Pause(seconds=1), HELLO))))
    assert prompts_of(script) == [HELLO, NAMES, HELLO]


def asked_again(player: Player, at: float, *instructions: AnyInstruction) -> list[Action]:
    """What comes of the next script, number 8."""
    return player.begin(CALL, Script(number=8, instructions=instructions), ((A,), (B,)), at)


def test_a_key_between_an_answer_and_the_next_question_belongs_to_that() -> None:
    player, _ = begun(Collect(prompts=(NAMES,)))
    assert told(player.key("1", 101.0)).details["digits"] == "1"
    assert player.key("2", 101.1) == player.key("3", 101.2) == []
    actions = asked_again(player, 101.3, Collect(most=2, secret=True, prompts=(NAMES,)))
    assert stops(actions) == 1
    assert (secret := told(actions).secret) is not None
    assert secret.get_secret_value() == "23"
    assert "digits" not in told(actions).details


@pytest.mark.parametrize(
    ("at", "instructions"),
    [(110.0, (Collect(prompts=(NAMES,)),)), (101.3, (HELLO, Collect(prompts=(NAMES,)))), (101.3, (HELLO,))],
    ids=["later", "after_something_else", "nothing_asked"],
)
def test_a_key_that_was_pressed_for_nothing_is_forgotten(at: float, instructions: tuple[AnyInstruction, ...]) -> None:
    player, _ = begun(Collect(prompts=(NAMES,)))
    player.key("1", 101.0)
    player.key("2", 101.1)
    assert not [each for each in asked_again(player, at, *instructions) if isinstance(each, Told)]
    player.stop()
    player.key("3", at)
    assert not [each for each in asked_again(player, at, Collect(prompts=(NAMES,))) if isinstance(each, Told)]
