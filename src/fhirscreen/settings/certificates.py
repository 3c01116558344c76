"""Whether the service can speak TLS with what is set, told before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path

from fhirscreen.settings.fields import PREFIX, wrong

_ENCRYPTED = ""
"""Instead of asking at the terminal: nobody sits at a service's."""


def check_tls(certificate: Path, key: Path) -> None:
    """Raises what a validator raises where a certificate and a private key are not a pair in PEM."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_ENCRYPTED)
    except OSError:  # ssl.SSLError is one
        raise wrong(
            "the certificate and the key cannot be used together",
            "a certificate with its chain and its own private key, without a password, as PEM",
            where=f"{PREFIX}TLS_CERTIFICATE, {PREFIX}TLS_KEY",
        ) from None
