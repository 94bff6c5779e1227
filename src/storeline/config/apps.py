"""Other people's apps under labels that leave the good names to our modules."""

from django.contrib.messages.apps import MessagesConfig


class FlashMessagesConfig(MessagesConfig):
    """Django's one-time notices on pages; the label `messages` is the module that writes to people."""

    label = "flash_messages"
