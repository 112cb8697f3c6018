"""The handlers behind the routes, one module for each resource."""
