"""The API's descriptions, OpenAPI and AsyncAPI, and the pages that show them."""
