"""Pages that follow what happens: a page names a topic, a stream tells it that something of the topic has changed, and
it asks for its part again. The stream carries no data, so who may see what is decided where it always is.

topics.py  what a page follows, and its signed token      hub.py     who listens in this process, and what was told
reader.py  one query a second, while somebody listens     stream.py  `GET /live`, server-sent events
"""

from storeline.web.live.hub import HUB
from storeline.web.live.topics import Topic, about

__all__ = ["HUB", "Topic", "about"]
