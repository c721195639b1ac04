"""The API's description in OpenAPI 3.1: a document for each dialect, from the routes and what their views say."""
