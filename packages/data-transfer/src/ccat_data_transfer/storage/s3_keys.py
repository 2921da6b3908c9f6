"""The keys of a store's credential: from its folder, from a profile, or from where the worker runs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.credentials import Credentials as Keys
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.loaders import create_loader

from ccat_data_transfer.failures import Configuration, Transient
from ccat_data_transfer.places.credentials import S3Access


def session(profile: str | None = None) -> Any:
    """Return a session of botocore; all share what it has read about S3."""
    made = botocore.session.Session(profile=profile)
    made.register_component("data_loader", _loader())
    return made


def keys_of(access: S3Access, name: str) -> Any:
    """Return what gives the keys of a credential, and renews them where they are those of a role.

    Raises
    ------
    Configuration
        There are none.
    """
    if not (access.profile or access.ambient):
        return Keys(access.access_key_id, access.secret_access_key, access.session_token)
    with failures_of_credential(name):
        keys = session(access.profile).get_credentials()
    if keys is None:
        where = f"the profile {access.profile!r}" if access.profile else "this machine, pod or environment"
        raise Configuration("credential_missing", f"the credential {name!r} is empty: {where} has no keys")
    return keys


def frozen(keys: Any, name: str) -> Any:
    """Return the keys to sign with now; those of a role are fetched anew in time.

    Raises
    ------
    Configuration
        They are refused.
    Transient
        Who gives them does not answer.
    """
    with failures_of_credential(name):
        return keys.get_frozen_credentials()


@contextmanager
def failures_of_credential(name: str) -> Iterator[None]:
    """Turn the errors of botocore inside into a `Failure` about the credential of that name."""
    try:
        yield
    except (HTTPClientError, NoConnectionError) as error:
        raise Transient(
            "network", f"who gives the keys of {name!r} does not answer ({type(error).__name__}); tried again"
        ) from error
    except ClientError as error:
        said = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500 or said.get("Code") in {"Throttling", "ThrottlingException"}:
            raise Transient("network", f"who gives the keys of {name!r} is busy; tried again") from error
        raise Configuration(
            "credential_refused",
            f"no keys for the credential {name!r}: {said.get('Code', '')} {said.get('Message', '')}; "
            "correct the rights of its role",
        ) from error
    except BotoCoreError as error:
        raise Configuration("credential_missing", f"no keys for the credential {name!r}: {error}") from error


@functools.cache
def _loader() -> Any:
    return create_loader()
