"""The ids of channels carry what a process needs that knows nothing else of a call."""

from hypothesis import given
from hypothesis import strategies as st

from app.telephony.adapters.asterisk_ari.line import names

PARTS = st.text(st.characters(codec="ascii", exclude_characters="~/\x00", categories=("L", "N", "P")), min_size=1, max_size=30)  # fmt: skip  # noqa: E501


@given(PARTS, st.sampled_from(sorted(names.ROLES)), PARTS, PARTS)
def test_a_channel_tells_its_call_its_role_its_order_and_who_is_on_it(
    call: str, role: str, order: str, who: str
) -> None:
    name = names.Name(call, role, order, who)
    assert names.read(str(name)) == name


@given(st.text(max_size=200))
def test_any_other_id_is_nobodys(text: str) -> None:
    found = names.read(text)
    assert found is None or found.role in names.ROLES


def test_asterisks_own_ids_are_not_ours() -> None:
    assert names.read("1700000000.1") is None
    assert names.read("asterisk-1700000000.17") is None


def test_an_id_is_never_longer_than_asterisk_takes() -> None:
    assert len(str(names.Name("c" * 100, names.AGENT, "o" * 60, "anna"))) == names.LONGEST


def test_bridges_and_messages_of_two_calls_differ_and_have_no_more_dots_than_their_own() -> None:
    assert names.bridge("1.2") == "1~2.talk"
    assert names.message("1.2", 3, "c") == "1~2.message.3.c"


def test_a_recording_tells_its_call_its_id_and_since_when_it_runs() -> None:
    assert names.taped(names.tape("1.2", 1700000000.25, "c.1")) == names.Taped("1.2", 1700000000.25, "c.1")
    assert names.taped(names.message("1.2", 3, "c")) == names.Taped("1.2", 1.0, "c.message", message=True)
    assert names.taped(names.message("c", 3, "c")) == names.Taped("c", 0.0, "c.message", message=True)


@given(st.text(max_size=60))
def test_any_other_file_is_nobodys_recording(text: str) -> None:
    found = names.taped(text)
    assert found is None or (found.call and found.recording)
