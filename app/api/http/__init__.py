"""What all routes share: who asks, and the gates of who may; what is accepted, limits, pages, versions, errors; and
that a read of a customer is written down.
"""
