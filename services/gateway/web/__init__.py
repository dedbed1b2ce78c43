"""The portal over HTTP: routes, views, forms, pages."""
