"""What events, time, failed orders, presence and changed configurations do to the floor: the upper end of what is pure.
Commands about a contact stand in the rooms below that they concern; `HANDLERS` of `state` has them all.
"""
