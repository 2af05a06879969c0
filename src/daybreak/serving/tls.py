"""TLS of a deployment, from PEM files."""

import ssl

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Deployment


def context_of(deployment: Deployment) -> ssl.SSLContext | None:
    """What its sockets are wrapped with: TLS 1.2 or newer; None without a certificate. Raises `UsageError` for files that do not do."""
    if not deployment.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(deployment.certificate, deployment.key or None, password=_nobody_types)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"TLS needs a certificate and its key as PEM files, {deployment.certificate} does not do: {error}"
        ) from error
    return context


def _nobody_types() -> str:
    raise UsageError(
        "the key of a deployment's certificate is encrypted, and nobody is there to type its password: store it without one"
    )
