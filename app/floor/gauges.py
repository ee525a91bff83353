"""What operators see of the floor as it stands, reckoned when they ask. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.floor.memory.entities import ContactState
from app.floor.memory.views import Picture


def told(picture: Picture, connected: Mapping[str, bool]) -> bytes:
    """Prometheus' text of contacts and agents by state, of who waits in each queue and for how long the first of them
    has (seconds), and of whether each source that we connect to is `connected`."""
    return generate_latest(_Gauges(picture, connected))


class _Gauges(Collector):
    def __init__(self, picture: Picture, connected: Mapping[str, bool]) -> None:
        self._picture = picture
        self._connected = connected

    def collect(self) -> Iterator[Metric]:
        contacts = Counter(str(contact.state) for contact in self._picture.contacts)
        yield _family("contacts", "Live contacts.", "state", {str(state): contacts[state] for state in ContactState})
        yield _family("agents", "Agents.", "state", self._picture.by_state())
        queues = self._picture.queues()
        waiting = {queue["id"]: queue["waiting"] for queue in queues}
        yield _family("queue_waiting", "Contacts that wait for an agent.", "queue", waiting)
        longest = {queue["id"]: queue["longest_wait_seconds"] for queue in queues}
        yield _family("queue_longest_wait_seconds", "Seconds that the first of them has waited.", "queue", longest)
        yield _family("source_connected", "1 while the connection to a switch stands.", "source", self._connected)


def _family(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"callfloor_{name}", meaning, labels=[label])
    for value, number in values.items():
        family.add_metric([value], float(number))
    return family
