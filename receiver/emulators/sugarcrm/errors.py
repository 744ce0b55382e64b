"""SugarCRM's error codes, each with its HTTP status.

https://support.sugarcrm.com/documentation/sugar_developer/, "API Exceptions"
"""

HTTP_STATUS = {
    "need_login": 401,
    "invalid_grant": 401,
    "not_authorized": 403,
    "not_found": 404,
    "no_method": 404,
    "missing_parameter": 422,
    "invalid_parameter": 422,
    "request_failure": 424,
    "too_many_requests": 429,
    "fatal_error": 500,
    "service_unavailable": 503,
}


class ApiError(Exception):
    """A refusal in SugarCRM's own words: a code, a message, an HTTP status."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or HTTP_STATUS.get(code, 400)


def code_for(status: int) -> str:
    """The first error code that goes with an HTTP status."""
    codes = (code for code, http in HTTP_STATUS.items() if http == status)
    return next(codes, "fatal_error")
