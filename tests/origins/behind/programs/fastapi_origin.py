"""An origin with FastAPI under uvicorn: what it is told in `ORIGIN`, and what it answers, are in `../origin.py`."""

import json
import os
import sys
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Request

from tollgate_origin import Identity, TollgateMiddleware
from tollgate_origin.fastapi import identity

TOLD = json.loads(os.environ["ORIGIN"])


def refused(reason: str) -> None:
    print(f"refused {reason}", file=sys.stderr, flush=True)


def origin(**more) -> FastAPI:
    app = FastAPI(openapi_url=None)
    settings = {name: TOLD[name] for name in ("issuer", "audience", "jwks", "fresh_s", "max_age_s", "refetch_s", "deadline_s")}
    app.add_middleware(TollgateMiddleware, **{**settings, **more}, on_refused=refused)

    @app.api_route("/{rest:path}", methods=["GET", "POST"])
    def any_of(request: Request, who: Annotated[Identity, Depends(identity)]):
        return {
            "key": who.key, "owner": who.owner, "tenant": who.tenant, "env": who.env, "plan": who.plan,
            "scopes": list(who.scopes), "kid": who.kid, "expires_at": who.expires_at,
            "bound": who.binding and [who.binding.method, who.binding.path.decode()],
            "token": request.headers["Tollgate-Identity"],
        }

    return app


USUAL = origin()
BY_PATH = {"/bound/": origin(require_binding=True), "/other/": origin(audience=TOLD["other"])}


async def app(scope, receive, send):
    chosen = next((app for start, app in BY_PATH.items() if scope.get("path", "").startswith(start)), USUAL)
    await chosen(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=TOLD["port"], log_level="critical", lifespan="off")
