"""Each service has one handler for an event and one for a request: with two it does not start."""

from collections import Counter

import pytest

from operations import service_registry
from shared.runtime.service import Service


@pytest.mark.parametrize("service", service_registry.services(), ids=lambda service: service.name)
def test_no_service_has_two_handlers_for_a_message(service: Service) -> None:
    heard = Counter(one.event.TYPE for one in service.hears)
    answered = Counter(one.request.TYPE for one in service.answers)
    assert not [name for name, times in (heard + answered).items() if times > 1]
