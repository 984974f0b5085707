"""A FastAPI backend that follows the guide: users, products, a live stream and an outbox."""
