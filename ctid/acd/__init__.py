"""Who gets whom: eligibility, order of contacts, choice of agent, agent states. Pure."""
