"""TLS of the API: what a browser of today speaks, and certificates that are renewed while it runs."""

from __future__ import annotations

import ssl

from ctid.spec.daemon import TlsSpec


class Tls:
    """The server's side of TLS, 1.2 and newer."""

    def __init__(self, spec: TlsSpec) -> None:
        """Read certificate and key.

        Raises:
            OSError: A file can't be read, or is none of these, or they don't belong together.
        """
        self._spec = spec
        self.context = self._read()

    def reload(self) -> None:
        """Read the files again; connections that are there go on with what they have.

        Raises:
            OSError: They can't be used; nothing has changed.
        """
        self._read()
        self._load(self.context)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._spec.certificate, self._spec.key)
        except OSError as error:
            detail = error.strerror or type(error).__name__
            raise OSError(f"api.tls: {self._spec.certificate} and {self._spec.key} can't be used: {detail}") from error
