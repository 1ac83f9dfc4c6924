"""Errors of S3 and the network, as one line that says what to do next."""

from __future__ import annotations

import aiohttp
from botocore import exceptions as boto  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from digit_core.errors import DigitsError, InputError, StorageError, StorageUnavailableError
from tasks.adapters.storage.local import FULL
from tasks.adapters.storage.local import explain as explain_local

KNOWN = (OSError, ValueError, boto.BotoCoreError, boto.ClientError, aiohttp.ClientError, ResponseParserError)
"""All exceptions of a request, time-outs (an OSError) included."""

_PASSING = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    ResponseParserError,
    aiohttp.ClientError,
    TimeoutError,
    ConnectionError,
)
_PASSING_CODES = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestTimeTooSkewed", "OperationAborted"}
_PASSING_STATUS = {408, 425, 429, *range(500, 600)} - {501, 505}
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
)
_BAD_KEY = {
    "InvalidAccessKeyId": "the access key is not known",
    "SignatureDoesNotMatch": "the secret key does not match the access key",
}
_OLD_KEY = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestExpired"}
_WRONG_REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException", "301"}
_DENIED = {"AccessDenied", "AllAccessDisabled", "InvalidObjectState", "403"}
_GONE = {"NoSuchKey", "404", "NoSuchVersion"}

SET_KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
SET_ENDPOINT = "check AWS_ENDPOINT_URL, the network, and that the service runs"


def code_of(error: BaseException) -> str:
    """Return S3's error code, such as NoSuchBucket; the HTTP status if it gave none, "" if it did not answer."""
    answer = _answer(error)
    return str(answer.response["Error"].get("Code", "")) if answer else ""


def is_gone(error: BaseException) -> bool:
    """Whether the object does not exist; a missing bucket is another matter."""
    return code_of(error) in _GONE


def is_denied(error: BaseException) -> bool:
    """Whether access to this one object is denied though the keys are valid: no permission, or in cold storage."""
    return code_of(error) in _DENIED


def may_pass(error: BaseException) -> bool:
    """Whether the same request can succeed a little later."""
    if isinstance(_root(error), boto.SSLError):
        return False
    return isinstance(_root(error), _PASSING) or code_of(error) in _PASSING_CODES or _status(error) in _PASSING_STATUS


def explain(error: Exception, uri: str, endpoint: str) -> DigitsError:
    """Return the error to raise for what happened to `uri` at `endpoint`."""
    code, root = code_of(error), _root(error)
    if isinstance(root, OSError) and root.errno in FULL:
        return explain_local(root, str(root.filename or "the spool folder"))
    if may_pass(error):
        return _passing(error, uri, endpoint)
    if isinstance(root, _NO_CREDENTIALS):
        return InputError(f'no credentials for {uri}: {SET_KEYS}; for a public bucket set the storage option {{"anon": true}}')
    if code == "NoSuchBucket":
        return InputError(f"there is no bucket for {uri} at {endpoint}: check its name, and AWS_ENDPOINT_URL")
    if code in _BAD_KEY:
        return InputError(f"{endpoint} refused {uri}: {_BAD_KEY[code]}: {SET_KEYS}")
    if code in _OLD_KEY:
        return InputError(f"{endpoint} refused {uri}: the credentials have expired: renew them, then run again")
    if code in _WRONG_REGION:
        return InputError(f"{endpoint} refused {uri}: the bucket is in another region: set AWS_REGION ({_one_line(error)})")
    if code in _DENIED:
        return InputError(f"{endpoint} denies access to {uri}: {SET_KEYS} of someone who may read and list it")
    if code in _GONE:
        return InputError(f"{uri} does not exist at {endpoint}: check the name")
    return _other(error, uri, endpoint)


def _passing(error: Exception, uri: str, endpoint: str) -> StorageUnavailableError:
    if code_of(error) == "RequestTimeTooSkewed":
        return StorageUnavailableError(f"{endpoint} refused {uri}: the clock of this machine is wrong: set it, then run again")
    if isinstance(_root(error), boto.EndpointConnectionError | boto.ProxyConnectionError | boto.ConnectTimeoutError):
        return StorageUnavailableError(f"{endpoint} cannot be reached: {SET_ENDPOINT}")
    return StorageUnavailableError(f"{endpoint} could not serve {uri}: {_one_line(error)}")


def _other(error: Exception, uri: str, endpoint: str) -> DigitsError:
    root = _root(error)
    if isinstance(root, boto.SSLError):
        return StorageError(f"{endpoint} has a certificate that is not trusted: set AWS_CA_BUNDLE ({_one_line(error)})")
    if isinstance(root, boto.ProfileNotFound | boto.ConfigParseError | boto.ParamValidationError | ValueError):
        return InputError(f"{uri} cannot be opened: {_one_line(error)}")
    if code_of(error) == "InvalidBucketName":
        return InputError(f"{uri} cannot be opened: a bucket cannot have this name")
    return StorageError(f"{endpoint} refused {uri}: {_one_line(error)}")


def _answer(error: BaseException) -> boto.ClientError | None:
    root = _root(error)
    return root if isinstance(root, boto.ClientError) else None


def _root(error: BaseException) -> BaseException:
    """Return botocore's error, which s3fs keeps as the cause of Python's own."""
    return error.__cause__ if isinstance(error.__cause__, boto.ClientError) else error


def _status(error: BaseException) -> int:
    answer = _answer(error)
    return int(answer.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) if answer else 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(_root(error)).split())[:300] or type(error).__name__
