"""Settings: read once from the environment, typed, bounded, and judged all together.

A settings class is a frozen, keyword-only dataclass whose fields are made by `setting`. `load`
either returns a complete object or raises one `ConfigurationError` that names every mistake. The
value of a secret may be in a file named by `<NAME>_FILE`; a secret is never shown.
"""

from shared.settings.common import (
    CommonSettings,
    ServiceSettings,
    amqp_url_of,
    database_url_of,
    desk_base_url_setting,
    health_port_of,
    validate_base_url,
)
from shared.settings.reading import (
    SECRETS_DIR,
    Problem,
    Spec,
    load,
    read_bool,
    secret_text,
    setting,
    specs,
    unknown_names,
)

__all__ = [
    "SECRETS_DIR",
    "CommonSettings",
    "Problem",
    "ServiceSettings",
    "Spec",
    "amqp_url_of",
    "database_url_of",
    "desk_base_url_setting",
    "health_port_of",
    "load",
    "read_bool",
    "secret_text",
    "setting",
    "specs",
    "unknown_names",
    "validate_base_url",
]
