"""What the format `email` cannot say: names such as `.test` are reserved, and refused."""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.format(
    "email", strategies.from_regex(r"[a-z0-9]{1,20}@[a-z0-9]{1,20}\.(com|org|net)", fullmatch=True)
)
