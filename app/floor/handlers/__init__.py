"""What events, time, failed orders, presence and changed configurations do to the floor, and who is told of it: the
upper end of what is pure. Commands about a contact stand in the rooms below that they concern; `HANDLERS` of `state`
has all.
"""
