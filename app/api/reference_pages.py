"""The pages that show the API, from this server alone: whoever has no internet opens them too, and no script of anybody
else's runs where administrators sign in."""

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = "docs/assets"
SWAGGER = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Callfloor - Swagger UI</title>
<link rel="stylesheet" href="{ASSETS}/swagger-ui.css">
<link rel="icon" href="{ASSETS}/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{ASSETS}/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
"""A file of its own, as scripts within the page are not run. No validator: it would be asked outside."""

LOOKED_AT = ["GET", "HEAD"]
"""HEAD is how monitors ask whether a page is there."""

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Files that browsers keep, and ask each time whether they are still the same."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at `path`."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def assets() -> Mount:
    """Swagger UI and ReDoc, as the package brings them."""
    return Mount(f"/{ASSETS}", Assets(packages=[("fastapi_offline", "static")]), name="assets")


@router.api_route("/openapi.json", methods=LOOKED_AT)
async def openapi(request: Request) -> Response:
    """The OpenAPI document, which the pages show."""
    return Response(await request.app.described(), media_type="application/json")


@router.api_route("/docs", methods=LOOKED_AT)
async def swagger_ui() -> HTMLResponse:
    """The API with forms to try it. Its addresses are relative, so a proxy may put a path before them."""
    return HTMLResponse(SWAGGER)


@router.api_route("/docs/start.js", methods=LOOKED_AT)
async def start_swagger_ui() -> Response:
    """What makes the page of its files."""
    return Response(START, media_type="text/javascript")


@router.api_route("/redoc", methods=LOOKED_AT)
async def redoc(request: Request) -> HTMLResponse:
    """The API to read."""
    return get_redoc_html(
        openapi_url="openapi.json",
        title=f"{request.app.title} - ReDoc",
        redoc_js_url=f"{ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{ASSETS}/favicon.png",
        with_google_fonts=False,
    )
