/** The page at `/` if the chat page is not built. */
export const HOME_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>imcore demo</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>imcore demo</h1>
<ul>
<li><a href="/swagger-ui.html">Swagger</a>: try the REST endpoints</li>
<li><a href="/api/messages?follow=false">The callbacks so far</a></li>
<li><a href="/openapi.json">The OpenAPI document</a></li>
</ul>
</body>
</html>
`;
