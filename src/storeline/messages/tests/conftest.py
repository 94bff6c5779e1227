"""Messages of tests stay in memory."""

import pytest

from storeline.messages.transports import Memory


@pytest.fixture(autouse=True)
def sent(settings):
    path = "storeline.messages.transports.Memory"
    settings.MESSAGE_TRANSPORTS = {"email": path, "sms": path}
    Memory.sent.clear()
    return Memory.sent
