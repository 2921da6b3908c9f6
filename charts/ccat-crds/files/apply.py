"""Applies the custom resource definitions in a folder, from within a pod: ``apply.py FOLDER``.

Server-side apply, so that a definition that exists is brought up to date and nothing of anybody else's is
touched. Only the standard library is used.
"""

import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FIELD_MANAGER = "ccat-crds"


def main() -> None:
    """Apply all and end with status 1 at the first that is refused."""
    folder = Path(sys.argv[1])
    address = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    token = (ACCOUNT / "token").read_text()
    for path in sorted(folder.glob("*.yaml")):
        apply(address, path.stem, path.read_bytes(), token, context)


def apply(address: str, name: str, definition: bytes, token: str, context: ssl.SSLContext | None) -> None:
    """Apply one definition; its file has its name.

    Raises
    ------
    SystemExit
        If the API server refuses it; the message is the server's.
    """
    request = urllib.request.Request(
        f"{address}/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
        f"?fieldManager={FIELD_MANAGER}&force=true",
        data=definition,
        method="PATCH",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            sys.stdout.write(f"{name}: {'created' if answer.status == 201 else 'up to date'}\n")
    except urllib.error.HTTPError as error:
        sys.exit(f"{name}: {message(error.read())}")
    except OSError as error:
        sys.exit(f"{name}: the API server does not answer: {error}")


def message(body: bytes) -> str:
    """Return what the API server says of a refusal."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")


if __name__ == "__main__":
    main()
