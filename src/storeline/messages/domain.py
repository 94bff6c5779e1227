"""Pure rules: how codes look, how often they may be asked for, when a message is tried again, what it says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storeline.messages.errors import UnknownPurpose


@dataclass(frozen=True, slots=True)
class Purpose:
    """How codes of one purpose behave.

    `digits` long, good for `lifetime` where the one who asks names no end, tried at most `attempts`
    times. Codes that belong to trade (collection) live on business time, sign-ins on the system's.
    """

    digits: int = 6
    lifetime: timedelta = timedelta(minutes=10)
    attempts: int = 5
    business_time: bool = False


SIGN_IN = "sign_in"
VERIFY_CONTACT = "verify_contact"
COLLECTION = "collection"
NEW_PASSWORD = "new_password"  # noqa: S105  # what codes are for, no password
_PURPOSES: dict[str, Purpose] = {
    SIGN_IN: Purpose(),
    VERIFY_CONTACT: Purpose(),
    NEW_PASSWORD: Purpose(digits=8, lifetime=timedelta(minutes=15)),
    COLLECTION: Purpose(lifetime=timedelta(days=14), attempts=10, business_time=True),
}


def register_purpose(code: str, purpose: Purpose) -> None:
    """Let a higher module have codes of its own purpose."""
    if _PURPOSES.setdefault(code, purpose) != purpose:
        raise ValueError(f"purpose {code} is registered twice")


def purpose_of(code: str) -> Purpose:
    """The rules of a purpose; raises UnknownPurpose."""
    if code not in _PURPOSES:
        raise UnknownPurpose(f"{code!r} is no purpose of codes.", field="purpose")
    return _PURPOSES[code]


def code_text(secret: bytes, digits: int) -> str:
    """Decimal digits from 32 keyed bytes; the bias of the remainder is below 2^-200."""
    return str(int.from_bytes(secret) % 10**digits).rjust(digits, "0")


def normal_code(text: str) -> str:
    """What a person typed, as digits: any script's digits are taken, spaces and dashes are not."""
    digits = []
    for char in text:
        value = unicodedata.decimal(char, None)
        if value is not None:
            digits.append(str(value))
        elif not (char.isspace() or unicodedata.category(char) == "Pd"):
            return ""
    return "".join(digits)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within any span of `window`."""

    count: int
    window: timedelta


PER_PURPOSE = (Limit(1, timedelta(seconds=30)), Limit(5, timedelta(hours=1)))
"""For one destination and one purpose."""
PER_DESTINATION = (Limit(10, timedelta(hours=1)), Limit(20, timedelta(days=1)))
"""For one destination, whatever the purpose: nobody's phone is to be flooded."""
PER_SUBJECT = (Limit(10, timedelta(hours=1)),)
"""For one subject, whatever the destination: nobody sprays codes over many numbers."""
LONGEST_WINDOW = timedelta(days=1)


def wait_for(limits: Iterable[Limit], times: Sequence[datetime], moment: datetime) -> timedelta:
    """How long until another is allowed, given when earlier ones were (newest first); zero means now."""
    full = [limit for limit in limits if len(times) >= limit.count]
    return max([timedelta(0), *(times[limit.count - 1] + limit.window - moment for limit in full)])


RETRIES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""Pauses before a message is tried again; after the last it has failed."""

CHANNELS = ("email", "sms")
Texts = Mapping[str, tuple[str, str]]
"""Language tag to subject and body; `{names}` are filled in."""

CODE_TEMPLATE = "messages.code"
NEW_PASSWORD_TEMPLATE = "messages.new_password"  # noqa: S105
PASSWORD_CHANGED_TEMPLATE = "messages.password_changed"  # noqa: S105
_TEMPLATES: dict[str, Texts] = {
    CODE_TEMPLATE: {
        "en": ("Your code", "Your code is {code}. Never pass it on to anybody."),
        "zh-Hans": ("您的验证码", "您的验证码是 {code}。请勿告诉任何人。"),
        "fr": ("Votre code", "Votre code est {code}. Ne le communiquez à personne."),
        "es": ("Su código", "Su código es {code}. No lo comparta con nadie."),
    },
    NEW_PASSWORD_TEMPLATE: {
        "en": ("New password", "Your code for a new password: {code}. If you did not ask for it, do nothing."),
        "zh-Hans": ("重设密码", "重设密码的验证码：{code}。如果不是您本人操作，请忽略。"),
        "fr": (
            "Nouveau mot de passe",
            "Code pour un nouveau mot de passe : {code}. Ignorez-le si vous n’avez rien demandé.",
        ),
        "es": ("Contraseña nueva", "Código para una contraseña nueva: {code}. Si no lo ha pedido usted, no haga nada."),
    },
    PASSWORD_CHANGED_TEMPLATE: {
        "en": ("Your password was changed", "Was that not you? Then ask for a new one at once, where you sign in."),
        "zh-Hans": ("您的密码已更改", "如果不是您本人操作，请立即在登录页面重设密码。"),
        "fr": (
            "Votre mot de passe a été modifié",
            "Ce n’était pas vous ? Demandez-en un autre tout de suite à la connexion.",
        ),
        "es": (
            "Su contraseña ha cambiado",
            "¿No ha sido usted? Pida otra cuanto antes en la página de inicio de sesión.",
        ),
    },
}
DEFAULT_LANGUAGE = "en"


def register_template(name: str, texts: Texts) -> None:
    """Let a higher module write to people in its own words; English must be among the languages."""
    if DEFAULT_LANGUAGE not in texts:
        raise ValueError(f"template {name} has no {DEFAULT_LANGUAGE} text")
    if _TEMPLATES.setdefault(name, texts) != texts:
        raise ValueError(f"template {name} is registered twice")


def is_template(name: str) -> bool:
    return name in _TEMPLATES


def render(name: str, language: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body in the language nearest to the BCP 47 tag `language` (RFC 4647 lookup), else English."""
    texts = {tag.lower(): text for tag, text in _TEMPLATES[name].items()}
    parts = language.lower().split("-")
    if parts[:1] == ["zh"] and "hant" not in parts:
        parts = ["zh", "hans"]
    tried = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    subject, body = next((texts[tag] for tag in tried if tag in texts), texts[DEFAULT_LANGUAGE])
    return subject.format_map(values), body.format_map(values)
