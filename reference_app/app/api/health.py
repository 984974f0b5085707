"""Two questions of an orchestrator, outside the version, where it expects them."""

from fastapi import APIRouter

from app.core.exceptions import ServiceUnavailableException
from app.dependencies import ResourcesDep
from app.schemas.health import Health

router = APIRouter(tags=["health"])


@router.get("/health", response_model=Health)
async def get_health() -> Health:
    """Say that the process answers. If it does not, restart it."""
    return Health()


@router.get("/ready", response_model=Health)
async def get_readiness(resources: ResourcesDep) -> Health:
    """Say whether requests can succeed. If not, send them elsewhere, but do not restart."""
    if not await resources.database.is_migrated():
        raise ServiceUnavailableException("The database is not up to date")
    return Health()
