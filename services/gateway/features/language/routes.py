"""The language switch of every page."""

from services.gateway.features.language import language
from services.gateway.http.routes import Page

PAGES = (Page("language", "/langue", submit=language.choose, fields="lang next", needs_key=False),)
