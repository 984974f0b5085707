"""The shape of the database. Importing this package fills `Base.metadata`."""

from app.models.attempt import Attempt
from app.models.base import Base
from app.models.login_session import LoginSession
from app.models.outbox import OutboxMessage
from app.models.product import Product
from app.models.user import User

__all__ = ["Attempt", "Base", "LoginSession", "OutboxMessage", "Product", "User"]
