"""The embedded server: started by the first, shared by all, stopped by the last; its settings and its place."""

import os
import stat
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.db.cluster import Cluster
from app.db.embedded import EmbeddedServer
from tests.db.embedded import query, start_client


def test_a_fresh_folder_becomes_a_database_kept_over_restarts(fresh_folder: Path) -> None:
    server = EmbeddedServer(fresh_folder / "var" / "db")
    server.start()
    query(server, "create table kept as select 42 as n")
    assert server.stop()
    assert server.pid is None
    with server:
        assert query(server, "select n from kept") == 42


def test_nothing_that_was_committed_may_be_lost_by_settings(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert query(server, f"show {setting}") == "on"
        assert query(server, "show listen_addresses") == ""
        assert int(query(server, "show max_connections")) >= 200
        assert (
            query(server, "select pg_encoding_to_char(encoding) from pg_database where datname = 'callfloor'") == "UTF8"
        )
        assert query(server, "select upper('ärger')") == "ÄRGER"


def test_starting_again_in_the_same_object_changes_nothing(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        pid = server.pid
        assert server.start() == server.url
        assert server.pid == pid
    assert not server.stop()


def test_the_last_user_stops_it(folder: Path) -> None:
    first, second = EmbeddedServer(folder), EmbeddedServer(folder)
    assert first.start() == second.start()
    assert not first.stop()
    assert query(second, "select 1") == 1
    assert second.stop()
    assert second.pid is None


def test_two_processes_that_start_at_once_share_one_server(fresh_folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from app.db.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(Path(sys.argv[1])); server.start(); print(server.pid, flush=True)\n"
        "sys.stdin.readline(); print(server.stop(), flush=True)"
    )
    clients = [start_client(fresh_folder / "db", program) for _ in range(3)]
    pids = {client.stdout.readline() for client in clients if client.stdout}
    assert len(pids) == 1
    stopped = []
    for client in clients:
        output, _ = client.communicate("\n", timeout=60)
        stopped.append(output.strip())
    assert stopped == ["False", "False", "True"]
    assert EmbeddedServer(fresh_folder / "db").pid is None


def test_ctrl_c_in_a_terminal_does_not_reach_the_server(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        assert server.pid is not None
        assert os.getpgid(server.pid) != os.getpgid(0)
        assert os.getsid(server.pid) != os.getsid(0)


def test_an_interrupted_start_leaves_no_server_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Cluster) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Cluster, "_ensure_database", interrupted)
    server = EmbeddedServer(folder)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    assert server.pid is None


def test_only_its_user_can_reach_it(folder: Path) -> None:
    with EmbeddedServer(folder):
        for private in (folder / "data", folder / "socket"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends its folders to another user")
def test_root_opens_closed_folders_for_passing_only(fresh_folder: Path) -> None:
    closed = fresh_folder / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedServer(closed / "db") as server:
        assert query(server, "select 1") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert (closed / "db" / "data").stat().st_uid != 0


@pytest.mark.parametrize("name", ["x" * 120, "mit Leer, 'Komma' %41?&", "数据"])
def test_a_folder_name_unfit_for_addresses_works(name: str, folder: Path) -> None:
    place = folder.rename(folder.with_name(name))
    with EmbeddedServer(place) as server:
        assert query(server, "select 1") == 1
        assert len(server.url) < 150
        socket_folder = Path(unquote(server.url.partition("host=")[2]))
        assert socket_folder.is_dir()
    assert not socket_folder.exists()


def test_a_folder_reached_by_a_link_is_the_same_server(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    with EmbeddedServer(folder) as server, EmbeddedServer(link) as linked:
        assert linked.pid == server.pid
