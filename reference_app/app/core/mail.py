"""Sending mail: over SMTP, or on a laptop into the log."""

import logging
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from anyio import to_thread

from app.config import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mail:
    """One message to one person."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Whatever can send a mail; it raises if it could not."""

    async def send(self, mail: Mail) -> None:
        """Send it now."""


class LogMailer:
    """For a laptop: the mail is a log line."""

    async def send(self, mail: Mail) -> None:
        """Log it."""
        logger.info("mail to %s: %s", mail.to, mail.subject)


class SmtpMailer:
    """For everywhere else. `smtplib` blocks, so it works in a thread."""

    def __init__(self, host: str, port: int, sender: str, timeout: float = 10) -> None:
        """Keep the address of the server; no wait for it is without an end."""
        self._host = host
        self._port = port
        self._sender = sender
        self._timeout = timeout

    async def send(self, mail: Mail) -> None:
        """Hand the mail to the server."""
        await to_thread.run_sync(self._send, mail)

    def _send(self, mail: Mail) -> None:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message.set_content(mail.text)
        with smtplib.SMTP(self._host, self._port, timeout=self._timeout) as server:
            server.send_message(message)


def make_mailer(settings: Settings) -> Mailer:
    """Choose by the settings, which insist on a server outside the local environment."""
    if settings.SMTP_HOST is None:
        return LogMailer()
    return SmtpMailer(settings.SMTP_HOST, settings.SMTP_PORT, settings.MAIL_FROM)
