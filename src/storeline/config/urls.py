"""Every address."""

from django.conf import settings
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path
from django.views.generic import RedirectView

from storeline.config.api import api
from storeline.web import admin, health, metrics

urlpatterns = [
    path("", RedirectView.as_view(url="/api/v1/docs")),
    path("api/v1/", api.urls),
    path("oauth/", include("storeline.identity.oauth_urls", namespace="oauth2_provider")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.page),
]
if settings.DEBUG:
    urlpatterns += staticfiles_urlpatterns()

handler400 = "storeline.web.problems.bad_request"
handler403 = "storeline.web.problems.permission_denied"
handler404 = "storeline.web.problems.page_not_found"
handler500 = "storeline.web.problems.server_error"
