"""The one client of the Audience API: typed answers, typed errors, nothing made twice."""

from segdsl.api.answers import (
    Behavior,
    Column,
    CustomerGroup,
    Folder,
    Kind,
    Listed,
    NewSegment,
    ParentSegment,
    Profiles,
    QueryStatus,
    Segment,
    Unreadable,
)
from segdsl.api.client import Client
from segdsl.api.errors import (
    AlreadyExistsError,
    BadAnswerError,
    ClientError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    NotOfferedError,
    QueryFailedError,
    RedirectedError,
    RefusedError,
    ServerFailedError,
    TooManyRequestsError,
    UnauthorizedError,
    UnreachableError,
)
from segdsl.api.hosts import REGIONS, HostError
from segdsl.api.keys import ApiKey, CredentialsError, find_key
from segdsl.api.sameness import same_rule
from segdsl.api.wire import Patience

__all__ = [
    "REGIONS",
    "AlreadyExistsError",
    "ApiKey",
    "BadAnswerError",
    "Behavior",
    "Client",
    "ClientError",
    "Column",
    "ConflictError",
    "CredentialsError",
    "CustomerGroup",
    "Folder",
    "ForbiddenError",
    "HostError",
    "Kind",
    "Listed",
    "NewSegment",
    "NotFoundError",
    "NotOfferedError",
    "ParentSegment",
    "Patience",
    "Profiles",
    "QueryFailedError",
    "QueryStatus",
    "RedirectedError",
    "RefusedError",
    "Segment",
    "ServerFailedError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnreachableError",
    "Unreadable",
    "find_key",
    "same_rule",
]
