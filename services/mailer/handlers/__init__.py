"""The mailer's handlers, by topic.

A handler only enqueues the mail, in the transaction of its event; the delivery worker sends it.
Events may arrive in any order, so each handler compares its event with what is stored.
"""
