"""The configuration of an Asterisk that works for Callfloor: a typed plan, and the text of every file made from it.

It knows no connection and so stands beside the adapters: the same code makes the files of an installation and those of
a test's Asterisk.
"""
