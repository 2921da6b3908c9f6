// Starts Swagger UI on our description. No address of a validator: it would send the description elsewhere.
"use strict";

// Whoever is signed in may try operations out: with the cookie goes the token of the session.
async function withTokenOfSession(request) {
  const unsafe = !["GET", "HEAD"].includes((request.method || "GET").toUpperCase());
  if (unsafe && !("Authorization" in request.headers) && !("authorization" in request.headers)) {
    const me = await fetch("/api/v1/me");
    if (me.ok) {
      request.headers["X-CSRF-Token"] = (await me.json()).csrf_token;
    }
  }
  return request;
}

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#documentation",
  validatorUrl: null,
  deepLinking: true,
  requestInterceptor: withTokenOfSession,
});
