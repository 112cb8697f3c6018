"""ami: the Asterisk Manager Interface, over panoramisk's manager with a protocol class of our own."""
