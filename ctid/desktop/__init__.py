"""What desktops, wallboards and integrators talk to: REST, the event socket, tokens, and the pages for operations."""
