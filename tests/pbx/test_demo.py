"""The demo with real calls, as a newcomer runs it: an Asterisk, SIP phones, sockets, a database of its own."""

import pytest

from app.demo.pbx.install import Installation
from tests.cli.running import data_folder
from tests.demo.playing import play, processes_of


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.enable_socket
def test_callers_with_phones_reach_agents_with_phones_and_nothing_is_left_running(installation: Installation) -> None:
    with data_folder() as var:
        said, figures = play(
            var, lambda told: told["answered"] > 3, "--pbx", CALLFLOOR_ASTERISK=str(installation.root.parent)
        )
        assert installation.version() in said
        assert figures["answered"] > 3
        assert figures["popped"] >= figures["answered"]
        assert figures["written"] + figures["still_on"] == figures["offered"], said
        assert processes_of(var) == []
