"""Password hashes as expensive as ours, and almost free ones."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Ours(Argon2PasswordHasher):
    """The cost that our services have where nothing is set."""

    memory_cost, time_cost, parallelism = 19_456, 2, 1


class Cheap(Argon2PasswordHasher):
    """The lowest cost of argon2id."""

    memory_cost, time_cost, parallelism = 8, 1, 1
