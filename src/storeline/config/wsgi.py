"""Requests and static files, in threads; `asgi.py` is what granian's workers serve."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from whitenoise import WhiteNoise

from storeline.config import tracing
from storeline.config.work import follow_clock, limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
application = WhiteNoise(
    get_wsgi_application(),
    settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    immutable_file_test=r"\.[0-9a-f]{12}\.",
    allow_all_origins=False,
)
_ = get_resolver().url_patterns  # loaded now, so that the first request need not wait for it
limit_statements()
follow_clock()
tracing.start()
