"""How secrets that we drew at random are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher


class RandomSecretHasher(BasePasswordHasher):
    """One salted SHA-256, for clients' secrets of 256 random bits.

    They cannot be guessed, so a slow hash would protect nothing and would let anyone load the
    token endpoint. Never use it for what a person chose.
    """

    algorithm = "random_sha256"

    def salt(self) -> str:
        return secrets.token_hex(16)

    def encode(self, password: str, salt: str) -> str:
        digest = hashlib.sha256(f"{salt}${password}".encode()).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        return hmac.compare_digest(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def must_update(self, encoded: str) -> bool:  # noqa: ARG002  # one round, nothing to raise
        return False

    def safe_summary(self, encoded: str) -> Any:
        return {"algorithm": self.decode(encoded)["algorithm"]}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out: there is one round only."""
