"""Messages of registration: requests for accounts, verification, creation, sign-in, security.

Until an account exists, its id (the envelope's subject) is reserved by the request that may create
it.
"""
