"""What events, time, failed orders, presence and changed configurations do to the floor, and who is told of it;
hanging up, which may concern a supervisor: the upper end of what is pure. Other commands about a contact stand in the
rooms below that they concern; `HANDLERS` of `state` has all.
"""
