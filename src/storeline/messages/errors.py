"""Refusals of messages.

Error
├── Invalid 422
│   ├── WrongCode              not the code; `attempts_left`: how often one may still try, where it was a guess
│   └── UnknownPurpose         no such purpose of codes was registered
├── Gone 410
│   └── NoCode                 never asked for, used, replaced, expired, or tried too often: ask for another
└── TooMany 429
    └── TooManyCodes           asked for too often; `retry_after` seconds
"""

from storeline.kernel.api import Gone, Invalid, TooMany


class WrongCode(Invalid):
    code = "wrong_code"
    title = "The code is not right"


class UnknownPurpose(Invalid):
    code = "unknown_purpose"
    title = "There is no such purpose"


class NoCode(Gone):
    code = "no_code"
    title = "There is no code to check"


class TooManyCodes(TooMany):
    code = "too_many_codes"
    title = "Codes were asked for too often"
