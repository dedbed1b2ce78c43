"""The mailer's handlers, by matter: one short coroutine per event.

A handler only writes the mail down, in the transaction that hears the event; the sender does the
rest. Events may come in any order, so each compares what it is told with what is known.
"""
