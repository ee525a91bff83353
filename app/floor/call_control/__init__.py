"""Who is on a contact's call: offers taken, phones, dialling, consultation, transfer, conference and hold, in CSTA's
words; how agents leave, after-call work, and the end. Pure.
"""
