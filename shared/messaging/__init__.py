"""RabbitMQ for services: topology, publishing, consuming, retries and requests.

Promises that a committed fact reaches every listener at least once and has its effect once, or ends
in a visible place with the reason. Does not promise order.
"""

from shared.messaging.handlers import Context, Refused, RequestContext, answers, hears
from shared.messaging.unreadable_headers import tolerate_unreadable_headers

tolerate_unreadable_headers()

__all__ = ["Context", "Refused", "RequestContext", "answers", "hears"]
