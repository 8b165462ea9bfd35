"""The secret that hides identifiers: where it comes from, what is no secret, and what it unlocks.

It is read from the environment and goes into one hash function. Nothing here writes it, no message
repeats it, and neither does what Python prints of an object that holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import os
import stat
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from analysis.contract.faults import UserFault
from analysis.contract.mapping import Provenance

VARIABLE, FILE_VARIABLE = "ALLIANCE_SECRET", "ALLIANCE_SECRET_FILE"

#: 32 characters are 128 random bits even where only hexadecimal digits are used.
SHORTEST = 32
#: A random text of 32 hexadecimal digits has 14 different ones and 20 different steps from one to
#: the next on average; a repeated, counted or periodic one has fewer than 8.
FEWEST_DIFFERENT = 8
#: Nobody's secret is longer: whoever names such a file named the wrong one.
LONGEST_FILE = 4096

#: Turns of the key derivation: a twentieth of a second once a run, and every guess costs the same.
TURNS = 200_000

#: Too few to confirm a guess (one in four thousand million fits by chance), enough to see a change.
FINGERPRINT_DIGITS = 8

REMEDY = (
    'Make one with `python3 -c "import secrets; print(secrets.token_hex(32))"`, keep it outside '
    f"the repository in a file that only you may read (`chmod 600`), and name that file in "
    f"{FILE_VARIABLE}; or put it into {VARIABLE}. Keep it: without it nobody can tell which "
    "engagement a row of the interim folder is."
)


@dataclass(frozen=True)
class Key:
    """What identifiers are hashed with. ``public``: everybody knows it, so it hides nothing."""

    content: bytes = field(repr=False)
    public: bool

    @property
    def fingerprint(self) -> str:
        """Tells one key from another, for the workflow to see a change; it unlocks nothing."""
        if self.public:
            return "public"
        told = hmac.new(self.content, b"fingerprint of the key", hashlib.sha256)
        return told.hexdigest()[:FINGERPRINT_DIGITS]


#: For data whose identifiers are known anyway: those that nobody is in, and published ones.
PUBLIC = Key(b"identifiers that everybody may know", public=True)


def read_key(provenance: Provenance) -> Key:
    """The key for a dataset's identifiers.

    Simulated data and those that their owners have published with their identifiers take a fixed
    key that everybody knows. For all others the key is derived from the secret in
    ``ALLIANCE_SECRET`` or in the file that ``ALLIANCE_SECRET_FILE`` names.

    Raises UserFault if there is no secret, or one that is none: short, easily guessed, inside a
    repository, or in a file that others may read.
    """
    if provenance.simulated or provenance.public:
        return PUBLIC
    return _derived(_read_secret())


def key_in_use(provenance: Provenance) -> str:
    """The key's fingerprint, or ``none`` where there is no usable secret: for the workflow."""
    try:
        return read_key(provenance).fingerprint
    except UserFault:
        return "none"


@cache
def _derived(secret: str) -> Key:
    salt = b"alliance: identifiers"
    return Key(hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, TURNS), public=False)


def _read_secret() -> str:
    told, file = os.environ.get(VARIABLE), os.environ.get(FILE_VARIABLE)
    if told and file:
        raise UserFault(
            f"Both {VARIABLE} and {FILE_VARIABLE} are set, and only one can count. Unset one."
        )
    if not told and not file:
        raise UserFault(
            "These data are neither simulated nor published, and no secret is set that their "
            f"identifiers could be hashed with. {REMEDY}"
        )
    place = FILE_VARIABLE if file else VARIABLE
    secret = (_read_file(Path(file)) if file else told).strip()
    if len(secret) < SHORTEST:
        raise UserFault(
            f"{place}: the secret has fewer than {SHORTEST} characters, so that it could be found "
            f"by trying. {REMEDY}"
        )
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(secret)}
    if min(len(set(secret)), len(steps)) < FEWEST_DIFFERENT:
        raise UserFault(
            f"{place}: the secret repeats itself, so that it could be found by trying. {REMEDY}"
        )
    return secret


def _read_file(path: Path) -> str:
    """The secret's file. Its name is not repeated: somebody may have put the secret there."""
    try:
        real = path.expanduser().resolve(strict=True)
        state = real.stat()
    except (OSError, RuntimeError, ValueError):
        raise UserFault(f"{FILE_VARIABLE} names no file that can be read. {REMEDY}") from None
    if not stat.S_ISREG(state.st_mode) or state.st_size > LONGEST_FILE:
        raise UserFault(f"{FILE_VARIABLE} must name a text file with one line. {REMEDY}")
    if any((folder / ".git").exists() for folder in real.parents) or real.is_relative_to(
        Path.cwd().resolve()
    ):
        raise UserFault(
            f"{FILE_VARIABLE} names a file inside a repository or the project's folder, from where "
            "it could be published with the results. Move it out and make a new secret."
        )
    if state.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserFault(
            f"{FILE_VARIABLE} names a file that others may read. Run `chmod 600` on it."
        )
    try:
        text = real.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UserFault(f"{FILE_VARIABLE} names no file that can be read as text.") from None
    if len(text.splitlines()) > 1:
        raise UserFault(f"{FILE_VARIABLE} must name a text file with one line. {REMEDY}")
    return text
