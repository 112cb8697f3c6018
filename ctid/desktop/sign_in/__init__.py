"""Letting people in and keeping them in: passwords, an identity provider, the cookie of a page's session."""
