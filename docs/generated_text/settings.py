"""Tables of environment variables, from the settings classes."""

import re
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from ccat_data_transfer.settings import DataTransferSettings
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.settings import OpsDbSettings
from ccat_ops_db_api.settings import ApiSettings
from ccat_ops_db_client.settings import Settings

from .markdown import code, table


def ops_db() -> str:
    """Return the settings of the database."""
    return _table(OpsDbSettings)


def api() -> str:
    """Return the settings of the API."""
    return _table(ApiSettings)


def data_transfer() -> str:
    """Return the settings of the transfer engine."""
    return _table(DataTransferSettings)


def operator() -> str:
    """Return the settings of the operator."""
    return _table(OperatorSettings)


def client() -> str:
    """Return the settings of the client."""
    return _table(Settings)


def _table(settings: type[BaseSettings]) -> str:
    documented = _attributes(settings.__doc__ or "")
    prefix = settings.model_config["env_prefix"]
    return table(
        ("variable", "default", "meaning"),
        [
            (
                code(prefix + name.upper()),
                _default(field),
                field.description or documented.get(name, ""),
            )
            for name, field in settings.model_fields.items()
        ],
    )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
        return code(value) if "://" in value else "one that only development accepts"
    if value is None or value in ([], ()):
        return "none"
    return code(str(value).lower() if isinstance(value, bool) else value)


def _attributes(docstring: str) -> dict[str, str]:
    """Return what the section "Attributes" of a numpydoc docstring says of each name."""
    _, _, section = docstring.partition("Attributes\n")
    found = re.findall(r"^ {4}(\w[\w, ]*) : .*\n((?: {8}.*\n?)+)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in found for name in names.split(", ")}
