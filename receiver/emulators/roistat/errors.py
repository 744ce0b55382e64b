"""Roistat's error codes, each with the HTTP status of `Use-Http-Code: 1`."""

HTTP_STATUS = {
    "authentication_failed": 401,
    "authorization_failed": 401,
    "access_denied": 403,
    "option_not_available": 403,
    "insufficient_funds": 402,
    "option_not_paid": 402,
    "option_not_enabled": 402,
    "project_frozen": 402,
    "incorrect_request": 400,
    "integration_error": 400,
    "request_data_validation_error": 400,
    "resource_not_found": 404,
    "resource_already_exists": 400,
    "request_limit_error": 429,
    "internal_error": 500,
    "unknown_error": 500,
}


class ApiError(Exception):
    """A refusal in Roistat's own words: a code, a description, an HTTP status."""

    def __init__(
        self,
        code: str,
        description: str,
        status: int | None = None,
        option: str | None = None,
    ) -> None:
        super().__init__(description)
        self.option = option
        self.code = code
        self.description = description
        self.status = status or HTTP_STATUS.get(code, 400)


def code_for(status: int) -> str:
    """The first error code that goes with an HTTP status."""
    codes = (code for code, http in HTTP_STATUS.items() if http == status)
    return next(codes, "internal_error")
