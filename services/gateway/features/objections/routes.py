"""The page of a mailed link by which a holder objects to what the support desk plans."""

from services.gateway.features.objections import objection
from services.gateway.http.routes import Page

PAGES = (
    Page(
        "objection",
        "/opposition",
        None,
        objection.submit,
        "token",
        show_form=objection.show,
        show_unavailable=objection.show_unavailable,
        form_query=objection.LINK.form_query,
        keep_query=objection.LINK.keep_query,
    ),
)
