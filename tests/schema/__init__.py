"""The API's description: complete, valid, current, and kept by the server."""
