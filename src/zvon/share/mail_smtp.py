"""One conversation with our mail server (RFC 5321); blocking, for a thread.

The last step, the bytes themselves, is apart from all others: whoever calls writes down that it
begins, because only its answer says whether the mail was taken.
"""

import smtplib
import ssl
from contextlib import suppress

from zvon.model.mailbox import MailServer

TIMEOUT_S = 30.0
_TAKEN, _OFFERED = 250, (250, 251)


class NotReached(OSError):
    """The server cannot be spoken to now; nothing about any one message."""


class Refused(ValueError):
    """The server does not take this message; `lasting` when trying again would not help."""

    def __init__(self, code: int, answer: str) -> None:
        super().__init__(f"{code} {answer}")
        self.code, self.answer = code, answer

    @property
    def lasting(self) -> bool:
        """A permanent answer (class 5)."""
        return self.code >= 500


class Broken(OSError):
    """The conversation ended after the bytes were sent: nobody knows whether they were taken."""


class Post:
    """An open conversation; use it for one message after another."""

    def __init__(self, to: MailServer, password: str, ca: str | None = None) -> None:
        """Connect, with TLS unless the server is this machine. Raises `NotReached`."""
        trust = ssl.create_default_context(cafile=ca)
        try:
            if to.security == "tls":
                self._client: smtplib.SMTP = smtplib.SMTP_SSL(
                    to.host, to.port, timeout=TIMEOUT_S, context=trust
                )
            else:
                self._client = smtplib.SMTP(to.host, to.port, timeout=TIMEOUT_S)
        except (OSError, smtplib.SMTPException) as problem:
            raise NotReached(f"{to.host}: {type(problem).__name__}") from None
        try:
            self._client.ehlo()
            if to.security == "starttls":
                # A server elsewhere that offers no TLS is not spoken to in the clear.
                self._client.starttls(context=trust)
                self._client.ehlo()
            if to.user:
                self._client.login(to.user, password)
        except (OSError, smtplib.SMTPException) as problem:
            self.close()
            raise NotReached(f"{to.host}: {type(problem).__name__}") from None

    def envelope(self, sender: str, recipient: str, envelope_id: str) -> None:
        """Say from whom and to whom; reports of delivery are asked for where the server can.

        Raises `Refused`, `NotReached`.
        """
        dsn = self._client.has_extn("dsn")
        try:
            code, said = self._client.mail(
                sender, ["RET=HDRS", f"ENVID={envelope_id}"] if dsn else []
            )
            if code != _TAKEN:
                self._reset()
                raise Refused(code, _text(said))
            code, said = self._client.rcpt(
                recipient, ["NOTIFY=SUCCESS,FAILURE,DELAY"] if dsn else []
            )
            if code not in _OFFERED:
                self._reset()
                raise Refused(code, _text(said))
        except (OSError, smtplib.SMTPException) as problem:
            raise NotReached(type(problem).__name__) from None

    def data(self, body: bytes) -> tuple[int, str]:
        """Hand over the mail: the server's code and words. Raises `Refused`, `Broken`."""
        try:
            code, said = self._client.data(body)
        except smtplib.SMTPDataError as refused:
            raise Refused(refused.smtp_code, _text(refused.smtp_error)) from None
        except (OSError, smtplib.SMTPException) as problem:
            raise Broken(type(problem).__name__) from None
        if code != _TAKEN:
            raise Refused(code, _text(said))
        return code, _text(said)

    def forget(self) -> None:
        """Leave a message that was begun and is not sent after all. Raises `NotReached`."""
        try:
            self._client.rset()
        except (OSError, smtplib.SMTPException) as problem:
            raise NotReached(type(problem).__name__) from None

    def close(self) -> None:
        """End the conversation."""
        with suppress(OSError, smtplib.SMTPException):
            self._client.quit()
        self._client.close()

    def _reset(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            self._client.rset()


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return "".join(c if c.isprintable() else " " for c in text)[:500]
