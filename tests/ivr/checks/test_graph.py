"""Where a flow can go: to no node, in a circle, or to no end."""

from tests.ivr.checks.scenes import ASK, BYE, HEAD, faults, only


def test_dangling_edge() -> None:
    assert only(ASK.replace("1: bye", "1: byee") + BYE) == (
        "nodes.ask.choices.1.next",
        "leads to 'byee', which is no node",
        "bye?",
        10,
    )


def test_dangling_start_and_on_fault() -> None:
    head = HEAD.replace("start: ask", "start: akk\non_fault: nowhere")
    found = faults("  bye: {type: hang_up}\n", head=head)
    assert [(each.where, each.what, each.line) for each in found[:2]] == [
        ("start", "leads to 'akk', which is no node", 5),
        ("on_fault", "leads to 'nowhere', which is no node", 6),
    ]


def test_return_is_an_edge_and_no_start() -> None:
    assert faults(ASK.replace("bye", "return")) == []
    assert faults(ASK + BYE, head=HEAD.replace("start: ask", "start: return"))[0][1] == (
        "leads to 'return', which is no node"
    )


def test_unreachable_node() -> None:
    assert only(ASK + BYE + "  lost: {type: say, text: a, next: bye}\n") == (
        "nodes.lost",
        "is reached from nowhere",
        "a node that leads to it, or to be left out",
        13,
    )


def test_the_node_for_faults_is_reached_from_everywhere() -> None:
    head = HEAD.replace("start: ask", "start: ask\non_fault: sorry")
    assert faults(ASK + BYE + "  sorry: {type: hang_up}\n", head=head) == []


def test_loop_without_input() -> None:
    loop = """\
  count: {type: set, values: {tries: vars.tries + 1.0}, next: enough}
  enough: {type: branch, cases: [{when: vars.tries > 3.0, next: bye}], otherwise: count}
"""
    assert only(ASK.replace("1: bye", "1: count") + BYE + loop) == (
        "nodes.count",
        "is in a loop without input: count > enough > count",
        "a menu, collect or survey within the loop, or a way that does not come back",
        13,
    )


def test_a_node_that_leads_to_itself_is_a_loop_without_input() -> None:
    found = faults(ASK.replace("1: bye", "1: again") + BYE + "  again: {type: say, text: a, next: again}\n")
    assert [each.what for each in found] == ["is in a loop without input: again > again"]


def test_a_loop_in_which_a_silent_caller_is_asked_for_ever() -> None:
    nodes = ASK.replace("otherwise: bye", "otherwise: sorry") + BYE + "  sorry: {type: say, text: a, next: ask}\n"
    assert only(nodes) == (
        "nodes.ask",
        "asks a silent caller for ever: ask > sorry > ask",
        "retries, and then a no_input.next or otherwise that does not come back",
        7,
    )


def test_a_loop_of_silence_is_told_at_the_node_that_asks_wherever_it_begins() -> None:
    sorry = "  sorry: {type: say, text: a, next: ask}\n"
    [fault] = faults(sorry + ASK.replace("otherwise: bye", "otherwise: sorry") + BYE)
    assert fault[:2] == ("nodes.ask", "asks a silent caller for ever: sorry > ask > sorry")


def test_who_is_silent_goes_where_no_input_leads_before_anywhere_else() -> None:
    back, sorry = "    no_input: {next: sorry}\n", "  sorry: {type: say, text: a, next: ask}\n"
    assert only(ASK + back + BYE + sorry)[1] == "asks a silent caller for ever: ask > sorry > ask"
    out = "    no_input: {next: bye}\n"
    assert faults(ASK.replace("otherwise: bye", "otherwise: sorry") + out + BYE + sorry) == []


def test_who_rates_nothing_goes_on_where_nothing_else_is_said() -> None:
    again = "  again: {type: branch, cases: [{when: now.hour > 12, next: bye}], otherwise: rate}\n"
    survey = (
        "  rate: {type: survey, question: q, prompt: Rate., next: sorry}\n  sorry: {type: say, text: a, next: rate}\n"
    )
    nodes = ASK.replace("1: bye", "1: rate") + BYE
    found = [fault.what for fault in faults(nodes + survey)]
    assert "asks a silent caller for ever: rate > sorry > rate" in found
    assert faults(nodes + survey.replace("next: sorry", "next: sorry, otherwise: bye")) == []
    assert faults(nodes + survey.replace("text: a, next: rate", "text: a, next: again") + again) == []


def test_a_loop_behind_a_loop_is_told_too() -> None:
    loops = """\
  here: {type: branch, cases: [{when: vars.tries > 3.0, next: there}], otherwise: here}
  there: {type: say, text: a, next: there}
"""
    found = [fault.what for fault in faults(ASK.replace("1: bye", "1: here") + BYE + loops)]
    assert found == [f"is in a loop without input: {name} > {name}" for name in ("here", "there")]


def test_a_silent_caller_is_counted_by_the_flow_itself() -> None:
    nodes = f"""{ASK.replace("otherwise: bye", "otherwise: count")}{BYE}\
  count: {{type: set, values: {{tries: vars.tries + 1.0}}, next: enough}}
  enough: {{type: branch, cases: [{{when: vars.tries > 3.0, next: bye}}], otherwise: ask}}
"""
    assert faults(nodes) == []


def test_menu_without_a_way_out_when_nothing_is_keyed() -> None:
    found = faults(ASK.replace("    otherwise: bye\n", "") + BYE)
    assert [tuple(each) for each in found] == [
        ("nodes.ask", "has no way out when the tries are used up by no input", "otherwise, or no_input.next", 7),
        ("nodes.ask", "has no way out when the tries are used up by no match", "otherwise, or no_match.next", 7),
    ]


def test_menu_without_a_way_out_to_any_end() -> None:
    nodes = ASK.replace("bye", "other") + ASK.replace("ask:", "other:").replace("bye", "ask")
    found = faults(nodes)
    accepted = "a way to a queue, callback, voicemail, transfer, hang_up or return"
    assert ("nodes.ask", "has no way out: no node behind it ends the call", accepted, 7) in found
