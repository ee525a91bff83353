"""Whatever text arrives, reading it gives a frame or a refusal that can be answered."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.api.sockets import told
from app.api.sockets.asked import COMMANDS, BadFrame, Frame, Reader, tag_of

READER = Reader(COMMANDS)
TYPES = st.sampled_from([tag_of(shape) for shape in COMMANDS] + ["hello", "ping", "pong", "nonsense"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["id", "token", "resume", "session", "reason", "contact_id", "to", "code", "note", "queue"])


def read(text: bytes) -> None:
    try:
        assert isinstance(READER.read(text), Frame)
    except BadFrame as error:
        answer = msgspec.json.decode(told.refused(error.request, error))
        assert answer["ok"] is False
        assert answer["problem"]["faults"]


@given(st.text(max_size=50))
def test_any_text(text: str) -> None:
    read(text.encode(errors="ignore"))


@given(TYPES, st.dictionaries(FIELDS, VALUES))
def test_any_values_in_any_command(kind: str, values: dict[str, object]) -> None:
    read(msgspec.json.encode({"type": kind, **values}))
