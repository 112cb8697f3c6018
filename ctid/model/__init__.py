"""What is routed and what happens to it: contacts, legs, offers, agents; events in, commands out. No behaviour."""
