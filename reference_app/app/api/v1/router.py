"""All routes of version 1."""

from fastapi import APIRouter

from app.api.v1.endpoints import auth, products, stream, users

api_router = APIRouter()
api_router.include_router(auth.router, prefix="/auth", tags=["auth"])
api_router.include_router(users.router, prefix="/users", tags=["users"])
api_router.include_router(products.router, prefix="/products", tags=["products"])
api_router.include_router(stream.router, prefix="/products", tags=["products"])
