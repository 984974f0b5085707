"""Products. Each answer about one carries its version as `ETag`; edits must send it back."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response, status

from app.api.deps import CurrentUser, ExpectedVersion, ProductParams, get_current_user
from app.api.responses import CONFLICT, FORBIDDEN, NOT_FOUND, STALE, UNAUTHORIZED
from app.dependencies import ProductServiceDep
from app.models.product import Product
from app.schemas.page import PaginatedResponse
from app.schemas.product import ProductCreate, ProductResponse, ProductUpdate

router = APIRouter(
    responses={**UNAUTHORIZED, **FORBIDDEN}, dependencies=[Depends(get_current_user)]
)


def respond(product: Product, response: Response) -> ProductResponse:
    """Build the answer and name the version in its head."""
    response.headers["ETag"] = f'"{product.version}"'
    return ProductResponse.model_validate(product)


@router.get("", response_model=PaginatedResponse[ProductResponse])
async def list_products(
    query: ProductParams, products: ProductServiceDep
) -> PaginatedResponse[ProductResponse]:
    """List products: filtered, sorted, one page at a time."""
    found, total = await products.list_page(query)
    items = [ProductResponse.model_validate(product) for product in found]
    return PaginatedResponse[ProductResponse].of(items, total, query)


@router.post("", response_model=ProductResponse, status_code=status.HTTP_201_CREATED)
async def create_product(
    data: ProductCreate, user: CurrentUser, products: ProductServiceDep, response: Response
) -> ProductResponse:
    """Make a product that belongs to the caller."""
    return respond(await products.create(data, user), response)


@router.get("/{product_id}", response_model=ProductResponse, responses={**NOT_FOUND})
async def get_product(
    product_id: UUID, products: ProductServiceDep, response: Response
) -> ProductResponse:
    """Show a product."""
    return respond(await products.get(product_id), response)


@router.patch(
    "/{product_id}",
    response_model=ProductResponse,
    responses={**NOT_FOUND, **CONFLICT, **STALE},
)
async def update_product(
    product_id: UUID,
    data: ProductUpdate,
    version: ExpectedVersion,
    user: CurrentUser,
    products: ProductServiceDep,
    response: Response,
) -> ProductResponse:
    """Change a product: what is left out stays, and nobody's edit is overwritten."""
    return respond(await products.update(product_id, data, version, user), response)


@router.delete(
    "/{product_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**NOT_FOUND, **CONFLICT, **STALE},
)
async def delete_product(
    product_id: UUID, version: ExpectedVersion, user: CurrentUser, products: ProductServiceDep
) -> None:
    """Delete a product."""
    await products.delete(product_id, version, user)
