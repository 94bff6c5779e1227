"""The application that granian's workers serve."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from storeline.config import tracing
from storeline.config.work import follow_clock, limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # loaded now, so that the first request need not wait for it
limit_statements()
follow_clock()
tracing.start()
