"""A small bank that uses every rule that there is, to play on."""

import msgspec

from app.floor.configuration.config import FloorConfig, LooserStep
from app.routing.engine.capacity import Blending
from app.routing.engine.requirement import Selection
from app.routing.hours.calendar import Hours, Interval
from app.routing.overflow.rules import Do, OverflowRule, When
from tests.floor.flow_line import config


def every_rule_at_work(bank: FloorConfig) -> FloorConfig:
    """The small bank, whose queues loosen, wish, overflow into each other and are strict; 500 leads into a flow, and
    who comes over the cloud hears what we say.
    """
    change = msgspec.structs.replace
    cards = change(
        bank.queues["cards"],
        preferred_seconds=15,
        last_agent_seconds=10,
        steps=(LooserStep(after_seconds=25, requires=(("zh", 1),)), LooserStep(after_seconds=60)),
        selection=Selection.MOST_SKILLED,
        offer_agents=2,
        overflow=(OverflowRule(when=When.WAIT, at=90, do=Do.QUEUE, queue="loans"),),
    )
    loans = change(
        bank.queues["loans"],
        excluded=("dee",),
        selection=Selection.LEAST_OCCUPIED,
        overflow=(
            OverflowRule(when=When.LENGTH, at=3, do=Do.VOICEMAIL),
            OverflowRule(when=When.NO_AGENT, do=Do.QUEUE, queue="wealth"),
            OverflowRule(when=When.WAIT, at=40, do=Do.CALLBACK),
        ),
    )
    day = (Interval(0, 12 * 60),)
    hours = Hours(time_zone="UTC", weekly=(day,) * 7)
    wealth = change(bank.queues["wealth"], strict_tiers=True, wrap_up_ends="by_agent", hours=hours)
    two_chats = (("chat", 2), ("voice", 1))
    ann = change(bank.agents["ann"], capacity=two_chats)
    bob = change(bank.agents["bob"], capacity=two_chats, blending=Blending.MIXED)
    cho = change(bank.agents["cho"], auto_accept=True)
    queues = {"cards": cards, "loans": loans, "wealth": wealth}
    flows = config()
    cloud = change(bank.sources["cloud"], steered=True)
    sources = {**flows.sources, "cloud": cloud}
    bank = change(bank, sources=sources, flows=flows.flows)
    return change(bank, queues=queues, agents={**bank.agents, "ann": ann, "bob": bob, "cho": cho})
