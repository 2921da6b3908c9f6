"""The custom resources as Pydantic models; the CRDs are generated from them."""

from ccat_operator.resources.common import Condition, Metadata, SecretKeyRef, Truth, seconds
from ccat_operator.resources.ops_database import OpsDatabase, OpsDatabaseSpec, OpsDatabaseStatus
from ccat_operator.resources.site_configuration import (
    SiteConfiguration,
    SiteConfigurationSpec,
    SiteConfigurationStatus,
)

__all__ = [
    "Condition",
    "Metadata",
    "OpsDatabase",
    "OpsDatabaseSpec",
    "OpsDatabaseStatus",
    "SecretKeyRef",
    "SiteConfiguration",
    "SiteConfigurationSpec",
    "SiteConfigurationStatus",
    "Truth",
    "seconds",
]
