"""allauth's pages, and a home page for who is signed in."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", login_required(TemplateView.as_view(template_name="home.html"))),
]
